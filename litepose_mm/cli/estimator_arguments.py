"""The arguments that choose a pose estimator, the same for every command that needs one."""

from __future__ import annotations

import argparse
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CannotExport, LitePoseError
from ..zoo.shipped_weights import default_model, full_name, weights_of
from .argument_types import key_value, positive_int, share
from .cached_export import cached_export
from .one_line_warnings import one_line_warnings

if TYPE_CHECKING:
    from ..apis import PoseEstimator
    from ..inference.base import BaseEstimator
    from ..runtime import PoseEstimator as ExportedPoseEstimator

# Grouping leaves faint copies of people behind, which evaluation wants and readers do not.
_MIN_SCORE = 0.1


def add_estimator_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds ``--model``, ``--weights`` and their company."""
    group = _add_model(parser, default_model())
    group.add_argument(
        '--batch-size',
        type=positive_int,
        default=1,
        metavar='N',
        help='images of one size that go through the network at once (default: 1)',
    )


def _add_model(parser: argparse.ArgumentParser, default: str | None) -> argparse._ArgumentGroup:
    group = parser.add_argument_group('model')
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
    return group


def add_pipeline_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds those of commands that look at one frame after the other, as they come."""
    add_engine_arguments(parser, default_model(real_time=True))
    add_min_score(parser)


def add_engine_arguments(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """Adds those of :func:`make_pipeline_estimator`.

    Without ``--flip`` nothing is mirrored, whatever the config says: time counts here.

    Args:
        parser: Gets them.
        default: The model that is taken where none is given; None: one must be given.
    """
    _add_model(parser, default)
    parser.add_argument(
        '--engine',
        metavar='NAME',
        default='auto',
        help='what runs a model that is not an exported folder; it is exported once and kept '
        '(default: the quickest one that is installed)',
    )
    parser.add_argument(
        '--threads', type=positive_int, metavar='N', help='of the engine (default: its own)'
    )


def add_min_score(parser: argparse._ActionsContainer) -> None:
    """Adds ``--min-score``."""
    parser.add_argument(
        '--min-score',
        type=share,
        default=_MIN_SCORE,
        metavar='SCORE',
        help=f'drop people with a lower score (default: {_MIN_SCORE}; 0 keeps all)',
    )


def add_model_options(group: argparse._ArgumentGroup) -> None:
    """Adds ``--weights`` and what changes a model's config."""
    group.add_argument(
        '--weights',
        metavar='FILE',
        help="weights: a checkpoint of MMEngine, the authors', safetensors, or the name of weights "
        'that come with the package; without it the first of those for the model, or random ones',
    )
    group.add_argument(
        '--flip',
        action=argparse.BooleanOptionalAction,
        help='look at the mirrored image too: twice the time, a little better '
        '(default: as the config says; webcam, serve and label_people: no)',
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
    return _with_torch(args, args.flip, args.batch_size)


def _with_torch(args: argparse.Namespace, flip: bool | None, batch_size: int) -> PoseEstimator:
    with one_line_warnings():
        from ..apis import PoseEstimator

        return PoseEstimator(
            args.model,
            args.weights,
            device=args.device,
            flip_test=flip,
            input_size=args.input_size,
            batch_size=batch_size,
            cfg_options=dict(args.config_options),
        )


def load_exported(
    args: argparse.Namespace, threads: int | None = None, batch_size: int = 1
) -> ExportedPoseEstimator:
    """The estimator of the exported folder ``args.model``.

    Raises:
        LitePoseError: An option is of a model that is yet to be exported, or as
            :class:`litepose_mm.runtime.PoseEstimator`.
    """
    for name in ('weights', 'flip', 'input_size', 'config_options', 'device'):
        if getattr(args, name) not in (None, []):
            raise LitePoseError(
                f'--{name.replace("_", "-")}: {args.model} is exported already, with what it had '
                'then; leave it out, or export again'
            )
    from ..runtime import PoseEstimator

    return PoseEstimator(args.model, threads=threads, batch_size=batch_size)


def make_pipeline_estimator(args: argparse.Namespace) -> BaseEstimator:
    """The estimator of an exported folder, or of a model in the engine that was asked for.

    Raises:
        LitePoseError: As either ``PoseEstimator``.
    """
    if Path(args.model).is_dir():
        if args.engine != 'auto':
            raise LitePoseError(
                f'--engine: {args.model} is exported already, for the engine it names'
            )
        estimator = load_exported(args, args.threads)
        if estimator.card.flip_test:
            print(
                f'litepose: {args.model} looks at the mirrored image too, in twice the time; '
                'litepose export --no-flip leaves that out',
                file=sys.stderr,
            )
        return estimator
    engine = args.engine if args.engine != 'auto' else _quickest(args)
    if engine != 'torch':
        if args.device not in (None, 'cpu'):
            raise LitePoseError(f'--device: {engine} runs on processors here; take --engine torch')
        try:
            return _exported_once(args, engine)
        except CannotExport as error:
            if args.engine != 'auto':
                raise
            print(f'litepose: torch runs the model, since: {error}', file=sys.stderr)
    if args.threads:
        import torch

        torch.set_num_threads(args.threads)
    return _with_torch(args, bool(args.flip), batch_size=1)


def _exported_once(args: argparse.Namespace, engine: str) -> BaseEstimator:
    from ..runtime import PoseEstimator

    with one_line_warnings():
        folder = cached_export(
            args.model,
            args.weights,
            engine=engine,
            flip_test=bool(args.flip),
            input_size=args.input_size,
            cfg_options=dict(args.config_options),
        )
    return PoseEstimator(folder, threads=args.threads)


def _quickest(args: argparse.Namespace) -> str:
    """What runs a model: torch on a GPU and for random weights, else the quickest engine."""
    from ..inference.engines import quickest_engine

    has_weights = args.weights or weights_of(full_name(args.model))
    on_cpu = not _has_gpu() if args.device is None else args.device == 'cpu'
    return (quickest_engine() if on_cpu and has_weights else None) or 'torch'


def _has_gpu() -> bool:
    """Whether there is a GPU, and torch is a build that can use it; torch takes long to import."""
    if not (shutil.which('nvidia-smi') and find_spec('torch')):
        return False
    import torch

    return torch.cuda.is_available()
