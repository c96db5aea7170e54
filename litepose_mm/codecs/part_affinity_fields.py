"""The codec of part affinity fields: targets for training, and decoding."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from mmpose.codecs.base import BaseKeypointCodec
from mmpose.registry import KEYPOINT_CODECS

from ..decoding.part_affinity import (
    Body,
    PartAffinity,
    PartAffinityRules,
    draw_fields,
    draw_heatmaps,
    get_body,
)
from ..decoding.part_affinity.decoder import Number
from ..errors import LitePoseError
from ..utils.tagged import AboveZero
from .checking import Size, checked, checked_size

# Rules whose option is not called `decode_` and the name of the rule.
_OPTIONS = dict(
    keypoint_threshold='keypoint_thr',
    field_threshold='field_thr',
    min_mean_score='min_score',
    top_k='topk',
)


@KEYPOINT_CODECS.register_module()
class PartAffinityFields(BaseKeypointCodec):
    """A heatmap for each part and the background, and a vector field for each limb.

    Targets are those of OpenPose (Cao et al., CVPR 2017, section 2.2) with the values of
    Lightweight OpenPose. A map's pixel lies in the middle of the input pixels that it covers.

    - Heatmaps are the maximum of Gaussians over all people; the background is 1 minus the highest
      heatmap.
    - A field is the unit vector along the limb where the distance to it is small enough, averaged
      over the people whose limbs overlap, and 0 elsewhere.
    - A computed part, such as the neck, exists if all of its keypoints are labelled.

    Args:
        input_size: Width and height of the network's input in training.
        heatmap_size: Width and height of the maps.
        body: Parts and limbs: the name of a data set in
            :data:`litepose_mm.decoding.part_affinity.BODIES`, or ``num_keypoints``, ``parts`` and
            ``limbs``.
        sigma: Standard deviation of the Gaussians in pixels of the input.
        thickness: Largest distance from a limb, in pixels of the maps.
        decode_upsample: For this and all following arguments, see :class:`PartAffinityRules` and
            :class:`PartAffinity`.
        decode_keypoint_thr: Lowest heatmap value of a keypoint.
        decode_suppression: Smallest distance between keypoints of a part in the enlarged maps.
        decode_samples: Number of points along a limb.
        decode_field_thr: Smallest agreement of the field at a point.
        decode_min_success: Share of points that must be exceeded.
        decode_min_keypoints: Smallest number of a person's keypoints.
        decode_min_score: Smallest score of a person per keypoint.
        decode_topk: Largest number of keypoints of each part.
        decode_offset: Added to positions in pixels of the input.

    Raises:
        LitePoseError: A value is wrong, or the strides of width and height differ.
    """

    auxiliary_encode_keys = {'aligned_size'}
    field_mapping_table = dict(
        heatmaps='heatmaps',
        heatmap_mask='heatmap_mask',
        part_affinity_fields='part_affinity_fields',
    )

    def __init__(
        self,
        input_size: Size,
        heatmap_size: Size,
        body: str | Mapping[str, Any] | Body = 'coco',
        sigma: float = 7.0,
        thickness: float = 1.0,
        decode_upsample: int = 4,
        decode_keypoint_thr: float = 0.1,
        decode_suppression: float = 6.0,
        decode_samples: int = 10,
        decode_field_thr: float = 0.05,
        decode_min_success: float = 0.8,
        decode_min_keypoints: int = 3,
        decode_min_score: float = 0.2,
        decode_topk: int = 100,
        decode_offset: float = 0.0,
    ):
        super().__init__()
        self.input_size = checked_size('input_size', input_size)
        self.heatmap_size = checked_size('heatmap_size', heatmap_size)
        self.body = get_body(body)
        self.sigma = checked('sigma', sigma, AboveZero)
        self.thickness = checked('thickness', thickness, AboveZero)
        strides = [own // size for own, size in zip(self.input_size, self.heatmap_size)]
        if strides[0] != strides[1] or self.input_size != tuple(
            stride * size for stride, size in zip(strides, self.heatmap_size)
        ):
            raise LitePoseError(
                f'expected an input_size that is a multiple of heatmap_size, got {self.input_size} '
                f'and {self.heatmap_size}'
            )
        self.stride = strides[0]
        rules: dict[str, Any] = dict(
            body=self.body,
            upsample=decode_upsample,
            keypoint_threshold=decode_keypoint_thr,
            suppression=decode_suppression,
            samples=decode_samples,
            field_threshold=decode_field_thr,
            min_success=decode_min_success,
            min_keypoints=decode_min_keypoints,
            min_mean_score=decode_min_score,
            top_k=decode_topk,
        )
        # Wrong options should fail when the config is built, not at the first image.
        for field in msgspec.structs.fields(PartAffinityRules):
            option = f'decode_{_OPTIONS.get(field.name, field.name)}'
            rules[field.name] = checked(option, rules[field.name], field.type)
        self.decoder = PartAffinity(
            rules=PartAffinityRules(**rules),
            stride=self.stride,
            offset=checked('decode_offset', decode_offset, Number),
        )

    def encode(
        self,
        keypoints: np.ndarray,
        keypoints_visible: np.ndarray | None = None,
        aligned_size: Size | None = None,
    ) -> dict:
        """Makes the targets of one image.

        Args:
            keypoints: Positions in pixels of the input, ``(N, K, 2)``.
            keypoints_visible: Above 0 for labelled keypoints, ``(N, K)``; all are by default. A
                fraction is the height of a keypoint's Gaussian.
            aligned_size: Width and height of the input if they differ from the codec's, see
                :class:`BottomupRandomAffineAlign`.

        Returns:
            A dict. ``heatmaps`` and ``part_affinity_fields`` are lists of one float32 array each,
            ``(P + 1, h, w)`` and ``(2 * L, h, w)``. ``keypoint_weights``, float32 ``(N, K)``, is
            above 0 for labelled keypoints, and at most 1.

        Raises:
            LitePoseError: The number of keypoints is not the body's.
        """
        if keypoints.shape[1] != self.body.num_keypoints:
            raise LitePoseError(
                f'{type(self).__name__}: expected {self.body.num_keypoints} keypoints, those of '
                f'its body, got {keypoints.shape[1]}; set the body of the data set'
            )
        if aligned_size is not None:
            codec = copy.copy(self)
            codec.input_size = aligned_size
            codec.heatmap_size = (aligned_size[0] // self.stride, aligned_size[1] // self.stride)
            return codec.encode(keypoints, keypoints_visible)
        visible = np.ones(keypoints.shape[:2]) if keypoints_visible is None else keypoints_visible
        weights = np.clip(visible, 0, 1).astype(np.float32)
        positions, heights = self.body.part_positions(keypoints, weights)
        positions, size_wh = (positions + 0.5) / self.stride - 0.5, self.heatmap_size
        return dict(
            heatmaps=[draw_heatmaps(positions, heights, size_wh, self.sigma / self.stride)],
            part_affinity_fields=[
                draw_fields(self.body, positions, heights, size_wh, self.thickness)
            ],
            keypoint_weights=weights,
        )

    def decode(self, encoded: Any) -> tuple[np.ndarray, np.ndarray]:
        """Decodes ``(heatmaps, fields)`` of one image into keypoints and their scores."""
        outputs = [np.asarray(maps, dtype=np.float32)[None] for maps in encoded]
        height, width = outputs[0].shape[2:]
        shape_hw = height * self.stride, width * self.stride
        (people,) = self.decoder.decode(outputs, shape_hw, [None])
        return people.keypoints, people.keypoint_scores
