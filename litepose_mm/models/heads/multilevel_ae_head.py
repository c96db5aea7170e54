"""Base class of associative-embedding heads with outputs at several resolutions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from inspect import signature

import torch
import torch.nn.functional as F
from mmengine.structures import InstanceData, PixelData
from mmpose.models.heads.base_head import BaseHead
from mmpose.models.losses.heatmap_loss import FocalHeatmapLoss
from mmpose.registry import KEYPOINT_CODECS, MODELS
from mmpose.structures import MultilevelPixelData, PoseDataSample
from mmpose.utils.typing import ConfigType, InstanceList, OptConfigType, OptSampleList
from torch import Tensor

from ...codecs import MultiLevelAssociativeEmbedding
from ...decoding import AssociativeEmbedding, AssociativeEmbeddingCandidates, for_candidates
from ...errors import LitePoseError
from ...families.base import require_counts
from ..utils.candidates import find_candidates

Features = tuple[Tensor, ...]

_HEATMAP_LOSS = dict(type='KeypointMSELoss')
_TAG_LOSS = dict(type='BatchAssociativeEmbeddingLoss')


def bilinear(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Interpolate bilinearly with half-pixel centres, as the authors always do."""
    return F.interpolate(maps, size=size, mode='bilinear', align_corners=False)


