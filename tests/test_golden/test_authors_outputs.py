"""Against files computed with the authors' code; skipped where they are absent."""

import json

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.structures import MultilevelPixelData, PoseDataSample
from networks import TINY, litepose
from supernets import build_supernet

from litepose_mm.checkpoints import load_weights, read_weights, recognise
from litepose_mm.codecs import MultiLevelAssociativeEmbedding
from litepose_mm.datasets.transforms import BottomupRandomAffineAlign, MultiLevelHeatmapMask
from litepose_mm.decoding import AssociativeEmbeddingDecoder
from litepose_mm.families import get_family
from litepose_mm.families.litepose import ARCHITECTURES, Architecture
from litepose_mm.nas import copy_subnet
from litepose_mm.preprocessing.resize import aligned_size, warp_matrix
from litepose_mm.testing import reference
from litepose_mm.zoo import MODELS

GROUPS = ['00', '01', '02', '03', '04', '05', '10']


def test_published_architectures(shared_file):
    published = json.loads(shared_file('golden/litepose-archs.json').read_text())
    assert len(published) == len(ARCHITECTURES)
    for name, data in published.items():
        kind, size = name.split('-')
        own = ('litepose-' if kind == 'search' else 'prune-') + size.lower()
        assert ARCHITECTURES[own].to_dict() == data


def test_published_numbers(shared_file):
    numbers = json.loads(shared_file('golden/numbers.json').read_text())
    for entry in MODELS.values():
        if entry.family != 'litepose':
            continue
        size = entry.variant.split('-')[1].upper()
        dataset = {'crowdpose': 'crowd_pose'}.get(entry.dataset, entry.dataset)
        expected = numbers[f'litepose/search-{size}/{dataset}']
        assert (entry.params, entry.macs, entry.paper_macs) == (
            expected['params'],
            expected['macs'],
            expected['paper_macs'],
        )


def test_network_outputs(shared_file):
    path = shared_file('golden/litepose-XS-crowdpose.pth')
    golden = np.load(shared_file('golden/litepose-XS-crowdpose.npz'))
    found = recognise(get_family('litepose').from_authors(read_weights(path).state_dict))
    assert found.variant == 'litepose-xs' and found.num_keypoints == 14
    model = litepose('litepose-xs', 14)
    load_weights(model, path)
    with torch.no_grad():
        outputs = model.head(model.extract_feat(torch.from_numpy(golden['input'])))
    for level, output in enumerate(outputs):
        np.testing.assert_allclose(output.numpy(), golden[f'out{level}'], atol=1e-5)


def test_checkpoint_keys(shared_file):
    lines = shared_file('golden/litepose-XS-coco.keys.txt').read_text().splitlines()
    state = {}
    for line in lines:
        key, shape = line.split('\t')[:2]
        state[key] = torch.zeros([int(n) for n in shape.strip('()').split(',') if n.strip()])
    own = litepose('litepose-xs', 17).state_dict()
    own = {k: v for k, v in own.items() if not k.startswith('data_preprocessor')}
    renamed = get_family('litepose').from_authors(state)
    assert {k: v.shape for k, v in renamed.items()} == {k: v.shape for k, v in own.items()}


@pytest.mark.parametrize('name', GROUPS)
@pytest.mark.parametrize('adjust', [0, 1])
@pytest.mark.parametrize('refine', [0, 1])
def test_groups(decoding, shared_file, name, adjust, refine):
    golden = np.load(shared_file(f'golden/group-{name}.npz'))
    num_keypoints, max_people, threshold, tag_threshold = golden['params'][:4]
    heat, tag = golden['det'][0], golden['tag'][0]
    expected = golden[f'ans_adjust{adjust}_refine{refine}'].reshape(
        -1, int(num_keypoints), 3 + tag.shape[-1]
    )

    people, scores = reference.decode(heat, tag, golden['joint_order'], adjust, refine)
    np.testing.assert_allclose(people[..., :3], expected[..., :3], atol=1e-6)

    decoder = AssociativeEmbeddingDecoder(
        int(num_keypoints),
        golden['joint_order'],
        keypoint_threshold=threshold,
        tag_threshold=tag_threshold,
        max_people=int(max_people),
        offset='litepose' if adjust else 'none',
        missing='litepose' if refine else 'none',
    )
    found = decoder.decode(heat, tag.transpose(3, 0, 1, 2).reshape(-1, *heat.shape[1:]))
    assert len(found.keypoints) == len(expected)
    np.testing.assert_allclose(found.keypoints, expected[..., :2], atol=1e-3)
    np.testing.assert_allclose(found.keypoint_scores, expected[..., 2], atol=1e-5)
    np.testing.assert_allclose(
        found.scores, golden[f'scores_adjust{adjust}_refine{refine}'], atol=1e-5
    )


