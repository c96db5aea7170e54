"""Where the heatmap loss counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import xtcocotools.mask
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from ...errors import LitePoseError


@TRANSFORMS.register_module()
class MultiLevelHeatmapMask(BaseTransform):
    """A mask for each level's heatmaps: 0 on unlabelled people and beyond the picture.

    MMPose's :class:`BottomupGetHeatmapMask` ignores the run-length encoded segmentations that
    COCO's crowds have, and warps one mask that it then resizes. Here, as in the authors' code,
    every level's mask is warped from the original picture.

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
        if self.use_segments:
            for segment in results.get('invalid_segs', []):
                mask[decode_segment(segment, height, width)] = 0

        matrix = results.get('warp_mat', np.eye(2, 3))
        input_size = results.get('img_shape', (height, width))[::-1]
        results['heatmap_mask'] = []
        for heatmaps in results['heatmaps']:
            size = heatmaps.shape[:0:-1]
            to_level = matrix * (np.array(size) / input_size)[:, None]
            level = cv2.warpAffine(mask, to_level, size, flags=cv2.INTER_LINEAR)
            if results.get('flip', False):
                if results['flip_direction'] != 'horizontal':
                    raise LitePoseError(
                        'MultiLevelHeatmapMask knows horizontal flips only, got '
                        f'{results["flip_direction"]!r}'
                    )
                level = level[:, ::-1]
            results['heatmap_mask'].append((level > 127)[None].astype(np.float32))
        return results


def decode_segment(segment: Any, height: int, width: int) -> np.ndarray:
    """A COCO segmentation as a boolean mask ``(height, width)``.

    Args:
        segment: Polygons ``[[x, y, x, y, ...], ...]``, or run lengths as a mapping with
            ``counts`` and ``size``; nothing where it is empty or ``None``.
        height: Height of the picture.
        width: Width of the picture.

    Raises:
        LitePoseError: It is neither.
    """
    if not segment:
        return np.zeros((height, width), dtype=bool)
    try:
        if isinstance(segment, dict):
            runs = _run_lengths(segment, height, width)
        elif isinstance(segment, Sequence) and isinstance(segment[0], dict):
            runs = [_run_lengths(part, height, width) for part in segment]
        else:
            # The parts of a list are joined when they are read for several instances at once.
            runs = xtcocotools.mask.frPyObjects(
                [list(map(float, part)) for part in segment if len(part) >= 6], height, width
            )
        merged = xtcocotools.mask.merge(runs) if isinstance(runs, list) else runs
        return xtcocotools.mask.decode(merged).astype(bool)
    except (TypeError, ValueError, KeyError, IndexError) as error:
        raise LitePoseError(
            'a segmentation must be polygons [[x, y, ...], ...] or run lengths '
            f'{{"counts", "size"}}, got {str(segment)[:60]} ({error})'
        ) from None


def _run_lengths(segment: dict, height: int, width: int) -> dict:
    counts = segment['counts']
    if isinstance(counts, list):
        return xtcocotools.mask.frPyObjects(segment, height, width)
    return dict(segment, counts=counts.encode() if isinstance(counts, str) else counts)
