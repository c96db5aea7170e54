"""Read weights as data only."""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..errors import LitePoseError, reason

StateDict = dict[str, Tensor]

# Names under which checkpoints hold the weights. LitePose's and HigherHRNet's authors write the
# second one; in their files, `model` is a text.
_ENTRIES = ('state_dict', 'best_state_dict', 'model')

# Prefixes that wrappers add to every key: DistributedDataParallel, the authors' FP16 training,
# Lightning and others. Before a number, `model.` is the MobileNet of Lightweight OpenPose.
_PREFIX = re.compile(r'module\.|1\.|model\.(?!\d)')


class Weights(NamedTuple):
    """Weights of a file: tensors by name, and the file's metadata."""

    state_dict: StateDict
    meta: dict[str, Any]


def read_weights(path: str | Path) -> Weights:
    """Read a file of weights as data; nothing in it is executed.

    Accepts safetensors, plain state dicts, checkpoints with a ``state_dict`` or
    ``best_state_dict`` entry (MMEngine's and the authors'), and prefixes added by wrappers.

    Raises:
        LitePoseError: The file is missing, broken or no checkpoint, or holds more than data.
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
    entries = (content.get(key) for key in _ENTRIES)
    state = next((entry for entry in entries if isinstance(entry, Mapping)), content)
    if (
        not isinstance(state, Mapping)
        or not state
        or not all(isinstance(v, Tensor) for v in state.values())
    ):
        raise LitePoseError(
            f'weights {path}: expected a mapping of names to tensors, or one under "state_dict", '
            'got another kind of file'
        )
    state = dict(state)
    while True:
        found = _PREFIX.match(next(iter(state)))
        if found is None or not all(key.startswith(found[0]) for key in state):
            return Weights(state, _plain(meta) if isinstance(meta, Mapping) else {})
        state = {key[found.end() :]: value for key, value in state.items()}


def _plain(meta: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in meta.items() if not isinstance(value, _Inert)}


def _read_safetensors(path: Path) -> StateDict:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError:
        raise LitePoseError(
            f'weights {path}: safetensors is not installed: pip install safetensors'
        ) from None
    try:
        return load_file(path)
    except SafetensorError as error:
        raise LitePoseError(f'weights {path}: broken safetensors file ({error})') from None


class _Inert:
    """Replaces an object of a training checkpoint that is not a weight, and ignores its state."""

    def __init__(self, *args: Any, **kwargs: Any):
        pass

    def __setstate__(self, state: Any) -> None:
        pass

    def __call__(self, *args: Any, **kwargs: Any) -> _Inert:
        return self


# Objects that training loops store besides weights: MMEngine's logs and numpy's numbers. An inert
# object replaces each of them, so that none of their code runs; all other names are refused.
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
    # Each name gets its own class, because torch identifies allowed objects by identity.
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
            f'weights {path}: refused, because it holds Python objects besides tensors{what}, '
            'which can run code when they are loaded; ask its author for plain weights'
        ) from None
    except Exception as error:  # a damaged file can cause any exception in torch
        raise LitePoseError(
            f'weights {path}: not a checkpoint, or a broken one ({reason(error)})'
        ) from None
