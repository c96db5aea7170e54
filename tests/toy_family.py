"""A family from outside the package: part affinity fields of an arrow, its decoder, an engine."""

import numpy as np
import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import nn

from litepose_mm.decoding import DecodedPeople, Decoder, Panel
from litepose_mm.inference.engines import Engine


class ToyAffinity(Decoder, frozen=True, kw_only=True, tag='toy_affinity'):
    """People of two keypoints, tail and tip, joined by a field that points from one to the other.

    The outputs are heatmaps ``(B, 2, h, w)`` and fields ``(B, 2, h, w)``, x before y.
    """

    output_names = ('heatmaps', 'fields')
    panel_names = ('heatmaps',)

    num_keypoints: int = 2
    stride: int = 4

    def output_shapes(self, batch, shape_hw):
        shape = (batch, 2, *(side // self.stride for side in shape_hw))
        return shape, shape

    def decode(self, outputs, shape_hw, boxes):
        return [self._people(heatmaps, fields) for heatmaps, fields in zip(*outputs)]

    def _people(self, heatmaps, fields):
        tails, tips = (np.argwhere(each > 0.5)[:, ::-1] for each in heatmaps)
        people = []
        for tail in tails:
            apart = tips - tail
            along = np.linspace(0, 1, 8)[:, None]
            scores = []
            for step in apart:
                x, y = np.rint(tail + along * step).astype(int).T
                scores.append((fields[:, y, x].T @ step).mean() / max(np.linalg.norm(step), 1))
            if scores and max(scores) > 0.5:
                people.append((tail, tips[int(np.argmax(scores))]))
        keypoints = np.reshape(people, (-1, 2, 2)).astype(np.float32) * self.stride + 0.5
        count = len(keypoints)
        return DecodedPeople(keypoints, np.ones((count, 2), np.float32), np.ones(count, np.float32))

    def panels(self, outputs):
        return {'heatmaps': Panel(outputs[0][0])}


@MODELS.register_module(force=True)
class ToyBackbone(BaseModule):
    """Means over 4x4 pixels: the network sees colours."""

    def __init__(self):
        super().__init__()
        self.pool = nn.AvgPool2d(4)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, inputs):
        return (self.pool(inputs) * self.scale,)


@MODELS.register_module(force=True)
class ToyAffinityHead(BaseModule):
    """Red pixels are tails, green ones tips, and blue ones a field to the right."""

    def __init__(self):
        super().__init__()
        self.decoder = None

    def forward(self, feats):
        red, green, blue = feats[-1].split(1, dim=1)
        return torch.cat([red, green], 1), torch.cat([blue, torch.zeros_like(blue)], 1)

    def deploy_decoder(self, outputs, flip_test, test_cfg):
        return ToyAffinity()

    def deploy_outputs(self, feats, decoder, mirrored, flip_indices, test_cfg):
        return self.forward(feats)


class ToyEngine(Engine):
    """ONNX's reference implementation."""

    name = 'reference'
    library = 'onnx'
    extra = 'export'
    precisions = ('fp32',)

    @classmethod
    def write(cls, onnx_file, folder, precision):
        (folder / 'graph.onnx').write_bytes(onnx_file.read_bytes())

    def _load(self, folder, threads):
        from onnx.reference import ReferenceEvaluator

        self._graph = ReferenceEvaluator(str(self.card.file(folder, '.onnx')))

    def _run(self, batch):
        return self._graph.run(list(self.card.decoder.output_names), {'inputs': batch})
