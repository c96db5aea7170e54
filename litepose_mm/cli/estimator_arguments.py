"""The arguments that select a pose estimator, shared by all commands that need one."""

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

# Grouping leaves faint duplicates of people, which help in evaluations but disturb users.
_MIN_SCORE = 0.1


def add_estimator_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds ``--model``, ``--weights`` and related arguments."""
    group = _add_model(parser, default_model())
    group.add_argument(
        '--batch-size',
        type=positive_int,
        default=1,
        metavar='N',
        help='number of images of the same size to process at once (default: 1)',
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
    group.add_argument(
        '--device', help='device: cpu, cuda, cuda:1 … (default: cuda if available, else cpu)'
    )
    return group


def add_pipeline_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of real-time commands."""
    add_engine_arguments(parser, default_model(real_time=True))
    add_min_score(parser)


def add_engine_arguments(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """Adds the arguments of :func:`make_pipeline_estimator`.

    Without ``--flip`` there is no flip test, regardless of the config, because speed matters here.

    Args:
        parser: Parser to which the arguments are added.
        default: Default model; None makes ``--model`` required.
    """
    _add_model(parser, default)
    parser.add_argument(
        '--engine',
        metavar='NAME',
        default='auto',
        help='engine for a model that is not an exported folder; the model is exported once and '
        'kept (default: the fastest installed engine)',
    )
    parser.add_argument(
        '--threads',
        type=positive_int,
        metavar='N',
        help='number of engine threads (default: chosen by the engine)',
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
    """Adds ``--weights`` and the options that change a model's config."""
    group.add_argument(
        '--weights',
        metavar='FILE',
        help="file with weights (MMEngine's, the authors' or safetensors), or name of bundled "
        'weights (default: the first bundled weights of the model, or else random weights)',
    )
    group.add_argument(
        '--flip',
        action=argparse.BooleanOptionalAction,
        help='run the mirrored image too, which doubles the time and slightly improves accuracy '
        '(default: as in the config; webcam, serve and label_people: no)',
    )
    group.add_argument(
        '--short-side',
        type=positive_int,
        metavar='PIXELS',
        help="short side of the network's input, 64 to 4096 (default: as in the config)",
    )
    group.add_argument(
        '--config-options',
        type=key_value,
        nargs='+',
        default=[],
        action='extend',
        metavar='KEY=VALUE',
        help='values that override the config, e.g. model.test_cfg.flip_test=false',
    )


def make_estimator(args: argparse.Namespace) -> PoseEstimator:
    """Creates the estimator that the arguments describe, and prints warnings in one line each.

    Raises:
        LitePoseError: See :class:`litepose_mm.PoseEstimator`.
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
            short_side=args.short_side,
            batch_size=batch_size,
            cfg_options=dict(args.config_options),
        )


def load_exported(
    args: argparse.Namespace, threads: int | None = None, batch_size: int = 1
) -> ExportedPoseEstimator:
    """Loads the exported folder ``args.model``.

    Raises:
        LitePoseError: An option does not apply to exported models, or the folder cannot be loaded.
    """
    for name in ('weights', 'flip', 'short_side', 'config_options', 'device'):
        if getattr(args, name) not in (None, []):
            raise LitePoseError(
                f'--{name.replace("_", "-")} has no effect on {args.model}, which is already '
                'exported; leave it out, or export again'
            )
    from ..runtime import PoseEstimator

    return PoseEstimator(args.model, threads=threads, batch_size=batch_size)


def make_pipeline_estimator(args: argparse.Namespace) -> BaseEstimator:
    """Creates the estimator of an exported folder, or of a model in the selected engine.

    Raises:
        LitePoseError: The model cannot be loaded or exported.
    """
    if Path(args.model).is_dir():
        if args.engine != 'auto':
            raise LitePoseError(
                f'--engine has no effect on {args.model}, which is already exported for an engine; '
                'leave it out'
            )
        estimator = load_exported(args, args.threads)
        if estimator.card.flip_test:
            print(
                f'litepose: {args.model} runs the mirrored image too, which doubles the time; '
                '`litepose export --no-flip` avoids this',
                file=sys.stderr,
            )
        return estimator
    engine = args.engine if args.engine != 'auto' else _quickest(args)
    if engine != 'torch':
        if args.device not in (None, 'cpu'):
            raise LitePoseError(
                f'--device: expected cpu for {engine}, got {args.device!r}; use --engine torch'
            )
        try:
            return _exported_once(args, engine)
        except CannotExport as error:
            if args.engine != 'auto':
                raise
            print(f'litepose: using torch, because {error}', file=sys.stderr)
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
            short_side=args.short_side,
            cfg_options=dict(args.config_options),
        )
    return PoseEstimator(folder, threads=args.threads)


def _quickest(args: argparse.Namespace) -> str:
    """Chooses an engine: torch on a GPU or for random weights, otherwise the fastest one."""
    from ..inference.engines import quickest_engine

    has_weights = args.weights or weights_of(full_name(args.model))
    on_cpu = not _has_gpu() if args.device is None else args.device == 'cpu'
    return (quickest_engine() if on_cpu and has_weights else None) or 'torch'


def _has_gpu() -> bool:
    """Whether there is a GPU that torch can use; imports torch, which is slow, only if needed."""
    if not (shutil.which('nvidia-smi') and find_spec('torch')):
        return False
    import torch

    return torch.cuda.is_available()
