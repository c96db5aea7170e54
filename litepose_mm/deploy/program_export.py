"""Write the graph of a model as a program of ``torch.export``, for converters that read no ONNX."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram

from ..apis.description import deploy_graph
from ..inference.card import ModelCard
from ..models.utils.deploy_form import to_deploy_form


class _OnImages(nn.Module):
    """Normalises images in front of a network."""

    def __init__(self, network: nn.Module, card: ModelCard):
        super().__init__()
        self.network = network
        self.is_rgb = card.channel_order == 'rgb'
        self.register_buffer('mean', torch.tensor(card.mean))
        self.register_buffer('std', torch.tensor(card.std))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        ordered = images.flip(-1) if self.is_rgb else images
        return self.network(((ordered - self.mean) / self.std).permute(0, 3, 1, 2))


@torch.no_grad()
def export_program(model: nn.Module, card: ModelCard) -> ExportedProgram:
    """Return a program of one shape from an image, BGR ``(1, H, W, 3)`` uint8, to the outputs.

    Args:
        model: A pose estimator in eval mode.
        card: Its card, with an input shape.
    """
    network = _OnImages(to_deploy_form(deploy_graph(model, card)), card).eval()
    height, width = card.input_shape
    return torch.export.export(network, (torch.zeros(1, height, width, 3, dtype=torch.uint8),))
