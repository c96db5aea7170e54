r"""Search a trained supernet for the best network under constraints.

The state is saved after every generation, so that the same command continues an interrupted search.

Example::

    python tools/nas/search.py SUPERNET_CONFIG SUPERNET_CHECKPOINT --limit paper_macs=1.2e9 \
        --work-dir work_dirs/search

writes the architecture to ``best.json`` (extract_subnet.py extracts it from the supernet), its
config to ``best.py``, and the Pareto front to ``search.md``. Several processes can share the
evaluation: ``torchrun --nproc-per-node 2 tools/nas/search.py … --launcher pytorch``.
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
    NetworkCosts,
    SubnetEvaluator,
    default_device,
    get_search_space,
    load_supernet,
)
from litepose_mm.nas.constraints import COSTS, make_constraints, parse_limit
from litepose_mm.nas.search_report import format_cost, write_report
from litepose_mm.nas.search_state import restore, resume, save_generation, state_of
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
        help=f'largest values of costs, which are {", ".join(COSTS)} (in milliseconds)',
    )
    parser.add_argument(
        '--latency-predictor', type=Path, help='file of latency_predictor.py, for the cost latency'
    )
    for option, meaning in (
        ('--generations', 'number of generations after the first'),
        ('--population', 'number of networks in a generation'),
        ('--parents', 'number of the best networks that survive and have children'),
        ('--mutation-share', 'fraction of the children that are mutated; the others are crossed'),
        ('--mutation-prob', 'probability that a gene of a mutated child is sampled again'),
        ('--seed', 'random seed'),
    ):
        default = getattr(defaults, option[2:].replace('-', '_'))
        parser.add_argument(
            option, type=type(default), default=default, help=f'{meaning} (default: {default})'
        )
    parser.add_argument(
        '--calibration-batches',
        type=int,
        default=10,
        help='number of training batches that calibrate a network (default: 10)',
    )
    parser.add_argument(
        '--no-cache',
        action='store_true',
        help='read the images again for every network instead of keeping them in memory, which is '
        'slower (5,000 images take about 1 GB at 256x256 and 4 GB at 512x512)',
    )
    parser.add_argument(
        '--device', default=default_device(), help='device (default: a GPU if there is one)'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='key=value pairs that override the config',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch'],
        default='none',
        help='program that starts several processes, if any (default: none)',
    )
    return parser.parse_args()


def scored_by(args: argparse.Namespace, config: Config) -> dict[str, Any]:
    """Return what else scores and costs depend on, which must not change in a continued search."""
    names = ('model', 'train_dataloader', 'val_dataloader', 'val_evaluator')
    names += ('search_dataloader', 'search_evaluator')
    parts = Config({name: config.get(name) for name in names}).pretty_text
    return dict(
        checkpoint=sha256(args.checkpoint),
        config=hashlib.sha256(parts.encode()).hexdigest(),
        calibration_batches=args.calibration_batches,
        latency_predictor=args.latency_predictor and sha256(args.latency_predictor),
    )


def make_evolution(
    args: argparse.Namespace, config: Config, supernet: torch.nn.Module
) -> Evolution:
    """Make the search with the given options, before its first generation."""
    space = get_search_space(config.search_space)
    constraints = make_constraints(
        args.limit, NetworkCosts(supernet), space, args.latency_predictor
    )
    names = [field.name for field in fields(EvolutionSettings)]
    settings = EvolutionSettings(**{name: getattr(args, name) for name in names})
    return Evolution(space, constraints, settings)


def main() -> None:
    args = parse_args()
    check_writable(args.work_dir / 'search.md')
    if args.launcher == 'pytorch':
        torch.distributed.init_process_group('gloo')  # processes exchange only scores
    is_main = get_rank() == 0
    config, supernet = load_supernet(args.config, args.checkpoint, args.device, args.cfg_options)
    evolution, basis = make_evolution(args, config, supernet), scored_by(args, config)
    evaluator = SubnetEvaluator(supernet, config, args.calibration_batches, cache=not args.no_cache)
    if is_main and (path := resume(evolution, args.work_dir, basis)) is not None:
        print(f'continuing after {path}')
        write_report(evolution, args.work_dir, config)
    state = [state_of(evolution)]
    broadcast_object_list(state)  # other machines may not have the folder
    restore(evolution, state[0])
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
