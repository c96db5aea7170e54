"""Print tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table


def new_table(caption: str) -> Table:
    """Creates a table without columns."""
    from rich import box
    from rich.table import Table

    return Table(box=box.SIMPLE_HEAD, pad_edge=False, caption=caption, caption_justify='left')


def print_table(table: Table) -> None:
    """Prints a table; narrow terminals wrap its lines, so that no figure is truncated."""
    from rich.console import Console
    from rich.measure import Measurement

    console = Console()
    wanted = Measurement.get(console, console.options.update(max_width=1000), table).maximum
    # The caption is one long line that may be wrapped.
    Console(width=max(console.width, wanted)).print(table)
