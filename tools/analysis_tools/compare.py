r"""Compare parameters, multiply-accumulates, measured latency and AP of any models.

A model is the name of a model in the zoo or of a config, or the folder of an exported model. Names
need no weights: parameters and multiply-accumulates do not depend on them, and the times of
decoding are those of drawn maps with people. Each name is exported for every engine that is
installed, and all of them process the same drawn image in turns. Multiply-accumulates are those of
the measured input.

Example::

    python tools/analysis_tools/compare.py litepose-s_crowdpose my_config.py=weights.pth \
        exported/int8 --ap person_val.json images/ --out compare.json --plot compare.png

AP is measured with ``--ap`` if a model has weights; otherwise the zoo's published AP is shown.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from comparison import (  # beside this script
    Model,
    add_ap_option,
    add_measurement_options,
    apply_options,
    compare,
    load_model,
)

from litepose_mm.analysis.complexity import CONVENTIONS
from litepose_mm.analysis.plots import new_figure, save_figure, scatter_models
from litepose_mm.cli.one_line_warnings import one_line_warnings
from litepose_mm.cli.programs import run_tool
from litepose_mm.cli.tables import new_table, print_table
from litepose_mm.media import write_json
from litepose_mm.utils.files import check_writable


def show(figures: dict[str, Any]) -> None:
    """Print the table."""
    width, height = figures['image_size']
    exported = ''
    if any(model['exported'] for model in figures['models']):
        exported = " (for exported folders, those of the zoo's model of the same name)"
    table = new_table(
        f'params in millions and MACs in billions{exported} for one input (top-down models process '
        f'{figures["people"]}); milliseconds per image of {width}x{height} with '
        f'{figures["people"]} people, median of {figures["rounds"]} rounds in turns, frame with '
        f'preprocessing; published AP is that of the authors, with their flip test, if any; '
        f'{figures["threads"]} thread(s), {figures["environment"]}'
    )
    table.add_column('model', no_wrap=True)
    for title in ('input', 'params', 'exact\nMACs', 'paper\nMACs', 'HigherHRNet\nMACs'):
        table.add_column(title, justify='right', no_wrap=True)
    table.add_column('engine', no_wrap=True)
    for title in ('network', 'decoding', 'frame', 'people', 'AP'):
        table.add_column(title, justify='right', no_wrap=True)
    table.add_column('AP of')
    for model in figures['models']:
        facts = [
            model['name'],
            'x'.join(map(str, model['input_size'])),
            _number(model['params'], 1e6),
            *(_number(model[key], 1e9) for key in CONVENTIONS),
        ]
        ap = ['–' if model['ap'] is None else f'{model["ap"]:.1f}', model['ap_of'] or '']
        for own in model['engines']:
            times = own['milliseconds']
            parts = (f'{times[part]["p50"]:.1f}' for part in ('model', 'decoding', 'total'))
            engine = f'{own["engine"]} {own["precision"]}'
            table.add_row(*facts, engine, *parts, str(own['people']), *ap)
            facts, ap = [''] * len(facts), ['', '']
    print_table(table)


def _number(value: float | None, unit: float) -> str:
    return '–' if value is None else f'{value / unit:.3f}'


def unique_names(models: Sequence[Model], given: Sequence[str]) -> list[Model]:
    """Make names unique by appending the arguments, or else numbers."""
    for more in (given, [str(1 + number) for number in range(len(models))]):
        names = [model.name for model in models]
        models = [
            model if names.count(model.name) == 1 else model._replace(name=f'{model.name} {text}')
            for model, text in zip(models, more)
        ]
    return list(models)


def report(figures: dict[str, Any], figure: Any, args: argparse.Namespace) -> None:
    """Write what was asked for, and print the table even if that fails."""
    try:
        if args.out:
            write_json(args.out, figures)
        if figure is not None:
            scatter_models(figure, figures['models'])
            save_figure(figure, args.plot)
    finally:
        show(figures)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'models', nargs='+', metavar='MODEL', help='name, config (optionally =WEIGHTS) or folder'
    )
    add_ap_option(parser)
    add_measurement_options(parser)
    parser.add_argument('--out', help='JSON file for the figures')
    parser.add_argument('--plot', help='file for the scatter plots, such as compare.png or .svg')
    args = parser.parse_args()
    if args.out:
        check_writable(args.out)
    figure = new_figure(args.plot, (11, 5)) if args.plot else None
    apply_options(args)
    with one_line_warnings():
        models = [load_model(argument, args.flip, args.threads) for argument in args.models]
        report(compare(unique_names(models, args.models), args), figure, args)


if __name__ == '__main__':
    sys.exit(run_tool(main))
