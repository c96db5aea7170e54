"""PoseEstimator on the real networks: images, lists and batches, options, and true weights."""

import json
import re
import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from litepose_mm import LitePoseError, PoseEstimator, PoseResult
from litepose_mm.apis.mmpose_estimator import MMPoseEstimator, result_from_data_sample
from litepose_mm.cli import main
from litepose_mm.cli.argument_types import key_value
from litepose_mm.utils.paths import config_path
from litepose_mm.zoo import get_model

MODEL = 'litepose-xs_crowdpose'
REPOSITORY = Path(__file__).resolve().parents[2]
OFFICIAL = 'weights/litepose-auto-m_crowdpose_official.pth.tar'


def photo(width, height, seed=0):
    rng = np.random.default_rng(seed)
    return cv2.resize(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8), (width, height))


def make(model=MODEL, **options) -> PoseEstimator:
    torch.manual_seed(0)
    return PoseEstimator(model, **{'device': 'cpu', 'short_side': 128, **options})


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    """Random weights whose heatmaps reach 1, so that there are people to find."""
    with pytest.warns(UserWarning, match='the network is random'):
        estimator = make(config_path(get_model(MODEL).config))  # the name has weights
    maps = []
    head = estimator.model.head
    handle = head.register_forward_hook(lambda module, inputs, outputs: maps.extend(outputs))
    with torch.no_grad():
        head(estimator.model.backbone(torch.randn(1, 3, 128, 128)))
        for level, output in enumerate(head.outputs):
            for branch in (output.refined, output.raw):
                branch.pointwise.weight /= maps[level].abs().max()
    handle.remove()
    path = tmp_path_factory.mktemp('weights') / 'random.pth'
    torch.save({'state_dict': estimator.model.state_dict()}, path)
    return path


@pytest.fixture(scope='module')
def estimator(weights):
    return make(weights=weights, batch_size=3)


def assert_same(one: PoseResult, other: PoseResult):
    assert len(one) == len(other)
    assert one.image_size == other.image_size
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)
    np.testing.assert_allclose(one.keypoints, other.keypoints, atol=1e-2)
    np.testing.assert_allclose(one.tags, other.tags, atol=1e-4)


def test_finds_people_on_an_array(estimator):
    result = estimator(photo(160, 120))
    assert len(result) > 0
    assert result.image_size == (160, 120)
    assert result.skeleton.name == 'crowdpose'
    assert result.skeleton.num_keypoints == 14
    assert result.tags.shape[0] == len(result)
    assert result.source is None
    assert result.draw(photo(160, 120)).shape == (120, 160, 3)


def test_path_and_array_agree(estimator, tmp_path):
    path = tmp_path / 'x.png'
    cv2.imwrite(str(path), photo(160, 120))
    from_path = estimator(path)
    assert_same(from_path, estimator(photo(160, 120)))
    assert from_path.source == str(path)
    assert estimator(str(path)) == from_path
    assert from_path.draw().shape == (120, 160, 3)


def test_list_gives_what_single_images_give(estimator):
    sizes = [(160, 120), (120, 160), (160, 120), (300, 120), (160, 121), (160, 120), (160, 120)]
    photos = [photo(*size, seed=index) for index, size in enumerate(sizes)]
    together = estimator(photos)
    assert [result.image_size for result in together] == sizes
    for image, result in zip(photos, together, strict=True):
        assert_same(result, estimator(image))
    assert estimator([]) == []
    assert estimator(tuple(photos[:1])) == together[:1]


def test_batches_hold_inputs_of_one_size(estimator, monkeypatch):
    batches = []
    graph = estimator.engine.graph
    forward = graph.forward

    def note(inputs):
        batches.append([tuple(inputs.shape[2:])] * len(inputs))
        return forward(inputs)

    monkeypatch.setattr(graph, 'forward', note)
    wide, tall = photo(160, 120), photo(120, 160)
    estimator([wide, tall, wide, wide, wide, tall])
    assert [(128, 192)] * 3 in batches
    assert [(192, 128)] * 2 in batches
    assert [(128, 192)] in batches
    assert len(batches) == 3


@pytest.mark.parametrize('flip', [False, True])
def test_network_and_decoding_give_what_mmposes_test_step_gives(weights, flip):
    estimator, image = make(weights=weights, flip_test=flip), photo(160, 120)
    assert_same(estimator(image), MMPoseEstimator(estimator.model)(image))


