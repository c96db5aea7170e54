r"""Search a trained supernet for the best network under constraints.

The state is written after every generation; the same command goes on where a search was stopped.

Example::

    python tools/nas/search.py SUPERNET_CONFIG SUPERNET_CHECKPOINT --limit paper_macs=1.2e9 \
        --work-dir work_dirs/search

writes ``best.json``, an architecture in the authors' form (extract_subnet.py takes it out of the
supernet), ``best.py``, its config, and ``search.md`` with the front.
Several processes share the evaluation:
``torchrun --nproc-per-node 2 tools/nas/search.py … --launcher pytorch``.
"""

import argparse
import hashlib
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import litepose_mm.modules  # noqa: F401

# isort: split
import torch
from mmengine.config import Config, DictAction
from mmengine.dist import broadcast_object_list, get_rank, get_world_size
from rich.progress import Progress

from litepose_mm.cli.programs import run_tool
from litepose_mm.nas import (
    Evolution,
    EvolutionSettings,
    SubnetEvaluator,
    default_device,
    load_supernet,
)
from litepose_mm.nas.limits import COSTS, make_constraints, parse_limit
from litepose_mm.nas.network_layers import check_counted
from litepose_mm.nas.search_report import format_cost, write_report
from litepose_mm.nas.search_spaces import get_search_space
from litepose_mm.nas.search_state import resume, save_generation
from litepose_mm.utils.files import check_writable, sha256


def parse_args() -> argparse.Namespace:
    defaults = EvolutionSettings()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help="the supernet's config, with search_space")
    parser.add_argument('checkpoint', help="the supernet's checkpoint")
    parser.add_argument('--work-dir', required=True, type=Path, help='folder for state and report')
    parser.add_argument(
        '--limit',
        type=parse_limit,
        nargs='+',
        action='extend',
        required=True,
        metavar='COST=MOST',
        help=f'constraints; costs: {", ".join(COSTS)} (milliseconds)',
    )
    parser.add_argument(
        '--latency-table', type=Path, help='of latency_table.py, for the cost latency'
    )
    for option, meaning in (
        ('--generations', 'generations after the first'),
        ('--population', 'networks of a generation'),
        ('--parents', 'how many of the best go on and have children'),
        ('--mutation-share', 'share of the children that are mutated; the others are crossed'),
        ('--mutation-prob', "probability that a mutated child's gene is drawn anew"),
        ('--seed', 'of all that is drawn'),
    ):
        default = getattr(defaults, option[2:].replace('-', '_'))
        parser.add_argument(
            option, type=type(default), default=default, help=f'{meaning} (default: {default})'
        )
    parser.add_argument('--pareto', action='store_true', help='search a front, not one network')
    parser.add_argument(
        '--calibration-batches', type=int, default=10, help='batches of training (default: 10)'
    )
    parser.add_argument(
        '--no-cache',
        action='store_true',
        help='read the pictures anew for every network: slower, but all pictures at every '
        'resolution need not be in memory (about 1 GB each for 5,000 of 256x256, 4 GB of 512x512)',
    )
    parser.add_argument(
        '--device', default=default_device(), help='default: a GPU where there is one'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help="key=value, over the config's"
    )
    parser.add_argument('--launcher', choices=['none', 'pytorch'], default='none')
    return parser.parse_args()


def scored_by(args: argparse.Namespace, config: Config) -> dict[str, Any]:
    """What scores and costs depend on besides the search: other ones are no continuation."""
    names = ('model', 'train_dataloader', 'val_dataloader', 'val_evaluator')
    names += ('search_dataloader', 'search_evaluator')
    parts = Config({name: config.get(name) for name in names}).pretty_text
    return dict(
        checkpoint=sha256(args.checkpoint),
        config=hashlib.sha256(parts.encode()).hexdigest(),
        calibration_batches=args.calibration_batches,
        latency_table=args.latency_table and sha256(args.latency_table),
    )


def make_evolution(args: argparse.Namespace, config: Config) -> Evolution:
    """The search that the options ask for, before its first generation."""
    check_counted(config.model.head)
    constraints = make_constraints(args.limit, config.model.head.num_keypoints, args.latency_table)
    names = [field.name for field in fields(EvolutionSettings)]
    settings = EvolutionSettings(**{name: getattr(args, name) for name in names})
    return Evolution(get_search_space(config.search_space), constraints, settings)


def main() -> None:
    args = parse_args()
    check_writable(args.work_dir / 'search.md')
    if args.launcher == 'pytorch':
        torch.distributed.init_process_group('gloo')  # scores are all that is exchanged
    is_main = get_rank() == 0
    config, supernet = load_supernet(args.config, args.checkpoint, args.device, args.cfg_options)
    evolution, basis = make_evolution(args, config), scored_by(args, config)
    evaluator = SubnetEvaluator(supernet, config, args.calibration_batches, cache=not args.no_cache)
    if is_main and (path := resume(evolution, args.work_dir, basis)) is not None:
        print(f'going on after {path}')
        write_report(evolution, args.work_dir, config)
    state = [evolution]
    broadcast_object_list(state)  # the folder may be on the first machine only
    evolution = state[0]
    with Progress(disable=not is_main) as progress:
        task = progress.add_task(
            'generations', total=args.generations + 1, completed=evolution.generation
        )
        while not evolution.is_finished:
            networks = progress.add_task(f'generation {evolution.generation}', total=None)

            def evaluate(archs, networks=networks):
                progress.update(networks, total=len(archs[:: get_world_size()]))
                return evaluator(archs, lambda: progress.advance(networks))

            evolution.step(evaluate)
            progress.remove_task(networks)
            progress.advance(task)
            if not is_main:
                continue
            save_generation(evolution, args.work_dir, basis)
            write_report(evolution, args.work_dir, config)
            best = evolution.best
            progress.console.print(
                f'generation {evolution.generation - 1}: score {best.score:.4f}, '
                + ', '.join(f'{name} {format_cost(value)}' for name, value in best.costs.items())
            )
    if is_main:
        print(f'best: {args.work_dir / "best.json"}; front: {args.work_dir / "search.md"}')
    if args.launcher == 'pytorch':
        torch.distributed.destroy_process_group()


if __name__ == '__main__':
    sys.exit(run_tool(main))
