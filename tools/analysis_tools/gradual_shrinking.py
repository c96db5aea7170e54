r"""Shrink the branches of a HigherHRNet step by step, and measure every step on this machine.

Gradual shrinking (LitePose, section 3) removes blocks from the branches of HRNet's stages, first
from those of high resolution, until the network is nearly a single branch. This tool checks the
order of the steps, writes a config that trains each step, and compares parameters,
multiply-accumulates and measured latency as compare.py does: the paper's figure 3 for your device.

A step is the name of a HigherHRNet, such as ``higherhrnet-shrink1``, or the number of blocks of
every branch in each stage as JSON, optionally with ``@`` and the width of the finest branch. Width,
stem and head of a table are those of the step before, at first those of ``--config``. A file
``*.json`` holds a list of such steps. From a single step, the tool builds those that follow: fewer
blocks towards high resolution, one block in all but the coarsest branch, and none. Without steps,
it takes the paper's, with its widths scaled to that of ``--config``.

Example::

    python tools/analysis_tools/gradual_shrinking.py --work-dir work_dirs/shrinking
    python tools/analysis_tools/gradual_shrinking.py --work-dir work_dirs/mine \
        higherhrnet-w16 '[[4],[2,4],[2,2,4],[2,2,2,4]]' '[[4],[0,4],[0,0,4],[0,0,0,4]]@18'

After training, ``--checkpoints`` and ``--ap`` add the accuracy of every step.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from compare import show  # beside this script
from comparison import add_ap_option, add_measurement_options, apply_options, compare, load_model
from mmengine.config import Config

from litepose_mm.analysis.plots import new_figure, plot_steps, save_figure
from litepose_mm.apis.model_building import find_config
from litepose_mm.cli.one_line_warnings import one_line_warnings
from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.families.higherhrnet import HigherHRNet, HigherHRNetArchitecture, check_blocks
from litepose_mm.media import write_json
from litepose_mm.utils.config_files import read_config
from litepose_mm.utils.files import check_writable, replacing
from litepose_mm.utils.paths import mim_root

PAPER = ('higherhrnet-w16', 'higherhrnet-shrink1', 'higherhrnet-shrink2', 'higherhrnet-shrink3')
CONFIG = 'ae_higherhrnet-w16_4xb24-300e_crowdpose-512x512'


def architecture_of(config: Config, path: Path) -> HigherHRNetArchitecture:
    """Return the architecture in the config of a HigherHRNet.

    Raises:
        LitePoseError: The config is that of another network.
    """
    model = config.get('model') or {}
    backbone, head = (model.get(part) or {} for part in ('backbone', 'head'))
    if (backbone.get('type'), head.get('type')) != ('ShrinkableHRNet', 'HigherHRNetHead'):
        raise LitePoseError(
            f'--config: expected the config of a HigherHRNet with ShrinkableHRNet and '
            f'HigherHRNetHead, got {path} with {backbone.get("type")} and {head.get("type")}'
        )
    stages = [backbone['extra'][f'stage{number}'] for number in (1, 2, 3, 4)]
    return HigherHRNetArchitecture(
        width=stages[-1]['num_channels'][0],
        blocks=check_blocks([stage['num_blocks'] for stage in stages]),
        modules=tuple(stage['num_modules'] for stage in stages[1:]),
        planes=stages[0]['num_channels'][0],
        deconv_channels=tuple(head['deconv_channels']),
        deconv_blocks=head['num_basic_blocks'],
        tag_levels=tuple(head['tag_levels']),
    )


def paper_steps(start: HigherHRNetArchitecture) -> list[str]:
    """Return the paper's steps with the ratios of their widths, from the width of ``start``."""
    variants = [HigherHRNet.variants[name] for name in PAPER]
    return [
        f'{json.dumps(each.blocks)}@{each.width * start.width // variants[0].width}'
        for each in variants
    ]


