"""Base class of heads with heatmaps of parts and affinity fields of limbs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.models.heads.base_head import BaseHead
from mmpose.registry import KEYPOINT_CODECS, MODELS
from mmpose.structures import MultilevelPixelData
from mmpose.utils.typing import ConfigType, OptConfigType, OptSampleList
from torch import Tensor

from ...codecs import PartAffinityFields
from ...decoding.part_affinity import PartAffinity, get_body
from ...errors import LitePoseError
from .multilevel_ae_head import level_masks

Features = tuple[Tensor, ...]

_LOSS = dict(type='BatchL2Loss')


class PartAffinityHead(BaseHead):
    """A head whose stages compute heatmaps and fields, each at one resolution.

    A subclass builds its layers and implements :meth:`forward`. This class does the flip test,
    finds people and computes the losses.

    Args:
        body: The parts and limbs, see :class:`PartAffinityFields`; None takes those of the
            decoder.
        num_keypoints: Number of keypoints, ``K``, which must be the body's; None does not check.
        heatmap_loss: Loss of each stage's heatmaps, called with prediction, target and mask.
        field_loss: Loss of each stage's fields.
        decoder: Codec that turns maps into people, a :class:`PartAffinityFields`.
        init_cfg: Initialisation, as in MMEngine.

    Raises:
        LitePoseError: The body is missing, or differs from the decoder's.
    """

    def __init__(
        self,
        body: str | ConfigType | None = None,
        num_keypoints: int | None = None,
        heatmap_loss: ConfigType = _LOSS,
        field_loss: ConfigType = _LOSS,
        decoder: OptConfigType = None,
        init_cfg: OptConfigType = None,
    ):
        super().__init__(init_cfg)
        self.decoder = None if decoder is None else KEYPOINT_CODECS.build(decoder)
        if not isinstance(self.decoder, (PartAffinityFields, type(None))):
            raise LitePoseError(
                f'decoder: {type(self).__name__} expects the codec PartAffinityFields, got '
                f'{type(self.decoder).__name__}; set it here and in GenerateTarget'
            )
        if body is None and self.decoder is None:
            raise LitePoseError('body: expected parts and limbs, or a decoder that has them')
        self.body = self.decoder.body if body is None else get_body(body)
        if self.decoder is not None and self.body != self.decoder.body:
            raise LitePoseError('body: expected that of the decoder, got another one; leave it out')
        if num_keypoints not in (None, self.body.num_keypoints):
            raise LitePoseError(
                f'num_keypoints: expected {self.body.num_keypoints}, as many as the body has, got '
                f'{num_keypoints}'
            )
        self.num_keypoints = self.body.num_keypoints
        self.heatmap_loss = MODELS.build(heatmap_loss)
        self.field_loss = MODELS.build(field_loss)

    @property
    @abstractmethod
    def num_stages(self) -> int:
        """Number of stages with outputs."""

    @property
    def level_channels(self) -> tuple[int, ...]:
        """Channels of each output of :meth:`forward`."""
        return (self.body.num_heatmaps, self.body.num_field_channels) * self.num_stages

    @abstractmethod
    def forward(self, feats: Features) -> tuple[Tensor, ...]:
        """Return heatmaps ``(B, P + 1, h, w)`` and fields ``(B, 2 * L, h, w)`` of each stage."""

    def _flipped_back(
        self, heatmaps: Tensor, fields: Tensor, flip_indices: Sequence[int]
    ) -> tuple[Tensor, Tensor]:
        """Turn maps of a mirrored image into those of the image."""
        # pnnx converts indexing by a list wrongly.
        body, count = self.body, self.body.num_parts
        parts, limbs = heatmaps.split(1, dim=1), fields.split(1, dim=1)
        order = [*body.flipped_parts(flip_indices), count]
        heatmaps = torch.cat([parts[index] for index in order], dim=1)
        channels = []
        for field in body.flipped_fields(flip_indices):
            channels += [-limbs[2 * field], limbs[2 * field + 1]]
        return heatmaps.flip(-1), torch.cat(channels, dim=1).flip(-1)

    def deploy_decoder(
        self, outputs: str | None, flip_test: bool, test_cfg: ConfigType
    ) -> PartAffinity:
        """Return the numpy decoder that finds people in the outputs of the network's graph.

        Raises:
            LitePoseError: ``outputs`` is not ``'maps'``, or the head has no codec.
        """
        if outputs not in (None, 'maps'):
            raise LitePoseError(
                f"outputs: expected 'maps', got {outputs!r}; limbs are read from whole maps"
            )
        if self.decoder is None:
            raise LitePoseError(
                "head.decoder: expected a codec that finds people, got None; set it in the model's "
                'config'
            )
        return self.decoder.decoder

    def deploy_outputs(
        self,
        feats: Features,
        decoder: PartAffinity,
        mirrored: Features | None,
        flip_indices: Sequence[int] | None,
        test_cfg: ConfigType,
    ) -> tuple[Tensor, Tensor]:
        """Compute the heatmaps and fields of the last stage; a flip test averages them."""
        heatmaps, fields = self.forward(feats)[-2:]
        if mirrored is None:
            return heatmaps, fields
        others = self._flipped_back(*self.forward(mirrored)[-2:], flip_indices)
        return (heatmaps + others[0]) / 2, (fields + others[1]) / 2

    def predict(
        self,
        feats: Features | list[Features],
        batch_data_samples: OptSampleList,
        test_cfg: OptConfigType = None,
    ):
        """Find people in a batch.

        Args:
            feats: Features; with ``flip_test``, a pair of them (image, mirrored image).
            batch_data_samples: The samples, with ``flip_indices`` for the flip test, and
                optionally ``input_box``.
            test_cfg: ``flip_test`` and ``output_heatmaps``.

        Returns:
            A list of :obj:`InstanceData` with ``keypoints`` ``(N, K, 2)`` in pixels of the input,
            ``keypoint_scores`` ``(N, K)`` and ``bbox_scores`` ``(N,)`` (a person's score). With
            ``output_heatmaps``, the keypoints' heatmaps follow as a list of :obj:`PixelData`.

        Raises:
            LitePoseError: A multi-scale test is asked for.
        """
        test_cfg = test_cfg or {}
        if test_cfg.get('multiscale_test'):
            raise LitePoseError(
                f'multiscale_test: expected False for {type(self).__name__}, got True'
            )
        flip_test = test_cfg.get('flip_test', False)
        images, mirrored = feats if flip_test else (feats, None)
        decoder = self.deploy_decoder(None, flip_test, test_cfg)
        metainfo = [sample.metainfo for sample in batch_data_samples]
        flip_indices = metainfo[0].get('flip_indices')
        maps = self.deploy_outputs(images, decoder, mirrored, flip_indices, test_cfg)
        heatmaps, fields = (each.detach().float().cpu() for each in maps)
        shape_hw = tuple(side * decoder.stride for side in heatmaps.shape[2:])
        boxes = [each.get('input_box') for each in metainfo]
        people = decoder.decode([heatmaps.numpy(), fields.numpy()], shape_hw, boxes)
        instances = [
            InstanceData(
                keypoints=each.keypoints,
                keypoint_scores=each.keypoint_scores,
                bbox_scores=each.scores,
            )
            for each in people
        ]
        if not test_cfg.get('output_heatmaps', False):
            return instances
        return instances, [PixelData(heatmaps=each[self.body.keypoint_parts]) for each in heatmaps]

    def loss(
        self,
        feats: Features,
        batch_data_samples: OptSampleList,
        train_cfg: OptConfigType = None,
    ) -> dict[str, Tensor]:
        """Compute ``loss_heatmap_{s}`` and ``loss_field_{s}`` of each stage in float32.

        Args:
            feats: Features.
            batch_data_samples: Samples with the targets of :class:`PartAffinityFields` and,
                optionally, a ``heatmap_mask`` ``(1, h, w)``, which is 0 where pixels are ignored.
            train_cfg: Not used.

        Raises:
            LitePoseError: The samples have other targets, or their sizes differ from the outputs.
        """
        outputs = self.forward(feats)
        fields = batch_data_samples[0].gt_fields
        if not isinstance(fields, MultilevelPixelData) or 'part_affinity_fields' not in fields:
            raise LitePoseError(
                f'{type(self).__name__}: expected training targets of the codec '
                "PartAffinityFields, got others; give GenerateTarget the head's decoder"
            )
        given = [tuple(each[0].shape) for each in (fields.heatmaps, fields.part_affinity_fields)]
        expected = [tuple(each.shape[1:]) for each in outputs[-2:]]
        if given != expected:
            raise LitePoseError(
                f'expected training targets of shapes {expected}, which the head returns, got '
                f'{given}; body, input_size and heatmap_size of the codec must fit the network'
            )
        mask = level_masks(batch_data_samples, 0)
        targets = {
            name: torch.stack([sample.gt_fields.get(name)[0] for sample in batch_data_samples])
            for name in ('heatmaps', 'part_affinity_fields')
        }
        losses = {}
        for stage in range(len(outputs) // 2):
            heatmaps, limbs = (each.float() for each in outputs[2 * stage : 2 * stage + 2])
            losses[f'loss_heatmap_{stage}'] = self.heatmap_loss(heatmaps, targets['heatmaps'], mask)
            losses[f'loss_field_{stage}'] = self.field_loss(
                limbs, targets['part_affinity_fields'], mask
            )
        return losses
