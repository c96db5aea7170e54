"""Print the environment and the figures of benchmarks."""

from importlib import metadata
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from litepose_mm.analysis.timing import environment as processor
from litepose_mm.utils.files import replacing

_PACKAGES = ('torch', 'mmpose', 'mmcv', 'numpy', 'cv2', 'onnxruntime', 'openvino', 'tvm', 'ncnn')

Rows = list[dict]  # cells of each row by the names of the columns


def environment(threads: int | str, rounds: int) -> str:
    """Describe machine, versions and options in one line."""
    machine = processor()
    if torch.cuda.is_available():
        machine += f', {torch.cuda.get_device_name()}'
    known = metadata.packages_distributions()
    names = [known[name][0] for name in _PACKAGES if name in known]
    versions = [f'{name} {metadata.version(name)}' for name in names]
    return f'{machine}, {threads} thread(s), median of {rounds} rounds; {", ".join(versions)}'


def print_table(title: str, rows: Rows) -> None:
    table = Table(title=title, title_justify='left')
    for name, value in rows[0].items():
        justify = 'left' if isinstance(value, str) else 'right'
        table.add_column(name.replace('_', ' '), justify=justify)
    for row in rows:
        table.add_row(*(_formatted(name, value) for name, value in row.items()))
    # Let narrow terminals wrap lines rather than truncate numbers.
    Console(width=max(Console().width, 150)).print(table)


def _formatted(name: str, value: object) -> str:
    if isinstance(value, bool):
        return 'yes' if value else 'NO'
    if not isinstance(value, float):
        return str(value)
    return f'{value:.1%}' if name.endswith('share') else f'{value:.{2 if value < 100 else 0}f}'


def write_between(page: Path, name: str, lines: list[str]) -> None:
    """Replace what is between the markers ``name:begin`` and ``name:end`` of a page."""
    begin, end = f'<!-- {name}:begin -->', f'<!-- {name}:end -->'
    before, _, rest = page.read_text(encoding='utf-8').partition(begin)
    after = rest.partition(end)[2]
    with replacing(page) as part:
        part.write_text(before + '\n'.join([begin, *lines, end]) + after, encoding='utf-8')