def test_maps_lie_on_the_image(estimator):
    image = photo(160, 100)
    prepared = estimator.prepare(image)
    outputs = estimator.infer(prepared)
    seen, panels = estimator.get_panels(prepared, outputs)
    heatmaps, tags = panels['heatmaps'].maps, panels['tags'].maps
    assert seen.image.shape == (128, 256, 3) and seen.image.dtype == np.uint8
    assert heatmaps.shape == (14, 64, 128) and tags.shape[0] == 14
    np.testing.assert_allclose(seen.to_original(np.array([128, 64])), (80, 50))
    x, y = (np.array([20.0, 30.0]) - seen.center) / seen.zoom + (128, 64)
    shown = seen.image[int(y), int(x)].astype(int)
    assert np.abs(shown - image[30, 20]).max() < 20
    assert len(estimator.finish(prepared, outputs)) > 0


def test_views_are_fine(estimator):
    image = photo(160, 120)
    assert_same(estimator(image[..., ::-1][..., ::-1]), estimator(image))
    image.flags.writeable = False
    estimator(image)


@pytest.mark.parametrize(
    'image, message',
    [
        (np.zeros((10, 10, 3), np.float32), r'BGR \(H, W, 3\) uint8, got float32'),
        (np.zeros((10, 10), np.uint8), r'got uint8 \(10, 10\)'),
        (np.zeros((10, 10, 4), np.uint8), 'cv2.cvtColor'),
        (np.zeros((0, 10, 3), np.uint8), r'\(0, 10, 3\)'),
        (np.zeros((10, 201, 3), np.uint8), 'at most 20 times .*201x10'),
        ('missing.jpg', 'missing.jpg'),
    ],
)
def test_refuses_what_is_no_image(estimator, image, message):
    with pytest.raises(LitePoseError, match=message) as caught:
        estimator([photo(20, 20), image])
    assert '\n' not in str(caught.value)


def test_extreme_sizes(estimator):
    for width, height in ((1, 1), (200, 10), (3, 2)):
        assert estimator(photo(width, height)).image_size == (width, height)


def test_flip_test_follows_config_or_argument(weights):
    image = photo(160, 120)
    as_config, on, off = (make(weights=weights, flip_test=flip) for flip in (None, True, False))
    by_option = make(weights=weights, cfg_options={'model.test_cfg.flip_test': False})
    assert as_config.model.test_cfg.flip_test is True
    assert off.model.test_cfg.flip_test is by_option.model.test_cfg.flip_test is False
    assert_same(as_config(image), on(image))
    assert_same(off(image), by_option(image))
    assert off(image) != on(image)


def test_short_side(weights):
    estimator = make(weights=weights, short_side=192)
    assert estimator.short_side == 192
    assert estimator.prepare(photo(160, 120)).inputs.shape == (1, 192, 256, 3)


def test_coco_has_its_own_skeleton():
    with pytest.warns(UserWarning, match='random'):
        estimator = make('litepose-xs_coco')
    assert estimator.skeleton.name == 'coco'
    assert estimator.skeleton.num_keypoints == 17
    assert estimator(photo(64, 64)).keypoints.shape[1:] == (17, 2)


@pytest.mark.filterwarnings('ignore:no weights')
def test_multiscale_options_of_the_docs():
    page = (REPOSITORY / 'docs' / 'usage.md').read_text(encoding='utf-8')
    command = re.search(r'--config-options \\\n(.*test_cfg.*)\n', page)[1]
    options = dict(map(key_value, shlex.split(command)))
    estimator = make('litepose-xs', batch_size=2, cfg_options=options)
    seen = []
    head = estimator.model.head
    forward = head.forward
    head.forward = lambda feats: seen.append(feats) or forward(feats)
    assert [r.image_size for r in estimator([photo(160, 120)] * 2)] == [(160, 120)] * 2
    assert len(seen) == 3 * 2  # scales, each mirrored too
    prepared = estimator.prepare(photo(160, 120))
    assert estimator.get_panels(prepared, estimator.infer(prepared)) is None


@pytest.mark.parametrize(
    'error, message',
    [
        (MemoryError(), 'not enough memory for 1 input of 192x128'),
        (RuntimeError('CUDA out of memory. Tried to'), 'not enough memory for 1 input of 192x128'),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), 'not enough memory for 1 in'),
    ],
)
def test_too_little_memory_for_the_network(estimator, monkeypatch, error, message):
    def fail(inputs):
        raise error

    monkeypatch.setattr(estimator.model, 'extract_feat', fail)
    with pytest.raises(LitePoseError, match=message):
        estimator(photo(160, 120))


def test_what_opencv_refuses(estimator, monkeypatch):
    def resize(image, boxes):
        return cv2.resize(image, (1 << 30, 1 << 30))

    monkeypatch.setattr(estimator, '_prepare', resize)
    with pytest.raises(LitePoseError, match='an image of 160x120') as caught:
        estimator(photo(160, 120))
    assert '\n' not in str(caught.value)


