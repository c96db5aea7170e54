"""Evaluate a checkpoint, with the options of MMPose's tool.

Examples::

    python tools/test.py CONFIG CHECKPOINT --out metrics.json
    python tools/test.py CONFIG CHECKPOINT --show-dir images --dump predictions.pkl
    bash tools/dist_test.sh CONFIG CHECKPOINT 8
"""

import argparse
import sys
from pathlib import Path

import mmengine
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from train import (  # beside this script
    add_common_options,
    add_drawing_options,
    build_runner,
    merge_common_options,
    one_line_errors,
)

import litepose_mm.modules  # noqa: F401
from litepose_mm.annotations import explained
from litepose_mm.checkpoints import check_fit
from litepose_mm.engine.utils.network import network_of
from litepose_mm.errors import LitePoseError
from litepose_mm.utils.config_files import read_config
from litepose_mm.utils.files import check_writable, replacing


class WriteMetricsHook(Hook):
    """Writes the metrics to a file (.json, .yml, .pkl)."""

    def __init__(self, path: str) -> None:
        self.path = path

    def after_test_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        if metrics is not None and runner.rank == 0:
            with replacing(Path(self.path)) as part:
                mmengine.dump(metrics, part)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    add_common_options(parser)
    parser.add_argument('--out', help='file for the metrics (.json, .yml or .pkl)')
    parser.add_argument('--dump', help='file for the predictions (.pkl)')
    add_drawing_options(parser, interval=1)
    return parser.parse_args()


def merge_options(config: Config, args: argparse.Namespace) -> None:
    """Apply the options to the config.

    Raises:
        LitePoseError: The file of an option has a wrong suffix.
    """
    config.load_from = args.checkpoint
    config.resume = False
    for path in filter(None, (args.out, args.dump)):
        check_writable(path)
    if args.out and not args.out.endswith(('.json', '.yml', '.yaml', '.pkl')):
        raise LitePoseError(f'--out: expected a .json, .yml or .pkl file, got {args.out}')
    if args.dump:
        if not args.dump.endswith(('.pkl', '.pickle')):
            raise LitePoseError(f'--dump: expected a .pkl file, got {args.dump}')
        evaluators = config.test_evaluator
        evaluators = evaluators if isinstance(evaluators, (list, tuple)) else [evaluators]
        config.test_evaluator = [*evaluators, dict(type='DumpResults', out_file_path=args.dump)]


def main() -> None:
    args = parse_args()
    config = read_config(args.config)
    merge_options(config, args)
    merge_common_options(config, args)
    with explained(config, 'test_dataloader'):
        runner = build_runner(config)
        check_fit(network_of(runner), args.checkpoint)
        if args.out:
            runner.register_hook(WriteMetricsHook(args.out), 'LOWEST')
        runner.test()


if __name__ == '__main__':
    sys.exit(one_line_errors(main))
