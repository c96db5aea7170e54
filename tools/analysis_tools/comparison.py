"""Measure models on engines, for compare.py and gradual_shrinking.py."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch

from litepose_mm import PoseEstimator as TorchEstimator
from litepose_mm.analysis.complexity import CONVENTIONS, measure_complexity
from litepose_mm.analysis.timing import environment, summarise, time_stages
from litepose_mm.apis.description import model_name
from litepose_mm.apis.model_building import build_model
from litepose_mm.cli.argument_types import positive_int
from litepose_mm.datasets.synthetic import SceneOptions, make_scene
from litepose_mm.deploy import export_model
from litepose_mm.deploy.verification import images_and_truth
from litepose_mm.errors import CannotExport, LitePoseError
from litepose_mm.inference.base import BaseEstimator
from litepose_mm.inference.engines import engines, get_engine
from litepose_mm.media import read_image
from litepose_mm.runtime import PoseEstimator
from litepose_mm.testing import stages_with_people
from litepose_mm.zoo import models as zoo


def add_measurement_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of :func:`compare` that measure latency."""
    parser.add_argument(
        '--engines',
        nargs='+',
        metavar='ENGINE[-PRECISION]',
        help='engines of models that are not exported yet (default: all that are installed, fp32)',
    )
    parser.add_argument(
        '--image-size',
        type=positive_int,
        nargs=2,
        default=[640, 640],
        metavar=('WIDTH', 'HEIGHT'),
        help="size of the drawn image (default: 640 640, so that inputs have the papers' sizes)",
    )
    parser.add_argument(
        '--people', type=positive_int, default=5, help='number of people (default: 5)'
    )
    parser.add_argument(
        '--threads', type=positive_int, default=1, help='threads of each model (default: 1)'
    )
    parser.add_argument(
        '--rounds', type=positive_int, default=20, help='runs of each candidate (default: 20)'
    )
    parser.add_argument('--flip', action='store_true', help='run the mirrored image too')


