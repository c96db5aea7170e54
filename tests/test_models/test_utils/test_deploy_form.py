import pytest
import torch
from deploy_networks import NAMES, deploy_graph, network, with_statistics
from networks import TINY, litepose
from torch import nn

from litepose_mm.analysis.complexity import measure_complexity
from litepose_mm.models.utils.deploy_form import to_deploy_form


@torch.no_grad()
def assert_equal_results(form, model, size, flip_test=False):
    """In double precision, where rounding hides no mistake."""
    inputs = torch.randn(2, 3, *size, dtype=torch.float64)
    expected = deploy_graph(model, flip_test=flip_test)(inputs)
    found = deploy_graph(form, flip_test=flip_test)(inputs)
    for one, other in zip(found, expected, strict=True):
        assert other.abs().max() > 0.05
        torch.testing.assert_close(one, other, atol=1e-10, rtol=0)


@pytest.mark.parametrize('name', NAMES)
def test_results_are_equal(name):
    model = network(name).double()
    form = to_deploy_form(model)
    assert not any(
        isinstance(layer, (nn.ConvTranspose2d, nn.modules.batchnorm._BatchNorm))
        for layer in form.modules()
    )
    assert_equal_results(form, model, (64, 128), flip_test=True)
    if 'hrnet' not in name:  # whose own branches meet at even sizes only
        assert_equal_results(form, model, (67, 93))

    with torch.no_grad():
        feats = model.extract_feat(torch.randn(1, 3, 64, 64, dtype=torch.float64))
        for level, expected in zip(form.head.forward(feats), model.head.forward(feats)):
            torch.testing.assert_close(level, expected, atol=1e-10, rtol=0)


@pytest.mark.parametrize('name', ['litepose-xs_coco', 'fusion-mobilenetv2'])
def test_a_quarter_of_the_work_of_zero_stuffing(name):
    model, size = network(name), (256, 256)
    form = to_deploy_form(model)

    def macs(head, convention):
        whole = nn.Sequential(model.backbone, head)
        return getattr(measure_complexity(whole, (3, *size)), convention)

    stuffed = macs(model.head, 'hhrnet_style_macs') - macs(model.head, 'macs')
    deconvs = stuffed / 3  # at their input size; zero-stuffing does 4 times as much
    # The 2x2 convolutions do one row and one column more.
    assert 0 <= macs(form.head, 'macs') - macs(model.head, 'macs') < 0.2 * deconvs


def test_the_model_stays_as_it_is():
    model = with_statistics(litepose(TINY)).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(1)
    form = to_deploy_form(model)
    drawn = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(drawn, torch.rand(1))
    assert model.training and not any(module.training for module in form.modules())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(parameter.requires_grad for parameter in form.parameters())
    assert type(form) is type(model) and type(form.head) is type(model.head)


def test_other_normalisation_stays():
    group_norm = dict(type='GN', num_groups=2)
    model = litepose(TINY, head=dict(norm_cfg=group_norm)).double()
    form = to_deploy_form(model)
    assert isinstance(form.head.deconvs[0].bn, nn.GroupNorm)
    assert_equal_results(form, model, (64, 64))
