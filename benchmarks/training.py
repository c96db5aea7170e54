"""Training time: data pipeline, step, loader and loss, and the operators that take it.

What ``--what`` measures; alternatives run in turns, figures are medians over rounds:

* ``pipeline``: each part of ``ae_train_pipeline`` against MMPose's counterpart: CPU time of one
  process with one thread, which is what a worker of the loader has. Each part gets the same sample
  on both sides. MMPose's are ``BottomupRandomAffine``, ``GenerateTarget`` with its
  ``AssociativeEmbedding`` codec once for each level, ``BottomupGetHeatmapMask`` and
  ``PackPoseInputs`` with its defaults. Times are means over the pictures.
* ``step``: ``model.train_step`` with an optimiser, as the runner calls it, on batches of the loader
  that are there already. Every variant has a process of its own, which lives through all rounds,
  so that its peak memory is its own: resident on CPU, of torch's tensors on a GPU. ``keep memory``
  forbids glibc to give memory back, which otherwise is faulted in again in every step.
* ``loader``: the loop with its loader; the share of its time that passes in ``next``. A block of
  steps for each number of workers, in turns; the first steps of a block do not count.
* ``loss``: forward and backward of the associative embedding loss against MMPose's.
* ``operators``: shares of the profiler's operators in a step, by their own time, convolutions told
  apart, and the rates of the depthwise convolution whose backward takes most.

Pictures are those of ``--images``, in COCO's layout, or synthetic people, written as JPEG first.
All but ``pipeline`` is time on the clock, as good as the machine is idle, unless ``--cpu-time``.
"""

import argparse
import ctypes
import io
import json
import multiprocessing
import os
import platform
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import litepose_mm.modules  # noqa: F401

# isort: split
import cv2
import mmengine
import mmpose
import numpy as np
import torch
from mmengine.config import Config
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from mmengine.registry import init_default_scope
from mmengine.runner import Runner, set_random_seed
from mmpose.models.losses import AssociativeEmbeddingLoss
from mmpose.registry import DATASETS, MODELS, TRANSFORMS
from rich.console import Console
from rich.table import Table

from litepose_mm.datasets.datasets.synthetic_people_dataset import SyntheticPeopleDataset
from litepose_mm.models.losses import BatchAssociativeEmbeddingLoss
from litepose_mm.recipes import ae_codec, ae_train_pipeline

CONFIG = (
    'configs/body_2d_keypoint/associative_embedding/crowdpose/'
    'ae_litepose-xs_8xb16-500e_crowdpose-256x256.py'
)
KINDS = {'coco': 'CocoDataset', 'crowdpose': 'CrowdPoseDataset'}
PARTS = ('annotations', 'file', 'affine', 'flip', 'targets', 'masks', 'packing')
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of glibc's mallopt
Rows = list[dict]


def device() -> str:
    return 'cuda' if torch.cuda.is_available() else 'cpu'


def seconds(function: Callable, args) -> float:
    """How long a call takes."""
    clock = time.process_time if args.cpu_time else time.perf_counter
    start = clock()
    function()
    if device() == 'cuda':
        torch.cuda.synchronize()
    return clock() - start


def in_turns(functions: Sequence[Callable], args) -> np.ndarray:
    """Seconds ``(rounds, functions)`` of functions called in turns, after a round that warms up."""
    turns = range(args.rounds + 1)
    return np.array([[seconds(function, args) for function in functions] for _ in turns])[1:]


# --- data


def write_people(folder: Path, args) -> tuple[Path, Path]:
    """Synthetic pictures of COCO's usual size with their annotations."""
    width, height = 640, 480
    scenes = SyntheticPeopleDataset(
        args.num_images, image_size=(width, height), keypoints=args.keypoints, people=(1, 8)
    )
    category = dict(
        id=1, name='person', keypoints=list(scenes.metainfo['keypoint_id2name'].values())
    )
    images, annotations = [], []
    for index in range(args.num_images):
        image, people = scenes.scene(index)
        name = f'{index}.jpg'
        cv2.imwrite(str(folder / name), image)
        images.append(dict(id=index, file_name=name, width=width, height=height, crowdIndex=0))
        annotations += people
    document = dict(images=images, annotations=annotations, categories=[category])
    (folder / 'annotations.json').write_text(json.dumps(document), encoding='utf-8')
    return folder / 'annotations.json', folder


