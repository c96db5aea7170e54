"""The arguments that choose a pose estimator, the same for every command that needs one."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ..cached_export import QUICKEST, cached_export, quickest_engine
from ..errors import LitePoseError
from ..shipped_weights import default_model, full_name, shipped_weights
from .argument_types import key_value, positive_int, share
from .one_line_warnings import one_line_warnings

if TYPE_CHECKING:
    from ..apis import PoseEstimator
    from ..picture_estimator import PictureEstimator


def add_estimator_arguments(parser: argparse.ArgumentParser, real_time: bool = False) -> None:
    """Adds ``--model``, ``--weights`` and their company."""
    group = parser.add_argument_group('model')
    default = default_model(real_time)
    group.add_argument(
        '--model',
        required=default is None,
        default=default,
        metavar='NAME',
        help='name of a model (`litepose models` lists them), name or path of a config, or folder '
        'of an exported model' + (f' (default: {default})' if default else ''),
    )
    add_model_options(group)
    group.add_argument('--device', help='cpu, cuda, cuda:1 … (default: cuda where it is, else cpu)')
    group.add_argument(
        '--batch-size',
        type=positive_int,
        default=1,
        metavar='N',
        help='pictures of one size that go through the network at once (default: 1)',
    )


def add_pipeline_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds those of :func:`add_estimator_arguments`, for models that may be exported folders.

    Without ``--flip`` nothing is mirrored, whatever the config says: time counts here.
    """
    add_estimator_arguments(parser, real_time=True)
    parser.set_defaults(flip=False)
    parser.add_argument(
        '--engine',
        choices=('auto', 'torch', *QUICKEST),
        default='auto',
        help='what runs a model that is no exported folder; it is exported once and kept '
        '(default: the quickest one that is installed)',
    )
    parser.add_argument(
        '--threads', type=positive_int, metavar='N', help='of the engine (default: its own)'
    )
    parser.add_argument(
        '--min-score',
        type=share,
        default=0.1,
        metavar='SCORE',
        help='drop people with a lower score (default: 0.1)',
    )


def add_model_options(group: argparse._ArgumentGroup) -> None:
    """Adds ``--weights`` and what changes a model's config."""
    group.add_argument(
        '--weights',
        metavar='FILE',
        help="weights: a checkpoint of MMEngine, the authors', or safetensors; "
        'without it those that come with the package, or random ones',
    )
    group.add_argument(
        '--flip',
        action=argparse.BooleanOptionalAction,
        help='look at the mirrored picture too: twice the time, a little better '
        '(default: as the config says; webcam and serve: no)',
    )
    group.add_argument(
        '--input-size',
        type=positive_int,
        metavar='PIXELS',
        help="short side of the network's input, 64 to 4096 (default: as the config says)",
    )
    group.add_argument(
        '--config-options',
        type=key_value,
        nargs='+',
        default=[],
        action='extend',
        metavar='KEY=VALUE',
        help='values to put into the config, e.g. model.test_cfg.flip_test=false',
    )


def make_estimator(args: argparse.Namespace) -> PoseEstimator:
    """Makes the estimator that the arguments ask for; says our warnings in a line each.

    Raises:
        LitePoseError: As :class:`litepose_mm.PoseEstimator`.
    """
    with one_line_warnings():
        from ..apis import PoseEstimator

        return PoseEstimator(
            args.model,
            args.weights,
            device=args.device,
            flip_test=args.flip,
            input_size=args.input_size,
            batch_size=args.batch_size,
            cfg_options=dict(args.config_options),
        )


def make_pipeline_estimator(args: argparse.Namespace) -> PictureEstimator:
    """The estimator of an exported folder, or of a model in the engine that was asked for.

    Raises:
        LitePoseError: As either ``PoseEstimator``.
    """
    folder = Path(args.model)
    if folder.is_dir():
        if args.engine != 'auto':
            raise LitePoseError(f'--engine: {folder} is exported already, for the engine it names')
    else:
        engine = args.engine if args.engine != 'auto' else _quickest(args)
        if engine == 'torch':
            return make_estimator(args)
        with one_line_warnings():
            folder = cached_export(
                args.model,
                args.weights,
                engine=engine,
                flip_test=args.flip,
                input_size=args.input_size,
                cfg_options=dict(args.config_options),
            )
    from ..runtime import PoseEstimator

    return PoseEstimator(folder, threads=args.threads, batch_size=args.batch_size)


def _quickest(args: argparse.Namespace) -> str:
    """What runs a model: torch on a GPU and for random weights, else the quickest engine."""
    has_weights = args.weights or full_name(args.model) in shipped_weights()
    on_cpu = args.device == 'cpu' or (args.device is None and not shutil.which('nvidia-smi'))
    return (quickest_engine() if on_cpu and has_weights else None) or 'torch'
