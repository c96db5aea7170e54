r"""Measure every layer of a search space in an engine, so that a search can limit latency.

Some whole networks are measured too: half of them fit what a sum of layers leaves out, the other
half tell the error of the prediction.

Example::

    python tools/nas/latency_table.py SUPERNET_CONFIG --engine openvino --threads 2 \
        --out latency.json
    python tools/nas/search.py SUPERNET_CONFIG CHECKPOINT --limit latency=8 \
        --latency-table latency.json --work-dir work_dirs/search
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import litepose_mm.modules  # noqa: F401

# isort: split
import numpy as np
from mmpose.models import build_pose_estimator
from rich.progress import track
from scipy.stats import spearmanr

from litepose_mm.analysis.timing import environment
from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.models.utils.deploy_form import to_deploy_form
from litepose_mm.models.utils.deploy_graph import DeployGraph, deploy_decoder
from litepose_mm.nas import (
    LatencyTable,
    NetworkTimer,
    layers_of_space,
    plain_model,
    read_supernet_config,
)
from litepose_mm.nas.network_layers import check_counted
from litepose_mm.nas.search_spaces import get_search_space
from litepose_mm.utils.files import check_writable


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help="the supernet's config, with search_space")
    parser.add_argument('--out', type=Path, required=True, help='table to write (.json)')
    parser.add_argument(
        '--engine', metavar='NAME', default='openvino', help='what runs them (default: openvino)'
    )
    parser.add_argument('--threads', type=int, default=1, help='of the engine (default: 1)')
    parser.add_argument(
        '--networks', type=int, default=24, help='whole networks to measure (default: 24)'
    )
    parser.add_argument('--rounds', type=int, default=20, help='runs of each (default: 20)')
    parser.add_argument('--seed', type=int, default=0, help='of the networks (default: 0)')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    for name, least in (('networks', 8), ('rounds', 1), ('threads', 1), ('seed', 0)):
        value = getattr(args, name)
        if value < least:
            raise LitePoseError(f'--{name}: expected {least} or more, got {value}')
    check_writable(args.out)
    config = read_supernet_config(args.config)
    check_counted(config.model.head)
    space, keypoints = get_search_space(config.search_space), config.model.head.num_keypoints
    timer = NetworkTimer(args.engine, args.threads, args.rounds)

    layers = layers_of_space(space, keypoints)
    # In any order but by size: what slows the machine for a while must not meet like layers.
    order = np.random.default_rng(args.seed).permutation(len(layers))
    milliseconds = {
        layers[i]: timer.layer(layers[i]) for i in track(order, f'{len(layers)} layers')
    }
    rng = np.random.default_rng(args.seed)
    archs = [space.decode(space.sample(rng)) for _ in range(args.networks)]
    networks = []
    for arch in track(archs, f'{len(archs)} networks'):
        network = build_pose_estimator(plain_model(config.model, arch))
        graph = DeployGraph(to_deploy_form(network), deploy_decoder(network)).eval()
        networks.append((graph, (1, 3, arch.img_size, arch.img_size)))
    measured = timer(*networks)

    half = len(archs) // 2
    table = LatencyTable(milliseconds, keypoints).fitted(archs[:half], measured[:half])
    errors = table.errors(archs[half:], measured[half:])
    rank = spearmanr(measured[half:], [table(arch) for arch in archs[half:]]).statistic
    conditions = dict(
        engine=args.engine,
        threads=args.threads,
        environment=environment(),
        networks=len(errors),
        mean_error=float(errors.mean()),
        max_error=float(errors.max()),
        # there is none where the table gives all of them the same
        rank_correlation=float(rank) if np.isfinite(rank) else None,
    )
    replace(table, conditions=conditions).save(args.out)
    print(
        f'{args.out}: {len(layers)} layers; networks: '
        '{:.3f} times their sum, {:.3f} ms for 1e6 MACs, {:.3f} for 1e6 numbers, and {:.3f}'.format(
            *table.weights
        )
    )
    print(
        f'{len(errors)} other networks of {min(measured[half:]):.1f} to {max(measured[half:]):.1f} '
        f'ms: error {100 * errors.mean():.1f} % on average, {100 * errors.max():.1f} % at most; '
        f'rank correlation {rank:.3f}'
    )


if __name__ == '__main__':
    sys.exit(run_tool(main))
