"""The arguments that select a pose estimator, shared by all commands that need one."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CannotExport, LitePoseError
from ..zoo import find_config
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


def add_estimator_arguments(
    parser: argparse.ArgumentParser, default: str | None = None
) -> argparse._ArgumentGroup:
    """Adds the arguments of :func:`make_estimator`.

    Args:
        parser: Parser to which the arguments are added.
        default: Default model; None makes ``--model`` required.
    """
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
        '--engine',
        metavar='NAME',
        default='auto',
        help='engine for a model that is not an exported folder; models with other weights or '
        'options than the bundled ones are exported once and kept (default: the fastest installed '
        'engine; torch on a GPU)',
    )
    group.add_argument(
        '--precision',
        metavar='NAME',
        help='precision of the engine (default: bf16 for openvino on processors that have '
        'instructions for it, else fp32)',
    )
    group.add_argument(
        '--threads',
        type=positive_int,
        metavar='N',
        help='number of engine threads (default: chosen by the engine)',
    )
    add_device(group, 'cuda for torch if available, else cpu')
    return group


def add_detector(parser: argparse._ActionsContainer) -> None:
    """Adds ``--detector``."""
    parser.add_argument(
        '--detector',
        metavar='NAME',
        help='bottom-up model, or folder of one, that finds the people whose boxes a top-down '
        '--model gets, e.g. litepose-xs (default: one box, the whole image)',
    )


def add_device(parser: argparse._ActionsContainer, default: str) -> None:
    """Adds ``--device``."""
    parser.add_argument(
        '--device',
        type=str.lower,
        metavar='NAME',
        help='device as the engine names it, such as cuda:1, tensorrt, gpu, npu or mps '
        '(docs/realtime.md); if it is absent or fails, the next best one is used '
        f'(default: {default})',
    )


def add_pipeline_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of real-time commands."""
    group = add_estimator_arguments(parser, default_model(real_time=True))
    add_detector(group)
    add_min_score(parser)


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


def load_exported(
    args: argparse.Namespace, threads: int | None = None, streams: int = 1, batch_size: int = 1
) -> ExportedPoseEstimator:
    """Loads the exported folder ``args.model`` with options of its ``PoseEstimator``.

    Raises:
        LitePoseError: An option does not apply to exported models, or the folder cannot be loaded.
    """
    for name in ('weights', 'flip', 'short_side', 'config_options', 'engine', 'precision'):
        if getattr(args, name) not in (None, [], 'auto'):
            raise LitePoseError(
                f'--{name.replace("_", "-")} has no effect on {args.model}, which is already '
                'exported; leave it out, or export again'
            )
    from ..runtime import PoseEstimator

    return PoseEstimator(
        args.model, threads=threads, streams=streams, device=args.device, batch_size=batch_size
    )


def make_pipeline_estimator(args: argparse.Namespace, is_live: bool = True) -> BaseEstimator:
    """Creates an estimator for real time: there is no flip test without ``--flip``.

    Args:
        args: Values of the arguments.
        is_live: Whether people are to be found on each frame as early as possible. Otherwise the
            threads process a frame each, so that more frames are processed.
    """
    estimator = make_estimator(args, bool(args.flip), in_parallel=not is_live)
    card = getattr(estimator, 'card', None)
    if card is not None and card.flip_test and not args.flip:
        print(
            f'litepose: {args.model} runs the mirrored image too, which doubles the time; '
            '`litepose export --no-flip` avoids this',
            file=sys.stderr,
        )
    return estimator


@one_line_warnings()
def make_estimator(
    args: argparse.Namespace, flip: bool | None, batch_size: int = 1, in_parallel: bool = False
) -> BaseEstimator:
    """Creates the estimator of ``args.model``; a cascade if there is an ``args.detector``.

    Args:
        args: Values of the arguments.
        flip: Whether to run the mirrored image too; None leaves it to the config.
        batch_size: How many images of a list pass through the network at once.
        in_parallel: Whether each thread of the CPU has a stream of its own, unless torch runs the
            model.

    Raises:
        LitePoseError: A model cannot be loaded or exported.
    """
    if getattr(args, 'detector', None) is None:
        return _load(args, flip, batch_size, in_parallel)
    from ..inference.cascade import Cascade
    from ..tracking import TrackedCascade

    every = getattr(args, 'detect_every', 1)
    in_parallel = in_parallel and every == 1
    estimator = _load(args, flip, batch_size, in_parallel)
    own = argparse.Namespace(**vars(args))
    own.model, own.weights, own.short_side, own.config_options = args.detector, None, None, []
    own.precision = None
    if Path(args.detector).is_dir():
        own.engine = 'auto'
    detector = _load(own, flip, batch_size, in_parallel)
    return (
        Cascade(detector, estimator) if every == 1 else TrackedCascade(detector, estimator, every)
    )


