"""Find people on images with a model in torch."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmpose.models.pose_estimators.base import BasePoseEstimator

from ..decoding import Panel
from ..errors import CannotExport
from ..inference.base import BaseEstimator
from ..inference.engines import Engine
from ..inference.engines.torch import TorchEngine
from ..inference.estimator import Estimator
from ..inference.images import check_positive
from ..preprocessing.resize import Resized
from ..structures import PoseResult
from ..utils.openmp import keep_forks_computing
from .description import deploy_graph, describe
from .mmpose_estimator import MMPoseEstimator
from .model_building import build_model

keep_forks_computing()


class PoseEstimator(BaseEstimator):
    """Finds people and their keypoints on images.

    Example::

        estimator = PoseEstimator('litepose-m_crowdpose', weights='litepose-m.pth')
        result = estimator('photo.jpg')
        drawing = result.draw()

    Args:
        model: Name in the zoo (``litepose models`` lists them), or name or path of a config.
        weights: File with weights: MMEngine's, the authors' or safetensors. None selects the
            bundled weights; if there are none, the weights are random, with a warning.
        device: ``'cpu'``, ``'cuda'``, ``'cuda:1'``, ``'mps'``; None selects CUDA if available. If
            it is absent or fails, the next best one is used, with a warning.
        flip_test: Whether to run the mirrored image too, which doubles the time and slightly
            improves accuracy; None leaves it to the config.
        short_side: Short side of the network's input in pixels, 64 to 4096; None leaves it to the
            config.
        batch_size: How many images of a list pass through the network at once.
        cfg_options: Values that override the config, ``{'model.test_cfg.flip_test': True}``.

    Attributes:
        model: The network, as MMPose's ``init_model`` returns it.
        skeleton: The keypoints that the model finds.

    Raises:
        LitePoseError: There is no such model, torch knows no such device, the config does not
            describe a pose estimator, or the weights do not fit.
    """

    def __init__(
        self,
        model: str | Path,
        weights: str | Path | None = None,
        *,
        device: str | None = None,
        flip_test: bool | None = None,
        short_side: int | None = None,
        batch_size: int = 1,
        cfg_options: Mapping[str, Any] | None = None,
    ) -> None:
        check_positive('batch_size', batch_size)
        self.model = build_model(model, weights, device, flip_test, short_side, cfg_options)
        self._inner = _inner_estimator(self.model)
        super().__init__(self._inner.skeleton, batch_size)

    @property
    def engine(self) -> Engine | None:
        """The torch engine with the model's card; None if MMPose runs the network."""
        return getattr(self._inner, 'engine', None)

    @property
    def short_side(self) -> int | None:
        return self._inner.short_side

    @property
    def weights_file(self) -> Path | None:
        return self.model.weights_file

    @property
    def takes_boxes(self) -> bool:
        return self._inner.takes_boxes

    @property
    def panel_names(self) -> tuple[str, ...]:
        return self._inner.panel_names

    def get_panels(self, prepared: Any, outputs: Any) -> tuple[Resized, dict[str, Panel]] | None:
        return self._inner.get_panels(prepared, outputs)

    def _prepare(self, image: np.ndarray, boxes: np.ndarray | None) -> Any:
        return self._inner._prepare(image, boxes)

    def _input_shape(self, prepared: Any) -> Hashable:
        return self._inner._input_shape(prepared)

    def _infer(self, inputs: Sequence[Any]) -> Any:
        return self._inner._infer(inputs)

    def _finish(
        self, inputs: Sequence[Any], outputs: Any, sources: Sequence[str | None]
    ) -> list[PoseResult]:
        return self._inner._finish(inputs, outputs, sources)


def _inner_estimator(model: BasePoseEstimator) -> BaseEstimator:
    """Makes torch an engine like the others, or falls back to MMPose's own test step."""
    try:
        card = describe(model)
    except CannotExport:
        if not hasattr(model.head, 'predict'):
            raise
        return MMPoseEstimator(model)
    return Estimator(TorchEngine(deploy_graph(model, card), card))
