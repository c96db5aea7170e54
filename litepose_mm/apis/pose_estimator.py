"""Three lines from an image to people."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

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
        weights: File with weights: MMEngine's, the authors' or safetensors. None takes those that
            come with the package; where there are none, they are random, and it warns.
        device: ``'cpu'``, ``'cuda'``, ``'cuda:1'``; None takes CUDA where it is.
        flip_test: Whether the mirrored image is looked at too, which takes twice the time and
            finds people a little better; None leaves it to the config.
        input_size: Short side of the network's input in pixels, 64 to 4096; None leaves it to the
            config.
        batch_size: How many images of a list go through the network at once.
        cfg_options: Values to put into the config, ``{'model.test_cfg.flip_test': True}``.

    Attributes:
        model: The network, as MMPose's ``init_model`` gives it.
        skeleton: The keypoints it finds.

    Raises:
        LitePoseError: There is no such model or device, the config is not one of a pose estimator,
            or the weights do not fit.
    """

    def __init__(
        self,
        model: str | Path,
        weights: str | Path | None = None,
        *,
        device: str | None = None,
        flip_test: bool | None = None,
        input_size: int | None = None,
        batch_size: int = 1,
        cfg_options: Mapping[str, Any] | None = None,
    ) -> None:
        check_positive('batch_size', batch_size)
        self.model = build_model(model, weights, device, flip_test, input_size, cfg_options)
        self._way = _way_to_people(self.model)
        super().__init__(self._way.skeleton, batch_size)

    @property
    def engine(self) -> Engine | None:
        """Torch as an engine, with the model's card; None where MMPose runs the network."""
        return getattr(self._way, 'engine', None)

    @property
    def input_size(self) -> int | None:
        return self._way.input_size

    @property
    def weights_file(self) -> Path | None:
        return self.model.weights_file

    @property
    def takes_boxes(self) -> bool:
        return self._way.takes_boxes

    @property
    def panel_names(self) -> tuple[str, ...]:
        return self._way.panel_names

    def get_panels(self, prepared: Any, outputs: Any) -> tuple[Resized, dict[str, Panel]] | None:
        return self._way.get_panels(prepared, outputs)

    def _prepare(self, image: np.ndarray, boxes: np.ndarray | None) -> Any:
        return self._way._prepare(image, boxes)

    def _input_shape(self, prepared: Any) -> Hashable:
        return self._way._input_shape(prepared)

    def _infer(self, inputs: Sequence[Any]) -> Any:
        return self._way._infer(inputs)

    def _finish(
        self, inputs: Sequence[Any], outputs: Any, sources: Sequence[str | None]
    ) -> list[PoseResult]:
        return self._way._finish(inputs, outputs, sources)


def _way_to_people(model: nn.Module) -> BaseEstimator:
    """Torch as an engine like the others; MMPose's own way where a network cannot be deployed."""
    try:
        card = describe(model)
    except CannotExport:
        if not hasattr(model.head, 'predict'):
            raise
        return MMPoseEstimator(model)
    return Estimator(TorchEngine(deploy_graph(model, card), card))
