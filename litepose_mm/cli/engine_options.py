"""The engines' own options, as arguments of commands."""

from __future__ import annotations

import argparse
from typing import Any


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of all engines, in a group for each engine."""
    from ..inference.engines import engines

    for engine in engines().values():
        group = parser.add_argument_group(engine.name)
        for option in engine.options:
            flag = f'--{option.name.replace("_", "-")}'
            if option.metavar is None:
                group.add_argument(flag, action='store_true', help=option.help)
            else:
                group.add_argument(flag, metavar=option.metavar, help=option.help)


def engine_options(args: argparse.Namespace) -> dict[str, Any]:
    """Returns the options that were given, by name."""
    from ..inference.engines import engines

    return {
        option.name: value
        for engine in engines().values()
        for option in engine.options
        if (value := getattr(args, option.name)) not in (None, False)
    }