def build_dataset(args, pipeline: list[dict]):
    """The pictures as a data set of MMPose."""
    annotations, folder = args.images
    config = dict(
        type=KINDS[args.keypoints],
        ann_file=str(annotations),
        data_prefix=dict(img=str(folder)),
        data_mode='bottomup',
        pipeline=pipeline,
    )
    with redirect_stdout(io.StringIO()):  # the reader of annotations talks
        return DATASETS.build(config)


# --- the pipeline


def both_pipelines(size: tuple[int, int]) -> dict[str, list]:
    """The transforms after the annotations, MMPose's and ours."""
    codec = ae_codec(size)
    encoders = [
        dict(type='AssociativeEmbedding', input_size=size, heatmap_size=level, sigma=2)
        for level in codec['heatmap_sizes']
    ]
    theirs = [
        dict(type='LoadImage'),
        dict(type='BottomupRandomAffine', input_size=size),
        dict(type='RandomFlip', direction='horizontal'),
        dict(type='GenerateTarget', encoder=encoders, multilevel=True),
        dict(type='BottomupGetHeatmapMask'),
        dict(type='PackPoseInputs'),
    ]
    configs = dict(mmpose=theirs, ours=ae_train_pipeline(codec))
    return {side: [TRANSFORMS.build(t) for t in parts] for side, parts in configs.items()}


def measure_pipeline(args) -> dict[str, Rows]:
    """Milliseconds of each part, and images per second of one worker."""
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    set_random_seed(0)
    dataset = build_dataset(args, [])
    size = (args.pipeline_size, args.pipeline_size)
    indices = [i for i in range(len(dataset)) if len(dataset[i]['keypoints'])]
    pipelines = {
        side: [lambda sample: dataset.get_data_info(sample['index']), *transforms]
        for side, transforms in both_pipelines(size).items()
    }
    times = {side: np.zeros((args.rounds + 1, len(indices), len(PARTS))) for side in pipelines}
    for turn in range(args.rounds + 1):
        sides = list(pipelines)[:: 1 if turn % 2 else -1]
        for row, index in enumerate(indices):
            samples = dict.fromkeys(sides, dict(index=index))
            for column, part in enumerate(PARTS):
                for side in sides:
                    start = time.process_time()
                    samples[side] = pipelines[side][column](dict(samples[side]))
                    times[side][turn, row, column] = time.process_time() - start
                if part in PARTS[:4]:
                    # One sample for both, with what MMPose's masks want to know.
                    shape = samples['ours'].get('ori_shape')
                    samples['mmpose'] = dict(samples['ours'], img_shape=shape, input_size=size)
    # Without the first round, which warms up.
    milliseconds = {
        side: np.median(values[1:], axis=0).mean(axis=0) * 1e3 for side, values in times.items()
    }
    groups = {part: [part] for part in PARTS}
    groups.update({'targets + masks': ['targets', 'masks'], 'whole': list(PARTS)})
    rows = []
    for name, parts in groups.items():
        columns = [PARTS.index(part) for part in parts]
        theirs, ours = (milliseconds[side][columns].sum() for side in ('mmpose', 'ours'))
        rows.append(dict(part=name, mmpose_ms=theirs, ours_ms=ours, ratio=theirs / ours))
    worker = dict(mmpose_images_per_second=1e3 / theirs, ours_images_per_second=1e3 / ours)
    return {'pipeline': rows, 'pipeline, one worker': [worker]}


# --- the step


class Variant(NamedTuple):
    """A way to train."""

    dtype: str | None = None
    channels_last: bool = False
    compile: bool = False
    keep_memory: bool = False

    @property
    def name(self) -> str:
        options = [field.replace('_', ' ') for field in self._fields[1:] if getattr(self, field)]
        return ', '.join([self.dtype or 'float32', *options])


def step_variants(args) -> list[Variant]:
    on_cpu = device() == 'cpu'
    dtypes = [None, 'bfloat16'] if on_cpu else [None, 'float16', 'bfloat16']
    variants = [
        Variant(dtype, channels_last, compiled)
        for dtype in dtypes
        for compiled in ([False, True] if args.compile else [False])
        for channels_last in (False, True)
    ]
    if on_cpu and platform.libc_ver()[0] == 'glibc':
        variants += [Variant(dtype, channels_last=True, keep_memory=True) for dtype in dtypes]
    return variants


class AutocastOptimWrapper(OptimWrapper):
    """Bfloat16 on the CPU, for which MMEngine has no wrapper."""

    @contextmanager
    def optim_context(self, model):
        with super().optim_context(model), torch.autocast('cpu', torch.bfloat16):
            yield


