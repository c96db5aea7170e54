"""Lightweight OpenPose against outputs of the authors' code; skipped where they are absent."""

import hashlib
import json

import numpy as np
import pytest
import torch
from families import build, to_authors, weights
from golden_weights import weight

from litepose_mm.checkpoints import fit, recognise
from litepose_mm.decoding.part_affinity import (
    BODIES,
    PartAffinity,
    PartAffinityRules,
    assemble,
    connect,
    find_keypoints,
)
from litepose_mm.families import get_family
from litepose_mm.preprocessing.rules import FixedHeight

FOLDER = 'golden/families/lightweight_openpose'
CASES = [
    'case0_1person',
    'case1_2people_overlapping',
    'case2_3people_occluded',
    'case3_5people',
    'case4_thresholds',
]
BODY = BODIES['coco']


@pytest.fixture
def facts(shared_file):
    return json.loads(shared_file(f'{FOLDER}/lightweight_openpose.json').read_text())


def test_network(shared_file):
    golden = np.load(shared_file('golden/families/nets/lightweight_openpose_mobilenet_r1.npz'))
    facts = json.loads(shared_file('golden/families/nets.json').read_text())
    facts = facts['lightweight_openpose_mobilenet_r1']
    family = get_family('lightweight_openpose')
    model = build(family, 'lightweight-openpose', 17, 'cpu')
    theirs = to_authors(weights(model), family)
    lines = sorted(f'{key} {list(value.shape)}' for key, value in theirs.items())
    assert hashlib.sha256('\n'.join(lines).encode()).hexdigest() == facts['keys_sha256']
    state = family.from_authors({key: weight(key, v.shape) for key, v in theirs.items()})
    assert recognise(state).variant == 'lightweight-openpose'
    fit(model, state, 'generated')
    with torch.no_grad():
        outputs = model.head(model.extract_feat(torch.from_numpy(golden['input'])))
    for index, output in enumerate(outputs):
        expected = golden[f'out{index}']
        np.testing.assert_allclose(output.numpy(), expected, atol=1e-4 * expected.std(), rtol=0)


def test_limbs(facts):
    rows = facts['limbs_in_processing_order']
    expected = [(each['a'], each['b'], each['paf_x']) for each in rows]
    assert [(each.start, each.end, 2 * each.field) for each in BODY.limbs] == expected
    assert [each.only_fills for each in BODY.limbs] == [False] * 17 + [True] * 2


@pytest.mark.parametrize('name', CASES)
def test_grouping(shared_file, name):
    golden = np.load(shared_file(f'{FOLDER}/{name}.npz'))
    heatmaps, fields = (
        np.ascontiguousarray(golden[key].astype(np.float32).transpose(2, 0, 1))
        for key in ('heatmaps', 'pafs')
    )
    rules = PartAffinityRules(body=BODY)
    keypoints = find_keypoints(heatmaps[:-1], rules)
    np.testing.assert_array_equal(
        np.bincount(keypoints.part, minlength=18), golden['keypoints_per_type']
    )
    expected = golden['all_keypoints']
    np.testing.assert_array_equal(np.stack([keypoints.x, keypoints.y], 1), expected[:, :2])
    np.testing.assert_allclose(keypoints.scores, expected[:, 2], atol=1e-4)
    np.testing.assert_array_equal(np.arange(len(expected)), expected[:, 3])

    poses = assemble(connect(fields, keypoints, rules), keypoints, rules)
    entries = golden['pose_entries']
    np.testing.assert_array_equal(poses.ids, entries[:, :18])
    np.testing.assert_array_equal(poses.counts, entries[:, 19])
    np.testing.assert_allclose(poses.scores, entries[:, 18], atol=1e-4)

    shape_hw = heatmaps.shape[1] * 8, heatmaps.shape[2] * 8
    decoder = PartAffinity(rules=rules, stride=8)
    (people,) = decoder.decode([heatmaps[None], fields[None]], shape_hw, [None])
    coco = golden['coco_keypoints']
    present = coco[..., 2] > 0
    np.testing.assert_array_equal(people.keypoint_scores > 0, present)
    # The positions are in the enlarged maps, plus 0.5; ours are in the input, twice as large.
    np.testing.assert_array_equal(people.keypoints[present] / 2 + 0.5, coco[present][:, :2])
    np.testing.assert_allclose(people.scores**2 * 35 * 17, golden['coco_scores'], rtol=1e-4)

    height, width = golden['image_shape']
    image = np.zeros((height, width, 3), np.uint8)
    (resized,) = FixedHeight(height=256).resize(image)
    assert resized.image.shape[:2] == shape_hw
    body = BODY.with_parts_as_keypoints()
    decoder = PartAffinity(rules=PartAffinityRules(body=body), stride=8)
    (people,) = decoder.decode([heatmaps[None], fields[None]], shape_hw, [None])
    found = resized.to_original(people.keypoints)
    expected = golden['all_keypoints_image'][:, :2][poses.ids]
    present = poses.ids >= 0
    np.testing.assert_allclose(found[present], expected[present], atol=1e-3)


@pytest.mark.parametrize('index', range(6))
def test_preprocessing(shared_file, facts, index):
    golden = np.load(shared_file(f'{FOLDER}/preprocess.npz'))
    expected = facts['preprocess'][index]
    random = np.random.RandomState(index)
    image = random.randint(0, 256, (*expected['image'], 3)).astype(np.uint8)
    (resized,) = FixedHeight(height=256).resize(image)
    assert list(resized.image.shape[:2]) == expected['padded']
    values = (resized.image.astype(np.float32) - 128) / 256
    found = values.transpose(2, 0, 1)[:, ::16, ::16]
    np.testing.assert_allclose(found, golden[f'x{index}'], atol=1.01 / 256)
    assert (found != golden[f'x{index}']).mean() < 0.01
    top, left, _, _ = expected['pad_top_left_bottom_right']
    origin = resized.to_original(np.array([[left, top]], np.float32))
    np.testing.assert_allclose(origin, 0, atol=1e-3)
