"""What turns a float graph into one with int8 layers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from onnx import ModelProto


class Quantizer(ABC):
    """Quantises a graph for one engine; float and int8 layers share the names of its nodes.

    Args:
        graph: ONNX file that :func:`prepare` wrote; files are made beside it.
        inputs: The calibration inputs, float32 ``(1, 3, H, W)`` each.
        layers: Names of the nodes that int8 can take, see :func:`int8_layers`.
    """

    def __init__(self, graph: Path, inputs: Sequence[np.ndarray], layers: Sequence[str]) -> None:
        self.graph, self.inputs, self.layers = graph, inputs, tuple(layers)

    @abstractmethod
    def quantize(self, in_float: Collection[str]) -> ModelProto:
        """The graph with int8 layers, but those of these names."""
