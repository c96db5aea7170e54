"""Measure time and memory of training: data pipeline, step, loader and loss.

``--what`` selects measurements, which ``training_parts`` implements. Figures are medians over
rounds. Images are those of ``--images`` in COCO's layout, or synthetic people, which are first
written as JPEG. All but ``pipeline`` measure wall-clock time, so the machine should
be idle.
"""

import argparse
import tempfile
from fractions import Fraction
from pathlib import Path

import litepose_mm.modules  # noqa: F401

# isort: split
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from reporting import environment, print_table
from training_parts import loader, loss, pipeline, step
from training_parts.data import KINDS, write_people

from litepose_mm.media import write_json
from litepose_mm.nas.subnet_config import at_scale

CONFIG = (
    'configs/body_2d_keypoint/associative_embedding/coco/ae_litepose-xs_8xb16-500e_coco-256x256.py'
)
MEASUREMENTS = dict(pipeline=pipeline, step=step, loader=loader, loss=loss)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--what', nargs='+', choices=MEASUREMENTS, default=list(MEASUREMENTS))
    parser.add_argument(
        '--images', type=Path, nargs=2, metavar=('ANN_FILE', 'IMAGE_DIR'),
        help="images in COCO's layout (default: synthetic people)",
    )  # fmt: skip
    parser.add_argument(
        '--keypoints', choices=KINDS, default='coco', help='keypoints of the images'
    )
    parser.add_argument('--num-images', type=int, default=32, help='synthetic images')
    parser.add_argument('--config', default=CONFIG, help='config of model, pipeline and batch size')
    parser.add_argument(
        '--short-side', type=int, help='short side of the input (default: as in the config)'
    )
    parser.add_argument('--batch-size', type=int, help='batch size (default: that of the config)')
    parser.add_argument(
        '--compile', action='store_true', help='also measure torch.compile, which takes minutes'
    )
    parser.add_argument('--workers', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument(
        '--people', type=int, nargs='+', default=[1, 5, 30], help='numbers of people for the loss'
    )
    parser.add_argument(
        '--rounds', type=int, default=7, help='number of rounds, or of steps for the loader'
    )
    parser.add_argument('--warmup', type=int, default=2, help='number of steps before measuring')
    parser.add_argument(
        '--threads', type=int, default=torch.get_num_threads(), help='number of torch threads'
    )
    parser.add_argument('--out', type=Path, help='JSON file for the figures')
    args = parser.parse_args()
    if not Path(args.config).is_file():
        parser.error(f'no config {args.config}; run from the repository or give --config')
    config = Config.fromfile(args.config)
    codec, data = config.model.head.decoder, config.train_dataloader.dataset
    scale = Fraction(args.short_side or min(codec.input_size), min(codec.input_size))
    args.codec, args.pipeline = (at_scale(part, scale, 16) for part in (codec, data.pipeline))
    args.batch_size = args.batch_size or config.train_dataloader.batch_size
    return args


def main() -> None:
    args = parse_args()
    init_default_scope('mmpose')
    report = dict(environment=environment(args.threads, args.rounds))
    report['input'] = 'batches of {} x {}x{}'.format(args.batch_size, *args.codec['input_size'])
    print(report['environment'], report['input'], sep='\n')
    with tempfile.TemporaryDirectory() as folder:
        args.images = args.images or write_people(Path(folder), args)
        for what in args.what:
            tables = MEASUREMENTS[what].measure(args)
            for title, rows in tables.items():
                print_table(title, rows)
            report.update(tables)
    if args.out:
        write_json(args.out, report)


if __name__ == '__main__':
    main()
