"""The graph of a network that other engines run."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from ...decoding import Decoder
from ...errors import CannotExport, LitePoseError
from .topdown_heads import TOPDOWN_HEADS, topdown_kind


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
        return topdown_kind(head).outputs(head, *arguments)


def deploy_decoder(
    model: nn.Module, outputs: str | None = None, flip_test: bool = False
) -> Decoder:
    """Return the decoder of a network's graph.

    A head can be deployed if it has the methods ``deploy_decoder`` and ``deploy_outputs``, like
    :class:`litepose_mm.models.MultiLevelAEHead`, or if it is one of :data:`TOPDOWN_HEADS`.

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
    kind = topdown_kind(head)
    if kind is not None and outputs not in (None, 'maps'):
        raise LitePoseError(
            f"outputs: expected 'maps' for a {type(head).__name__}, got {outputs!r}"
        )
    decoder = None if kind is None else kind.decoder(head)
    if decoder is None:
        names = ', '.join(each.head.__name__ for each in TOPDOWN_HEADS)
        raise CannotExport(
            f'the head {type(head).__name__} cannot be exported with its codec: expected one with '
            f'deploy_decoder and deploy_outputs, or {names} with a codec of docs/extend.md'
        )
    return decoder
