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
from .gaussian_targets import draw_gaussians

Size = tuple[int, int]


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
            ``'mmpose'``: the centre is rounded, the patch ``6 * sigma + 1`` wide, and drawn
            where it overlaps the map; ``'udp'``: as ``'litepose'``, but the Gaussian is where
            the keypoint is, to a fraction of a pixel, see :meth:`level_positions`.
        decode_keypoint_order: See :class:`AssociativeEmbeddingDecoder`, as for the following.
        decode_nms_kernel: Side of the neighbourhood in which a peak is the highest.
        decode_keypoint_thr: Candidates have a heatmap value above it.
        decode_tag_thr: Tags closer than this belong together.
        decode_topk: Most candidates of a keypoint.
        decode_max_instances: Most people, by the rule ``decode_limit``; ``None``: no limit.
        decode_offset: ``'litepose'``, ``'mmpose'``, ``'udp'`` or ``'none'``; by default
            ``'udp'`` with targets of that rule, and ``'litepose'`` with others.
        decode_missing: ``'litepose'``, ``'mmpose'`` or ``'none'``.
        decode_limit: ``'litepose'`` or ``'mmpose'``.
        decode_keep_best: Most people, those of the highest scores; ``None``: all.
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
        num_levels = len(heatmap_sizes)
        self.input_size = tuple(input_size)
        self.heatmap_sizes = [tuple(size) for size in heatmap_sizes]
        self.tag_levels = tuple(bool(flag) for flag in tag_levels)
        self.sigmas = tuple(np.broadcast_to(sigma, num_levels).astype(float).tolist())
        if len(self.tag_levels) != num_levels:
            raise LitePoseError(
                f'one entry of tag_levels for each of {num_levels} levels, got {self.tag_levels}'
            )
        if target not in ('litepose', 'mmpose', 'udp'):
            raise LitePoseError(f"target must be 'litepose', 'mmpose' or 'udp', got {target!r}")
        self.target = target
        if decode_offset is None:
            decode_offset = 'udp' if target == 'udp' else 'litepose'
        self._decoder_options = dict(
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
        # Wrong options are an error of the config, not of the first image.
        self._decoders = {}
        if decode_keypoint_order is not None:
            self.decoder(len(decode_keypoint_order))
        else:
            AssociativeEmbeddingDecoder(1, **self._decoder_options)

    def decoder(self, num_keypoints: int) -> AssociativeEmbeddingDecoder:
        """The numpy decoder for so many keypoints."""
        if num_keypoints not in self._decoders:
            self._decoders[num_keypoints] = AssociativeEmbeddingDecoder(
                num_keypoints, **self._decoder_options
            )
        return self._decoders[num_keypoints]

    def at_input_size(self, input_size: Size) -> MultiLevelAssociativeEmbedding:
        """The same codec for another input size, width and height, that the strides divide."""
        codec = copy.copy(self)
        codec.input_size = tuple(input_size)
        codec.heatmap_sizes = [
            tuple(new * own // old for new, own, old in zip(input_size, size, self.input_size))
            for size in self.heatmap_sizes
        ]
        return codec

    def encode(
        self,
        keypoints: np.ndarray,
        keypoints_visible: np.ndarray | None = None,
        flip: bool = False,
        aligned_size: Size | None = None,
    ) -> dict:
        """Targets of one image (LitePose section 5.2, HigherHRNet ``HeatmapGenerator``).

        Args:
            keypoints: Positions in pixels of the input, ``(N, K, 2)``.
            keypoints_visible: Labelled keypoints are above 0, ``(N, K)``; all by default. A
                fraction is the height of a keypoint's Gaussian, as a teacher's labels have it.
            flip: Whether the input is mirrored. Only ``'litepose'`` targets ask: they mirror a
                pixel of a level onto a pixel of that level, which is not where the input's
                pixel goes.
            aligned_size: Width and height of the input where they are not the codec's, see
                :class:`BottomupRandomAffineAlign`.

        Returns:
            A dict. ``heatmaps`` is a list of float32 ``(K, H_l, W_l)`` for each level, the highest
            of all people at every pixel. ``keypoint_indices``, int64 ``(N, T, K, 2)`` for the ``T``
            levels with tags, has the position ``y * W + x`` (0 where not visible) and the
            visibility, 0 or 1. ``keypoint_weights``, float32 ``(N, K)``, is above 0 where a
            keypoint is labelled, and at most 1.
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

    def level_positions(self, keypoints: np.ndarray, size: Size, flip: bool) -> np.ndarray:
        """Positions in pixels of a level ``(width, height)``; see :meth:`encode`.

        ``'litepose'`` and ``'mmpose'`` divide by the stride, which puts a level's pixel 0 at the
        input's pixel 0. But levels are mirrored, enlarged and averaged with half-pixel centres:
        a level's pixel is in the middle of the input's pixels that it covers. ``'udp'`` puts
        targets there too, so that positions are decoded where they were drawn, mirrored or not:
        at strides 4 and 2 within 0.12 px of the input in the mean, without a bias. The authors'
        are within 0.53 px, and mirrored ones 2.5 px too far to the right.

        Huang et al. (UDP, CVPR 2020) map the first and the last pixel onto each other instead,
        by ``(size - 1) / (input_size - 1)``. That suits maps enlarged with aligned corners. Here
        it would be up to 1.5 px off at stride 4, by an amount that depends on the place and on
        the image's size, which a convolution cannot follow.
        """
        shrink = np.array(size) / self.input_size
        if self.target == 'udp':
            return (keypoints + 0.5) * shrink - 0.5
        positions = keypoints * shrink
        if flip and self.target == 'litepose':
            positions[..., 0] -= 1 - shrink[0]
        return positions

    def _centres(self, positions: np.ndarray) -> np.ndarray:
        """The pixels that stand for positions."""
        if self.target == 'udp':
            return np.floor(positions + 0.5).astype(np.int64)
        # Truncation, not floor: the authors draw a keypoint at -0.5 at 0.
        return (positions + (0.5 if self.target == 'mmpose' else 0)).astype(np.int64)

    def _heatmaps(
        self,
        positions: np.ndarray,
        centres: np.ndarray,
        weights: np.ndarray,
        size: Size,
        sigma: float,
    ) -> np.ndarray:
        radius = int(3 * sigma + (self.target != 'mmpose'))
        margin = radius if self.target == 'mmpose' else 0
        drawn = (
            (weights > 0)
            & (centres >= -margin).all(-1)
            & (centres < np.array(size) + margin).all(-1)
        )
        shifts = positions - centres if self.target == 'udp' else None
        return draw_gaussians(size, centres, sigma, radius, weights * drawn, shifts)

    @staticmethod
    def _indices(centres: np.ndarray, weights: np.ndarray, size: Size) -> np.ndarray:
        visible = (weights > 0) & (centres >= 0).all(-1) & (centres < size).all(-1)
        index = np.where(visible, centres[..., 1] * size[0] + centres[..., 0], 0)
        return np.stack([index, visible], axis=-1).astype(np.int64)

    def decode(self, encoded: Any) -> tuple[np.ndarray, ...]:
        """People of one image from ``(heatmaps, tags)``; see :meth:`batch_decode`."""
        heatmaps, tags = (np.asarray(maps, dtype=np.float32)[None] for maps in encoded)
        return tuple(part[0] for part in self.batch_decode(heatmaps, tags))

    def batch_decode(
        self,
        batch_heatmaps: Tensor | np.ndarray,
        batch_tags: Tensor | np.ndarray,
        size: tuple[int, int] | None = None,
        input_size: tuple[int, int] | None = None,
    ) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
        """People of a batch.

        Args:
            batch_heatmaps: Heatmaps ``(B, K, h, w)``.
            batch_tags: Tags ``(B, L * K, h', w')``, keypoints fastest; several ``L`` come from
                the flip test or from several levels with tags.
            size: Height and width at which people are looked for, through interpolation that
                is evaluated only where it is needed. The heatmaps' own size by default.
            input_size: Height and width of the network's input, in whose pixels positions are
                given. ``size`` by default.

        Returns:
            For each image: keypoints ``(N, K, 2)``, their scores ``(N, K)``, scores of the
            people ``(N,)`` and their mean tags ``(N, L)``.
        """
        heatmaps, tags = (_to_numpy(maps) for maps in (batch_heatmaps, batch_tags))
        decoder = self.decoder(heatmaps.shape[1])
        people = decode_batch(decoder, heatmaps, tags, size, input_size)
        return tuple(list(part) for part in zip(*people)) or ([], [], [], [])


def _to_numpy(maps: Tensor | np.ndarray) -> np.ndarray:
    if isinstance(maps, Tensor):
        maps = maps.detach().float().cpu().numpy()
    return np.ascontiguousarray(maps, dtype=np.float32)
