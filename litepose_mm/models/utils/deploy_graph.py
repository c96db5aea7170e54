"""The network as other runtimes run it."""

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
    """From normalised images to the outputs that a decoder names; every export is a trace of it.

    Args:
        model: Pose estimator of MMPose whose head can be deployed, see :func:`deploy_decoder`.
        decoder: What will find people in the outputs.
        flip_test: Whether the mirrored images are looked at too.
        flip_indices: With ``flip_test``, the keypoint that each becomes in a mirror.

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
            raise LitePoseError('flip_test needs flip_indices, those of the data set')
        self.model, self.decoder = model, decoder
        self.flip_indices = flip_indices if flip_test else None

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """The outputs, in the order of ``decoder.output_names``.

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
    """The decoder of a network's graph.

    Heads that offer ``deploy_decoder`` and ``deploy_outputs`` can be deployed, as in
    :class:`litepose_mm.models.MultiLevelAEHead`, and MMPose's ``HeatmapHead`` with the codec
    ``MSRAHeatmap``.

    Args:
        model: Pose estimator of MMPose.
        outputs: What the graph gives, where the head offers a choice; None: what it prefers.
        flip_test: Whether the graph looks at the mirrored image too.

    Raises:
        LitePoseError: The head cannot be deployed.
    """
    head = getattr(model, 'head', None)
    if hasattr(head, 'deploy_decoder'):
        return head.deploy_decoder(outputs, flip_test, model.test_cfg or {})
    codec = getattr(head, 'decoder', None)
    if type(head) is HeatmapHead and type(codec) is MSRAHeatmap and not codec.unbiased:
        if outputs not in (None, 'maps'):
            raise LitePoseError(f"outputs: a HeatmapHead gives 'maps' only, got {outputs!r}")
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
    """What MMPose's head averages in its own ``predict``."""
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
