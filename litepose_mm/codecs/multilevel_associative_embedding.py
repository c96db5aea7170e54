"""The codec of associative embedding with outputs at several resolutions."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmpose.codecs.base import BaseKeypointCodec
from mmpose.registry import KEYPOINT_CODECS
from torch import Tensor

from ..decoding import AssociativeEmbeddingDecoder, decode_batch
from ..errors import LitePoseError
from ..utils.tagged import AboveZero
from .checking import Size, checked, checked_size
from .gaussian_targets import draw_gaussians


@KEYPOINT_CODECS.register_module()
class MultiLevelAssociativeEmbedding(BaseKeypointCodec):
    """One heatmap per keypoint and level, and tags at the levels that carry them.

    The defaults are the authors' (LitePose, HigherHRNet); options named ``'mmpose'`` are MMPose
    1.x's variants.

    Args:
        input_size: Width and height of the network's input in training.
        heatmap_sizes: Width and height of each level's maps, coarse to fine.
        tag_levels: For each level, whether it carries tags.
        sigma: Standard deviation of the targets in pixels of their own level; one number for
            all levels or one for each.
        target: ``'litepose'``: the centre is truncated to a pixel, the patch is
            ``6 * sigma + 3`` pixels wide, and keypoints whose centre lies outside are skipped;
            ``'mmpose'``: the centre is rounded, and the patch is ``6 * sigma + 1`` pixels wide and
            drawn wherever it overlaps the map; ``'udp'``: like ``'litepose'``, but the Gaussian is
            centred on the keypoint with sub-pixel accuracy, see :meth:`level_positions`.
        decode_keypoint_order: For this and all following arguments, see
            :class:`AssociativeEmbeddingDecoder`.
        decode_nms_kernel: Side of the neighbourhood in which a peak must be the maximum.
        decode_keypoint_thr: Candidates have a heatmap value above it.
        decode_tag_thr: Tags closer than this belong together.
        decode_topk: Maximum number of candidates per keypoint.
        decode_max_instances: Maximum number of people, applied according to ``decode_limit``; None
            means no limit.
        decode_offset: ``'litepose'``, ``'mmpose'``, ``'udp'`` or ``'none'``; the default is
            ``'udp'`` for ``'udp'`` targets and ``'litepose'`` for all others.
        decode_missing: ``'litepose'``, ``'mmpose'`` or ``'none'``.
        decode_limit: ``'litepose'`` or ``'mmpose'``.
        decode_keep_best: Number of people with the highest scores to keep; None means all.
    """

    auxiliary_encode_keys = {'flip', 'aligned_size'}
    label_mapping_table = dict(
        keypoint_weights='keypoint_weights', keypoint_indices='keypoint_indices'
    )

    def __init__(
        self,
        input_size: Size,
        heatmap_sizes: Sequence[Size],
        tag_levels: Sequence[bool] = (True, False),
        sigma: float | Sequence[float] = 2.0,
        target: str = 'litepose',
        decode_keypoint_order: Sequence[int] | None = None,
        decode_nms_kernel: int = 5,
        decode_keypoint_thr: float = 0.1,
        decode_tag_thr: float = 1.0,
        decode_topk: int = 30,
        decode_max_instances: int | None = 30,
        decode_offset: str | None = None,
        decode_missing: str = 'litepose',
        decode_limit: str = 'litepose',
        decode_keep_best: int | None = None,
    ):
        super().__init__()
        self.input_size = checked_size('input_size', input_size)
        self.heatmap_sizes = [checked_size('heatmap_sizes', each) for each in heatmap_sizes]
        num_levels = len(self.heatmap_sizes)
        self.tag_levels = tuple(bool(flag) for flag in tag_levels)
        sigmas = sigma if isinstance(sigma, Sequence) else [sigma] * num_levels
        self.sigmas = checked('sigma', sigmas, tuple[AboveZero, ...])
        for name, values in (('tag_levels', self.tag_levels), ('sigma', self.sigmas)):
            if len(values) != num_levels:
                raise LitePoseError(
                    f'expected an entry of {name} for each of {num_levels} levels, got {values}'
                )
        if target not in ('litepose', 'mmpose', 'udp'):
            raise LitePoseError(f"target must be 'litepose', 'mmpose' or 'udp', got {target!r}")
        self.target = target
        if decode_offset is None:
            decode_offset = 'udp' if target == 'udp' else 'litepose'
        self._decoder_options: dict[str, Any] = dict(
            keypoint_order=decode_keypoint_order,
            nms_kernel=decode_nms_kernel,
            top_k=decode_topk,
            keypoint_threshold=decode_keypoint_thr,
            tag_threshold=decode_tag_thr,
            max_people=decode_max_instances,
            offset=decode_offset,
            missing=decode_missing,
            limit=decode_limit,
            keep_best=decode_keep_best,
        )
        # Wrong options should fail when the config is built, not at the first image.
        self._decoders: dict[int, AssociativeEmbeddingDecoder] = {}
        if decode_keypoint_order is not None:
            self.decoder(len(decode_keypoint_order))
        else:
            AssociativeEmbeddingDecoder(1, **self._decoder_options)

    def decoder(self, num_keypoints: int) -> AssociativeEmbeddingDecoder:
        """Returns the numpy decoder for this number of keypoints."""
        if num_keypoints not in self._decoders:
            self._decoders[num_keypoints] = AssociativeEmbeddingDecoder(
                num_keypoints, **self._decoder_options
            )
        return self._decoders[num_keypoints]

    def at_input_size(self, input_size: Size) -> MultiLevelAssociativeEmbedding:
        """Returns the same codec for another (width, height), multiples of the strides."""
        codec = copy.copy(self)
        (width, height), (old_width, old_height) = input_size, self.input_size
        codec.input_size = (width, height)
        codec.heatmap_sizes = [
            (width * own_width // old_width, height * own_height // old_height)
            for own_width, own_height in self.heatmap_sizes
        ]
        return codec

    def encode(
        self,
        keypoints: np.ndarray,
        keypoints_visible: np.ndarray | None = None,
        flip: bool = False,
        aligned_size: Size | None = None,
    ) -> dict:
        """Makes the targets of one image (LitePose section 5.2, HigherHRNet ``HeatmapGenerator``).

        Args:
            keypoints: Positions in pixels of the input, ``(N, K, 2)``.
            keypoints_visible: Above 0 for labelled keypoints, ``(N, K)``; all are by default. A
                fraction is the height of a keypoint's Gaussian, as in a teacher's labels.
            flip: Whether the input is mirrored. It only affects ``'litepose'`` targets, which are
                mirrored from pixel to pixel within each level, and so end up beside the positions
                of the mirrored input.
            aligned_size: Width and height of the input if they differ from the codec's, see
                :class:`BottomupRandomAffineAlign`.

        Returns:
            A dict. ``heatmaps`` is a list with a float32 array ``(K, H_l, W_l)`` for each level,
            the maximum over all people at every pixel. ``keypoint_indices``, int64
            ``(N, T, K, 2)`` for the ``T`` levels with tags, holds the position ``y * W + x`` (0 if
            not visible) and the visibility, 0 or 1. ``keypoint_weights``, float32 ``(N, K)``, is
            above 0 for labelled keypoints, and at most 1.
        """
        if aligned_size is not None:
            return self.at_input_size(aligned_size).encode(keypoints, keypoints_visible, flip)
        visible = (
            np.ones(keypoints.shape[:2], dtype=np.float32)
            if keypoints_visible is None
            else keypoints_visible
        )
        weights = np.clip(visible, 0, 1).astype(np.float32)
        heatmaps, indices = [], []
        for size, sigma, has_tags in zip(self.heatmap_sizes, self.sigmas, self.tag_levels):
            positions = self.level_positions(keypoints, size, flip)
            centres = self._centres(positions)
            heatmaps.append(self._heatmaps(positions, centres, weights, size, sigma))
            if has_tags:
                indices.append(self._indices(centres, weights, size))
        return dict(
            heatmaps=heatmaps, keypoint_indices=np.stack(indices, axis=1), keypoint_weights=weights
        )

    def level_positions(self, keypoints: np.ndarray, size_wh: Size, flip: bool) -> np.ndarray:
        """Returns positions in pixels of a level of the given size; see :meth:`encode`.

        ``'litepose'`` and ``'mmpose'`` divide by the stride, which aligns pixel 0 of a level with
        pixel 0 of the input. However, levels are mirrored, enlarged and averaged with half-pixel
        centres: a level's pixel lies in the middle of the input pixels that it covers. ``'udp'``
        places targets accordingly, so that positions are decoded where they were drawn, mirrored
        or not: at strides 4 and 2 within 0.12 px of the input on average, without a bias. With
        the authors' targets the mean error is 0.53 px, and mirrored positions are 2.5 px too far
        to the right.

        Huang et al. (UDP, CVPR 2020) map the first and the last pixel onto each other instead,
        by ``(size - 1) / (input_size - 1)``. That suits maps enlarged with aligned corners. Here
        it would be off by up to 1.5 px at stride 4, by an amount that depends on the position and
        on the image's size, which a convolution cannot learn.
        """
        shrink = np.array(size_wh) / self.input_size
        if self.target == 'udp':
            return (keypoints + 0.5) * shrink - 0.5
        positions = keypoints * shrink
        if flip and self.target == 'litepose':
            positions[..., 0] -= 1 - shrink[0]
        return positions

    def _centres(self, positions: np.ndarray) -> np.ndarray:
        """Returns the central pixels of the targets at these positions."""
        if self.target == 'udp':
            return np.floor(positions + 0.5).astype(np.int64)
        # Truncation, not floor: the authors draw a keypoint at -0.5 in pixel 0.
        return (positions + (0.5 if self.target == 'mmpose' else 0)).astype(np.int64)

    def _heatmaps(
        self,
        positions: np.ndarray,
        centres: np.ndarray,
        weights: np.ndarray,
        size_wh: Size,
        sigma: float,
    ) -> np.ndarray:
        radius = int(3 * sigma + (self.target != 'mmpose'))
        margin = radius if self.target == 'mmpose' else 0
        drawn = (
            (weights > 0)
            & (centres >= -margin).all(-1)
            & (centres < np.array(size_wh) + margin).all(-1)
        )
        shifts = positions - centres if self.target == 'udp' else None
        return draw_gaussians(size_wh, centres, sigma, radius, weights * drawn, shifts)

    @staticmethod
    def _indices(centres: np.ndarray, weights: np.ndarray, size_wh: Size) -> np.ndarray:
        visible = (weights > 0) & (centres >= 0).all(-1) & (centres < size_wh).all(-1)
        index = np.where(visible, centres[..., 1] * size_wh[0] + centres[..., 0], 0)
        return np.stack([index, visible], axis=-1).astype(np.int64)

    def decode(self, encoded: Any) -> tuple[np.ndarray, ...]:
        """Decodes ``(heatmaps, tags)`` of one image; see :meth:`batch_decode`."""
        heatmaps, tags = (np.asarray(maps, dtype=np.float32)[None] for maps in encoded)
        return tuple(part[0] for part in self.batch_decode(heatmaps, tags))

    def batch_decode(
        self,
        batch_heatmaps: Tensor | np.ndarray,
        batch_tags: Tensor | np.ndarray,
        decode_hw: tuple[int, ...] | None = None,
        input_hw: tuple[int, ...] | None = None,
    ) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
        """Decodes a batch.

        Args:
            batch_heatmaps: Heatmaps ``(B, K, h, w)``.
            batch_tags: Tags ``(B, L * K, h', w')``, keypoints fastest; ``L`` exceeds 1 with a
                flip test or several levels with tags.
            decode_hw: Height and width at which people are searched for, through lazy
                interpolation. The heatmaps' own by default.
            input_hw: Height and width of the network's input, in whose pixels positions are
                returned. ``decode_hw`` by default.

        Returns:
            For each image: keypoints ``(N, K, 2)``, their scores ``(N, K)``, the scores of the
            people ``(N,)`` and their mean tags ``(N, L)``.
        """
        heatmaps, tags = (_to_numpy(maps) for maps in (batch_heatmaps, batch_tags))
        decoder = self.decoder(heatmaps.shape[1])
        people = decode_batch(decoder, heatmaps, tags, decode_hw, input_hw)
        return (
            [each.keypoints for each in people],
            [each.keypoint_scores for each in people],
            [each.scores for each in people],
            [each.tags for each in people if each.tags is not None],  # all have tags
        )


def _to_numpy(maps: Tensor | np.ndarray) -> np.ndarray:
    if isinstance(maps, Tensor):
        maps = maps.detach().float().cpu().numpy()
    return np.ascontiguousarray(maps, dtype=np.float32)
