"""Masks of the heatmap loss."""

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
    """Make a mask for each level's heatmaps: 0 on unlabelled people and outside the image.

    MMPose's :class:`BottomupGetHeatmapMask` ignores run-length encoded segmentations, which COCO's
    crowds have, and resizes a mask that is already warped. Here, as in the authors' code, the mask
    of every level is warped from the original image. Images that are made of several others, for
    example by :class:`Mosaic`, are not supported.

    Required keys: ``ori_shape``, ``heatmaps`` (a list). Used if present: ``invalid_segs``,
    ``warp_mat``, ``img_shape``, ``flip``, ``flip_direction``. Added: ``heatmap_mask``, a list of
    float32 ``(1, H_l, W_l)``.

    Args:
        use_segments: Whether unlabelled people are masked. The authors do not do this for
            CrowdPose.
        mask_border: Whether pixels outside the image are masked. The authors of Lightweight
            OpenPose do not do this, so that networks learn that there is nobody.
    """

    def __init__(self, use_segments: bool = True, mask_border: bool = True):
        super().__init__()
        self.use_segments = use_segments
        self.mask_border = mask_border

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
            level = warp_affine(mask, to_level, size, 0 if self.mask_border else 255)
            if results.get('flip', False):
                if results['flip_direction'] != 'horizontal':
                    raise LitePoseError(
                        'MultiLevelHeatmapMask: expected a horizontal flip, got '
                        f'{results["flip_direction"]!r}; change the direction of RandomFlip'
                    )
                level = level[:, ::-1]
            results['heatmap_mask'].append((level > 127)[None].astype(np.float32))
        return results


def decode_segments(segments: Iterable[Any], height: int, width: int) -> np.ndarray:
    """Return the union of COCO segmentations as a boolean mask ``(height, width)``.

    Args:
        segments: Segmentations. Each is a list of polygons ``[[x, y, x, y, ...], ...]``, or a
            mapping of run lengths with ``counts`` and ``size``; empty ones and None cover nothing.
        height: Height of the image.
        width: Width of the image.

    Raises:
        LitePoseError: A segmentation has another form.
    """
    # Merged as run lengths, so that pixels, of which there are many more, are written only once.
    runs = []
    for segment in segments:
        try:
            parts = _run_lengths(segment, height, width)
            runs += [xtcocotools.mask.merge(parts)] if parts else []
        except (TypeError, ValueError, KeyError, IndexError) as error:
            raise LitePoseError(
                'segmentation: expected polygons [[x, y, ...], ...] or run lengths '
                f'{{"counts", "size"}}, got {str(segment)[:60]} ({error})'
            ) from None
    if not runs:
        return np.zeros((height, width), dtype=bool)
    by_column = xtcocotools.mask.decode(xtcocotools.mask.merge(runs))
    return cv2.transpose(by_column.T).view(bool)


def _run_lengths(segment: Any, height: int, width: int) -> list[dict]:
    """Convert the parts of a segmentation to compressed run lengths."""
    if not segment:
        return []
    if isinstance(segment, dict):
        segment = [segment]
    if not isinstance(segment[0], dict):
        # Polygons of fewer than three points have no area.
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
