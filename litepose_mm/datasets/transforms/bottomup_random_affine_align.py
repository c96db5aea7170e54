"""The authors' random affine for training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmpose.registry import TRANSFORMS

from ...preprocessing.resize import aligned_size, image_center, warp_affine, warp_matrix


@TRANSFORMS.register_module()
class BottomupRandomAffineAlign(BaseTransform):
    """Zoom, rotate and translate an image at random (LitePose section 5.2).

    MMPose's :class:`BottomupRandomAffine` samples from a truncated normal distribution by default,
    centres odd sizes half a pixel off, and translates by a share of each side whatever the zoom.
    Here, as in the authors' code, all samples are uniform, and the image is translated by whole
    pixels up to ``shift_factor`` of the visible part.

    Required keys: ``img``. Modified if present: ``img_shape``, ``keypoints``, ``bbox``, ``area``.
    Added: ``warp_mat``, and ``aligned_size`` for codecs. ``input_size`` is not added, because
    MMPose's :class:`RandomFlip` would read it as height and width.

    Args:
        input_size: Width and height of the output, or its short side only. In the latter case the
            long side follows the image, as in :class:`BottomupResizeAlign`, and the images of a
            batch must have one shape (``batch_size=1``).
        scale_factor: Smallest and largest share of the image's short side that is visible.
        rotate_factor: Largest rotation in degrees, in both directions.
        shift_factor: Largest translation, in both directions of both axes, as a share of the
            visible part.
        keypoint_prob: Share of samples that are centred on a random labelled keypoint instead of
            the image's centre. The authors use 0. For crops much smaller than the image, this
            controls how many show people.
        keep_inside: Whether the translation is limited so that the output, before rotation, shows
            nothing outside the image. The authors do not limit it.
        border: Grey level of what lies outside the image.
    """

    def __init__(
        self,
        input_size: tuple[int, int] | int,
        scale_factor: Sequence[float] = (0.75, 1.5),
        rotate_factor: float = 30.0,
        shift_factor: float = 0.2,
        keypoint_prob: float = 0.0,
        keep_inside: bool = False,
        border: int = 0,
    ):
        super().__init__()
        self.input_size = input_size if isinstance(input_size, int) else tuple(input_size)
        self.scale_factor = tuple(scale_factor)
        self.rotate_factor = rotate_factor
        self.shift_factor = shift_factor
        self.keypoint_prob = keypoint_prob
        self.keep_inside = keep_inside
        self.border = border

    @cache_randomness
    def _draw(self, side: int) -> tuple[float, float, np.ndarray]:
        """Draw the visible pixels, the rotation in degrees and the translation in pixels."""
        visible = side * np.random.uniform(*self.scale_factor)
        rotation = np.random.uniform(-self.rotate_factor, self.rotate_factor)
        reach = int(self.shift_factor * visible)
        shift = np.random.randint(-reach, reach, 2) if reach else np.zeros(2)
        return visible, rotation, shift

    @cache_randomness
    def _draw_center(self, results: dict) -> np.ndarray:
        """The point ``(x, y)`` in pixels that the translation starts from."""
        if self.keypoint_prob and np.random.uniform() < self.keypoint_prob:
            labelled = results['keypoints'][np.asarray(results['keypoints_visible']) > 0]
            if len(labelled):
                return labelled[np.random.randint(len(labelled))].astype(np.float64)
        height, width = results['img'].shape[:2]
        return image_center(width, height)

    def transform(self, results: dict) -> dict:
        height, width = results['img'].shape[:2]
        size = self.input_size
        if isinstance(size, int):
            size = results['aligned_size'] = aligned_size((width, height), size)
        visible, rotation, shift = self._draw(min(width, height))
        center = self._draw_center(results) + shift
        # The visible part refers to the output's short side.
        visible /= min(size)
        if self.keep_inside:
            room = np.array([width, height]) - visible * np.array(size)
            reach = np.maximum(room, 0) / 2
            middle = image_center(width, height)
            center = np.clip(center, middle - reach, middle + reach)
        matrix = warp_matrix(center, visible * size[0], size, rotation)
        return self.apply(results, matrix, size)

    def apply(self, results: dict, matrix: np.ndarray, size: tuple[int, int]) -> dict:
        """Warp a sample by a matrix ``(2, 3)`` to a width and height."""
        results['img'] = warp_affine(results['img'], matrix, size, self.border)
        if 'keypoints' in results:
            keypoints = np.asarray(results['keypoints'], dtype=np.float64)
            results['keypoints'] = keypoints @ matrix[:, :2].T + matrix[:, 2]
        if 'bbox' in results:
            left, top, right, bottom = np.asarray(results['bbox'], dtype=np.float64).T
            corners = np.stack(
                [[left, top], [right, top], [right, bottom], [left, bottom]]
            ).transpose(2, 0, 1)
            corners = corners @ matrix[:, :2].T + matrix[:, 2]
            results['bbox'] = np.concatenate([corners.min(1), corners.max(1)], axis=1)
        if 'area' in results:
            results['area'] = np.asarray(results['area']) * np.linalg.det(matrix[:, :2])
        results['img_shape'] = results['img'].shape[:2]
        results['warp_mat'] = matrix
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(input_size={self.input_size}, '
            f'scale_factor={self.scale_factor}, rotate_factor={self.rotate_factor}, '
            f'shift_factor={self.shift_factor}, '
            f'keypoint_prob={self.keypoint_prob}, keep_inside={self.keep_inside}, '
            f'border={self.border})'
        )
