r"""Compare a supernet's scores of networks with those of the same networks trained alone.

Networks are sampled from the search space and trained with the schedule ``alone`` of the
supernet's config. Both kinds of weights are evaluated on the images of the search. With
``--start``, training starts from parts of the checkpoint that the supernet started from, otherwise
from scratch.

Example::

    python projects/ranking/ranking.py SUPERNET_CONFIG SUPERNET_CHECKPOINT --networks 8 \
        --work-dir work_dirs/ranking

writes ``ranking.md``, ``ranking.png`` and ``ranking.json``; the same command continues an
interrupted run. Networks that were trained elsewhere can be added with ``--trained
ARCH.json=CHECKPOINT …``.
"""

import argparse
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple

import litepose_mm.modules  # noqa: F401

# isort: split
import numpy as np
from mmengine.config import DictAction
from mmpose.models import build_pose_estimator
from rich.progress import track
from scipy.stats import kendalltau, spearmanr
from torch import nn

from litepose_mm.checkpoints import load_weights
from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.media import write_json
from litepose_mm.nas import (
    Evolution,
    EvolutionSettings,
    NetworkCosts,
    SubnetEvaluator,
    default_device,
    get_search_space,
    load_supernet,
    save_subnet,
    sort_channels,
    subnet_config,
)
from litepose_mm.nas.constraints import COSTS, make_constraints, parse_limit
from litepose_mm.nas.search_spaces import Architecture, SearchSpace
from litepose_mm.utils.files import check_writable, replacing, sha256

TRAIN = Path(__file__).resolve().parents[2] / 'tools/train.py'


def trained(text: str) -> tuple[str, str]:
    """Parse ``ARCH=CHECKPOINT``."""
    arch, separator, checkpoint = text.partition('=')
    if not separator:
        raise argparse.ArgumentTypeError(f'expected ARCH=CHECKPOINT, got {text!r}')
    return arch, checkpoint


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help="the supernet's config")
    parser.add_argument('checkpoint', help="the supernet's checkpoint")
    parser.add_argument('--work-dir', required=True, type=Path, help='folder for runs and report')
    parser.add_argument(
        '--networks', type=int, default=8, help='number of networks to sample (default: 8)'
    )
    parser.add_argument('--seed', type=int, default=0, help='random seed (default: 0)')
    parser.add_argument('--trained', type=trained, nargs='*', default=[], metavar='ARCH=CHECKPOINT')
    parser.add_argument(
        '--limit',
        type=parse_limit,
        nargs='+',
        action='extend',
        default=[],
        metavar='COST=MOST',
        help='largest costs of sampled networks (default: the whole space); costs: '
        + ', '.join(COSTS),
    )
    parser.add_argument(
        '--latency-predictor', type=Path, help='file of latency_predictor.py, for the cost latency'
    )
    parser.add_argument('--start', help="the supernet's load_from (default: train from scratch)")
    parser.add_argument(
        '--calibration-batches',
        type=int,
        default=10,
        help='number of training batches for calibration (default: 10)',
    )
    parser.add_argument('--device', default=default_device(), help='device of the evaluation')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='key=value pairs that override the config',
    )
    return parser.parse_args()


class Start(NamedTuple):
    """The network from which training starts, and a name that identifies it."""

    evaluator: SubnetEvaluator
    name: str


def draw(space: SearchSpace, args: argparse.Namespace, costs: NetworkCosts) -> list[Architecture]:
    """Sample different networks, within the limits if there are any."""
    rng = np.random.default_rng(args.seed)
    search = None
    if args.limit:
        constraints = make_constraints(args.limit, costs, space, args.latency_predictor)
        search = Evolution(space, constraints, EvolutionSettings(seed=args.seed))
    drawn = {}
    for _ in range(100 * args.networks):
        if len(drawn) == args.networks:
            break
        drawn[search.draw().genotype if search else space.sample(rng)] = None
    if len(drawn) < args.networks:
        where = 'within the limits' if args.limit else 'in the space'
        raise LitePoseError(f'--networks {args.networks}: found only {len(drawn)} {where}')
    return [space.decode(genotype) for genotype in drawn]