def test_resize_table(shared_file):
    rows = np.load(shared_file('golden/preprocess_sizes.npz'))['rows']
    for height, width, short, *expected in rows.astype(int)[:, :5]:
        assert aligned_size((width, height), short) == tuple(expected)


@pytest.mark.parametrize('case', range(4))
def test_targets(shared_file, case):
    golden = np.load(shared_file('golden/targets.npz'))
    joints, size = golden[f'tgt{case}_joints'], int(golden[f'tgt{case}_res'])
    codec = MultiLevelAssociativeEmbedding((size, size), [(size, size)], tag_levels=(True,))
    encoded = codec.encode(joints[..., :2], joints[..., 2])
    np.testing.assert_allclose(encoded['heatmaps'][0], golden[f'tgt{case}_heatmaps'], atol=1e-6)
    # The authors pack visible joints first and add the keypoint's own offset to the position.
    expected = golden[f'tgt{case}_indices']
    for own, packed in zip(encoded['keypoint_indices'][:, 0], expected):
        positions = {k * size**2 + i for k, (i, visible) in enumerate(own) if visible}
        assert positions == {int(i) for i, visible in packed if visible}


@pytest.mark.parametrize('case', range(4))
def test_losses(shared_file, case):
    golden = np.load(shared_file('golden/losses.npz'))

    def get(name):
        return torch.from_numpy(np.asarray(golden[f'l{case}_{name}']))

    outputs = [get('out0').requires_grad_(), get('out1').requires_grad_()]
    num_keypoints = outputs[1].shape[1]
    losses = litepose(TINY, num_keypoints).head.loss_of_outputs(outputs, loss_samples(get))
    total = sum(losses.values())
    expected = dict(
        loss_heatmap_0=get('heatmap_loss0').mean(),
        loss_heatmap_1=get('heatmap_loss1').mean(),
        loss_pull=get('pull_weighted'),
        loss_push=get('push_weighted'),
    )
    assert losses.keys() == expected.keys()
    for name, value in (*expected.items(), ('total', get('total'))):
        own = total if name == 'total' else losses[name]
        assert float(own) == pytest.approx(float(value), rel=1e-5), name

    total.backward()
    heatmap_part, tag_part = outputs[0].grad.split(num_keypoints, dim=1)
    expected_heatmap_part, expected_tag_part = get('grad0').split(num_keypoints, dim=1)
    torch.testing.assert_close(heatmap_part, expected_heatmap_part, rtol=1e-5, atol=0)
    # The largest are 1e-4. One of 1e-7 is off by 1e-12: float32 rounds differences of close tags.
    torch.testing.assert_close(tag_part, expected_tag_part, rtol=1e-5, atol=1e-11)
    assert float(outputs[1].grad.abs().sum()) == pytest.approx(float(get('grad1_sum')), rel=1e-5)


def loss_samples(get):
    """The targets of a case as the head takes them."""
    samples = []
    for image, joints in enumerate(get('joints').long()):
        targets, masks = (
            [get(f'{name}{level}')[image] for level in (0, 1)] for name in ('hm', 'mask')
        )
        indices = unpack(joints, *targets[0].shape[:1], targets[0][0].numel())
        sample = PoseDataSample()
        sample.gt_fields = MultilevelPixelData(
            heatmaps=targets, heatmap_mask=[mask[None] for mask in masks]
        )
        sample.gt_instance_labels = InstanceData(keypoint_indices=indices[:, None])
        samples.append(sample)
    return samples


