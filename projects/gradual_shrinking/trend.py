r"""Train the steps of gradual shrinking from scratch with one budget and several seeds.

Example::

    python projects/gradual_shrinking/trend.py --work-dir work_dirs/trend

writes the configs of the steps, trains each with every seed, and writes ``trend.json``,
``trend.md`` and ``trend.png``. The same command continues after a stop; ``--report`` only reports
the trainings that are complete.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

import litepose_mm.modules  # noqa: F401

# isort: split
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.models import build_pose_estimator

from litepose_mm.analysis.complexity import measure_complexity
from litepose_mm.analysis.plots import new_figure, save_figure
from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.media import write_json
from litepose_mm.utils.files import check_writable, replacing

TOOLS = Path(__file__).resolve().parents[2] / 'tools'
CONFIG = 'ae_higherhrnet-w8_1xb8-4e_synthetic-128x128'


def write_configs(config: str, folder: Path) -> list[Path]:
    """Write the configs of the paper's four steps, at the scale of a config."""
    tool = TOOLS / 'analysis_tools/gradual_shrinking.py'
    command = [sys.executable, tool, '--config', config, '--work-dir', folder, '--configs-only']
    if subprocess.run(list(map(str, command))).returncode:
        raise LitePoseError(f'{config}: no steps were written')
    return sorted(folder.glob('step_*.py'))


def final_ap(work_dir: Path, max_epochs: int) -> float | None:
    """Return the AP after the last epoch, 0 to 1; None if the training is not complete."""
    for path in sorted(work_dir.glob('*/vis_data/scalars.json'), reverse=True):
        for line in reversed(path.read_text().splitlines()):
            record = json.loads(line)
            values = [value for name, value in record.items() if name.endswith('/AP')]
            if values and record['step'] == max_epochs:
                return values[0]
    return None


def train(config: Path, work_dir: Path, seed: int) -> None:
    """Train a step, or continue its training."""
    work_dir.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, TOOLS / 'train.py', config, '--work-dir', work_dir]
    command += ['--seed', seed, '--resume']
    with (work_dir / 'output.log').open('a') as log:
        if subprocess.run(list(map(str, command)), stdout=log, stderr=log).returncode:
            raise LitePoseError(f'training failed, see {work_dir}/output.log')


def collect(configs: list[Path], seeds: list[int]) -> list[dict]:
    """Return costs and final APs of every step, in percent by seed."""
    init_default_scope('mmpose')
    rows = []
    for path in configs:
        config = Config.fromfile(path)
        width, height = config.codec.input_size
        costs = measure_complexity(build_pose_estimator(config.model), (3, height, width))
        own = {seed: final_ap(folder(path, seed), config.train_cfg.max_epochs) for seed in seeds}
        aps = {seed: 100 * ap for seed, ap in own.items() if ap is not None}
        stages = config.model.backbone.extra
        rows.append(
            dict(
                step=path.stem,
                blocks=[stages[f'stage{number}'].num_blocks for number in (1, 2, 3, 4)],
                width=stages.stage4.num_channels[0],
                **costs._asdict(),
                ap=aps,
                mean=statistics.mean(aps.values()) if aps else None,
                deviation=statistics.stdev(aps.values()) if len(aps) > 1 else None,
            )
        )
    return rows


def folder(config: Path, seed: int) -> Path:
    return config.with_suffix('') / f'seed_{seed}'


def report(rows: list[dict], work_dir: Path) -> None:
    """Write and print the results."""
    lines = [
        '| step | blocks | width | params | MACs | paper-style MACs | AP of each seed | mean | '
        'standard deviation |',
        '|---|---|---:|---:|---:|---:|---|---:|---:|',
    ]
    for row in rows:
        aps = ', '.join(f'{ap:.1f}' for ap in row['ap'].values())
        mean, deviation = (
            '–' if v is None else f'{v:.1f}' for v in (row['mean'], row['deviation'])
        )
        lines.append(
            f'| {row["step"]} | {json.dumps(row["blocks"])} | {row["width"]} | '
            f'{row["params"] / 1e6:.2f}M | {row["macs"] / 1e9:.3f}G | '
            f'{row["paper_macs"] / 1e9:.3f}G | {aps} | {mean} | {deviation} |'
        )
    print('\n'.join(lines))
    write_json(work_dir / 'trend.json', rows)
    with replacing(work_dir / 'trend.md') as part:
        part.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    figure = new_figure(work_dir / 'trend.png', (6, 4))
    axes = figure.subplots()
    for place, row in enumerate(rows):
        aps = list(row['ap'].values())
        axes.plot([place] * len(aps), aps, 'o', color='C0', alpha=0.5)
    means = [(place, row['mean']) for place, row in enumerate(rows) if row['mean'] is not None]
    if means:
        axes.plot(*zip(*means), color='C0', label='mean')
        axes.legend()
    labels = [f'{row["step"]}\n{row["macs"] / 1e9:.3f} GMACs' for row in rows]
    axes.set_xticks(range(len(rows)), labels)
    axes.set(ylabel='AP on synthetic people')
    axes.grid(alpha=0.3)
    save_figure(figure, work_dir / 'trend.png')


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--config', default=CONFIG, help=f'first step (default: {CONFIG})')
    parser.add_argument('--work-dir', type=Path, required=True, help='folder for runs and report')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--report', action='store_true', help='report without training')
    args = parser.parse_args()
    check_writable(args.work_dir / 'trend.md')
    configs = write_configs(args.config, args.work_dir)
    for seed in args.seeds if not args.report else ():
        for path in configs:
            epochs = Config.fromfile(path).train_cfg.max_epochs
            if final_ap(folder(path, seed), epochs) is None:
                train(path, folder(path, seed), seed)
    report(collect(configs, args.seeds), args.work_dir)


if __name__ == '__main__':
    sys.exit(run_tool(main))
