"""NNCF, OpenVINO's quantiser, on the ONNX graph, so that layers keep the names they have there."""

from __future__ import annotations

import logging
from collections.abc import Collection

import nncf
import onnx

from .base import Quantizer


class NncfQuantizer(Quantizer):
    """NNCF's default for processors, with its correction of biases.

    Ranges are measured anew each time: what a float layer gives changes them.
    """

    def quantize(self, in_float: Collection[str]) -> onnx.ModelProto:
        # Not nncf.set_log_level: it silences handlers, too, which others may share.
        logging.getLogger('nncf').setLevel(logging.ERROR)
        model = onnx.load(self.graph)
        name = model.graph.input[0].name
        others = {node.name for node in model.graph.node} - set(self.layers)
        return nncf.quantize(
            model,
            nncf.Dataset(self.inputs, lambda inputs: {name: inputs}),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(self.inputs),
            ignored_scope=nncf.IgnoredScope(names=sorted(others | set(in_float)), validate=False),
        )
