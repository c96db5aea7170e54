"""Networks of other families against outputs of their authors' code; skipped where absent."""

import json

import numpy as np
import pytest
import torch
from families import build
from golden_weights import weight

from litepose_mm.checkpoints import authors_family, fit, recognise
from litepose_mm.zoo import MODELS

#: The files of ``golden/families/nets``, and the variants that they are.
VARIANTS = {
    'higherhrnet_w32_j17': 'higherhrnet-w32',
    'higherhrnet_w48_j17': 'higherhrnet-w48',
    'litepose_hhrnet_w24_j14': 'higherhrnet-w24',
    'litepose_hhrnet_w16_baseline_j14': 'higherhrnet-w16',
    **{f'litepose_hhrnet_shrink{step}_j14': f'higherhrnet-shrink{step}' for step in (1, 2, 3)},
    'efficienthrnet_h0_ae2_j17': 'efficienthrnet-h0-tags2',
    **{f'efficienthrnet_h{phi}_j17': f'efficienthrnet-h{phi}' for phi in (0, -1, -2, -3, -4)},
}


def authors_shapes(layers):
    """The shapes of the authors' tensors by name, from the short list of their layers."""
    shapes = {}
    for name, kind, shape in map(str.split, layers):
        shape = tuple(map(int, shape.split('x')))
        if kind == 'bn':
            for each in ('weight', 'bias', 'running_mean', 'running_var'):
                shapes[f'{name}.{each}'] = shape
            shapes[f'{name}.num_batches_tracked'] = ()
            continue
        shapes[f'{name}.weight'] = shape
        if kind == 'conv+bias':
            shapes[f'{name}.bias'] = shape[:1]
    return shapes


@pytest.mark.parametrize('name', VARIANTS)
def test_network(shared_file, name):
    facts = json.loads(shared_file('golden/families/nets.json').read_text())[name]
    golden = np.load(shared_file(f'golden/families/nets/{name}.npz'))
    shapes = authors_shapes(facts['layers'])
    assert len(shapes) == facts['num_keys']
    state = {key: weight(key, shape, facts['conv_gain']) for key, shape in shapes.items()}
    state = authors_family(state).from_authors(state)
    found = recognise(state)
    assert found.variant == VARIANTS[name]

    network = build(found.family, found.variant, found.num_keypoints, device='cpu')
    assert sum(each.numel() for each in network.parameters()) == facts['parameters']
    fit(network, state, name)
    with torch.no_grad():
        outputs = network.head(network.extract_feat(torch.from_numpy(golden['input'])))
    for level, output in enumerate(outputs):
        expected = golden[f'out{level}']
        difference = np.abs(output.numpy() - expected).max()
        assert difference <= 1e-4 * expected.std()


def test_published_numbers(shared_file):
    numbers = json.loads(shared_file('golden/numbers.json').read_text())
    checked = set()
    for entry in MODELS.values():
        size = entry.input_size[0]
        network = entry.variant.split('-', 1)[1].replace('h', 'H').replace('w', 'W')
        network = network.replace('sHrink', 'shrink')
        dataset = {'crowdpose': 'crowd_pose'}.get(entry.dataset, entry.dataset)
        names = [f'{entry.family}/{each}/{dataset}' for each in (network, f'{network}-{size}')]
        for name in names:
            if entry.family == 'litepose' or name not in numbers:
                continue
            expected = numbers[name]
            for count in ('params', 'macs', 'paper_macs', 'hhrnet_style_macs'):
                assert getattr(entry, count) == expected[count], (name, count)
            checked.add(name)
    families = ('higherhrnet', 'efficienthrnet')
    rest = {name for name in numbers if name.startswith(families)} - checked
    assert rest == {'higherhrnet/W32-640/crowd_pose'}  # which nobody published
