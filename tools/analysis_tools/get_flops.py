"""Parameters and multiply-accumulates of a config's model, in every convention of the field."""

import argparse

from mmengine.config import Config, DictAction
from rich.console import Console
from rich.table import Table

import litepose_mm.modules  # noqa: F401
from litepose_mm.complexity import CONVENTIONS, measure_complexity


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--shape',
        type=int,
        nargs='+',
        help="height and width of the input, or one number for both; by default the codec's",
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='key=value to override in the config'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    config = Config.fromfile(args.config)
    config.merge_from_dict(args.cfg_options or {})
    if args.shape:
        height, width = args.shape if len(args.shape) > 1 else args.shape * 2
    else:
        width, height = config.codec['input_size']

    # Only after the config's custom imports.
    from mmengine.registry import init_default_scope
    from mmpose.models import build_pose_estimator

    init_default_scope(config.get('default_scope', 'mmpose'))
    # Initial weights change no count.
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
    Console().print(table)


if __name__ == '__main__':
    main()