def test_defects_are_not_hidden(estimator, monkeypatch):
    def fail(inputs):
        raise RuntimeError('mat1 and mat2 shapes cannot be multiplied')

    monkeypatch.setattr(estimator.model, 'extract_feat', fail)
    with pytest.raises(RuntimeError, match='mat1'):
        estimator(photo(160, 120))


@pytest.mark.parametrize('batch_size', [0, -1, 1.5, '2'])
def test_refuses_batch_sizes(batch_size):
    with pytest.raises(LitePoseError, match='batch_size: expected a positive integer'):
        make(batch_size=batch_size)


def test_an_image_that_was_not_read(estimator):
    with pytest.raises(LitePoseError, match='got NoneType; cv2.imread returns None'):
        estimator(None)


class Sample:
    """What result_from_data_sample uses of a data sample."""

    def __init__(self, **people):
        from mmengine.structures import InstanceData

        self.metainfo = {'ori_shape': (48, 64)}
        self.pred_instances = InstanceData(**people)


def test_samples_without_scores_of_people_or_tags(estimator):
    sample = Sample(keypoints=np.ones((2, 14, 2)), keypoint_scores=torch.full((2, 14), 0.5))
    result = result_from_data_sample(sample, estimator.skeleton, 'x')
    np.testing.assert_array_equal(result.scores, [0.5, 0.5])
    assert result.tags is None
    assert (result.image_size, result.source) == ((64, 48), 'x')


def test_missing_keypoints_of_samples_are_at_zero(estimator):
    scores = np.full((2, 14), 0.5)
    scores[0, 3] = scores[1, 5] = 0
    sample = Sample(keypoints=np.ones((2, 14, 2)), keypoint_scores=scores)
    result = result_from_data_sample(sample, estimator.skeleton)
    np.testing.assert_array_equal((result.keypoints == 0).all(axis=2), scores == 0)


def test_cuda_in_a_forked_process(estimator, monkeypatch):
    def fail(inputs):
        raise RuntimeError('Cannot re-initialize CUDA in forked subprocess. To use CUDA with')

    monkeypatch.setattr(estimator.model, 'extract_feat', fail)
    with pytest.raises(LitePoseError, match='spawn'):
        estimator(photo(160, 120))


def test_samples_without_people(estimator):
    sample = Sample(keypoints=np.empty((0,)), keypoint_scores=np.empty((0,)))
    assert len(result_from_data_sample(sample, estimator.skeleton)) == 0


def test_command(weights, tmp_path, capsys):
    cv2.imwrite(str(tmp_path / 'x.png'), photo(160, 120))
    arguments = f'--model {MODEL} --weights {weights} --engine torch --short-side 128 --no-flip'
    status = main(
        ['predict', f'{tmp_path}/x.png', *arguments.split(), '--out-dir', f'{tmp_path}/out']
    )
    out, err = capsys.readouterr()
    assert (status, err) == (0, '')
    assert 'on 1 image\n' in out
    document = json.loads((tmp_path / 'out' / 'results.json').read_text())
    assert len(document['categories'][0]['keypoints']) == 14
    assert re.fullmatch('[0-9a-f]{64}', document['info']['weights_sha256'])


def test_command_without_weights_says_so(tmp_path, capsys):
    cv2.imwrite(str(tmp_path / 'x.png'), photo(64, 64))
    arguments = f'--model litepose-xs_coco --device cpu --short-side 64 --out-dir {tmp_path}/out'
    assert main(['predict', f'{tmp_path}/x.png', *arguments.split()]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('litepose: warning: no weights') and 'random' in line


@pytest.mark.slow
def test_true_weights_find_true_people(shared_file):
    folder = shared_file('data/coco_samples')
    estimator = PoseEstimator(
        'litepose-m_crowdpose', shared_file(OFFICIAL), device='cpu', batch_size=4
    )
    truth = json.loads((Path(folder) / 'annotations.json').read_text())
    names = truth['categories'][0]['keypoints']
    own = estimator.skeleton.keypoint_names
    shared = [name for name in own if name in names]
    assert len(shared) == 12

    results = estimator([folder / image['file_name'] for image in truth['images']])
    results = {image['id']: r for image, r in zip(truth['images'], results, strict=True)}
    found = 0
    for person in truth['annotations']:
        points = np.reshape(person['keypoints'], (-1, 3))[[names.index(n) for n in shared]]
        visible = points[:, 2] > 0
        if visible.sum() < 8:
            continue
        guesses = results[person['image_id']].keypoints[:, [own.index(n) for n in shared]]
        distances = np.linalg.norm(guesses - points[:, :2], axis=2)[:, visible]
        found += (np.median(distances, axis=1) < 0.1 * np.sqrt(person['area'])).any()
    assert found >= 8
