"""Files of pre-trained backbones in the forms of their authors, and the backbones in them."""

import torch
from families import build, to_authors, weights

from litepose_mm.families import get_family


def efficientnet_file(phi=-4):
    """The authors' EfficientNet: the features, one more layer, and the classifier."""
    family = get_family('efficienthrnet')
    network = build(family, f'efficienthrnet-h{phi}', device='cpu')
    state = weights(network)
    state = {k: v for k, v in to_authors(state, family).items() if k.startswith('features.')}
    last = 1 + max(int(key.split('.')[1]) for key in state)
    return {
        **state,
        f'features.{last}.1.weight': torch.zeros(8, 216, 1, 1),
        f'features.{last}.2.weight': torch.zeros(8),
        'classifier.1.weight': torch.zeros(10, 8),
        'classifier.1.bias': torch.zeros(10),
    }, network.backbone


def mobilenet_file(with_classifier=True):
    """MobileNet v1, with two layers more than the backbone, as its training writes it."""
    family = get_family('lightweight_openpose')
    network = build(family, 'lightweight-openpose', 17, 'cpu')
    state = weights(network)
    state = {k: v for k, v in to_authors(state, family).items() if k.startswith('model.')}
    state['model.12.0.weight'] = torch.zeros(512, 1, 3, 3)
    if with_classifier:
        state.update({'fc.weight': torch.zeros(10, 1024), 'fc.bias': torch.zeros(10)})
    state = {f'module.{key}': value for key, value in state.items()}
    return dict(epoch=1, state_dict=state, optimizer={}), network.backbone


def hrnet_file():
    family = get_family('higherhrnet')
    network = build(family, 'higherhrnet-w16', device='cpu')
    state = to_authors(weights(network), family)
    state = {k: v for k, v in state.items() if not k.startswith(('final_', 'deconv_'))}
    return {**state, 'incre_modules.0.0.bn1.weight': torch.zeros(1)}, network.backbone