def _load(
    args: argparse.Namespace, flip: bool | None, batch_size: int, in_parallel: bool
) -> BaseEstimator:
    """Creates the estimator of an exported folder, or of a model in the selected engine."""
    loading: dict[str, Any] = dict(threads=args.threads, batch_size=batch_size)
    if in_parallel and args.device in (None, 'cpu'):
        loading.update(threads=1, streams=args.threads or _num_cores())
    if Path(args.model).is_dir():
        return load_exported(args, **loading)
    engine, device = (args.engine, args.device) if args.engine != 'auto' else _quickest(args)
    if engine == 'torch' or not _runs_without_torch(args, engine):
        _check_torch(args.model)
    if engine != 'torch':
        try:
            return _on_engine(args, engine, flip, dict(loading, device=device))
        except CannotExport as error:
            if args.engine != 'auto':
                raise
            print(f'litepose: using torch, because {error}', file=sys.stderr)
            device = None if device is None else 'cpu'
    if args.precision not in (None, 'fp32'):
        raise LitePoseError(f'--precision: expected fp32 for torch, got {args.precision!r}')
    if args.threads:
        import torch

        torch.set_num_threads(args.threads)
    return _with_torch(args, device, flip, batch_size)


def _on_engine(
    args: argparse.Namespace, engine: str, flip: bool | None, loading: dict[str, Any]
) -> BaseEstimator:
    """Loads a model that the package carries, or exports it once."""
    from ..inference.engines import get_engine
    from ..runtime import PoseEstimator

    kind = get_engine(engine)
    if not kind.is_installed():
        raise LitePoseError(
            f'--engine: {engine} is not installed; install it: pip install '
            f'"litepose_mm[{kind.extra}]"'
        )
    if _runs_without_torch(args, engine):
        # The configs of all bundled models have a flip test.
        options = dict(precision=args.precision, flip_test=flip is not False)
        options.update(engine=engine, short_side=args.short_side)
        return PoseEstimator(args.model, **loading, **options)
    folder = cached_export(
        args.model,
        args.weights,
        engine=engine,
        precision=args.precision or kind.quickest_precision(loading['device']),
        flip_test=flip,
        short_side=args.short_side,
        cfg_options=dict(args.config_options),
    )
    estimator = PoseEstimator(folder, **loading)
    if shape := estimator.card.input_shape:
        print(
            f'litepose: {engine} runs inputs of {shape[1]}x{shape[0]} only, so images of another '
            'shape get borders and people are smaller; `litepose export --static` takes a shape',
            file=sys.stderr,
        )
    return estimator


def _runs_without_torch(args: argparse.Namespace, engine: str) -> bool:
    from ..inference.engines import get_engine

    return get_engine(engine).reads_onnx and _bundled(args) is not None


def _check_torch(model: str) -> None:
    """Checks that there is such a model, and torch."""
    from ..inference.bundled import bundled_names

    find_config(full_name(model))
    if find_spec('torch') is None:
        raise LitePoseError(
            f'{model}: expected {" or ".join(bundled_names())} as they are, or the folder of an '
            'exported model, because torch is not installed'
        )


def _with_torch(
    args: argparse.Namespace, device: str | None, flip: bool | None, batch_size: int
) -> PoseEstimator:
    from ..apis import PoseEstimator

    return PoseEstimator(
        args.model,
        args.weights,
        device=device,
        flip_test=flip,
        short_side=args.short_side,
        batch_size=batch_size,
        cfg_options=dict(args.config_options),
    )


def _bundled(args: argparse.Namespace) -> Path | None:
    """Returns the folder of the model in the package; None if the arguments change it."""
    from ..inference.bundled import find_bundled

    own = [card.name for card in weights_of(full_name(args.model))[:1]]
    if args.config_options or args.weights not in (None, *own):
        return None
    return find_bundled(args.model)


def _quickest(args: argparse.Namespace) -> tuple[str, str | None]:
    """Chooses engine and device: torch on a GPU or for random weights, else the fastest one."""
    from ..inference.devices import has_device, kind_of
    from ..inference.engines import engines, get_engine, quickest_engine

    device, torch = args.device, get_engine('torch')
    is_accelerated = device is not None and kind_of(device) != 'cpu'
    kinds = dict.fromkeys(kind for each in engines().values() for kind in each.device_kinds)
    if is_accelerated and kind_of(device) not in kinds:
        raise LitePoseError(f'--device: expected one of {", ".join(kinds)}, got {device!r}')
    if is_accelerated and torch.is_installed() and has_device(torch, device):
        return 'torch', device
    if device is None and _has_gpu():
        return 'torch', None
    bundled = _bundled(args) is not None
    can_run = bundled or args.weights or weights_of(full_name(args.model))
    if is_accelerated:
        engine = quickest_engine(not bundled, device) if can_run else None
        if engine:
            return engine, device
        print(f'litepose: no installed engine finds {device} here; using cpu', file=sys.stderr)
        device = 'cpu'
    engine = quickest_engine(not bundled) if can_run else None
    return engine or ('onnxruntime' if bundled else 'torch'), device


def _num_cores() -> int:
    """Number of cores that this process may use; of all, where the system cannot tell."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _has_gpu() -> bool:
    """Whether there is a GPU that torch can use; imports torch, which is slow, only if needed."""
    if not (shutil.which('nvidia-smi') and find_spec('torch')):
        return False
    import torch

    return torch.cuda.is_available()
