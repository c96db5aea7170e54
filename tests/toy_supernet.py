"""A family's supernet from outside the package: top-down, with an elastic backbone only."""

from dataclasses import asdict, dataclass, replace

from mmengine.model import BaseModule
from mmpose.models import TopdownPoseEstimator
from mmpose.registry import MODELS
from torch import nn

from litepose_mm.errors import LitePoseError
from litepose_mm.nas import ChannelGroup, ElasticEstimator, Gene, SearchSpace


@dataclass(frozen=True)
class ToyArchitecture:
    img_size: int
    width: int
    kernels: tuple[int, ...]

    stride = 16

    def to_dict(self):
        return asdict(self)


def toy_architecture(source):
    if isinstance(source, ToyArchitecture):
        return source
    return ToyArchitecture(**{**source, 'kernels': tuple(source['kernels'])})


_NORM = dict(type='BN')


@MODELS.register_module(force=True)
class ToyNet(BaseModule):
    """A stem, depthwise blocks that add their input, and 16 channels that go out."""

    def __init__(self, arch, conv_cfg=None, norm_cfg=_NORM):
        super().__init__()
        self.arch = toy_architecture(arch)
        options = dict(conv_cfg or dict(type='Conv2d'))
        conv, norm = MODELS.get(options.pop('type')), MODELS.get(norm_cfg['type'])
        width = self.arch.width
        self.stem = nn.Sequential(conv(3, width, 3, stride=4, padding=1), norm(width), nn.ReLU())
        self.blocks = nn.ModuleList(
            nn.Sequential(
                conv(
                    width, width, kernel, padding=kernel // 2, groups=width, bias=False, **options
                ),
                norm(width),
                nn.ReLU(),
            )
            for kernel in self.arch.kernels
        )
        self.project = conv(width, 16, 1)
        self.depth = len(self.blocks)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks[: self.depth]:
            x = x + block(x)
        return (self.project(x),)


@MODELS.register_module(force=True)
class ElasticToyNet(ToyNet):
    plain_type = 'ToyNet'
    elastic_options = ('kernel_sizes',)

    def __init__(self, arch, kernel_sizes=()):
        conv = dict(type='ElasticConv2d', kernel_sizes=kernel_sizes)
        super().__init__(arch, conv, dict(type='ElasticBatchNorm2d'))

    def check_part(self, arch):
        if arch.width > self.arch.width or len(arch.kernels) > len(self.arch.kernels):
            raise LitePoseError(f'{arch} is larger than {self.arch}')

    def activate(self, arch):
        self.check_part(arch)
        self.stem[0].active_out_channels = arch.width
        self.depth = len(arch.kernels)
        for block, kernel in zip(self.blocks, arch.kernels):
            block[0].active_kernel_size = kernel

    def channel_groups(self, features=()):
        group, output = ChannelGroup(), ChannelGroup()
        for conv, norm, _ in (self.stem, *self.blocks):
            group.add_writer(conv)
            group.add_norm(norm)
        group.add_reader(self.project)
        output.add_writer(self.project)
        return [group], [output]  # all of the output is always used


@MODELS.register_module(force=True)
class ToySupernet(ElasticEstimator, TopdownPoseEstimator):
    plain_type = 'TopdownPoseEstimator'


LARGEST = ToyArchitecture(64, 16, (5, 5, 5))


@dataclass(frozen=True)
class ToySpace(SearchSpace):
    largest: ToyArchitecture = LARGEST

    genes = (
        Gene('img_size', (64, 32)),
        Gene('width', (16, 12, 8)),
        Gene('depth', (3, 2, 1)),
        Gene('kernel', (5, 3)),
    )

    def decode(self, genotype):
        size, width, depth, kernel = (g.choices[i] for g, i in zip(self.genes, genotype))
        return ToyArchitecture(size, width, (kernel,) * depth)

    def encode(self, arch):
        values = arch.img_size, arch.width, len(arch.kernels), arch.kernels[0]
        return tuple(gene.choices.index(value) for gene, value in zip(self.genes, values))

    def architecture(self, source):
        return toy_architecture(source)

    @classmethod
    def from_dict(cls, data):
        return cls(toy_architecture(data['largest']))

    def to_dict(self):
        return dict(family=self.name, largest=self.largest.to_dict())

    def describe(self, arch):
        return {'input': arch.img_size, 'width': arch.width, 'kernels': arch.kernels}

    def baselines(self):
        for size in (64, 32):
            yield (replace(self.largest, img_size=size, width=width) for width in (16, 8))


ToySpace.name, ToySpace.architectures = 'toy-supernet', {'toy': LARGEST}
ToySpace.published = {'toy-space': ToySpace()}

CONFIG = dict(
    type='ToySupernet',
    backbone=dict(type='ElasticToyNet', arch=LARGEST.to_dict(), kernel_sizes=[3]),
    head=dict(
        type='HeatmapHead',
        in_channels=16,
        out_channels=5,
        deconv_out_channels=None,
        decoder=dict(type='MSRAHeatmap', input_size=(64, 96), heatmap_size=(16, 24), sigma=2),
    ),
    test_cfg=dict(flip_test=False),
)