def add_ap_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--ap``."""
    parser.add_argument(
        '--ap',
        nargs=2,
        metavar=('ANNOTATIONS', 'IMAGES'),
        help="measure AP on these images; keypoints are matched by their names (COCO's form)",
    )


def apply_options(args: argparse.Namespace) -> None:
    """Check ``args.engines``, which become pairs of name and precision, and set the threads.

    Raises:
        LitePoseError: An engine is not available.
    """
    chosen = args.engines
    args.engines = [parse_engine(text) for text in chosen] if chosen else installed_engines()
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(args.threads)


class Model(NamedTuple):
    """A model to compare.

    Attributes:
        name: Its name in tables.
        estimator: In torch, or the exported model.
        network: The torch network of which parameters and multiply-accumulates are counted; None
            if it is not known.
        has_weights: Whether the weights are other than random.
        is_exported: Whether it is measured with the engine of its folder only.
    """

    name: str
    estimator: BaseEstimator
    network: torch.nn.Module | None
    has_weights: bool
    is_exported: bool


def load_model(argument: str, flip: bool, threads: int) -> Model:
    """Load a model from a command's argument: a folder, or a name with optional ``=WEIGHTS``.

    Raises:
        LitePoseError: There is no such model, or its weights do not fit.
    """
    if Path(argument).is_dir():
        exported = PoseEstimator(argument, threads=threads)
        name = exported.card.name
        # The folder does not say which network it was: the zoo's of the name on its card.
        network = build_model(name, None, 'cpu') if name in zoo() else None
        return Model(name, exported, network, True, True)
    source, _, weights = argument.partition('=')
    estimator = TorchEstimator(source, weights or None, device='cpu', flip_test=flip)
    has_weights = estimator.weights_file is not None
    return Model(model_name(estimator.model), estimator, estimator.model, has_weights, False)


def parse_engine(text: str) -> tuple[str, str]:
    """Parse ``ENGINE`` or ``ENGINE-PRECISION``; raises LitePoseError for impossible ones."""
    name, _, precision = text.partition('-')
    engine, precision = get_engine(name), precision or 'fp32'
    if precision == 'int8':
        raise LitePoseError(
            f'--engines {text}: int8 needs images for calibration; export the model with `litepose '
            'export --precision int8`, and compare its folder'
        )
    if engine.runs_onnx:
        engine.check(precision)
    elif precision not in engine.precisions:
        raise LitePoseError(f'--engines {text}: expected {" or ".join(engine.precisions)}')
    if not (engine.runs_here() and engine.is_installed()):
        raise LitePoseError(f'--engines {text}: {name} cannot run models here; leave it out')
    return name, precision


def installed_engines() -> list[tuple[str, str]]:
    """Return torch and all engines that are installed, in float32."""
    found = [name for name, each in engines().items() if each.can_convert() and each.runs_here()]
    return [('torch', 'fp32'), *((name, 'fp32') for name in found)]


def input_of(estimator: BaseEstimator, image: np.ndarray, people: int) -> tuple[int, int, int]:
    """Return number, height and width of the inputs for an image.

    Raises:
        LitePoseError: The model tests at several scales.
    """
    prepared = stages_with_people('', estimator, people).preprocess(image)
    if hasattr(prepared, 'inputs'):
        count, height, width, _ = prepared.inputs.shape
        return count, height, width
    inputs = prepared[0]['inputs']  # of MMPose's own pipeline
    if not isinstance(inputs, torch.Tensor):
        raise LitePoseError('multiscale_test: expected one scale, got several; switch it off')
    return len(prepared), inputs.shape[1], inputs.shape[2]


def on_engine(
    model: Model,
    engine: tuple[str, str],
    input_hw: tuple[int, int],
    folder: Path,
    args: argparse.Namespace,
) -> BaseEstimator | None:
    """Return a model on an engine, exported if necessary; None with a warning if it cannot be."""
    name, precision = engine
    if not get_engine(name).runs_onnx:
        return model.estimator
    print(f'exporting {model.name} for {name} ({precision})', file=sys.stderr)
    options: dict[str, Any] = dict(engine=name, precision=precision, input_shape=input_hw)
    try:
        export_model(model.network, None, folder, flip_test=args.flip, **options)
    except CannotExport as error:
        print(f'warning: {model.name} is left out for {name}: {error}', file=sys.stderr)
        return None
    return PoseEstimator(folder, threads=args.threads)


def measure_ap(model: Model, ap: Sequence[str] | None) -> tuple[float | None, str | None]:
    """Return AP in percent and the data of which it is; the published AP if it is not measured."""
    if ap is not None and model.has_weights:
        annotations, images = ap
        files, truth = images_and_truth(images, annotations, model.estimator.skeleton)
        boxes = truth.boxes if model.estimator.takes_boxes else {}
        found = {
            number: model.estimator(read_image(path), boxes.get(number))
            for number, path in files.items()
        }
        what = f'{Path(annotations).name}, measured'
        if model.estimator.takes_boxes:
            what += ' with annotated boxes'
        return truth.average_precision(found), what
    entry = zoo().get(model.name)
    if entry is None or entry.ap is None:
        return None, None
    return entry.ap, f'{entry.published["split"]}, published'


def compare(models: Sequence[Model], args: argparse.Namespace) -> dict[str, Any]:
    """Measure models on engines.

    Args:
        models: The models.
        args: ``engines``, pairs of name and precision; ``threads``, ``rounds``, ``people``,
            ``image_size`` (width, height), ``flip``, and ``ap``: None, or annotations and images.

    Returns:
        Figures as plain JSON values.
    """
    options = SceneOptions(image_size=tuple(args.image_size), people=(args.people,) * 2)
    image = make_scene(options, seed=0, index=0).image
    rows, owners, candidates = [], [], []
    with tempfile.TemporaryDirectory() as scratch:
        for model in models:
            count, height, width = input_of(model.estimator, image, args.people)
            row: dict[str, Any] = dict(
                name=model.name,
                exported=model.is_exported,
                input_size=[width, height],
                inputs=count,
            )
            costs = None
            if model.network is not None:
                costs = measure_complexity(model.network, (3, height, width))
            for key in ('params', *CONVENTIONS):
                row[key] = None if costs is None else getattr(costs, key)
            row['ap'], row['ap_of'] = measure_ap(model, args.ap)
            row['engines'] = []
            rows.append(row)
            if model.is_exported:
                card = model.estimator.card
                wanted = [(card.engine, card.precision)]
            else:
                wanted = args.engines
            for engine in wanted:
                estimator: BaseEstimator | None = model.estimator
                if not model.is_exported:
                    folder = Path(scratch) / str(len(rows)) / '-'.join(engine)
                    estimator = on_engine(model, engine, (height, width), folder, args)
                if estimator is not None:
                    owners.append((row, dict(zip(('engine', 'precision'), engine))))
                    candidates.append(stages_with_people(model.name, estimator, args.people))
        print(f'measuring {len(candidates)} candidates in turns', file=sys.stderr)
        seconds, people = time_stages(candidates, [image], args.rounds)
    for (row, engine), own, found in zip(owners, seconds, people):
        row['engines'].append(
            dict(engine, people=int(found[0]), milliseconds=summarise(own)),
        )
    return dict(
        environment=environment(),
        threads=args.threads,
        rounds=args.rounds,
        people=args.people,
        image_size=list(args.image_size),
        flip_test=args.flip,
        conventions=CONVENTIONS,
        models=rows,
    )
