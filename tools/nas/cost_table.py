r"""Measure the latency of every operation of a search space, for a search by gradient.

Each operation is timed as a network of its own, less the time of an empty one. Since an engine
spends other times between operations than around them, the sum over a network is then scaled so
that it is right for the smallest and for the largest network, which are timed as a whole.

Example::

    python tools/nas/cost_table.py SEARCH_CONFIG --engine onnxruntime --threads 1 --out latency.json

A search uses it with ``model.cost=dict(table='latency.json', engine='onnxruntime', …)``.
"""

import argparse
import sys
from functools import partial
from pathlib import Path

import litepose_mm.modules  # noqa: F401

# isort: split
import numpy as np
import torch
from mmpose.models import build_pose_estimator
from rich.progress import track
from torch import nn

from litepose_mm.analysis.complexity import run_network
from litepose_mm.analysis.timing import environment
from litepose_mm.cli.engine_options import add_engine_options, engine_options
from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.models.utils.deploy_form import to_deploy_form
from litepose_mm.models.utils.deploy_graph import DeployGraph, deploy_decoder
from litepose_mm.nas import NetworkTimer, calibrate, read_supernet_config, subnet_model
from litepose_mm.nas.differentiable import OperationCosts
from litepose_mm.nas.differentiable.operation_costs import placed_operations, signature
from litepose_mm.nas.latency import RUNS
from litepose_mm.utils.files import check_writable

#: Of the times of an operation; see NetworkTimer.
QUANTILE = 0.1


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config of a search by gradient')
    parser.add_argument('--out', type=Path, required=True, help='table to write (.json)')
    parser.add_argument(
        '--engine',
        metavar='NAME',
        default='onnxruntime',
        help='inference engine (default: onnxruntime)',
    )
    parser.add_argument(
        '--threads', type=int, default=1, help='number of engine threads (default: 1)'
    )
    parser.add_argument(
        '--rounds', type=int, default=10, help=f'turns of {RUNS} runs of each (default: 10)'
    )
    add_engine_options(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    for name in ('rounds', 'threads'):
        if getattr(args, name) < 1:
            raise LitePoseError(f'--{name}: expected at least 1, got {getattr(args, name)}')
    check_writable(args.out)
    options = engine_options(args)
    timer = NetworkTimer(args.engine, args.threads, args.rounds, options, quantile=QUANTILE)
    config = read_supernet_config(args.config)
    if 'cost' not in config.model:
        raise LitePoseError(f'{args.config}: expected the config of a search by gradient')
    config.model.cost = dict(name='macs', weight=0)  # the table need not exist yet
    model = build_pose_estimator(config.model).eval()
    width, height = model.head.decoder.input_size
    counted = model.costs

    placed = list(placed_operations(model, (width, height)))
    unique = {signature(each): each for each in placed}
    extremes = [
        [int(np.argmin(row)) for row in counted.table],
        [int(np.argmax(row)) for row in counted.table],
    ]

    def networks():
        # With the statistics of random weights, deep features would vanish to denormal numbers,
        # with which a CPU computes many times as slowly.
        for each in track(unique.values(), f'{len(unique)} operations'):
            yield to_deploy_form(each.module), (1, *each.shape)
        yield nn.ReLU().eval(), (1, 8, 4, 4)
        for choices in extremes:
            plain = subnet_model(config.model, model.backbone.arch_of(choices))
            network = build_pose_estimator(plain).eval()
            images = torch.randn(2, 3, height, width)
            calibrate(network, [images], partial(run_network, network))
            graph = DeployGraph(to_deploy_form(network), deploy_decoder(network)).eval()
            yield graph, (1, 3, height, width)

    *own, empty, least, most = timer(networks())
    times = dict(zip(unique, (max(each - empty, 0.0) for each in own)))
    table = [[0.0] * len(row) for row in counted.table]
    for each in placed:
        table[each.block][each.index] = times[signature(each)]
    sums = [sum(row[i] for row, i in zip(table, choices)) for choices in extremes]
    scale = (most - least) / (sums[1] - sums[0])
    fixed = least - scale * sums[0]
    if not scale > 0 or fixed < 0:
        raise LitePoseError(
            'latency: expected the largest network to take longer than the smallest, got '
            f'{most:.3f} and {least:.3f} ms of {sums[1]:.3f} and {sums[0]:.3f} ms of operations; '
            'measure again on an idle machine, with more --rounds'
        )
    costs = OperationCosts(
        name='latency',
        fixed=fixed,
        table=tuple(tuple(scale * each for each in row) for row in table),
        space=counted.space,
        input_size=(width, height),
        conditions=dict(
            engine=args.engine,
            threads=args.threads,
            **options,
            environment=options.get('device') or environment(),
            quantile=QUANTILE,
            scale=scale,
        ),
    )
    costs.save(args.out)
    print(
        f'{args.out}: {len(unique)} operations; networks of {least:.2f} to {most:.2f} ms, of which '
        f'{fixed:.2f} ms are not of blocks; operations scaled by {scale:.2f}'
    )


if __name__ == '__main__':
    sys.exit(run_tool(main))
