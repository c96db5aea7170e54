"""A torch estimator in parts, to be timed beside exported models."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from mmengine.dataset import pseudo_collate

from ..apis import PoseEstimator
from ..apis.pose_estimator import result_from_data_sample
from ..benchmarking import Stages
from .onnx_export import graph_options


def torch_stages(name: str, estimator: PoseEstimator) -> Stages:
    """The parts of ``estimator`` as eager PyTorch runs them; one scale.

    Args:
        name: For tables.
        estimator: Of a model that can be exported.
    """
    model, skeleton = estimator.model, estimator.skeleton
    test_cfg = model.test_cfg or {}
    flip_test = bool(test_cfg.get('flip_test'))
    options = graph_options(model, 'maps', flip_test, skeleton.flip_indices)

    def preprocess(image: np.ndarray) -> dict[str, Any]:
        return model.data_preprocessor(pseudo_collate([estimator.prepare(image)]))

    @torch.inference_mode()
    def run(data: dict[str, Any]) -> tuple:
        maps = model.deploy_forward(data['inputs'], **options)
        return data['data_samples'], tuple(each.cpu() for each in maps)  # waits for a GPU

    def decode(outputs: tuple) -> np.ndarray:
        samples, maps = outputs
        size = tuple(samples[0].metainfo['img_shape'][:2])
        look_at = size if test_cfg.get('restore_heatmap_size', True) else None
        model.add_pred_to_datasample(model.head.decode(maps, look_at, size), None, samples)
        return result_from_data_sample(samples[0], skeleton).keypoints

    return Stages(name, preprocess, run, decode)
