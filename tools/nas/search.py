"""Search a trained supernet for the best network under constraints.

The state is written after every generation; the same command goes on where a search was stopped.

Example::

    python tools/nas/search.py SUPERNET_CONFIG SUPERNET_CHECKPOINT --max paper_macs=1.2e9 \
        --work-dir work_dirs/search

writes ``best.json``, an architecture in the authors' form, ``best.py``, its config, and
``search.md`` with the front.
Several processes share the evaluation:
``torchrun --nproc-per-node 2 tools/nas/search.py … --launcher pytorch``.
"""

import argparse
import sys
from functools import partial
from pathlib import Path

from mmengine.dist import get_rank, init_dist
from rich.progress import Progress

import litepose_mm.modules  # noqa: F401
from litepose_mm.architectures import Architecture
from litepose_mm.complexity import Complexity
from litepose_mm.errors import LitePoseError, run_tool
from litepose_mm.nas import (
    Constraint,
    Evolution,
    EvolutionSettings,
    LatencyTable,
    SubnetEvaluator,
    architecture_complexity,
    load_supernet,
)
from litepose_mm.nas.search_report import format_cost, write_report
from litepose_mm.nas.search_state import resume, save_generation
from litepose_mm.search_spaces import get_search_space

COSTS = (*Complexity._fields, 'latency')


def limit(text: str) -> tuple[str, float]:
    """``NAME=NUMBER`` with the name of a cost."""
    name, _, value = text.partition('=')
    if name not in COSTS:
        raise argparse.ArgumentTypeError(f'expected {", ".join(COSTS)} = a number, got {text!r}')
    try:
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f'{name}: expected a number, got {value!r}') from None


def cost(arch: Architecture, name: str, num_keypoints: int) -> float:
    return getattr(architecture_complexity(arch, num_keypoints), name)


def parse_args() -> argparse.Namespace:
    defaults = EvolutionSettings()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help="the supernet's config, with search_space")
    parser.add_argument('checkpoint', help="the supernet's checkpoint")
    parser.add_argument('--work-dir', required=True, type=Path, help='folder for state and report')
    parser.add_argument(
        '--max',
        type=limit,
        nargs='+',
        required=True,
        metavar='COST=LIMIT',
        help=f'constraints; costs: {", ".join(COSTS)} (milliseconds)',
    )
    parser.add_argument(
        '--latency-table', type=Path, help='of latency_table.py, for the cost latency'
    )
    parser.add_argument('--generations', type=int, default=defaults.generations)
    parser.add_argument('--population', type=int, default=defaults.population)
    parser.add_argument('--parents', type=int, default=defaults.parents)
    parser.add_argument('--seed', type=int, default=defaults.seed)
    parser.add_argument('--pareto', action='store_true', help='search a front, not one network')
    parser.add_argument(
        '--calibration-batches', type=int, default=10, help='batches of training (default: 10)'
    )
    parser.add_argument(
        '--no-cache',
        action='store_true',
        help='read the pictures anew for every network: slower, and hardly any memory',
    )
    parser.add_argument('--launcher', choices=['none', 'pytorch'], default='none')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if args.launcher != 'none':
        init_dist(args.launcher, backend='gloo')
    config, supernet = load_supernet(args.config, args.checkpoint)
    keypoints = config.model.head.num_keypoints
    costs = {name: partial(cost, name=name, num_keypoints=keypoints) for name in Complexity._fields}
    if args.latency_table is not None:
        costs['latency'] = LatencyTable.load(args.latency_table)
    elif 'latency' in dict(args.max):
        raise LitePoseError('latency needs --latency-table FILE, which latency_table.py makes')
    constraints = [Constraint(name, costs[name], value) for name, value in args.max]
    settings = EvolutionSettings(
        population=args.population,
        parents=args.parents,
        generations=args.generations,
        seed=args.seed,
        pareto=args.pareto,
    )
    evolution = Evolution(get_search_space(config.search_space), constraints, settings)
    evaluator = SubnetEvaluator(supernet, config, args.calibration_batches, cache=not args.no_cache)
    path = resume(evolution, args.work_dir)
    main_process = get_rank() == 0
    if path is not None and main_process:
        print(f'going on after {path}')
    with Progress(disable=not main_process) as progress:
        task = progress.add_task(
            'generations', total=settings.generations + 1, completed=evolution.generation
        )
        while not evolution.is_finished:
            evolution.step(evaluator)
            if main_process:
                save_generation(evolution, args.work_dir)
                write_report(evolution, args.work_dir, config)
            best = evolution.best
            progress.console.print(
                f'generation {evolution.generation - 1}: score {best.score:.4f}, '
                + ', '.join(f'{name} {format_cost(value)}' for name, value in best.costs.items())
            )
            progress.advance(task)
    if main_process:
        print(f'best: {args.work_dir / "best.json"}; front: {args.work_dir / "search.md"}')


if __name__ == '__main__':
    sys.exit(run_tool(main))
