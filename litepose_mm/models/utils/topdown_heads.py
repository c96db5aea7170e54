"""How MMPose's top-down heads are deployed: their decoders in numpy, and their outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from mmpose.codecs import MSRAHeatmap, SimCCLabel, UDPHeatmap
from mmpose.models.heads import HeatmapHead, RTMCCHead, SimCCHead
from mmpose.models.utils.tta import flip_heatmaps, flip_vectors
from torch import Tensor, nn

from ...decoding import Decoder, SimCC, SinglePerson


class TopDownHead(NamedTuple):
    """A kind of head.

    Attributes:
        head: Its class; subclasses that predict in the same way are of the same kind.
        decoder: Returns the decoder that stands for a head's codec; None if there is none.
        outputs: Computes the decoder's outputs from a head, features, the decoder, features of the
            mirrored images or None, flip indices and ``test_cfg``, as the head's ``predict`` does.
    """

    head: type[nn.Module]
    decoder: Callable[[Any], Decoder | None]
    outputs: Callable[..., tuple[Tensor, ...]]


def _heatmap_decoder(head: HeatmapHead) -> SinglePerson | None:
    codec = head.decoder
    if type(codec) is MSRAHeatmap:
        refinement = 'dark' if codec.unbiased else 'quarter'
    elif type(codec) is UDPHeatmap and codec.heatmap_type == 'gaussian':
        refinement = 'udp'
    else:
        return None
    strides = {size / own for size, own in zip(codec.input_size, codec.heatmap_size)}
    stride = strides.pop()
    if strides or stride != int(stride):
        return None
    return SinglePerson(
        num_keypoints=head.out_channels,
        stride=int(stride),
        refinement=refinement,
        blur_kernel=codec.blur_kernel_size,
    )


def _simcc_decoder(head: SimCCHead | RTMCCHead) -> SimCC | None:
    codec = head.decoder
    if type(codec) is not SimCCLabel:
        return None
    kernels = None
    if codec.use_dark:
        # MMPose chooses the largest odd length up to this one.
        lengths = (int((float(sigma) * 20 - 7) // 3) for sigma in codec.sigma)
        kernels = tuple(length - (length % 2 == 0) for length in lengths)
    return SimCC(
        num_keypoints=head.out_channels,
        split_ratio=float(codec.simcc_split_ratio),
        blur_kernels=kernels,
    )


def _heatmaps(
    head: HeatmapHead,
    feats: Any,
    decoder: Decoder,
    mirrored: Any,
    flip_indices: Sequence[int] | None,
    test_cfg: dict,
) -> tuple[Tensor, ...]:
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


def _vectors(
    head: SimCCHead | RTMCCHead,
    feats: Any,
    decoder: Decoder,
    mirrored: Any,
    flip_indices: Sequence[int] | None,
    test_cfg: dict,
) -> tuple[Tensor, ...]:
    vectors = head.forward(feats)
    if mirrored is not None:
        back = flip_vectors(*head.forward(mirrored), flip_indices=flip_indices)
        vectors = tuple((one + other) * 0.5 for one, other in zip(vectors, back))
    return tuple(vectors)


#: The kinds that can be deployed.
TOPDOWN_HEADS = (
    TopDownHead(HeatmapHead, _heatmap_decoder, _heatmaps),
    TopDownHead(SimCCHead, _simcc_decoder, _vectors),
    TopDownHead(RTMCCHead, _simcc_decoder, _vectors),
)


def topdown_kind(head: Any) -> TopDownHead | None:
    """Returns the kind of a head; None if there is none."""
    own = type(head)
    for kind in TOPDOWN_HEADS:
        same = isinstance(head, kind.head) and all(
            getattr(own, name) is getattr(kind.head, name) for name in ('predict', 'decode')
        )
        if same:
            return kind
    return None