def train(config, arch, folder: Path, seed: int, start: Start | None) -> Path:
    """Train a network, or continue its training; return its last checkpoint."""
    write_json(folder.with_suffix('.json'), arch.to_dict())
    load_from = None
    if start is not None:
        load_from = folder.with_name(f'{folder.name}_from_{start.name}.pth').resolve()
        save_subnet(start.evaluator.subnet(arch), arch, load_from)
    own = subnet_config(config, arch, load_from, schedule='alone')
    path, text = folder.with_suffix('.py'), own.pretty_text
    if folder.exists() and path.exists() and path.read_text(encoding='utf-8') != text:
        raise LitePoseError(
            f'{folder}: expected a run of this config and start, got one of another; use another '
            '--work-dir'
        )
    with replacing(path) as part:
        part.write_text(text, encoding='utf-8')
    command = [sys.executable, TRAIN, path, '--work-dir', folder, '--seed', seed, '--resume']
    with folder.with_suffix('.log').open('a') as log:
        status = subprocess.run([*map(str, command)], stdout=log, stderr=log).returncode
    last = folder / f'epoch_{own.train_cfg.max_epochs}.pth'
    if status or not last.exists():
        raise LitePoseError(f'training failed, see {folder}.log')
    return last


def trained_network(config, arch: Architecture, path: str | Path) -> nn.Module:
    network = build_pose_estimator(subnet_config(config, arch).model)
    load_weights(network, path)
    return network


def plot(rows: list[dict], title: str, path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5, 4.5), layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    points = axes.scatter(
        [row['supernet'] for row in rows],
        [row['alone'] for row in rows],
        c=[1e-9 * row['paper_macs'] for row in rows],
        cmap='viridis',
    )
    figure.colorbar(points, label='paper-style GMACs')
    axes.set(
        xlabel='AP with weights of the supernet',
        ylabel='AP trained alone',
    )
    axes.set_title(title, fontsize='small')
    axes.grid(alpha=0.3)
    with replacing(path) as part:
        figure.savefig(part, dpi=120)


def main() -> None:
    args = parse_args()
    if args.networks + len(args.trained) < 3:
        raise LitePoseError('--networks, --trained: expected at least three networks in total')
    check_writable(args.work_dir / 'ranking.md')
    load = partial(load_supernet, args.config, device=args.device, options=args.cfg_options)
    config, supernet = load(args.checkpoint)
    space = get_search_space(config.search_space)
    given = [(Path(name).stem, space.architecture(name), path) for name, path in args.trained]
    for _, arch, path in given:  # checked now rather than after hours of training
        supernet.activate(arch)
        trained_network(config, arch, path)
    costs = NetworkCosts(supernet)
    start = None
    if args.start:
        _, network = load(args.start)
        sort_channels(network)
        evaluator = SubnetEvaluator(network, config, args.calibration_batches)
        start = Start(evaluator, sha256(args.start)[:8])
    drawn = draw(space, args, costs)
    for number, arch in enumerate(track(drawn, 'training')):
        name = f'network_{number:02}'
        given.append((name, arch, train(config, arch, args.work_dir / name, args.seed, start)))

    evaluator = SubnetEvaluator(supernet, config, args.calibration_batches)
    rows = []
    for name, arch, path in track(given, 'evaluation'):
        alone = trained_network(config, arch, path).to(args.device).eval()
        scores = [
            next(iter(evaluator.metrics(arch, network).values())) for network in (None, alone)
        ]
        macs = costs.complexity(arch).paper_macs
        rows.append(dict(zip(('supernet', 'alone'), scores), name=name, paper_macs=macs))

    columns = [[row[name] for row in rows] for name in ('supernet', 'alone')]
    if any(min(column) == max(column) for column in columns):
        rank = tau = None
        title = 'no rank correlation, since all have the same AP'
    else:
        rank, tau = (float(f(*columns).statistic) for f in (spearmanr, kendalltau))
        title = f"Spearman's rank correlation {rank:.3f}, Kendall's tau {tau:.3f}"
    title = f'{len(rows)} networks: {title}'
    lines = [
        f'{title}.',
        '',
        '| network | paper-style MACs | AP in the supernet | AP alone |',
        '|---|---:|---:|---:|',
    ]
    lines += [
        f'| {row["name"]} | {row["paper_macs"]:,} | {row["supernet"]:.4f} | {row["alone"]:.4f} |'
        for row in sorted(rows, key=lambda row: -row['alone'])
    ]
    with replacing(args.work_dir / 'ranking.md') as part:
        part.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    write_json(args.work_dir / 'ranking.json', dict(spearman=rank, kendall=tau, networks=rows))
    plot(rows, title, args.work_dir / 'ranking.png')
    print('\n'.join(lines))


if __name__ == '__main__':
    sys.exit(run_tool(main))
