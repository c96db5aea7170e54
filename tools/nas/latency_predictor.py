r"""Fit a latency predictor to some networks of a search space, for searches with a latency limit.

The error is that of predictions for each network by a predictor fitted to all others.

Example::

    python tools/nas/latency_predictor.py SUPERNET_CONFIG --engine openvino --threads 2 \
        --out latency.json
    python tools/nas/search.py SUPERNET_CONFIG CHECKPOINT --limit latency=8 \
        --latency-predictor latency.json --work-dir work_dirs/search
"""

import argparse
import sys
from pathlib import Path

import litepose_mm.modules  # noqa: F401

# isort: split
import numpy as np
from mmpose.models import build_pose_estimator
from rich.progress import track
from scipy.stats import spearmanr

from litepose_mm.analysis.timing import environment
from litepose_mm.cli.engine_options import add_engine_options, engine_options
from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.models.utils.deploy_form import to_deploy_form
from litepose_mm.models.utils.deploy_graph import DeployGraph, deploy_decoder
from litepose_mm.nas import (
    LatencyPredictor,
    NetworkCosts,
    NetworkTimer,
    get_search_space,
    read_supernet_config,
    subnet_model,
)
from litepose_mm.nas.latency import RUNS
from litepose_mm.nas.search_spaces import Architecture
from litepose_mm.nas.subnet_config import input_size_of
from litepose_mm.utils.files import check_writable


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help="the supernet's config, with search_space")
    parser.add_argument('--out', type=Path, required=True, help='predictor to write (.json)')
    parser.add_argument(
        '--engine', metavar='NAME', default='openvino', help='inference engine (default: openvino)'
    )
    parser.add_argument(
        '--threads', type=int, default=1, help='number of engine threads (default: 1)'
    )
    parser.add_argument(
        '--networks', type=int, default=24, help='number of networks to measure (default: 24)'
    )
    parser.add_argument(
        '--rounds', type=int, default=4, help=f'turns of {RUNS} runs of each network (default: 4)'
    )
    parser.add_argument('--seed', type=int, default=0, help='random seed (default: 0)')
    add_engine_options(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    for name, least in (('networks', 8), ('rounds', 1), ('threads', 1), ('seed', 0)):
        value = getattr(args, name)
        if value < least:
            raise LitePoseError(f'--{name}: expected at least {least}, got {value}')
    check_writable(args.out)
    options = engine_options(args)
    timer = NetworkTimer(args.engine, args.threads, args.rounds, options)
    config = read_supernet_config(args.config)
    space = get_search_space(config.search_space)
    costs = NetworkCosts(build_pose_estimator(config.model))

    rng = np.random.default_rng(args.seed)
    archs = [space.decode(space.sample(rng)) for _ in range(args.networks)]

    def network(arch: Architecture) -> tuple[DeployGraph, tuple[int, int, int, int]]:
        network = build_pose_estimator(subnet_model(config.model, arch))
        width, height = input_size_of(config.model.head.decoder.input_size, arch)
        graph = DeployGraph(to_deploy_form(network), deploy_decoder(network)).eval()
        return graph, (1, 3, height, width)

    measured = timer(map(network, track(archs, f'{len(archs)} networks')))

    predictor = LatencyPredictor.fit(space, costs, archs, measured)
    predicted = []
    for left_out, arch in enumerate(archs):
        others = [each for index, each in enumerate(zip(archs, measured)) if index != left_out]
        predicted.append(LatencyPredictor.fit(space, costs, *zip(*others))(costs, arch))
    errors = np.abs(np.divide(predicted, measured) - 1)
    # There is no rank correlation if all predictions are the same.
    rank = spearmanr(measured, predicted).statistic if np.ptp(predicted) else float('nan')
    predictor.conditions.update(
        engine=args.engine,
        threads=args.threads,
        **options,
        environment=options.get('device') or environment(),
        networks=len(errors),
        mean_error=float(errors.mean()),
        max_error=float(errors.max()),
        rank_correlation=float(rank) if np.isfinite(rank) else None,
    )
    predictor.save(args.out)
    print(
        f'{args.out}: '
        '{:.3f} ms for 1e6 MACs, {:.3f} ms for 1e6 numbers read or written, '
        '{:.3f} ms for 1e6 parameters, and {:.3f} ms'.format(*predictor.weights)
    )
    print(
        f'{len(errors)} networks of {min(measured):.1f} to {max(measured):.1f} ms, each predicted '
        f'from the others: error {100 * errors.mean():.1f} % on average, '
        f'{100 * errors.max():.1f} % at most; '
        f'rank correlation {rank:.3f}'
    )


if __name__ == '__main__':
    sys.exit(run_tool(main))
