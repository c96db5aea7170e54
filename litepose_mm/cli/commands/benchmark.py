"""``litepose benchmark``: times preprocessing, network and decoding."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..argument_types import positive_int
from ..estimator_arguments import add_device
from ..one_line_warnings import one_line_warnings

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

    from ...analysis.timing import Stages
    from ...inference.base import BaseEstimator

HELP = 'time preprocessing, network and decoding of models in torch and of exported models'


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments."""
    parser.add_argument(
        'models',
        nargs='+',
        metavar='MODEL',
        help='folder of an exported model; or name of a model or config, which runs in torch, '
        'optionally with =FILE for its weights (default: bundled or random weights)',
    )
    parser.add_argument(
        '--images',
        nargs='+',
        metavar='INPUT',
        help='images, folders or patterns (default: a drawn scene of 640x480 with 5 people)',
    )
    parser.add_argument(
        '--people',
        type=positive_int,
        metavar='N',
        help="decode drawn maps of N people in place of the network's outputs, so that the time "
        'does not depend on the weights; top-down models get N boxes',
    )
    parser.add_argument(
        '--threads',
        type=positive_int,
        default=1,
        metavar='N',
        help='number of threads of each model (default: 1)',
    )
    add_device(parser, 'cpu')
    parser.add_argument(
        '--rounds',
        type=positive_int,
        default=20,
        metavar='N',
        help='how often each model processes each image, in turns (default: 20)',
    )
    parser.add_argument(
        '--flip',
        action=argparse.BooleanOptionalAction,
        help='whether models in torch run the mirrored image too (default: as in the config)',
    )
    parser.add_argument('--json', metavar='FILE', help='write the figures as JSON')
    parser.add_argument('--plot', metavar='FILE', help='plot the figures, e.g. as PNG or SVG')


def run(args: argparse.Namespace) -> int:
    """Times the models; returns the exit status."""
    import cv2

    from ...analysis.plots import new_figure
    from ...analysis.timing import environment, summarise, time_stages
    from ...media import write_json
    from ...utils.files import check_writable

    figure = None
    if args.json:
        check_writable(args.json)
    if args.plot:
        figure = new_figure(args.plot, (9, 1.6 + 0.5 * len(args.models)))
    images = _images(args.images)
    cv2.setNumThreads(args.threads)
    with one_line_warnings():
        models, facts = zip(*(_stages(model, args) for model in args.models))
        models = _with_own_names(models, args.models)
        seconds, people = time_stages(models, images, args.rounds)
    rows = [
        {
            'model': stages.name,
            **own_facts,
            'people_per_image': float(found.mean()),
            'milliseconds': summarise(own),
        }
        for stages, own_facts, own, found in zip(models, facts, seconds, people)
    ]
    figures = {
        'environment': environment(),
        'threads': args.threads,
        'images': len(images),
        'rounds': args.rounds,
        'models': rows,
    }
    try:
        if args.json:
            write_json(args.json, figures)
        if figure is not None:
            _plot(figures, figure, args.plot)
    finally:  # even if they cannot be written
        _print_table(figures)
    return 0


def _images(inputs: Sequence[str] | None) -> list[np.ndarray]:
    from ...errors import LitePoseError
    from ...media import find_media, read_image

    if inputs is None:
        from ...datasets.synthetic import SceneOptions, make_scene

        options = SceneOptions(image_size=(640, 480), people=(5, 5))
        image = make_scene(options, seed=0, index=0).image
        assert image is not None  # a scene without one was not asked for
        return [image]
    files = [file for file in find_media(inputs) if not file.is_video]
    if not files:
        raise LitePoseError('--images: expected images, got only videos; pass images')
    return [read_image(file.path) for file in files]


def _stages(model: str, args: argparse.Namespace) -> tuple[Stages, dict[str, Any]]:
    """Returns the stages of a model, and other facts on which its times depend."""
    from ...analysis.timing import stages_of
    from ...testing import stages_with_people

    def stages(name: str, estimator: BaseEstimator) -> Stages:
        if args.people is None:
            return stages_of(name, estimator)
        return stages_with_people(name, estimator, args.people)

    if Path(model).is_dir():
        from ...runtime import PoseEstimator

        estimator = PoseEstimator(model, threads=args.threads, device=args.device)
        card = estimator.card
        details = [card.engine, *_other_device(estimator.engine.device), card.precision]
        details += ['flip'] * card.flip_test
        if card.decoder.works_in_graph:
            details.append(', '.join(card.decoder.output_names))
        facts: dict[str, Any] = dict(short_side=estimator.short_side, versions=dict(card.versions))
        return stages(f'{card.name} ({", ".join(details)})', estimator), facts

    import torch

    from ...apis import PoseEstimator as TorchEstimator
    from ...apis.description import model_name

    torch.set_num_threads(args.threads)
    name, _, weights = model.partition('=')
    device = args.device or 'cpu'
    torch_estimator = TorchEstimator(name, weights or None, device=device, flip_test=args.flip)
    device = str(next(torch_estimator.model.parameters()).device)
    title = model_name(torch_estimator.model)
    flip = bool((torch_estimator.model.test_cfg or {}).get('flip_test'))
    details = ['torch', *_other_device(device), 'fp32', *['flip'] * flip]
    facts = dict(short_side=torch_estimator.short_side, versions=dict(torch=torch.__version__))
    return stages(f'{title} ({", ".join(details)})', torch_estimator), facts


def _other_device(device: str) -> list[str]:
    return [] if device == 'cpu' else [device]


def _with_own_names(models: Sequence[Stages], given: Sequence[str]) -> list[Stages]:
    """Makes names unique by appending the user's arguments or else numbers."""
    for more in (given, [str(1 + number) for number in range(len(models))]):
        names = [stages.name for stages in models]
        models = [
            each if names.count(each.name) == 1 else each._replace(name=f'{each.name} {text}')
            for each, text in zip(models, more)
        ]
    return list(models)


def _print_table(figures: dict[str, Any]) -> None:
    from ..tables import new_table, print_table

    rows = figures['models']
    caption = (
        f'Milliseconds per image, p50 / p95 of {figures["rounds"]} rounds on {figures["images"]} '
        f'image(s), models in turns; speed relative to the first model; {figures["threads"]} '
        f'thread(s), {figures["environment"]}'
    )
    table = new_table(caption)
    table.add_column('model', no_wrap=True)
    parts = list(rows[0]['milliseconds'])
    for title in ('preprocessing', 'network', 'decoding', 'total', 'people', 'speed'):
        table.add_column(title, justify='right', no_wrap=True)
    first = rows[0]['milliseconds']['total']['p50']
    for row in rows:
        times = row['milliseconds']
        table.add_row(
            row['model'],
            *(f'{times[part]["p50"]:.1f} / {times[part]["p95"]:.1f}' for part in parts),
            f'{row["people_per_image"]:.1f}',
            f'{first / times["total"]["p50"]:.2f}',
        )
    print_table(table)


def _plot(figures: dict[str, Any], figure: Figure, path: str) -> None:
    from ...analysis.plots import save_figure
    from ...analysis.timing import plot_times

    axes = figure.subplots()
    plot_times(axes, {row['model']: row['milliseconds'] for row in figures['models']})
    axes.set_title(f'time per image, {figures["threads"]} thread(s)')
    save_figure(figure, path)
