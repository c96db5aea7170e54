"""Reading weights as data only, and the authors' names for them."""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from .architectures import ARCHITECTURES, Architecture, Stage, make_divisible
from .errors import LitePoseError, reason
from .files import replacing

StateDict = dict[str, Tensor]

# Under which name checkpoints keep the weights; the last is the authors'.
_ENTRIES = ('state_dict', 'best_state_dict')

# Prefixes that wrappers put before every key: DistributedDataParallel, the authors' FP16
# training, Lightning and the like.
_PREFIXES = ('module.', '1.', 'model.')

# The preprocessor's constants, and what only distillation needs.
_NO_WEIGHTS = ('data_preprocessor.', 'feature_adapter.')

_COUNTER = '.num_batches_tracked'
_TRANSFORMS = '.kernel_transforms.'

# The authors' names and ours.
_RENAME: tuple[tuple[str, str], ...] = (
    (r'first\.([01])\.0\.', r'backbone.stem.\1.conv.'),
    (r'first\.([01])\.1\.', r'backbone.stem.\1.bn.'),
    (r'first\.2\.', 'backbone.stem.2.conv.'),
    (r'first\.3\.', 'backbone.stem.2.bn.'),
    (r'stage\.(\d+)\.(\d+)\.inv\.0\.', r'backbone.stages.\1.\2.expand.conv.'),
    (r'stage\.(\d+)\.(\d+)\.inv\.1\.', r'backbone.stages.\1.\2.expand.bn.'),
    (r'stage\.(\d+)\.(\d+)\.depth_conv\.0\.', r'backbone.stages.\1.\2.depthwise.conv.'),
    (
        r'stage\.(\d+)\.(\d+)\.Linear([35])x[35]\.',
        r'backbone.stages.\1.\2.depthwise.conv.kernel_transforms.\3.',
    ),
    (r'stage\.(\d+)\.(\d+)\.depth_conv\.1\.', r'backbone.stages.\1.\2.depthwise.bn.'),
    (r'stage\.(\d+)\.(\d+)\.point_conv\.0\.', r'backbone.stages.\1.\2.project.conv.'),
    (r'stage\.(\d+)\.(\d+)\.point_conv\.1\.', r'backbone.stages.\1.\2.project.bn.'),
    (r'deconv_(refined|raw)\.(\d+)\.', r'head.deconvs.\2.\1.'),
    (r'deconv_bnrelu\.(\d+)\.0\.', r'head.deconvs.\1.bn.'),
    (r'final_(refined|raw)\.(\d+)\.conv\.0\.', r'head.outputs.\2.\1.depthwise.conv.'),
    (r'final_(refined|raw)\.(\d+)\.conv\.1\.', r'head.outputs.\2.\1.depthwise.bn.'),
    (r'final_(refined|raw)\.(\d+)\.conv\.3\.', r'head.outputs.\2.\1.pointwise.'),
)


class Weights(NamedTuple):
    """Weights of a file: tensors by name, and what the file says of itself."""

    state_dict: StateDict
    meta: dict[str, Any]


def read_weights(path: str | Path) -> Weights:
    """Read a file of weights as data; nothing in it is executed.

    Accepts safetensors, plain state dicts, checkpoints with a ``state_dict`` or
    ``best_state_dict`` entry (MMEngine's and the authors'), and prefixes added by wrappers.

    Raises:
        LitePoseError: The file is missing, broken, no checkpoint, or holds anything but data.
    """
    path = Path(path)
    if not path.is_file():
        raise LitePoseError(
            f'weights {path}: no such file; give the path of a checkpoint '
            '(.pth, .pth.tar or .safetensors)'
        )
    content = _read_safetensors(path) if path.suffix == '.safetensors' else _read_torch(path)
    if not isinstance(content, Mapping):
        raise LitePoseError(
            f'weights {path}: expected a mapping of names to tensors, got {type(content).__name__}'
        )
    meta = content.get('meta')
    state = next((content[key] for key in _ENTRIES if key in content), content)
    if (
        not isinstance(state, Mapping)
        or not state
        or not all(isinstance(v, Tensor) for v in state.values())
    ):
        raise LitePoseError(
            f'weights {path}: expected a mapping of names to tensors, or one '
            'under "state_dict"; this is another kind of file'
        )
    state = dict(state)
    while True:
        prefix = next((p for p in _PREFIXES if all(k.startswith(p) for k in state)), None)
        if prefix is None:
            return Weights(state, _plain(meta) if isinstance(meta, Mapping) else {})
        state = {key[len(prefix) :]: value for key, value in state.items()}


