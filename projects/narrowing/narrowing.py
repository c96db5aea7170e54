"""Initialise a narrow network so that it approximates a wide trained one.

Slicing keeps some channels and loses what later layers read from the others. Here, features
between blocks, which only linear layers read, are first rotated, so that the directions that matter
least to their readers are dropped. Inside a block, the channels are kept from which its output can
best be computed. Every layer is fitted by least squares to the outputs of the wide network on
images, given the inputs that the narrow network computes. Nothing is trained.

Constants are ignored throughout, because the normalisation after a layer has its own shift.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from litepose_mm.errors import LitePoseError
from litepose_mm.models.backbones import LitePose
from litepose_mm.models.heads import FusionDeconvHead

#: Largest number of pixels of a least-squares problem.
_MAX_PIXELS = 40_000
#: Added to the variance of each input, as a share of the mean.
_RIDGE = 1e-4


@torch.no_grad()
def narrow(wide: nn.Module, small: nn.Module, images: Tensor) -> None:
    """Set the weights of a network so that it approximates a wider one.

    Args:
        wide: A trained pose estimator with a LitePose backbone and a :class:`FusionDeconvHead` on
            all of its features.
        small: A pose estimator with the same blocks, kernel sizes and keypoints and no larger
            widths. Its weights and batch normalisation statistics are replaced.
        images: Normalised images ``(N, 3, H, W)`` like those that it will see; a hundred are
            enough.

    Raises:
        LitePoseError: The networks differ in more than their widths.
    """
    _check(wide, small)
    wide.eval()
    small.eval()
    features = _narrow_backbone(wide.backbone, small.backbone, wide.head, images)
    _narrow_head(wide.head, small.head, features)


@dataclass
class _Feature:
    """A feature of both networks.

    Attributes:
        wide: ``(N, C, h, w)``.
        small: ``(N, c, h, w)``, approximately ``encode`` times ``wide``.
        encode: ``(c, C)``.
    """

    wide: Tensor
    small: Tensor
    encode: Tensor


def _check(wide: nn.Module, small: nn.Module) -> None:
    networks = (nn.ModuleDict(dict(backbone=m.backbone, head=m.head)) for m in (wide, small))
    tensors, others = (network.state_dict() for network in networks)
    for name, tensor in tensors.items():
        if name not in others:
            raise LitePoseError(f'{name} is not in the narrow network; only widths may differ')
        expected, got = tuple(tensor.shape), tuple(others.pop(name).shape)
        if got[2:] != expected[2:] or any(own > most for own, most in zip(got, expected)):
            raise LitePoseError(
                f'{name}: expected at most {expected} and the same kernel, got {got}'
            )
    for name in others:
        raise LitePoseError(f'{name} is not in the wide network; only widths may differ')


# --- least squares ----------------------------------------------------------------------------


def _pixels(*maps: Tensor) -> list[Tensor]:
    """Maps ``(N, C, h, w)`` of one size as ``(pixels, C)`` in float64, the same pixels of each."""
    rows = [each.movedim(1, 3).flatten(0, 2) for each in maps]
    # Chosen at random, since a regular choice would prefer some columns of the images.
    chosen = torch.randperm(len(rows[0]), generator=torch.Generator().manual_seed(0))[:_MAX_PIXELS]
    return [each[chosen].double() for each in rows]


def _covariances(inputs: Tensor, targets: Tensor, centred: bool = True) -> tuple[Tensor, Tensor]:
    """Covariance of inputs ``(n, P)``, with a ridge, and with targets ``(n, Q)``."""
    if centred:
        inputs, targets = inputs - inputs.mean(0), targets - targets.mean(0)
    gram = inputs.T @ inputs / len(inputs)
    gram.diagonal().add_(_RIDGE * gram.diagonal().mean() + 1e-12)
    return gram, inputs.T @ targets / len(inputs)


def _fit(inputs: Tensor, targets: Tensor, constant: bool = True) -> Tensor:
    """Fit weights ``(Q, P)`` from inputs to targets, up to a constant if ``constant``."""
    gram, cross = _covariances(inputs, targets, constant)
    return torch.linalg.solve(gram, cross).T


def _best_inputs(inputs: Tensor, targets: Tensor, count: int) -> Tensor:
    """Return indices of the inputs from which targets can best be computed.

    Step by step, the least important input is dropped and the others are fitted again.
    """
    gram, cross = _covariances(inputs, targets)
    kept = torch.arange(len(gram))
    inverse = torch.linalg.inv(gram)
    weights = inverse @ cross
    while len(kept) > count:
        growth = weights.square().sum(1) / inverse.diagonal()  # of the squared error
        least = int(growth.argmin())
        rest = torch.arange(len(kept)) != least
        column = inverse[rest, least] / inverse[least, least]
        weights = weights[rest] - torch.outer(column, weights[least])
        inverse = inverse[rest][:, rest] - torch.outer(column, inverse[least, rest])
        kept = kept[rest]
    return kept


def _encoding(covariance: Tensor, metric: Tensor, width: int) -> Tensor:
    """Return the ``(c, C)`` that keeps most of a feature, weighting directions by ``metric``."""
    full = len(covariance)
    if width == full:
        return torch.eye(full)
    metric = metric + 1e-6 * metric.diagonal().mean() * torch.eye(full)
    root = torch.linalg.cholesky(metric).T  # metric = root.T @ root
    _, vectors = torch.linalg.eigh(root @ covariance @ root.T)
    return (vectors[:, -width:].T @ root).float()


def _encoded(encode: Tensor, maps: Tensor) -> Tensor:
    return torch.einsum('cC,NChw->Nchw', encode, maps)


# --- normalisation ----------------------------------------------------------------------------


def _scale(bn: nn.Module) -> Tensor:
    """Return the factor of each channel in normalisation."""
    return (bn.weight / (bn.running_var + bn.eps).sqrt()).double()


def _shift(bn: nn.Module) -> Tensor:
    """Return the constant that normalisation adds to each channel."""
    return bn.bias.double() - _scale(bn) * bn.running_mean.double()


def _set_norm(bn: nn.Module, outputs: Tensor, scale: Tensor, shift: Tensor) -> None:
    """Set the statistics of ``(n, C)``, and weights that compute ``scale * x + shift``."""
    mean, var = outputs.mean(0), outputs.var(0, unbiased=False)
    bn.running_mean.copy_(mean)
    bn.running_var.copy_(var)
    bn.weight.copy_(scale * (var + bn.eps).sqrt())
    bn.bias.copy_(shift + scale * mean)


def _follow_norm(
    bn: nn.Module, maps: Tensor, wide_bn: nn.Module, wide_maps: Tensor, kept: Tensor
) -> None:
    """Fit normalised channels to the ``kept`` ones of the wide network."""
    own, wanted = _pixels(maps, wide_maps[:, kept])
    wanted = wanted * _scale(wide_bn)[kept] + _shift(wide_bn)[kept]
    own_mean, wanted_mean = own.mean(0), wanted.mean(0)
    product = ((own - own_mean) * (wanted - wanted_mean)).mean(0)
    scale = product / own.var(0, unbiased=False).clamp(min=1e-12)
    _set_norm(bn, own, scale, wanted_mean - scale * own_mean)


# --- backbone ---------------------------------------------------------------------------------


def _narrow_backbone(
    wide: LitePose, small: LitePose, head: FusionDeconvHead, images: Tensor
) -> list[_Feature]:
    wide_maps = small_maps = images
    for wide_layer, small_layer in zip(wide.stem[:2], small.stem[:2]):
        small_layer.conv.load_state_dict(wide_layer.conv.state_dict())
        outputs = wide_layer.conv(wide_maps)
        every = torch.arange(outputs.shape[1])
        _follow_norm(small_layer.bn, small_layer.conv(small_maps), wide_layer.bn, outputs, every)
        wide_maps, small_maps = wide_layer(wide_maps), small_layer(small_maps)
    stem = wide.stem[2](wide_maps)
    encode = _encoding(_covariance(stem), _metric(wide, head, 0), small.arch.channels[0])
    features = [
        _Feature(stem, _fit_projection(small.stem[2], small_maps, _encoded(encode, stem)), encode)
    ]
    for index, (wide_stage, small_stage) in enumerate(zip(wide.stages, small.stages), 1):
        covariance, maps = 0, features[-1].wide
        for block in wide_stage:
            maps = block(maps)
            covariance = covariance + _covariance(maps)
        encode = _encoding(covariance, _metric(wide, head, index), small.arch.channels[index])
        feature = features[-1]
        for blocks in zip(wide_stage, small_stage):
            feature = _narrow_block(*blocks, feature, encode)
        features.append(feature)
    return features


def _covariance(maps: Tensor) -> Tensor:
    (pixels,) = _pixels(maps)
    return torch.cov(pixels.T, correction=0)


def _metric(backbone: LitePose, head: FusionDeconvHead, index: int) -> Tensor:
    """Return how strongly readers of feature ``index`` (0 is the stem) weight each direction."""
    blocks = [*backbone.stages[index - 1][1:]] if index else []
    blocks += [stage[0] for stage in backbone.stages[index : index + 1]]
    weights = [(block.expand.conv.weight.transpose(0, 1), block.expand.bn) for block in blocks]
    deconvs, outputs = head.raw_readers(index)
    weights += [(deconv.raw.weight, deconv.bn) for deconv in deconvs]
    if index == len(backbone.stages):
        weights.append((head.deconvs[0].refined.weight, head.deconvs[0].bn))
    metrics = []
    for weight, bn in weights:  # (C, outputs, k, k)
        seen = (weight.double() * _scale(bn)[:, None, None]).flatten(1)
        metrics.append(seen @ seen.T)
    for output in outputs:  # a depthwise convolution reads each channel separately
        depthwise = output.raw.depthwise
        seen = (
            depthwise.conv.weight.double().square().sum((1, 2, 3)) * _scale(depthwise.bn).square()
        )
        metrics.append(torch.diag(seen))
    return sum(metric / metric.trace().clamp(min=1e-12) for metric in metrics)  # with equal weight


def _narrow_block(wide: nn.Module, small: nn.Module, feature: _Feature, encode: Tensor) -> _Feature:
    """Fit a block and return its output in both networks."""
    expanded = wide.expand.conv(feature.wide)
    filtered = wide.depthwise.conv(wide.expand(feature.wide))
    output = wide(feature.wide)
    target = _encoded(encode, output)
    if small.with_residual:
        target = target - feature.small  # also corrects earlier errors
    hidden = wide.depthwise.act(wide.depthwise.bn(filtered))
    kept = _best_inputs(*_pixels(hidden, target), small.expand.conv.out_channels)

    weight = _fit(*_pixels(feature.small, expanded[:, kept]))
    small.expand.conv.weight.copy_(weight[:, :, None, None])
    own = small.expand.conv(feature.small)
    _follow_norm(small.expand.bn, own, wide.expand.bn, expanded, kept)
    small.depthwise.conv.weight.copy_(wide.depthwise.conv.weight[kept])
    own = small.depthwise.conv(small.expand(feature.small))
    _follow_norm(small.depthwise.bn, own, wide.depthwise.bn, filtered, kept)
    _fit_projection(small.project, small.depthwise(small.expand(feature.small)), target)
    return _Feature(output, small(feature.small), encode)


def _fit_projection(layer: nn.Sequential, maps: Tensor, target: Tensor) -> Tensor:
    """Fit a 1x1 convolution and its normalisation; return their output."""
    inputs, wanted = _pixels(maps, target)
    weight = _fit(inputs, wanted)
    layer.conv.weight.copy_(weight[:, :, None, None])
    own = inputs @ weight.T
    _set_norm(layer.bn, own, torch.ones(len(weight)).double(), (wanted - own).mean(0))
    return layer(maps)


# --- head -------------------------------------------------------------------------------------

#: Taps of a 4x4 kernel for an input pixel and for its neighbour, for output pixels 2i and 2i + 1.
_TAPS = ((1, 3), (2, 0))


def _narrow_head(wide: FusionDeconvHead, small: FusionDeconvHead, features: list[_Feature]) -> None:
    raw_of = {
        reader: feature
        for index, feature in enumerate(features[:-1])
        for readers in wide.raw_readers(index)
        for reader in readers
    }
    refined = features[-1]
    first_output = len(wide.deconvs) - len(wide.outputs)
    for index, (wide_deconv, small_deconv) in enumerate(zip(wide.deconvs, small.deconvs)):
        output = wide.outputs[index - first_output] if index >= first_output else None
        following = wide.deconvs[index + 1] if index + 1 < len(wide.deconvs) else None
        raw = raw_of.get(wide_deconv)
        refined, kept = _narrow_deconv(wide_deconv, small_deconv, refined, raw, output, following)
        if output is not None:
            _narrow_output(
                output, small.outputs[index - first_output], refined, raw_of.get(output), kept
            )


def _narrow_deconv(
    wide: nn.Module,
    small: nn.Module,
    refined: _Feature,
    raw: _Feature | None,
    output: nn.Module | None,
    following: nn.Module | None,
) -> tuple[_Feature, Tensor]:
    """Fit a :class:`FusionDeconv`; return its output and the channels that were kept."""
    sums = wide.refined(refined.wide)
    if raw is not None:
        sums = sums + wide.raw(raw.wide)
    maps = wide.act(wide.bn(sums))
    read = [] if output is None else [output.refined(maps)]
    if following is not None:
        # One pixel of four is sufficient.
        seen = following.refined(maps)[:, :, ::2, ::2]
        read.append(seen * _scale(following.bn)[:, None, None].float())
    targets = torch.cat([each / each.std() for each in read], dim=1)  # with equal weight
    kept = _best_inputs(*_pixels(maps, targets), small.bn.num_features)

    sources = [(small.refined, refined)] + ([] if raw is None else [(small.raw, raw)])
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        inputs = [_neighbours(feature.small, row, column) for _, feature in sources]
        weight = _fit(*_pixels(torch.cat(inputs, dim=1), sums[:, kept, row::2, column::2]))
        taps = [(r, c) for r in _TAPS[row] for c in _TAPS[column]]
        parts = weight.split([each.shape[1] for each in inputs], dim=1)
        for (layer, _), part in zip(sources, parts):
            for (r, c), tap in zip(taps, part.chunk(4, dim=1)):
                layer.weight[:, :, r, c] = tap.T.float()
    own = sum(layer(feature.small) for layer, feature in sources)
    _follow_norm(small.bn, own, wide.bn, sums, kept)
    encode = torch.eye(wide.bn.num_features)[kept]
    return _Feature(maps, small.act(small.bn(own)), encode), kept


def _neighbours(maps: Tensor, row: int, column: int) -> Tensor:
    """Return the inputs of output pixels ``(2i + row, 2j + column)`` of a transposed convolution.

    Returns:
        ``(N, 4 C, h, w)``: input pixels and their neighbours in the row, in the column and in
        both, in the order of the taps.
    """
    height, width = maps.shape[2:]
    padded = F.pad(maps, (1, 1, 1, 1))
    return torch.cat(
        [
            padded[:, :, top : top + height, left : left + width]
            for top in (1, 2 * row)
            for left in (1, 2 * column)
        ],
        dim=1,
    )


def _narrow_output(
    wide: nn.Module, small: nn.Module, refined: _Feature, raw: _Feature | None, kept: Tensor
) -> None:
    """Fit a :class:`FusionOutput`, with the 1x1 convolutions of its branches to their sum."""
    target = wide(refined.wide, None if raw is None else raw.wide)
    branches = [(wide.refined.depthwise, small.refined, refined, kept)]
    if raw is not None:
        # A rotated channel gets the kernel of the channel that contributes most to it.
        most = (raw.encode.abs() * raw.wide.std((0, 2, 3))).argmax(1)
        branches.append((wide.raw.depthwise, small.raw, raw, most))
    hidden = []
    for wide_depthwise, branch, feature, channels in branches:
        own = branch.depthwise
        own.conv.weight.copy_(wide_depthwise.conv.weight[channels])
        outputs = wide_depthwise.conv(feature.wide)
        _follow_norm(own.bn, own.conv(feature.small), wide_depthwise.bn, outputs, channels)
        hidden.append(own(feature.small))
    weight = _fit(*_pixels(torch.cat(hidden, dim=1), target), constant=False).float()
    parts = weight.split([each.shape[1] for each in hidden], dim=1)
    for (_, branch, _, _), part in zip(branches, parts):
        branch.pointwise.weight.copy_(part[:, :, None, None])