def parse_steps(
    texts: Sequence[str], start: HigherHRNetArchitecture
) -> list[HigherHRNetArchitecture]:
    """Return the architecture of every step; of one step, also of those that follow from it.

    Args:
        texts: Steps as on the command line.
        start: The network whose width, stem and head a table takes if no step precedes it. The
            inner width of stage 1 keeps its ratio to the width.

    Raises:
        LitePoseError: A step cannot be read.
    """
    steps, last = [], start
    for text in _from_files(texts):
        name, _, width = text.partition('@')
        variant = HigherHRNet.variants.get(name)
        if variant is None:
            last = replace(last, blocks=check_blocks(_table(name)))
        else:
            last = replace(variant, tag_levels=start.tag_levels)
        if width:
            if not (width.isdecimal() and int(width) > 0):
                raise LitePoseError(f'step {text}: expected a width after @, such as {name}@18')
            planes = last.planes * int(width) // last.width
            last = replace(last, width=int(width), planes=planes)
        steps.append(last)
    return steps if len(steps) > 1 else [*steps, *shrink(steps[0])]


def shrink(network: HigherHRNetArchitecture) -> list[HigherHRNetArchitecture]:
    """Return the steps from a network to a single branch, as the paper takes them.

    The coarsest branch of a stage keeps its blocks. The finer ones keep at most one block less
    than the next coarser one at first, then one block, and then none.
    """
    rules = (lambda coarsest, distance: max(coarsest - distance, 1), lambda *_: 1, lambda *_: 0)
    steps, last = [], network
    for most in rules:
        blocks = []
        for *finer, coarsest in last.blocks:
            limits = (most(coarsest, distance) for distance in range(len(finer), 0, -1))
            blocks.append((*map(min, finer, limits), coarsest))
        if tuple(blocks) != last.blocks:
            last = replace(last, blocks=tuple(blocks))
            steps.append(last)
    return steps


def _from_files(texts: Sequence[str]) -> list[str]:
    found = []
    for text in texts:
        if not text.endswith('.json'):
            found.append(text)
            continue
        try:
            content = json.loads(Path(text).read_text(encoding='utf-8'))
        except OSError as error:
            raise LitePoseError(f'{text}: {error.strerror}') from error
        except ValueError as error:
            raise LitePoseError(f'{text}: expected JSON ({error})') from error
        if not isinstance(content, list) or not content:
            raise LitePoseError(f'{text}: expected a list of steps, got {content!r}')
        found += [each if isinstance(each, str) else json.dumps(each) for each in content]
    return found