def _plain(meta: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in meta.items() if not isinstance(value, _Inert)}


def _read_safetensors(path: Path) -> StateDict:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError:
        raise LitePoseError(f'weights {path}: pip install safetensors to read it') from None
    try:
        return load_file(path)
    except SafetensorError as error:
        raise LitePoseError(f'weights {path}: broken safetensors file ({error})') from None


class _Inert:
    """In place of an object of a training checkpoint that is no weight: made, filled, ignored."""

    def __init__(self, *args: Any, **kwargs: Any):
        pass

    def __setstate__(self, state: Any) -> None:
        pass

    def __call__(self, *args: Any, **kwargs: Any) -> _Inert:
        return self


# What training loops store beside weights: MMEngine's logs, and numbers of numpy. Each name is
# answered by an inert object, so nothing of theirs runs; every other name is refused.
_INERT = [
    'mmengine.logging.history_buffer.HistoryBuffer',
    'builtins.getattr',
    'collections.Counter',
    'collections.defaultdict',
    'collections.deque',
    '_codecs.encode',
    'numpy.ndarray',
    'numpy.dtype',
    *(
        f'numpy.{core}.multiarray.{name}'
        for core in ('core', '_core')
        for name in ('_reconstruct', 'scalar')
    ),
    *(f'numpy.dtypes.{kind}DType' for kind in ('Float32', 'Float64', 'Int32', 'Int64', 'UInt32')),
]


def _read_torch(path: Path) -> Any:
    # One class for each name: torch keeps what it allows by the object itself.
    inert = [(type('_Inert', (_Inert,), {}), name) for name in _INERT]
    try:
        with torch.serialization.safe_globals(inert):
            return torch.load(path, map_location='cpu', weights_only=True)
    except pickle.UnpicklingError as error:
        refused = re.search(r'GLOBAL ([\w.]+)', str(error))
        if refused is None and not zipfile.is_zipfile(path):
            raise LitePoseError(f'weights {path}: not a checkpoint, or a broken one') from None
        what = f' ({refused.group(1)})' if refused else ''
        raise LitePoseError(
            f'weights {path}: refused, it holds Python objects besides tensors{what}, which '
            'can run code when they are loaded; ask its author for plain weights'
        ) from None
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise LitePoseError(
            f'weights {path}: not a checkpoint, or a broken one ({reason(error)})'
        ) from None


def is_authors(state: Mapping[str, Tensor]) -> bool:
    """Whether the weights carry the names of the authors' code."""
    return any(key.startswith('first.') for key in state)


def is_authors_supernet(state: Mapping[str, Tensor]) -> bool:
    """Whether these weights of the authors' code are those of a supernet."""
    return any('.Linear5x5.' in key for key in state)


