"""What every family must be able to do; families from outside the package, too."""

import torch
from deploy_networks import with_statistics
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.models import build_pose_estimator

from litepose_mm.analysis.complexity import measure_complexity
from litepose_mm.checkpoints import authors_family, recognise
from litepose_mm.families import families, rename
from litepose_mm.models.utils.deploy_form import to_deploy_form
from litepose_mm.utils.paths import config_path


def build(family, variant, num_keypoints=14, device='meta'):
    """A network; on torch's device ``meta``, where tensors have shapes only and cost nothing."""
    init_default_scope('mmpose')
    with torch.device(device):
        return build_pose_estimator(
            family.model_config(family.variants[variant], num_keypoints)
        ).eval()


def weights(model):
    """A model's tensors by name, without the preprocessor's."""
    return {k: v for k, v in model.state_dict().items() if not k.startswith('data_preproc')}


def to_authors(state, family):
    """Weights with the names that the family's authors give them."""
    names = rename(state, {ours: theirs for theirs, ours in family.authors_names.items()})
    return {names.get(key, key): value for key, value in state.items()}


def shapes(state):
    return {key: tuple(value.shape) for key, value in state.items()}


def check_recognised(family, variant, num_keypoints):
    """Its weights tell what they are, and no other family takes them for its own."""
    state = weights(build(family, variant, num_keypoints))
    found = recognise(state)
    assert (found.family.name, found.variant) == (family.name, variant)
    assert found.architecture == family.variants[variant]
    assert found.num_keypoints == num_keypoints
    others = [each for each in families().values() if each.name != family.name]
    assert not any(each.recognise(state) for each in others)


def check_authors_names(family, variant):
    """Every tensor has a name of its own in the authors' code, which leads back to it."""
    if not family.authors_names:
        return
    state = weights(build(family, variant))
    theirs = to_authors(state, family)
    assert len(theirs) == len(state) and not set(theirs) & set(state)
    assert authors_family(theirs).name == family.name
    assert authors_family(state) is None
    assert shapes(family.from_authors(theirs)) == shapes(state)


@torch.no_grad()
def check_deploy_form(family, variant):
    """The form of deployment computes the same."""
    torch.manual_seed(0)
    model = with_statistics(build(family, variant, device='cpu')).double()
    image = torch.randn(1, 3, 64, 96, dtype=torch.float64)
    form = to_deploy_form(model)
    outputs = [each.head.forward(each.extract_feat(image)) for each in (model, form)]
    for one, other in zip(*outputs, strict=True):
        torch.testing.assert_close(one, other, atol=1e-10, rtol=0)


def check_entry(entry, family):
    """A model of the zoo is the family's variant, and has the parameters and MACs it says."""
    own = build(family, entry.variant, entry.num_keypoints)
    width, height = entry.input_size
    counted = measure_complexity(own, (3, height, width))
    assert (counted.params, counted.macs) == (entry.params, entry.macs)
    assert entry.paper_macs in (None, counted.paper_macs)
    config = Config.fromfile(config_path(entry.config))
    with torch.device('meta'):
        network = build_pose_estimator(config.model)
    assert shapes(weights(network)) == shapes(weights(own))