def resize_maps(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Interpolate if the size differs; not for export, where sizes may be unknown."""
    return maps if tuple(maps.shape[2:]) == tuple(size) else bilinear(maps, size)


class MultiLevelAEHead(BaseHead):
    """A head with heatmaps at every level and tags at some of them.

    A subclass builds its layers and implements :meth:`forward`. This class splits and aggregates
    the outputs, does test-time augmentation, finds people and computes the losses.

    Args:
        num_keypoints: Number of keypoints, ``K``.
        tag_levels: For each level, coarse to fine, whether it has tags.
        tag_dim: Number of tags per keypoint, ``L``.
        heatmap_loss: Loss of one level's heatmaps, called with prediction, target and mask, such as
            ``KeypointMSELoss`` or :class:`WeightAdaptiveHeatmapLoss`.
        tag_loss: Loss of one level's tags.
        decoder: Codec that turns maps into people, a :class:`MultiLevelAssociativeEmbedding`.
        init_cfg: Initialisation, as in MMEngine.

    Raises:
        LitePoseError: No level has tags, a number is impossible, or the type of the loss or of the
            codec does not fit.
    """

    def __init__(
        self,
        num_keypoints: int,
        tag_levels: Sequence[bool] = (True, False),
        tag_dim: int = 1,
        heatmap_loss: ConfigType = _HEATMAP_LOSS,
        tag_loss: ConfigType = _TAG_LOSS,
        decoder: OptConfigType = None,
        init_cfg: OptConfigType = None,
    ):
        super().__init__(init_cfg)
        if not any(tag_levels):
            raise LitePoseError(
                f'tag_levels: expected at least one level with tags, got {tag_levels}'
            )
        require_counts(num_keypoints=[num_keypoints], tag_dim=[tag_dim])
        self.num_keypoints = num_keypoints
        self.tag_levels = tuple(bool(flag) for flag in tag_levels)
        self.tag_dim = tag_dim
        self.heatmap_loss = MODELS.build(heatmap_loss)
        self.tag_loss = MODELS.build(tag_loss)
        self.decoder = None if decoder is None else KEYPOINT_CODECS.build(decoder)
        self._check_parts()

    def _check_parts(self) -> None:
        kind = type(self.heatmap_loss)
        has_mask = 'mask' in signature(self.heatmap_loss.forward).parameters
        if not has_mask or issubclass(kind, FocalHeatmapLoss):
            reason = 'takes no mask' if not has_mask else 'expects the outputs of a sigmoid'
            raise LitePoseError(
                'heatmap_loss: expected a loss between heatmaps that takes a mask, such as '
                f'KeypointMSELoss or WeightAdaptiveHeatmapLoss, got {kind.__name__}, which {reason}'
            )
        if not isinstance(self.decoder, (MultiLevelAssociativeEmbedding, type(None))):
            raise LitePoseError(
                f'decoder: {type(self).__name__} expects the codec MultiLevelAssociativeEmbedding, '
                f'got {type(self.decoder).__name__}; set it here and in GenerateTarget'
            )

    @property
    def num_levels(self) -> int:
        return len(self.tag_levels)

    @property
    def level_channels(self) -> tuple[int, ...]:
        """Channels of each level's output: ``K`` heatmaps, and ``L * K`` tags if it has tags."""
        return tuple(self.num_keypoints * (1 + self.tag_dim * flag) for flag in self.tag_levels)

    @property
    def tags_are_finest(self) -> bool:
        """Whether :meth:`aggregate` returns tags of the heatmaps' size."""
        return self.tag_levels[-1] or sum(self.tag_levels) > 1

    @abstractmethod
    def forward(self, feats: Features) -> tuple[Tensor, ...]:
        """Return one output ``(B, C_l, H_l, W_l)`` per level, coarse to fine.

        :attr:`level_channels` gives the number of channels.
        """

    def split(self, outputs: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor | None]]:
        """Split the outputs into heatmaps and tags of each level, None for a level without tags."""
        sizes = [self.num_keypoints, self.tag_dim * self.num_keypoints]
        parts = [
            output.split(sizes, dim=1) if flag else (output, None)
            for output, flag in zip(outputs, self.tag_levels)
        ]
        heatmaps, tags = zip(*parts)
        return list(heatmaps), list(tags)

    def aggregate(self, outputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Combine the levels (HigherHRNet section 3.3).

        Returns:
            The mean of all heatmaps at the finest level's size, ``(B, K, h, w)``, and the tags
            ``(B, L * K, h', w')``. The tags of a single level keep their size, so that a decoder
            interpolates only those it needs; tags of several levels are resized to the finest
            level and stacked.
        """
        heatmaps, tags = self.split(outputs)
        size = outputs[-1].shape[2:]
        heatmaps = _at_finest_level(heatmaps, size)
        mean = sum(heatmaps[1:], heatmaps[0]) / len(heatmaps)
        if sum(self.tag_levels) > 1:
            tags = _at_finest_level(tags, size)
        return mean, torch.cat([maps for maps in tags if maps is not None], dim=1)

    def _flipped_back(self, maps: Tensor, flip_indices: Sequence[int], shift: bool) -> Tensor:
        """Turn maps of a mirrored image into those of the image; keypoints vary fastest."""
        # pnnx converts indexing by a list wrongly.
        channels, keypoints = maps.split(1, dim=1), self.num_keypoints
        firsts = range(0, len(channels), keypoints)
        order = [channels[first + index] for first in firsts for index in flip_indices]
        maps = torch.cat(order, dim=1).flip(-1)
        if shift:
            maps = torch.cat([maps[..., :1], maps[..., :-1]], dim=-1)
        return maps

    def test_time_maps(
        self, feats, flip_indices: Sequence[int] | None, flip_test: bool, shift_heatmap: bool
    ) -> tuple[Tensor, Tensor]:
        """Aggregate the maps of one scale; a flip test averages heatmaps and stacks tags."""
        if not flip_test:
            return self.aggregate(self.forward(feats))
        original, mirrored = (self.aggregate(self.forward(f)) for f in feats)
        heatmaps, tags = (
            self._flipped_back(maps, flip_indices, shift_heatmap) for maps in mirrored
        )
        return (original[0] + heatmaps) / 2, torch.cat([original[1], tags], dim=1)

    def deploy_decoder(
        self, outputs: str | None, flip_test: bool, test_cfg: ConfigType
    ) -> AssociativeEmbedding | AssociativeEmbeddingCandidates:
        """Return the numpy decoder that finds people in the outputs of the network's graph.

        Args:
            outputs: ``'maps'``, the default, or ``'candidates'``. Candidates are far fewer numbers,
                but keypoints that a person lacks are not searched for.
            flip_test: Whether the graph also runs the mirrored image.
            test_cfg: ``test_cfg`` of the estimator.

        Raises:
            LitePoseError: ``outputs`` is unknown, the head has no codec, or the codec's rules need
                maps.
        """
        if outputs not in (None, 'maps', 'candidates'):
            raise LitePoseError(f"outputs: expected 'maps' or 'candidates', got {outputs!r}")
        codec = self._codec
        rules = codec.decoder(self.num_keypoints)
        common = dict(
            stride=codec.input_size[0] // codec.heatmap_sizes[-1][0],
            tag_dim=self.tag_dim * sum(self.tag_levels) * (2 if flip_test else 1),
        )
        if outputs == 'candidates':
            return AssociativeEmbeddingCandidates(rules=for_candidates(rules), **common)
        restore = test_cfg.get('restore_heatmap_size', True)
        return AssociativeEmbedding(rules=rules, restore_heatmap_size=restore, **common)

    def deploy_outputs(
        self,
        feats: Features,
        decoder: AssociativeEmbedding | AssociativeEmbeddingCandidates,
        mirrored: Features | None,
        flip_indices: Sequence[int] | None,
        test_cfg: ConfigType,
    ) -> tuple[Tensor, ...]:
        """Compute the outputs that ``decoder`` names.

        Args:
            feats: Features of the images.
            decoder: Decoder that :meth:`deploy_decoder` returned.
            mirrored: Features of the mirrored images if there is a flip test, else None.
            flip_indices: For each keypoint, the index of its mirror partner; for the flip test.
            test_cfg: ``test_cfg`` of the estimator.
        """
        flip_test = mirrored is not None
        heatmaps, tags = self.test_time_maps(
            (feats, mirrored) if flip_test else feats,
            flip_indices,
            flip_test,
            test_cfg.get('shift_heatmap', False),
        )
        if not isinstance(decoder, AssociativeEmbeddingCandidates):
            return heatmaps, tags
        if not self.tags_are_finest:
            tags = bilinear(tags, heatmaps.shape[2:])
        return find_candidates(heatmaps, tags, decoder.rules.top_k, decoder.rules.nms_kernel)

    @property
    def _codec(self) -> MultiLevelAssociativeEmbedding:
        if self.decoder is None:
            raise LitePoseError(
                "head.decoder: expected a codec that finds people, got None; set it in the model's "
                'config'
            )
        return self.decoder

    def predict(
        self,
        feats: Features | list[Features] | list[list[Features]],
        batch_data_samples: OptSampleList,
        test_cfg: OptConfigType = None,
    ):
        """Find people in a batch.

        Args:
            feats: Features; with ``flip_test``, a pair of them (image, mirrored image); with
                ``multiscale_test``, a list of either over scales, the original scale first.
            batch_data_samples: The samples, with ``img_shape`` and, for the flip test,
                ``flip_indices``.
            test_cfg: ``flip_test``, ``multiscale_test``, ``shift_heatmap`` (move mirrored maps
                by one pixel, which the authors do not do), ``output_heatmaps``, and
                ``restore_heatmap_size`` (True, the default, finds people at the input size, as
                the authors do; False finds them at the finest level's size).

        Returns:
            A list of :obj:`InstanceData` with ``keypoints`` ``(N, K, 2)`` in pixels of the
            input, ``keypoint_scores`` ``(N, K)``, ``bbox_scores`` ``(N,)`` (a person's score)
            and ``tags`` ``(N, L)``. With ``output_heatmaps``, the maps follow as a list of
            :obj:`PixelData`.

        Raises:
            ValueError: A flip test lacks ``flip_indices``.
        """
        test_cfg = test_cfg or {}
        flip_test = test_cfg.get('flip_test', False)
        scales = feats if test_cfg.get('multiscale_test', False) else [feats]
        flip_indices = batch_data_samples[0].metainfo.get('flip_indices')
        if flip_test and flip_indices is None:
            raise ValueError(
                'flip_test: expected flip_indices in the samples; add them to the meta_keys of '
                'PackPoseInputs'
            )
        # Images of a batch are padded at the right and the bottom to the size of the largest.
        shapes = [sample.metainfo['img_shape'] for sample in batch_data_samples]
        input_hw = tuple(max(shape[axis] for shape in shapes) for axis in (0, 1))

        maps = [
            self.test_time_maps(
                scale, flip_indices, flip_test, test_cfg.get('shift_heatmap', False)
            )
            for scale in scales
        ]
        heatmaps, tags = maps[0]
        if len(maps) > 1:
            # Tags are read at the original scale only (HigherHRNet ``aggregate_results``).
            heatmaps = sum(resize_maps(scale[0], input_hw) for scale in maps) / len(maps)

        decode_hw = input_hw if test_cfg.get('restore_heatmap_size', True) else None
        preds = self.decode((heatmaps, tags), decode_hw, input_hw)
        if not test_cfg.get('output_heatmaps', False):
            return preds
        tags = resize_maps(tags, heatmaps.shape[2:])
        fields = [
            PixelData(heatmaps=maps, tags=own)
            for maps, own in zip(heatmaps.detach(), tags.detach())
        ]
        return preds, fields

    def decode(
        self,
        batch_outputs: tuple[Tensor, Tensor],
        decode_hw: tuple[int, int] | None,
        input_hw: tuple[int, int],
    ) -> InstanceList:
        """Find people in aggregated maps at the resolution ``decode_hw``, in input pixels."""
        keypoints, keypoint_scores, scores, tags = self._codec.batch_decode(
            *batch_outputs, decode_hw=decode_hw, input_hw=input_hw
        )
        return [
            InstanceData(keypoints=k, keypoint_scores=s, bbox_scores=b, tags=t)
            for k, s, b, t in zip(keypoints, keypoint_scores, scores, tags)
        ]

    def loss(
        self,
        feats: Features,
        batch_data_samples: OptSampleList,
        train_cfg: OptConfigType = None,
    ) -> dict:
        """Compute the losses of a batch, see :meth:`loss_of_outputs`."""
        return self.loss_of_outputs(self.forward(feats), batch_data_samples)

    def loss_of_outputs(
        self, outputs: Sequence[Tensor], batch_data_samples: OptSampleList
    ) -> dict[str, Tensor]:
        """Compute ``loss_heatmap_{l}`` of each level, ``loss_pull`` and ``loss_push`` in float32.

        Args:
            outputs: Outputs of :meth:`forward`.
            batch_data_samples: Samples with the targets of :class:`MultiLevelAssociativeEmbedding`
                and, optionally, a ``heatmap_mask`` ``(1, H_l, W_l)`` for every level, which is 0
                where pixels are ignored.

        Raises:
            LitePoseError: Levels, sizes or keypoints of targets and outputs differ.
        """
        heatmaps, tags = self.split(outputs)
        self._check_targets(heatmaps, batch_data_samples[0])
        losses = {}
        for level, prediction in enumerate(heatmaps):
            target = torch.stack([each.gt_fields.heatmaps[level] for each in batch_data_samples])
            losses[f'loss_heatmap_{level}'] = self.heatmap_loss(
                prediction.float(), target, None, level_masks(batch_data_samples, level)
            )

        pull = push = 0
        for order, maps in enumerate(maps for maps in tags if maps is not None):
            indices = [
                sample.gt_instance_labels.keypoint_indices[:, order]
                for sample in batch_data_samples
            ]
            level_pull, level_push = self.tag_loss(maps, indices)
            pull, push = pull + level_pull, push + level_push
        return dict(losses, loss_pull=pull, loss_push=push)

    def _check_targets(self, heatmaps: Sequence[Tensor], sample: PoseDataSample) -> None:
        if not isinstance(sample.gt_fields, MultilevelPixelData):
            raise LitePoseError(
                f'{type(self).__name__}: expected training targets of the codec '
                'MultiLevelAssociativeEmbedding, with heatmaps for each level, got heatmaps of one '
                f'level, {tuple(sample.gt_fields.heatmaps.shape)}; give GenerateTarget the codec '
                "that is the head's decoder"
            )
        given = [tuple(target.shape) for target in sample.gt_fields.heatmaps]
        expected = [tuple(maps.shape[1:]) for maps in heatmaps]
        if given != expected:
            raise LitePoseError(
                f'expected training targets of shapes {expected}, which the head returns, got '
                f'{given}; the number of keypoints of data set and head and the input_size and '
                'heatmap_sizes of the codec must agree'
            )
        count, flags = sample.gt_instance_labels.keypoint_indices.shape[1], self.tag_levels
        if count != sum(flags):
            raise LitePoseError(
                f'expected training targets with tags at {sum(flags)} levels (tag_levels={flags} '
                f'of the head), got {count} levels; give the codec the same tag_levels'
            )


def _at_finest_level(maps: Sequence[Tensor | None], size: tuple[int, int]) -> list[Tensor]:
    """Resize the maps of all levels that have them to the finest level's size."""
    *coarse, finest = maps  # sizes are not compared: they may be unknown in an export
    resized = [bilinear(level, size) for level in coarse if level is not None]
    return resized if finest is None else [*resized, finest]


def level_masks(batch_data_samples: OptSampleList, level: int) -> Tensor | None:
    """Stack the masks of a level, ``(B, 1, H_l, W_l)``; None if the samples have none."""
    if 'heatmap_mask' not in batch_data_samples[0].get('gt_fields', ()):
        return None
    masks = [sample.gt_fields.heatmap_mask[level] for sample in batch_data_samples]
    return torch.stack(masks).float()
