"""Measure the speed of a model or its export through MMDeploy, with the options of its tool.

This measures only the network; ``litepose benchmark`` also measures preprocessing and decoding.

Example::

    python tools/deployment/profiler.py configs/deploy/pose-detection_ae_openvino_dynamic.py \
        MODEL_CONFIG images --model exported/end2end.xml --shape 256x256
"""

import argparse
import sys
from itertools import cycle, islice
from pathlib import Path

import torch
from common import add_cfg_options, read_configs  # beside this script

from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError

SUFFIXES = ('.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('deploy_cfg', help='deploy config of the export')
    parser.add_argument('model_cfg', help='model config')
    parser.add_argument('image_dir', help='folder with images')
    parser.add_argument(
        '--model', nargs='+', required=True, help='files of the backend, or a .pth file for torch'
    )
    parser.add_argument('--device', default='cpu', help='device of the model')
    parser.add_argument(
        '--shape', help='HEIGHTxWIDTH of the input (default: as in the deploy config)'
    )
    parser.add_argument('--warmup', type=int, default=10, help='number of runs before measuring')
    parser.add_argument('--num-iter', type=int, default=100, help='number of measured runs')
    parser.add_argument('--batch-size', type=int, default=1, help='number of images in a batch')
    add_cfg_options(parser)
    return parser.parse_args()


def parse_shape(text: str | None, default: list | None) -> list:
    """Return width and height."""
    if text is None:
        if default is None:
            raise LitePoseError(
                '--shape: expected HEIGHTxWIDTH for a dynamic deploy config, e.g. 256x256, got none'
            )
        return list(default)
    parts = text.split('x')
    if len(parts) != 2 or not all(part.isdigit() and int(part) for part in parts):
        raise LitePoseError(f'--shape: expected HEIGHTxWIDTH, e.g. 448x640, got {text}')
    return [int(parts[1]), int(parts[0])]


def main() -> None:
    args = parse_args()
    if min(args.warmup, args.num_iter, args.batch_size) < 1:
        raise LitePoseError('--warmup, --num-iter and --batch-size: expected numbers of at least 1')
    deploy_cfg, model_cfg = read_configs(args.deploy_cfg, args.model_cfg)
    model_cfg.merge_from_dict(args.cfg_options)
    files = sorted(
        path for path in Path(args.image_dir).rglob('*') if path.suffix.lower() in SUFFIXES
    )
    if not files:
        raise LitePoseError(f'{args.image_dir}: expected a folder with images, got none')

    from mmdeploy.apis import build_task_processor
    from mmdeploy.utils import Backend, get_backend, get_input_shape
    from mmdeploy.utils.timer import TimeCounter

    class TimedTorch(torch.nn.Module):
        """The torch model, measured like the wrappers of backends."""

        def __init__(self, model: torch.nn.Module):
            super().__init__()
            self.model = model

        @TimeCounter.count_time(Backend.PYTORCH.value)
        def test_step(self, data: dict) -> list:
            return self.model.test_step(data)

    shape = parse_shape(args.shape, get_input_shape(deploy_cfg))
    task = build_task_processor(model_cfg, deploy_cfg, args.device)
    if Path(args.model[0]).suffix in ('.pth', '.pt'):
        name, model = Backend.PYTORCH.value, TimedTorch(task.build_pytorch_model(args.model[0]))
    else:
        name = get_backend(deploy_cfg).value
        model = task.build_backend_model(args.model, task.update_data_preprocessor)

    steps, images = args.warmup + args.num_iter, cycle(map(str, files))
    with (
        torch.no_grad(),
        TimeCounter.activate(
            warmup=args.warmup,
            log_interval=20,
            with_sync=args.device != 'cpu',
            batch_size=args.batch_size,
        ),
    ):
        for _ in range(steps):
            data, _ = task.create_input(list(islice(images, args.batch_size)), shape)
            model.test_step(data)
    print(
        f'batch size {args.batch_size}, shape {shape[1]}x{shape[0]}, {args.num_iter} runs after '
        f'{args.warmup} of warm-up'
    )
    TimeCounter.print_stats(name)


if __name__ == '__main__':
    sys.exit(run_tool(main))
