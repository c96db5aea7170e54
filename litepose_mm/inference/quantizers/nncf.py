"""Quantise ONNX graphs with NNCF, OpenVINO's quantiser, which keeps the names of the layers.

Its int8 graphs are made for OpenVINO. ONNX Runtime needs 1.4 times as long for them as for float32
(NNCF 3.4, LitePose-XS) and therefore has its own quantiser.
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

# Layers are ranked by their AP on this many images, those with the largest loss of AP in int8.
_RANKED_ON = 20


def quantize(graph: Path, inputs: Calibration, trials: Trials | None) -> onnx.ModelProto:
    """Quantises layers of a graph to int8.

    Args:
        graph: ONNX file in float32.
        inputs: Inputs on which the range of each layer is measured.
        trials: Measure the accuracy to preserve: the most costly layers are reverted to float32
            until it is reached. None keeps the layers next to the input and outputs in float32.

    Returns:
        The quantised model.
    """
    # nncf.set_log_level would also silence handlers that other loggers may share.
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
    # Without VNNI, processors add pairs of products in 16 bits. Weights of 8 bits overflow there,
    # and the heatmaps of LitePose-S were 59 % wrong; weights of 7 bits do not.
    safe = nncf.AdvancedQuantizationParameters(overflow_fix=nncf.OverflowFix.ENABLE)
    if trials is None:
        return nncf.quantize(model, data, advanced_parameters=safe, **options)
    return nncf.quantize_with_accuracy_control(
        model,
        data,
        nncf.Dataset(trials.images),
        trials,
        max_drop=trials.goal.max_loss,
        advanced_quantization_parameters=safe,
        advanced_accuracy_restorer_parameters=nncf.AdvancedAccuracyRestorerParameters(
            ranking_subset_size=_RANKED_ON, num_ranking_workers=1
        ),
        **options,
    )
