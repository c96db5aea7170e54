"""NNCF, OpenVINO's quantiser, on the ONNX graph: layers keep the names that they have there.

Its graphs of int8 are made for OpenVINO. ONNX Runtime takes 1.4 times as long for them as for
float32 (NNCF 3.4, LitePose-XS), and so has its own.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import nncf
import onnx

from .graph import ENDS, float_nodes

if TYPE_CHECKING:
    from ...deploy.quantization.accuracy import Trials
    from ...deploy.quantization.calibration import Calibration

# Layers are ranked by the AP of so many images, those whose own AP int8 costs most.
_RANKED_ON = 20


def quantize(graph: Path, inputs: Calibration, trials: Trials | None) -> onnx.ModelProto:
    """The graph with int8 layers.

    Args:
        graph: ONNX file in float32.
        inputs: What the range of each layer is measured on.
        trials: The accuracy to keep: layers that cost the most are reverted to float32 until it is
            kept. None: those next to the input and the outputs stay in float32.
    """
    # Not nncf.set_log_level: it silences handlers, too, which others may share.
    logging.getLogger('nncf').setLevel(logging.ERROR)
    model = onnx.load(graph)
    name = model.graph.input[0].name
    data = nncf.Dataset(inputs, lambda each: {name: each})
    ignored = float_nodes(model.graph, ENDS if trials is None else 0)
    options = {
        'preset': nncf.QuantizationPreset.MIXED,
        'subset_size': len(inputs),
        'ignored_scope': nncf.IgnoredScope(names=ignored, validate=False),
    }
    if trials is None:
        return nncf.quantize(model, data, **options)
    return nncf.quantize_with_accuracy_control(
        model,
        data,
        nncf.Dataset(trials.images),
        trials,
        max_drop=trials.goal.max_loss,
        advanced_accuracy_restorer_parameters=nncf.AdvancedAccuracyRestorerParameters(
            ranking_subset_size=_RANKED_ON, num_ranking_workers=1
        ),
        **options,
    )