class Training:
    """Model, optimiser and batches of a config, on the pictures of ``args``."""

    def __init__(self, args, variant: Variant) -> None:
        self.args = args
        init_default_scope('mmpose')
        if variant.keep_memory:
            libc = ctypes.CDLL(None)
            libc.mallopt(M_MMAP_MAX, 0)
            libc.mallopt(M_TRIM_THRESHOLD, -1)
        torch.set_num_threads(args.threads)
        cv2.setNumThreads(0)
        set_random_seed(0)
        config = Config.fromfile(args.config)
        codec = config.model.head.decoder
        if args.input_size:
            strides = [codec.input_size[0] // width for width, _ in codec.heatmap_sizes]
            codec = ae_codec((args.input_size, args.input_size), strides)
        self.dataset = build_dataset(args, ae_train_pipeline(codec))
        self.batch_size = args.batch_size or config.train_dataloader.batch_size
        self.batch = '{} x {}x{}'.format(self.batch_size, *codec['input_size'])
        config.model.head.num_keypoints = self.dataset.metainfo['num_keypoints']
        self.model = MODELS.build(config.model).to(device()).train()
        self.model.init_weights()
        if variant.channels_last:
            self.model.to(memory_format=torch.channels_last)
        if variant.compile:
            self.model.forward = torch.compile(self.model.forward)
        optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-4)
        if variant.dtype is None:
            self.optimizer = OptimWrapper(optimizer)
        elif device() == 'cpu':
            self.optimizer = AutocastOptimWrapper(optimizer)
        else:
            self.optimizer = AmpOptimWrapper(dtype=variant.dtype, optimizer=optimizer)

    def batches(self, num_workers: int = 0):
        """Batches without end from a loader."""
        loader = dict(
            batch_size=self.batch_size,
            num_workers=num_workers,
            sampler=dict(type='InfiniteSampler'),
            dataset=self.dataset,
        )
        return iter(Runner.build_dataloader(loader, seed=0))

    def step(self, batch) -> float:
        """A step as the runner takes it; its seconds."""
        return seconds(lambda: self.model.train_step(batch, self.optimizer), self.args)


def peak_memory() -> float:
    """MiB: of this process on CPU, of torch's tensors on a GPU."""
    if device() == 'cuda':
        return torch.cuda.max_memory_allocated() / 2**20
    status = Path('/proc/self/status')  # not getrusage, which begins with the parent's
    if not status.exists():
        return float('nan')
    fields = dict(line.split(':', 1) for line in status.read_text().splitlines())
    return int(fields['VmHWM'].split()[0]) / 1024


def serve_steps(connection, args, variant: Variant) -> None:
    """In a process of its own: a step for each number received; at ``None`` what it came to."""
    training = Training(args, variant)
    batches = training.batches()
    kept = [next(batches) for _ in range(2)]
    for turn in iter(connection.recv, None):
        connection.send(training.step(kept[turn % len(kept)]))
    connection.send((training.batch_size, training.batch, peak_memory()))


def measure_step(args) -> Rows:
    """Images per second and peak memory of every variant."""
    context = multiprocessing.get_context('spawn')
    variants = step_variants(args)
    connections = []
    for variant in variants:
        here, there = context.Pipe()
        context.Process(target=serve_steps, args=(there, args, variant), daemon=True).start()
        there.close()
        connections.append(here)

    def ask(value) -> list:
        answers = []
        for connection in connections:  # one after the other: they share the processor
            connection.send(value)
            answers.append(connection.recv())
        return answers

    try:
        times = [ask(turn) for turn in range(args.warmup + args.rounds)][args.warmup :]
        ends = ask(None)
    except (EOFError, OSError):
        raise SystemExit('training.py: error: a variant failed; its message is above') from None
    times = np.array(times)
    return [
        dict(
            variant=variant.name,
            batch=batch,
            seconds=np.median(own),
            images_per_second=batch_size / np.median(own),
            ratio=np.median(times[:, 0] / own),
            peak_mib=memory,
        )
        for variant, own, (batch_size, batch, memory) in zip(variants, times.T, ends)
    ]


# --- the loader


