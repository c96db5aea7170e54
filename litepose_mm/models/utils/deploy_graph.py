"""The graph of a network that other engines run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmpose.codecs import MSRAHeatmap
from mmpose.models.heads import HeatmapHead
from mmpose.models.utils.tta import flip_heatmaps
from torch import Tensor, nn

from ...decoding import Decoder, SinglePerson
from ...errors import CannotExport, LitePoseError


class DeployGraph(nn.Module):
    """A module from normalised images to the outputs that a decoder names; every export traces it.

    Args:
        model: Pose estimator of MMPose whose head can be deployed, see :func:`deploy_decoder`.
        decoder: Decoder that will find people in the outputs.
        flip_test: Whether the graph also runs the mirrored images.
        flip_indices: For each keypoint, the index of its mirror partner; needed for ``flip_test``.

    Raises:
        LitePoseError: ``flip_indices`` are missing.
    """

    def __init__(
        self,
        model: nn.Module,
        decoder: Decoder,
        flip_test: bool = False,
        flip_indices: Sequence[int] | None = None,
    ):
        super().__init__()
        if flip_test and flip_indices is None:
            raise LitePoseError('flip_test: expected the flip_indices of the data set, got None')
        self.model, self.decoder = model, decoder
        self.flip_indices = flip_indices if flip_test else None

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Compute the outputs in the order of ``decoder.output_names``.

        Args:
            inputs: Normalised images ``(B, 3, H, W)``.
        """
        model = self.model
        feats = model.extract_feat(inputs)
        mirrored = None if self.flip_indices is None else model.extract_feat(inputs.flip(-1))
        arguments = feats, self.decoder, mirrored, self.flip_indices, model.test_cfg or {}
        head = model.head
        if hasattr(head, 'deploy_outputs'):
            return tuple(head.deploy_outputs(*arguments))
        return _heatmap_outputs(head, *arguments)


def deploy_decoder(
    model: nn.Module, outputs: str | None = None, flip_test: bool = False
) -> Decoder:
    """Return the decoder of a network's graph.

    A head can be deployed if it has the methods ``deploy_decoder`` and ``deploy_outputs``, like
    :class:`litepose_mm.models.MultiLevelAEHead`, or if it is MMPose's ``HeatmapHead`` with the
    codec ``MSRAHeatmap``.

    Args:
        model: Pose estimator of MMPose.
        outputs: Kind of outputs, if the head offers a choice; None for the head's default.
        flip_test: Whether the graph also runs the mirrored image.

    Raises:
        LitePoseError: The head cannot be deployed.
    """
    head = getattr(model, 'head', None)
    if hasattr(head, 'deploy_decoder'):
        return head.deploy_decoder(outputs, flip_test, model.test_cfg or {})
    codec = getattr(head, 'decoder', None)
    if isinstance(head, HeatmapHead) and type(codec) is MSRAHeatmap and not codec.unbiased:
        if outputs not in (None, 'maps'):
            raise LitePoseError(f"outputs: expected 'maps' for a HeatmapHead, got {outputs!r}")
        strides = {size // own for size, own in zip(codec.input_size, codec.heatmap_size)}
        if len(strides) == 1:
            return SinglePerson(num_keypoints=head.out_channels, stride=strides.pop())
    raise CannotExport(
        f'the head {type(head).__name__} cannot be exported: expected one with deploy_decoder and '
        'deploy_outputs (docs/extend.md), or a HeatmapHead with the codec MSRAHeatmap'
    )


def _heatmap_outputs(
    head: HeatmapHead,
    feats: Any,
    decoder: Decoder,
    mirrored: Any,
    flip_indices: Sequence[int] | None,
    test_cfg: dict,
) -> tuple[Tensor, ...]:
    """Average the heatmaps over the flip test, as the ``predict`` of MMPose's head does."""
    heatmaps = head.forward(feats)
    if mirrored is not None:
        back = flip_heatmaps(
            head.forward(mirrored),
            flip_mode=test_cfg.get('flip_mode', 'heatmap'),
            flip_indices=flip_indices,
            shift_heatmap=test_cfg.get('shift_heatmap', False),
        )
        heatmaps = (heatmaps + back) * 0.5
    return (heatmaps,)
