"""Plot how the probabilities of a search by gradient and the cost of its network develop.

Example::

    python tools/analysis_tools/plot_architecture.py work_dirs/search/architecture.json \
        --out architecture.png
"""

import argparse
import sys
from pathlib import Path

from litepose_mm.analysis.plots import new_figure, plot_probabilities, save_figure
from litepose_mm.cli.programs import run_tool
from litepose_mm.engine.hooks.differentiable_search_hook import read_record


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('record', help="architecture.json in the search's work directory")
    parser.add_argument('--out', type=Path, required=True, help='plot to write (.png, .svg, …)')
    args = parser.parse_args()
    record = read_record(args.record)
    figure = new_figure(args.out, (12, 8))
    plot_probabilities(figure, record)
    save_figure(figure, args.out)
    print(f'{args.out}: {len(record)} epochs')


if __name__ == '__main__':
    sys.exit(run_tool(main))