def measure_loader(args) -> Rows:
    """Share of the loop's time that waits for data."""
    training = Training(args, Variant(channels_last=device() == 'cpu'))
    blocks = defaultdict(list)
    for _ in range(args.blocks):
        for workers in args.workers:
            batches = training.batches(workers)
            loop = []
            for _ in range(args.warmup + args.rounds):
                start = time.perf_counter()
                batch = next(batches)
                there = time.perf_counter()
                training.step(batch)
                loop.append((there - start, time.perf_counter() - start))
            blocks[workers].append(np.sum(loop[args.warmup :], axis=0))
            del batches  # and its processes
    rows = []
    for workers, spent in blocks.items():
        waiting, whole = np.transpose(spent)
        speed = training.batch_size * args.rounds / np.median(whole)
        share = np.median(waiting / whole)
        rows.append(
            dict(
                workers=workers, batch=training.batch, images_per_second=speed, waiting_share=share
            )
        )
    return rows


# --- the loss


def measure_loss(args) -> Rows:
    """Milliseconds of forward and backward for 32 images of 448x448 and 17 keypoints."""
    torch.set_num_threads(args.threads)
    rng = np.random.default_rng(0)
    batch, keypoints, side = 32, 17, 112
    tags = torch.randn(batch, keypoints, side, side, device=device(), requires_grad=True)
    rows = []
    for people in args.people:
        indices = rng.integers(0, side * side, (batch, people, keypoints, 2))
        indices[..., 1] = rng.random(indices.shape[:-1]) < 0.7
        indices = list(torch.from_numpy(indices).to(device()))

        def run(loss, indices=indices):
            tags.grad = None
            sum(loss(tags, indices)).backward()

        losses = (AssociativeEmbeddingLoss(), BatchAssociativeEmbeddingLoss())
        times = in_turns([lambda own=loss, run=run: run(own) for loss in losses], args)
        theirs, ours = np.median(times, axis=0) * 1e3
        ratio = np.median(times[:, 0] / times[:, 1])
        rows.append(dict(people=people, mmpose_ms=theirs, ours_ms=ours, ratio=ratio))
    return rows


# --- the operators


def profiled_step(args, variant: Variant):
    """The profiler's averages, by operator and shapes."""
    training = Training(args, variant)
    batch = next(training.batches())
    training.step(batch)
    with torch.profiler.profile(record_shapes=True) as profile:
        training.step(batch)
    return profile.key_averages(group_by_input_shape=True)


def operator_name(event) -> str:
    """The operator, and the kernel where it is a convolution."""
    shapes = [shape for shape in event.input_shapes if len(shape) == 4]
    if 'conv' not in event.key or len(shapes) < 2:
        return event.key
    _, depth, height, width = shapes[-1]
    return f'{event.key} {height}x{width}{" depthwise" if depth == 1 else ""}'


def measure_operators(args) -> dict[str, Rows]:
    """Shares of a step in both memory orders, and rates of one convolution."""
    own_time = f'self_{"device" if device() == "cuda" else "cpu"}_time_total'
    tables = {}
    for channels_last in (False, True):
        events = profiled_step(args, Variant(channels_last=channels_last))
        spent = defaultdict(float)
        for event in events:
            spent[operator_name(event)] += getattr(event, own_time)
        tables[f'operators, {"channels last" if channels_last else "default order"}'] = [
            dict(operator=name, share=spent[name] / sum(spent.values()))
            for name in sorted(spent, key=spent.get, reverse=True)[: args.top]
        ]
    depthwise = [
        event
        for event in events
        if event.key == 'aten::convolution_backward' and event.input_shapes[2][1] == 1
    ]
    if depthwise:
        heaviest = max(depthwise, key=lambda event: event.cpu_time_total)
        tables['one depthwise convolution'] = depthwise_rates(*heaviest.input_shapes[:3], args)
    return tables


