"""What runs a model file. One adapter a file, imported only for a model that needs it.

A new engine is a file with a subclass of :class:`Engine` and a line in :data:`ENGINES`.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ...errors import LitePoseError, reason
from .base import Engine

if TYPE_CHECKING:
    from ..card import ModelCard

__all__ = ['ENGINES', 'Adapter', 'Engine', 'load_engine']


class Adapter(NamedTuple):
    """An engine's adapter.

    Attributes:
        name: The subclass of :class:`Engine`.
        extra: What installs the engine: ``pip install litepose_mm[EXTRA]``.
    """

    name: str
    extra: str


#: Every engine by the name that cards give it, which is that of its package and of its file here.
ENGINES = {
    'onnxruntime': Adapter('OnnxRuntimeEngine', 'runtime'),
    'openvino': Adapter('OpenVINOEngine', 'openvino'),
    'ncnn': Adapter('NcnnEngine', 'ncnn'),
}


def load_engine(folder: str | Path, card: ModelCard, threads: int | None = None) -> Engine:
    """Loads the model of an exported folder into the engine that its card names.

    Args:
        folder: Where the model's files are.
        card: Its card.
        threads: How many threads the engine takes; ``None`` leaves it to the engine.

    Raises:
        LitePoseError: The engine is not installed, or cannot load the model.
    """
    adapter = ENGINES[card.engine]
    try:
        module = import_module(f'.{card.engine}', __name__)
    except ImportError as error:
        raise LitePoseError(
            f'the model in {folder} needs {card.engine}, which cannot be imported '
            f'({reason(error)}); install it: pip install litepose_mm[{adapter.extra}]'
        ) from error
    return getattr(module, adapter.name)(folder, card, threads)