def unpack(image, num_keypoints, area):
    """The authors' packed joints (30, K, 2) as one entry per keypoint."""
    own = torch.zeros(len(image), num_keypoints, 2, dtype=torch.long)
    for person, packed in enumerate(image):
        for position, visible in packed.tolist():
            if visible:
                own[person, position // area] = torch.tensor([position % area, 1])
    return own


@pytest.mark.parametrize('case', ['a0', 'a1', 'a2'])
def test_augmentation(shared_file, case):
    golden = np.load(shared_file('golden/augment.npz'))

    def get(name):
        return golden[f'{case}_{name}']

    side, *levels = (int(n) for n in get('cfg'))
    scale, rotation, *center = get('params')
    joints = get('joints')
    matrix = warp_matrix(np.array(center), scale * 200, (side, side), rotation)
    results = BottomupRandomAffineAlign((side, side)).apply(
        dict(img=get('img'), keypoints=joints[..., :2]), matrix, (side, side)
    )
    # The file was made with OpenCV 5, whose warpAffine interpolates more finely than 4's.
    np.testing.assert_allclose(results['img'], get('img_aff').astype(int), atol=4)
    np.testing.assert_allclose(results['img'][:, ::-1], get('img_flip').astype(int), atol=4)

    ys, xs = np.nonzero(~get('mask'))
    counts = np.diff(np.flatnonzero(np.diff(np.r_[2, ~get('mask').T.ravel(), 2])))
    first = int(~get('mask')[0, 0])
    hidden = dict(counts=([0] if first else []) + counts.tolist(), size=list(get('mask').shape))
    codec = MultiLevelAssociativeEmbedding((side, side), [(n, n) for n in levels])
    for flip in (False, True):
        keypoints = results['keypoints']
        if flip:
            # MMPose's flip of positions; pairs are exchanged as the authors' file has them.
            keypoints = keypoints.copy()
            keypoints[..., 0] = side - 1 - keypoints[..., 0]
        sample = dict(
            results,
            ori_shape=get('img').shape[:2],
            heatmaps=[np.zeros((1, n, n)) for n in levels],
            invalid_segs=[hidden] if len(ys) else [],
            flip=flip,
            flip_direction='horizontal' if flip else None,
        )
        masks = MultiLevelHeatmapMask().transform(sample)['heatmap_mask']
        for level, size in enumerate(levels):
            name = f'flip{level}' if flip else f'aff{level}'
            different = masks[level][0] != (get(f'mask_{name}') > 0.5)
            assert different.mean() <= 0.001
            expected = get(f'joints_{name}')
            own = codec.level_positions(keypoints, (size, size), flip)
            if flip:
                pairs = flip_pairs(expected, own)
                own = own[:, pairs]
            np.testing.assert_allclose(own, expected[..., :2], atol=1e-4)


def flip_pairs(expected, own):
    """The permutation of keypoints that the authors' file applied, the same for everybody."""
    distance = np.abs(own[:, :, None] - expected[:, None, :, :2]).max((0, 3))
    return distance.argmin(0)


@pytest.mark.parametrize('index', range(6))
def test_supernet(index, shared_file):
    architectures = json.loads(shared_file('golden/superlitepose-archs.json').read_text())
    golden = np.load(shared_file('golden/superlitepose-crowdpose.npz'))
    arch = Architecture.from_dict(architectures[index])
    supernet = build_supernet(ARCHITECTURES['prune-l'])
    load_weights(supernet, shared_file('golden/superlitepose-crowdpose.pth'))
    supernet.activate(arch)
    subnet = litepose(arch)
    copy_subnet(supernet, subnet)
    for model in (supernet, subnet):
        with torch.no_grad():
            outputs = model.head(model.backbone(torch.from_numpy(golden['input'])))
        for level, output in enumerate(outputs):
            expected = golden[f'arch{index}_out{level}']
            np.testing.assert_allclose(output.numpy(), expected, atol=1e-4)
