"""Evaluate an exported model through MMDeploy, with the options of its tool.

Example::

    python tools/deployment/test.py configs/deploy/pose-detection_ae_openvino_dynamic.py \
        MODEL_CONFIG --model exported/end2end.xml --speed-test
"""

import argparse
import sys
from contextlib import nullcontext
from copy import deepcopy
from pathlib import Path

from common import add_cfg_options, read_configs  # beside this script

from litepose_mm.annotations import explained
from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('deploy_cfg', help='deploy config of the export')
    parser.add_argument('model_cfg', help='model config')
    parser.add_argument('--model', nargs='+', required=True, help='files of the backend')
    parser.add_argument('--device', default='cpu', help='device of the backend')
    parser.add_argument('--work-dir', default='work_dir', help='folder for the log')
    add_cfg_options(parser)
    parser.add_argument('--show', action='store_true', help='show predictions in a window')
    parser.add_argument('--show-dir', help='folder for images of predictions')
    parser.add_argument('--interval', type=int, default=1, help='draw every n-th image')
    parser.add_argument(
        '--wait-time', type=float, default=2, help='seconds for which a window waits'
    )
    parser.add_argument('--log2file', help='file for the log')
    parser.add_argument('--speed-test', action='store_true', help='also measure the speed')
    parser.add_argument('--warmup', type=int, default=10, help='number of runs before measuring')
    parser.add_argument('--log-interval', type=int, default=100, help='measured runs per log line')
    parser.add_argument('--batch-size', type=int, default=1, help='number of images in a batch')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    deploy_cfg, model_cfg = read_configs(args.deploy_cfg, args.model_cfg)
    model_cfg.merge_from_dict(args.cfg_options)
    missing = [name for name in args.model if not Path(name).exists()]
    if missing:
        raise LitePoseError(f'--model: no such file: {", ".join(missing)}')

    from mmdeploy.apis import build_task_processor
    from mmdeploy.utils.timer import TimeCounter

    task = build_task_processor(model_cfg, deploy_cfg, args.device)
    loader = deepcopy(model_cfg.test_dataloader)
    loader.batch_size = args.batch_size
    with explained(model_cfg, 'test_dataloader'):
        loader.dataset = task.build_dataset(loader.dataset)
    model = task.build_backend_model(args.model, task.update_data_preprocessor)
    runner = task.build_test_runner(
        model,
        args.work_dir,
        log_file=args.log2file,
        show=args.show,
        show_dir=args.show_dir,
        wait_time=args.wait_time,
        interval=args.interval,
        dataloader=task.build_dataloader(loader),
    )
    timer = nullcontext()
    if args.speed_test:
        timer = TimeCounter.activate(
            warmup=args.warmup,
            log_interval=args.log_interval,
            with_sync=args.device != 'cpu',
            file=args.log2file,
            batch_size=args.batch_size,
        )
    with timer:
        runner.test()


if __name__ == '__main__':
    sys.exit(run_tool(main))