def from_authors(state: Mapping[str, Tensor], supernet: bool = False) -> StateDict:
    """Weights with our names for the authors'.

    Args:
        state: Weights with the authors' names.
        supernet: Whether they may be those of a supernet.

    Raises:
        LitePoseError: A supernet's weights, or a name the authors' LitePose does not have.
    """
    if not supernet and is_authors_supernet(state):
        raise LitePoseError(
            "these are the weights of the authors' supernet, which stand for "
            'many networks; expected those of one network '
            '(SupernetBottomupPoseEstimator takes these)'
        )
    renamed, unknown = {}, []
    for key, value in state.items():
        for pattern, replacement in _RENAME:
            match = re.match(pattern, key)
            if match:
                renamed[match.expand(replacement) + key[match.end() :]] = value
                break
        else:
            unknown.append(key)
    if unknown:
        raise LitePoseError(
            f"{len(unknown)} names are not of the authors' LitePose: {_some(unknown)}"
        )
    return renamed


class Recognised(NamedTuple):
    """What shapes tell of a network.

    Attributes:
        architecture: The architecture. Input size and strides are not in the shapes: they are
            those of the published network it equals, or the published strides and 512.
        name: Name of that published network, or ``None``.
        num_keypoints: ``K``.
    """

    architecture: Architecture
    name: str | None
    num_keypoints: int


def recognise(state: Mapping[str, Tensor]) -> Recognised:
    """The architecture of LitePose weights with our names, from their shapes.

    Raises:
        LitePoseError: These are not the weights of a LitePose network.
    """
    try:
        input_channel = state['backbone.stem.2.conv.weight'].shape[0]
        width, stages = input_channel, []
        for index in range(1 + _last(state, r'backbone\.stages\.(\d+)\.')):
            blocks = []
            for block in range(1 + _last(state, rf'backbone\.stages\.{index}\.(\d+)\.')):
                prefix = f'backbone.stages.{index}.{block}.'
                kernel = state[prefix + 'depthwise.conv.weight'].shape[-1]
                blocks.append(
                    (_expansion(width, len(state[prefix + 'expand.conv.weight'])), kernel)
                )
                width = len(state[prefix + 'project.conv.weight'])
            stages.append(Stage(width, 2 if index < 3 else 1, tuple(blocks)))
        deconvs = range(1 + _last(state, r'head\.deconvs\.(\d+)\.'))
        levels = 1 + _last(state, r'head\.outputs\.(\d+)\.')
        architecture = Architecture(
            img_size=512,
            input_channel=input_channel,
            deconv_setting=tuple(
                state[f'head.deconvs.{i}.refined.weight'].shape[1] for i in deconvs
            ),
            stages=tuple(stages),
            fusion='head.deconvs.0.raw.weight' in state,
        )
        num_keypoints = len(state[f'head.outputs.{levels - 1}.refined.pointwise.weight'])
    except (KeyError, LitePoseError) as error:
        raise LitePoseError(
            f'not the weights of a LitePose network: {error} is missing or does not fit'
        ) from None
    for name, published in ARCHITECTURES.items():
        if (
            published.deconv_setting,
            published.stages,
            published.input_channel,
            published.fusion,
        ) == (
            architecture.deconv_setting,
            architecture.stages,
            architecture.input_channel,
            architecture.fusion,
        ):
            return Recognised(published, name, num_keypoints)
    return Recognised(architecture, None, num_keypoints)


def _last(state: Mapping[str, Tensor], pattern: str) -> int:
    found = [int(m.group(1)) for m in (re.match(pattern, key) for key in state) if m]
    if not found:
        raise KeyError(pattern.replace('\\', ''))
    return max(found)


def _expansion(in_channels: int, width: int) -> int:
    expansion = round(width / in_channels)
    for candidate in (expansion, expansion - 1, expansion + 1):
        if make_divisible(in_channels * candidate) == width:
            return candidate
    raise LitePoseError(f'expansion from {in_channels} to {width}')


def fit(model: nn.Module, state: Mapping[str, Tensor], source: str) -> None:
    """Load weights into a model, all of them and nothing else.

    Raises:
        LitePoseError: Names are missing or unexpected, or shapes differ; the model is unchanged.
    """
    state = _network_only(state)
    problems = _misfits(model, state)
    if problems:
        raise LitePoseError(f'weights {source} do not fit the model: {_told(problems)}')
    broken = [k for k, v in state.items() if v.is_floating_point() and not v.isfinite().all()]
    if broken:
        raise LitePoseError(
            f'weights {source}: {len(broken)} tensors hold infinite or undefined numbers '
            f'({_some(broken)}); the training that wrote them went wrong'
        )
    model.load_state_dict(state, strict=False)


