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
    """Random zoom, rotation and translation (LitePose section 5.2).

    MMPose's :class:`BottomupRandomAffine` draws from a truncated normal distribution by default,
    centres odd sizes half a pixel off, and moves the image by a share of each side however far
    it is zoomed. Here, as in the authors' code, all draws are uniform, and the image moves by
    whole pixels up to ``shift_factor`` of the visible part.

    Required keys: ``img``. Modified, where present: ``img_shape``, ``keypoints``, ``bbox``,
    ``area``. Added: ``warp_mat``, and ``aligned_size`` for codecs; no ``input_size``, which
    MMPose's :class:`RandomFlip` would take for height and width.

    Args:
        input_size: Width and height of the output; or its short side, and the long one is as long
            as each image needs, as in :class:`BottomupResizeAlign`. Images of a batch then
            need one shape (``batch_size=1``).
        scale_factor: Least and largest part of the image's short side that is shown.
        rotate_factor: Largest rotation in degrees, either way.
        shift_factor: Largest translation, either way on both axes, as a share of the visible
            part.
        keypoint_prob: Share of samples that are centred on one of their labelled keypoints,
            drawn at random, rather than on the image's centre. The authors' is 0; with crops
            much smaller than the image, it says how many show people.
        keep_inside: Whether the translation ends where the output would show what is beyond the
            image's border (as it is before it is rotated); the authors' does not.
    """

    def __init__(
        self,
        input_size: tuple[int, int] | int,
        scale_factor: Sequence[float] = (0.75, 1.5),
        rotate_factor: float = 30.0,
        shift_factor: float = 0.2,
        keypoint_prob: float = 0.0,
        keep_inside: bool = False,
    ):
        super().__init__()
        self.input_size = input_size if isinstance(input_size, int) else tuple(input_size)
        self.scale_factor = tuple(scale_factor)
        self.rotate_factor = rotate_factor
        self.shift_factor = shift_factor
        self.keypoint_prob = keypoint_prob
        self.keep_inside = keep_inside

    @cache_randomness
    def _draw(self, side: int) -> tuple[float, float, np.ndarray]:
        """Visible pixels of the image, rotation in degrees, translation in pixels."""
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
        # What is visible refers to the output's own short side.
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
        results['img'] = warp_affine(results['img'], matrix, size)
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
            f'keypoint_prob={self.keypoint_prob}, keep_inside={self.keep_inside})'
        )
