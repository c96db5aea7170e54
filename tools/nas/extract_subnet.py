"""Take a network out of a supernet, with weights for the plain configs.

Example::

    python tools/nas/extract_subnet.py SUPERNET_CONFIG SUPERNET_CHECKPOINT \
        work_dirs/search/best.json --out checkpoints/found.pth --evaluate

The weights load where ``arch`` of backbone and head is that JSON file, in MMPose's tools and in
``litepose export``; statistics of batch normalisation are calibrated.
"""

import argparse
import sys
from pathlib import Path

import litepose_mm.modules  # noqa: F401
from litepose_mm.architectures import get_architecture
from litepose_mm.checkpoints import save_weights
from litepose_mm.errors import run_tool
from litepose_mm.nas import SubnetEvaluator, load_supernet


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help="the supernet's config")
    parser.add_argument('checkpoint', help="the supernet's checkpoint")
    parser.add_argument('arch', help="name of an architecture, or JSON file in the authors' form")
    parser.add_argument('--out', type=Path, required=True, help='checkpoint to write (.pth)')
    parser.add_argument(
        '--calibration-batches', type=int, default=10, help='batches of training (default: 10)'
    )
    parser.add_argument('--evaluate', action='store_true', help='print its metrics, too')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    config, supernet = load_supernet(args.config, args.checkpoint)
    arch = get_architecture(args.arch)
    evaluator = SubnetEvaluator(supernet, config, args.calibration_batches)
    subnet = evaluator.subnet(arch)
    metrics = evaluator.metrics(arch, subnet) if args.evaluate else {}
    state = {
        name: value
        for name, value in subnet.state_dict().items()
        if not name.startswith('data_preprocessor.')
    }
    meta = dict(arch=arch.to_dict(), metrics=metrics)
    save_weights(state, args.out, meta)
    for name, value in metrics.items():
        print(f'{name} {value:.4f}')
    print(f'{args.out}: {sum(value.numel() for value in subnet.parameters()):,} parameters')


if __name__ == '__main__':
    sys.exit(run_tool(main))