def _table(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        known = ', '.join(HigherHRNet.variants)
        raise LitePoseError(
            f'step {text!r}: expected one of {known}, or blocks as [[4],[3,4],[2,3,4],[1,2,3,4]]'
        ) from None


def check_order(steps: Sequence[HigherHRNetArchitecture]) -> None:
    """Check that every step shrinks the one before, first in the branches of high resolution.

    Raises:
        LitePoseError: A branch has more blocks than the next coarser one or than in the step
            before, a step is not smaller than the one before, or there are fewer than two.
    """
    if len(steps) < 2:
        raise LitePoseError('expected at least two steps, got one of which nothing can be removed')
    for number, step in enumerate(steps, start=1):
        for stage, row in enumerate(step.blocks, start=1):
            if list(row) != sorted(row):
                raise LitePoseError(
                    f'step {number}: expected no branch with more blocks than the next coarser '
                    f'one, got {list(row)} in stage {stage}; blocks are removed from branches of '
                    'high resolution first'
                )
    for number, (before, after) in enumerate(zip(steps, steps[1:]), start=2):
        for stage, (most, own) in enumerate(zip(before.blocks, after.blocks), start=1):
            for branch, (limit, count) in enumerate(zip(most, own), start=1):
                if count > limit:
                    raise LitePoseError(
                        f'step {number}: expected at most {limit} blocks in branch {branch} of '
                        f'stage {stage}, as in the step before, got {count}; a step may only '
                        'remove blocks'
                    )
        if _cost(after) >= _cost(before):
            raise LitePoseError(
                f'step {number}: expected less computation than in the step before, got width '
                f'{after.width} with blocks {json.dumps(after.blocks)} after width '
                f'{before.width} with {json.dumps(before.blocks)}'
            )


def _cost(network: HigherHRNetArchitecture) -> int:
    """Return a number proportional to the multiply-accumulates of the blocks of stages 2 to 4.

    A block costs the same in every branch, because half the resolution has twice the width.
    """
    blocks = sum(own * sum(row) for own, row in zip(network.modules, network.blocks[1:]))
    return network.width**2 * blocks


def write_config(base: Path, arch: HigherHRNetArchitecture, path: Path) -> None:
    """Write a config that differs from ``base`` in the architecture only."""
    is_ours = base.resolve().is_relative_to(mim_root().resolve() / 'configs')
    stages = '\n'.join(
        f'            {name}=dict(num_modules={stage["num_modules"]}, '
        f'num_blocks={stage["num_blocks"]}, num_channels={stage["num_channels"]}),'
        for name, stage in arch.extra().items()
    )
    content = f"""_base_ = [{f'litepose_mm::{base.name}' if is_ours else str(base.resolve())!r}]

# A step of gradual shrinking (LitePose, section 3).
model = dict(
    backbone=dict(
        extra=dict(
{stages}
        )
    ),
    head=dict(
        in_channels={arch.width},
        deconv_channels={arch.deconv_channels},
        num_basic_blocks={arch.deconv_blocks},
    ),
)
"""
    with replacing(path) as part:
        part.write_text(content, encoding='utf-8')


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('steps', nargs='*', metavar='STEP', help="steps (default: the paper's)")
    parser.add_argument(
        '--config', default=CONFIG, help=f'config that trains the first step (default: {CONFIG})'
    )
    parser.add_argument(
        '--work-dir', type=Path, required=True, help='folder for configs, figures and plot'
    )
    parser.add_argument(
        '--configs-only', action='store_true', help='write the configs without measuring'
    )
    parser.add_argument('--checkpoints', nargs='+', metavar='FILE', help='weights of every step')
    add_ap_option(parser)
    add_measurement_options(parser)
    args = parser.parse_args()
    base = find_config(args.config)
    start = architecture_of(read_config(base), base)
    if args.ap and not args.checkpoints:
        raise LitePoseError('--ap: expected --checkpoints with the weights of every step')
    steps = parse_steps(args.steps or paper_steps(start), start)
    check_order(steps)
    files = [f'={each}' for each in args.checkpoints or ()] or [''] * len(steps)
    if len(files) != len(steps):
        raise LitePoseError(f'--checkpoints: expected {len(steps)} files, got {len(files)}')
    paths = [args.work_dir / f'step_{number}.py' for number in range(1, 1 + len(steps))]
    figures_file, plot = args.work_dir / 'shrinking.json', args.work_dir / 'shrinking.png'
    check_writable(figures_file)
    for path, step in zip(paths, steps):
        write_config(base, step, path)
        print(f'{path}: width {step.width}, blocks {json.dumps(step.blocks)}')
    if args.configs_only:
        return
    figure = new_figure(plot, (11, 5))
    apply_options(args)
    with one_line_warnings():
        models = [
            load_model(f'{path}{weights}', args.flip, args.threads)
            for path, weights in zip(paths, files)
        ]
        figures = compare(models, args)
    for model, path, step in zip(figures['models'], paths, steps):
        model.update(config=str(path), width=step.width, blocks=step.blocks)
    try:
        write_json(figures_file, figures)
        plot_steps(figure, figures['models'])
        save_figure(figure, plot)
    finally:
        show(figures)
    print(f'wrote {figures_file} and {plot}')


if __name__ == '__main__':
    sys.exit(run_tool(main))
