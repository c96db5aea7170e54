"""``litepose models``: prints the zoo as a table."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...zoo import ModelEntry
    from ...zoo.shipped_weights import WeightsCard

HELP = 'list the models with their input size, parameters, MACs, accuracy and bundled weights'


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments."""
    parser.add_argument('--json', action='store_true', help='print JSON instead of a table')


def run(args: argparse.Namespace) -> int:
    """Prints the table; returns the exit status."""
    from ...zoo import models
    from ...zoo.shipped_weights import weights_of

    rows = [(entry, weights_of(name)) for name, entry in models().items()]
    if args.json:
        documents = [dict(asdict(entry), weights=list(map(asdict, own))) for entry, own in rows]
        print(json.dumps(documents, indent=2))
    else:
        _print_table(rows)
    return 0


def _print_table(rows: Iterable[tuple[ModelEntry, Sequence[WeightsCard]]]) -> None:
    from ..tables import new_table, print_table

    table = new_table(_CAPTION)
    table.add_column('model', no_wrap=True)
    for title in ('keypoints', 'input', 'params', 'MACs', 'paper\nMACs', 'AP', 'own\nAP'):
        table.add_column(title, justify='right', no_wrap=True)
    for entry, own in rows:
        table.add_row(
            entry.name,
            str(entry.num_keypoints),
            '{}x{}'.format(*entry.input_size),
            f'{entry.params / 1e6:.2f}M',
            f'{entry.macs / 1e9:.2f}G',
            '–' if entry.paper_macs is None else f'{entry.paper_macs / 1e9:.2f}G',
            '–' if entry.ap is None else f'{entry.ap:.1f}',
            _own_ap(own[0]) if own else '',
        )
    print_table(table)


def _own_ap(card: WeightsCard) -> str:
    figures = [f'{entry["ap"]:.1f}' for entry in card.accuracy if entry['flip_test']]
    return figures[0] if figures else '?'


_CAPTION = (
    'MACs: exact, for one image of the input size. paper MACs: counted as in the paper. '
    "AP: published for the authors' weights, with their flip test, if any. own AP: bundled "
    'weights, with flip test, on other images; `litepose models --json` lists these, and the '
    "teacher's AP on them."
)
