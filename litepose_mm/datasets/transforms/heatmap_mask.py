"""Where the heatmap loss counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
import xtcocotools.mask
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from ...annotations.run_lengths import run_length_fault
from ...errors import LitePoseError
from ...preprocessing.resize import warp_affine


@TRANSFORMS.register_module()
class MultiLevelHeatmapMask(BaseTransform):
    """A mask for each level's heatmaps: 0 on unlabelled people and beyond the image.

    MMPose's :class:`BottomupGetHeatmapMask` ignores the run-length encoded segmentations that
    COCO's crowds have, and warps one mask that it then resizes. Here, as in the authors' code,
    every level's mask is warped from the original image. Not for images that were joined, by
    :class:`Mosaic` say, which have no one original.

    Required keys: ``ori_shape``, ``heatmaps`` (a list), and where present ``invalid_segs``,
    ``warp_mat``, ``img_shape``, ``flip``, ``flip_direction``. Added: ``heatmap_mask``, a list of
    float32 ``(1, H_l, W_l)``.

    Args:
        use_segments: Off for CrowdPose, whose authors' masks hide nobody.
    """

    def __init__(self, use_segments: bool = True):
        super().__init__()
        self.use_segments = use_segments

    def transform(self, results: dict) -> dict:
        height, width = results['ori_shape']
        mask = np.full((height, width), 255, dtype=np.uint8)
        if self.use_segments and results.get('invalid_segs'):
            mask[decode_segments(results['invalid_segs'], height, width)] = 0

        matrix = results.get('warp_mat', np.eye(2, 3))
        input_size = results.get('img_shape', (height, width))[::-1]
        results['heatmap_mask'] = []
        for heatmaps in results['heatmaps']:
            size = heatmaps.shape[:0:-1]
            to_level = matrix * (np.array(size) / input_size)[:, None]
            level = warp_affine(mask, to_level, size)
            if results.get('flip', False):
                if results['flip_direction'] != 'horizontal':
                    raise LitePoseError(
                        'MultiLevelHeatmapMask knows horizontal flips only, got '
                        f'{results["flip_direction"]!r}'
                    )
                level = level[:, ::-1]
            results['heatmap_mask'].append((level > 127)[None].astype(np.float32))
        return results


def decode_segments(segments: Iterable[Any], height: int, width: int) -> np.ndarray:
    """What any of some COCO segmentations covers, as a boolean mask ``(height, width)``.

    Args:
        segments: Each is polygons ``[[x, y, x, y, ...], ...]``, or run lengths as a mapping with
            ``counts`` and ``size``; it covers nothing where it is empty or ``None``.
        height: Height of the image.
        width: Width of the image.

    Raises:
        LitePoseError: A segmentation is neither.
    """
    # Joined as run lengths: pixels, of which there are many more, are then written once.
    runs = []
    for segment in segments:
        try:
            parts = _run_lengths(segment, height, width)
            runs += [xtcocotools.mask.merge(parts)] if parts else []
        except (TypeError, ValueError, KeyError, IndexError) as error:
            raise LitePoseError(
                'a segmentation must be polygons [[x, y, ...], ...] or run lengths '
                f'{{"counts", "size"}}, got {str(segment)[:60]} ({error})'
            ) from None
    if not runs:
        return np.zeros((height, width), dtype=bool)
    by_column = xtcocotools.mask.decode(xtcocotools.mask.merge(runs))
    return cv2.transpose(by_column.T).view(bool)


def _run_lengths(segment: Any, height: int, width: int) -> list[dict]:
    """The parts of a segmentation as compressed run lengths."""
    if not segment:
        return []
    if isinstance(segment, dict):
        segment = [segment]
    if not isinstance(segment[0], dict):
        # Their parts are joined where several instances are read at once.
        polygons = [list(map(float, part)) for part in segment if len(part) >= 6]
        return xtcocotools.mask.frPyObjects(polygons, height, width)
    return [_compressed(part, height, width) for part in segment]


def _compressed(runs: dict, height: int, width: int) -> dict:
    fault = run_length_fault(runs, (height, width))
    if fault:
        raise ValueError(fault)
    counts = runs['counts']
    if isinstance(counts, list):
        return xtcocotools.mask.frPyObjects(runs, height, width)
    return dict(runs, counts=counts.encode() if isinstance(counts, str) else counts)