def depthwise_rates(shape_out, shape_in, shape_weight, args) -> Rows:
    """GMAC/s forward, and of the gradients of input and weight."""
    kernel = shape_weight[2]
    stride, padding = -(-shape_in[2] // shape_out[2]), kernel // 2
    how = ([stride] * 2, [padding] * 2, [1, 1], False, [0, 0], shape_in[1])

    def calls(order) -> list[Callable]:
        gradient, image, weight = (
            torch.randn(shape, device=device()).to(memory_format=order)
            for shape in (shape_out, shape_in, shape_weight)
        )

        def backward(*mask):
            torch.ops.aten.convolution_backward(gradient, image, weight, None, *how, mask)

        return [
            lambda: torch.ops.aten.convolution(image, weight, None, *how),
            lambda: backward(True, False, False),
            lambda: backward(False, True, False),
        ]

    orders = {'default': torch.contiguous_format, 'channels last': torch.channels_last}
    functions = [call for order in orders.values() for call in calls(order)]
    taken = np.median(in_turns(functions, args), axis=0).reshape(len(orders), -1)
    rates = np.prod(shape_out) * kernel**2 / taken / 1e9
    layer = f'{kernel}x{kernel} on {"x".join(map(str, shape_in))}'
    names = ('forward_gmacs', 'input_gradient_gmacs', 'weight_gradient_gmacs')
    return [
        dict(layer=layer, order=name, **dict(zip(names, row))) for name, row in zip(orders, rates)
    ]


# --- the report


def print_rows(console: Console, title: str, rows: Rows) -> None:
    table = Table(title=title, title_justify='left')
    for name, value in rows[0].items():
        words = name.replace('_', ' ')
        table.add_column(words, justify='left' if isinstance(value, str) else 'right')
    for row in rows:
        table.add_row(*(formatted(name, value) for name, value in row.items()))
    console.print(table)


def formatted(name: str, value) -> str:
    if not isinstance(value, float):
        return str(value)
    return f'{value:.1%}' if name.endswith('share') else f'{value:.{2 if value < 100 else 0}f}'


def environment(args) -> str:
    """What the figures depend on."""
    processor = platform.processor() or platform.machine()
    information = Path('/proc/cpuinfo')
    if information.exists():
        names = [line for line in information.read_text().splitlines() if 'model name' in line]
        processor = names[0].split(':')[1].strip() if names else processor
    if device() == 'cuda':
        processor += f', {torch.cuda.get_device_name()}'
    versions = ', '.join(
        f'{module.__name__} {module.__version__}' for module in (torch, mmpose, mmengine, cv2, np)
    )
    return (
        f'{processor}, {os.cpu_count()} cores, {args.threads} thread(s), '
        f'median of {args.rounds} rounds, '
        f'{"CPU time" if args.cpu_time else "time on the clock"}; {versions}'
    )


MEASUREMENTS = {
    'pipeline': measure_pipeline,
    'step': measure_step,
    'loader': measure_loader,
    'loss': measure_loss,
    'operators': measure_operators,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--what', nargs='+', choices=MEASUREMENTS, default=list(MEASUREMENTS))
    parser.add_argument(
        '--images', type=Path, nargs=2, metavar=('ANN_FILE', 'IMAGE_DIR'),
        help="pictures in COCO's layout (default: synthetic people)",
    )  # fmt: skip
    parser.add_argument('--keypoints', choices=KINDS, default='coco', help='of the pictures')
    parser.add_argument('--num-images', type=int, default=32, help='synthetic pictures')
    parser.add_argument('--pipeline-size', type=int, default=448, help='input of the pipeline')
    parser.add_argument('--config', default=CONFIG, help='model, batch size, input of the step')
    parser.add_argument('--batch-size', type=int, help="in place of the config's")
    parser.add_argument('--input-size', type=int, help="in place of the config's, for the step")
    parser.add_argument('--compile', action='store_true', help='torch.compile too, takes minutes')
    parser.add_argument('--workers', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--people', type=int, nargs='+', default=[1, 5, 30], help='for the loss')
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--warmup', type=int, default=2, help='steps that do not count')
    parser.add_argument('--blocks', type=int, default=3, help='of rounds, for the loader')
    parser.add_argument('--top', type=int, default=8, help='operators to show')
    parser.add_argument('--threads', type=int, default=torch.get_num_threads(), help='of torch')
    parser.add_argument(
        '--cpu-time', action='store_true',
        help='CPU time in place of time on the clock, also for steps, loss and rates: for a busy '
        'machine, with one thread',
    )  # fmt: skip
    parser.add_argument('--out', type=Path, help='write the figures as JSON')
    args = parser.parse_args()
    if not Path(args.config).is_file():
        parser.error(f'no config {args.config}; run from the repository or give --config')

    init_default_scope('mmpose')
    console = Console()
    report = dict(environment=environment(args))
    console.print(report['environment'])
    with tempfile.TemporaryDirectory() as folder:
        args.images = args.images or write_people(Path(folder), args)
        for what in args.what:
            measured = MEASUREMENTS[what](args)
            tables = measured if isinstance(measured, dict) else {what: measured}
            for title, rows in tables.items():
                print_rows(console, title, rows)
            report.update(tables)
    if args.out:
        args.out.write_text(json.dumps(report, indent=2) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