def check_fit(model: nn.Module, path: str | Path, partly: bool = False) -> str | None:
    """Checks a file that MMEngine is going to load, which goes on with random weights otherwise.

    Args:
        model: The model; it is not changed.
        path: A file of weights.
        partly: Whether it is enough that some of the model's tensors are in the file.

    Returns:
        Which of the model's tensors are not, in words; None where all are.

    Raises:
        LitePoseError: The file cannot be read, has the authors' names, or does not fit.
    """
    state = _network_only(read_weights(path).state_dict)
    if is_authors(state):
        raise LitePoseError(
            f"{path} has the names of the authors' code; convert it with "
            'tools/model_converters/litepose_to_mmpose.py'
        )
    problems = _misfits(model, state)
    problems.pop('unexpected', None)
    if not problems:
        return None
    if not partly or sum(map(len, problems.values())) >= len(_essential(model, state)):
        raise LitePoseError(f'weights {path} do not fit the model: {_told(problems)}')
    return _told(problems)


def _misfits(model: nn.Module, state: Mapping[str, Tensor]) -> dict[str, list[str]]:
    """Names of tensors by what is wrong with them."""
    own = _network_only(model.state_dict())
    problems = {
        'missing': [key for key in _essential(model, state) if key not in state],
        'unexpected': [key for key in state if key not in own],
        'of another shape': [
            f'{key} {tuple(state[key].shape)}, model {tuple(own[key].shape)}'
            for key in own
            if key in state and state[key].shape != own[key].shape
        ],
    }
    return {what: names for what, names in problems.items() if names}


def _essential(model: nn.Module, state: Mapping[str, Tensor]) -> list[str]:
    """What of the model a checkpoint must have.

    Old ones lack the counters of batches, which no result depends on. One of a plain network, with
    which a supernet may begin, has no transforms to smaller kernels: these begin as the centre.
    """
    own = [key for key in _network_only(model.state_dict()) if not key.endswith(_COUNTER)]
    if any(_TRANSFORMS in key for key in state):
        return own
    return [key for key in own if _TRANSFORMS not in key]


def _told(problems: Mapping[str, list[str]]) -> str:
    return '; '.join(f'{len(names)} {what} ({_some(names)})' for what, names in problems.items())


def _network_only(state: Mapping[str, Tensor]) -> StateDict:
    return {key: value for key, value in state.items() if not key.startswith(_NO_WEIGHTS)}


def load_weights(model: nn.Module, path: str | Path) -> dict[str, Any]:
    """Load a file of weights, ours or the authors', into a model.

    Args:
        model: A pose estimator with ``backbone`` and ``head``.
        path: See :func:`read_weights`.

    Returns:
        What the file says of itself, its ``meta`` entry.

    Raises:
        LitePoseError: The file is not usable or does not fit, see :func:`read_weights` and
            :func:`fit`.
    """
    weights = read_weights(path)
    state = weights.state_dict
    if is_authors(state):
        state = from_authors(state, supernet=hasattr(model, 'activate'))
    fit(model, state, str(path))
    return weights.meta


def save_weights(state: Mapping[str, Tensor], path: str | Path, meta: Mapping[str, Any]) -> None:
    """Write a checkpoint that loads as data only; never half of one."""
    with replacing(Path(path)) as part:
        torch.save(dict(meta=dict(meta), state_dict=dict(state)), part)


def _some(names, limit: int = 3) -> str:
    rest = f' and {len(names) - limit} more' if len(names) > limit else ''
    return ', '.join(names[:limit]) + rest
