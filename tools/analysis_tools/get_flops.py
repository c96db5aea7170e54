"""Count parameters and multiply-accumulates of a config's model, in the field's conventions."""

import argparse
import sys

from mmengine.config import Config, DictAction
from rich.console import Console
from rich.table import Table

import litepose_mm.modules  # noqa: F401
from litepose_mm.analysis.complexity import CONVENTIONS, measure_complexity
from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.utils.config_files import read_config


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--shape',
        type=int,
        nargs='+',
        help='height and width of the input, or one number for both (default: those of the codec)',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='key=value pairs that override the config',
    )
    return parser.parse_args()


def read_options(args: argparse.Namespace) -> tuple[Config, int, int]:
    """Read the config, and height and width of the input.

    Raises:
        LitePoseError: The config cannot be read, has no model or has no input size.
    """
    config = read_config(args.config, args.cfg_options)
    if 'model' not in config:
        raise LitePoseError(f'{args.config}: expected the config of a model, but it has no `model`')
    if args.shape:
        height, width = args.shape[0], args.shape[-1]
    elif 'codec' in config and 'input_size' in config.codec:
        width, height = config.codec['input_size']
    else:
        raise LitePoseError(
            f'{args.config}: expected a codec with an input_size, got none; give --shape H W'
        )
    return config, height, width


def measure(args: argparse.Namespace) -> Table:
    """Make the table of figures."""
    config, height, width = read_options(args)
    # Imported after the config's custom imports.
    from mmengine.registry import init_default_scope
    from mmpose.models import build_pose_estimator

    init_default_scope(config.get('default_scope', 'mmpose'))
    # Initial weights do not affect the counts.
    config.model.backbone.pop('init_cfg', None)
    result = measure_complexity(build_pose_estimator(config.model), (3, height, width))

    table = Table(title=f'{args.config}, input {width}x{height}, one image')
    table.add_column('figure')
    table.add_column('value', justify='right')
    table.add_column('what it counts')
    table.add_row('params', f'{result.params:,}', 'trainable and frozen parameters')
    for name, meaning in CONVENTIONS.items():
        value = getattr(result, name)
        table.add_row(name, f'{value:,}\n({value / 1e9:.3f} G)', meaning)
    return table


def main() -> None:
    args = parse_args()
    if args.shape and (len(args.shape) > 2 or min(args.shape) < 1):
        raise LitePoseError(f'--shape: expected one or two positive numbers, got {args.shape}')
    Console().print(measure(args))


if __name__ == '__main__':
    sys.exit(run_tool(main))
