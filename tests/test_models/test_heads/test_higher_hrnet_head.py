import pytest
import torch

from litepose_mm.models import HigherHRNetHead


@pytest.mark.parametrize(
    'deconvs, tag_levels',
    [((6,), (True, False)), ((6,), (True, True)), ((6, 4), (True, False, False)), ((), (True,))],
)
@pytest.mark.parametrize('blocks', [0, 2])
def test_levels(deconvs, tag_levels, blocks):
    head = HigherHRNetHead(8, 5, deconvs, blocks, tag_levels)
    outputs = head((torch.zeros(2, 8, 16, 24), torch.zeros(2, 16, 8, 12)))
    shapes = [tuple(each.shape) for each in outputs]
    assert shapes == [
        (2, 10 if tags else 5, 16 << level, 24 << level) for level, tags in enumerate(tag_levels)
    ]


def test_each_deconvolution_reads_the_maps_before():
    head = HigherHRNetHead(8, 5, (6,), 0)
    head.init_weights()
    feature = torch.randn(1, 8, 4, 4)
    before = head((feature,))
    head.final_layers[0].bias.data += 1
    after = head((feature,))
    assert torch.allclose(after[0], before[0] + 1) and not torch.allclose(after[1], before[1])


def test_initialisation():
    torch.manual_seed(0)
    head = HigherHRNetHead(64, 17)
    head.init_weights()
    deconv = head.deconv_layers[0][0][0]
    assert float(deconv.weight.std()) == pytest.approx(1e-3, rel=0.05)
    torch.manual_seed(0)
    plain = HigherHRNetHead(64, 17, init_cfg=[])
    plain.init_weights()
    assert plain.deconv_layers[0][0][0].weight.std() > 5e-3


def test_wrong_number_of_levels():
    with pytest.raises(ValueError, match='deconv_channels: expected 2 widths'):
        HigherHRNetHead(8, 5, (6,), tag_levels=(True, False, False))
