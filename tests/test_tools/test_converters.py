import json
import runpy
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from litepose_mm.cli.programs import run_tool
from litepose_mm.utils.paths import mim_root

CONVERTERS = mim_root() / 'tools/dataset_converters'


@pytest.fixture
def run(monkeypatch, capsys):
    """``run('script.py', arguments)``: as the command runs, but in this process, which is fast."""

    def run(script, *args):
        monkeypatch.setattr(sys, 'argv', [script, *map(str, args)])
        status = run_tool(runpy.run_path(str(CONVERTERS / script))['main'])
        return subprocess.CompletedProcess(sys.argv, status, *capsys.readouterr())

    return run


def crowdpose(swapped):
    """Two wide images with a person at their right, a square one and one without people."""
    sizes = [(640, 425), (500, 300), (300, 300), (400, 200)]
    images = [
        dict(id=i, file_name=f'{i}.jpg', width=w, height=h, crowdIndex=0.5)
        for i, (w, h) in enumerate(sizes)
    ]
    annotations = [
        dict(id=i, image_id=i, category_id=1, iscrowd=0, keypoints=[w - 5, h - 5, 2] * 14)
        for i, (w, h) in enumerate(sizes[:3])
    ]
    if swapped:
        for image in images:
            image['width'], image['height'] = image['height'], image['width']
    return dict(images=images, annotations=annotations, categories=[]), sizes


@pytest.mark.parametrize('swapped', [False, True])
@pytest.mark.parametrize('with_images', [False, True])
def test_crowdpose_sizes(run, tmp_path, swapped, with_images):
    document, sizes = crowdpose(swapped)
    (tmp_path / 'train.json').write_text(json.dumps(document))
    options = []
    if with_images:
        for index, size in enumerate(sizes):
            Image.new('RGB', size).save(tmp_path / f'{index}.jpg')
        options = ['--images', tmp_path]
    result = run(
        'crowdpose_fix_sizes.py', tmp_path / 'train.json', '--out-dir', tmp_path / 'fixed', *options
    )
    assert result.returncode == 0, result.stderr
    assert f'{3 if swapped else 0} of 4 sizes fixed' in result.stdout
    fixed = json.loads((tmp_path / 'fixed/train.json').read_text())
    assert [(image['width'], image['height']) for image in fixed['images']] == sizes
    assert fixed['annotations'] == document['annotations']


@pytest.mark.parametrize(
    'content', ['{', '[]', '{"images": 3}', '{"images": [{"id": 1}], "annotations": []}']
)
def test_crowdpose_other_files(run, tmp_path, content):
    (tmp_path / 'a.json').write_text(content)
    result = run('crowdpose_fix_sizes.py', tmp_path / 'a.json', '--out-dir', tmp_path / 'fixed')
    assert result.returncode == 2 and 'a.json' in result.stderr
    assert len(result.stderr.splitlines()) == 1 and not (tmp_path / 'fixed').exists()


def test_crowdpose_without_an_image(run, tmp_path):
    (tmp_path / 'train.json').write_text(json.dumps(crowdpose(False)[0]))
    out = tmp_path / 'fixed'
    options = ('--out-dir', out, '--images', tmp_path)
    result = run('crowdpose_fix_sizes.py', tmp_path / 'train.json', *options)
    assert result.returncode == 2 and '0.jpg' in result.stderr
    assert len(result.stderr.splitlines()) == 1 and not out.exists()


def lsp(folder, shape):
    """Two images; joint j of LSP's order lies at (10 j + 1, 5 j + 2)."""
    (folder / 'images').mkdir()
    joints = np.ones((14, 3, 2))
    joints[:, 0] = 10 * np.arange(14)[:, None] + 1
    joints[:, 1] = 5 * np.arange(14)[:, None] + 2
    joints[12, 2, 1] = 0  # the neck of the second image
    joints[0, :2, 1] = -4  # an ankle outside
    if shape == (3, 14):
        joints = joints.transpose(1, 0, 2).copy()
        joints[2] = 1 - joints[2]  # hidden
    savemat(folder / 'joints.mat', dict(joints=joints))
    for index in (1, 2):
        Image.new('RGB', (200, 100)).save(folder / f'images/im{index:05d}.jpg')


@pytest.mark.parametrize('shape', [(14, 3), (3, 14)])
def test_lspet(run, tmp_path, shape):
    lsp(tmp_path, shape)
    result = run('lspet_to_crowdpose.py', tmp_path, tmp_path / 'out.json')
    assert result.returncode == 0, result.stderr
    document = json.loads((tmp_path / 'out.json').read_text())
    names = document['categories'][0]['keypoints']
    first, second = (
        dict(zip(names, np.reshape(a['keypoints'], (14, 3)).tolist()))
        for a in document['annotations']
    )
    assert first['right_ankle'] == [1, 2, 2] and first['top_head'] == [131, 67, 2]
    assert first['left_shoulder'] == [91, 47, 2] and first['neck'] == [121, 62, 2]
    assert second['right_ankle'] == [0, 0, 0]
    assert second['neck'] == ([0, 0, 0] if shape == (14, 3) else [121, 62, 1])
    assert [a['num_keypoints'] for a in document['annotations']] == (
        [14, 12] if shape == (14, 3) else [14, 13]
    )
    checked = subprocess.run(
        [sys.executable, mim_root() / 'tools/misc/check_annotations.py', tmp_path / 'out.json']
        + ['--images', tmp_path / 'images', '--dataset', 'crowdpose'],
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_lspet_has_the_form_of_the_shared_result(run, tmp_path, shared_file):
    shared = json.loads(shared_file('data/lspet/annotations.json').read_text())
    lsp(tmp_path, (14, 3))
    assert run('lspet_to_crowdpose.py', tmp_path, tmp_path / 'out.json').returncode == 0
    document = json.loads((tmp_path / 'out.json').read_text())
    assert document.keys() == shared.keys()
    assert document['categories'] == shared['categories']
    for key in ('images', 'annotations'):
        assert document[key][0].keys() == shared[key][0].keys()


def test_lspet_other_folder(run, tmp_path):
    result = run('lspet_to_crowdpose.py', tmp_path, tmp_path / 'out.json')
    assert result.returncode == 2 and 'joints.mat' in result.stderr
    lsp(tmp_path, (14, 3))
    (tmp_path / 'images/im00002.jpg').unlink()
    result = run('lspet_to_crowdpose.py', tmp_path, tmp_path / 'out.json')
    assert (
        result.returncode == 2
        and 'expected 2 images, as many as in joints.mat, got 1' in result.stderr
    )


def coco(folder, names, number, **person):
    """A folder with an image of one person whose keypoint k lies at (k + 1, 2)."""
    folder.mkdir()
    Image.new('RGB', (40, 30)).save(folder / 'a.jpg')
    points = [value for index in range(number) for value in (index + 1, 2, 2)]
    annotation = dict(id=7, image_id=3, category_id=1, iscrowd=0, bbox=[0, 0, 20, 20], area=400)
    annotation.update(keypoints=points, num_keypoints=number, **person)
    category = dict(id=1, name='person', **(dict(keypoints=names) if names else {}))
    image = dict(id=3, file_name='a.jpg', width=40, height=30)
    document = dict(images=[image], annotations=[annotation], categories=[category])
    (folder / 'people.json').write_text(json.dumps(document))
    return '--from', folder / 'people.json', folder


def test_combine_annotations(run, tmp_path):
    names = ['nose', 'left_shoulder', 'tail']
    sources = [*coco(tmp_path / 'mine', names, 3), *coco(tmp_path / 'crowdpose', None, 14)]
    out = tmp_path / 'both/annotations.json'
    result = run('combine_annotations.py', out, *sources, '--keypoints', 'crowdpose')
    assert result.returncode == 0, result.stderr
    assert '2 images, 2 people' in result.stdout
    document = json.loads(out.read_text())
    assert len(document['categories'][0]['keypoints']) == 14
    images, people = document['images'], document['annotations']
    assert [(out.parent / image['file_name']).is_file() for image in images] == [True, True]
    assert len({image['id'] for image in images}) == len({person['id'] for person in people}) == 2
    assert [person['image_id'] for person in people] == [image['id'] for image in images]
    assert all('crowdIndex' in image for image in images)
    # the left shoulder is CrowdPose's first joint; nose and tail are none of its joints
    assert people[0]['keypoints'] == [2, 2, 2] + 13 * [0, 0, 0]
    assert people[0]['num_keypoints'] == 1
    assert people[1]['keypoints'][::3] == list(range(1, 15))


def test_combine_writes_the_areas_that_crowdpose_lacks(run, tmp_path):
    annotations, images = coco(tmp_path / 'a', None, 14)[1:]
    document = json.loads(annotations.read_text())
    document['images'][0]['crowdIndex'] = 0.1
    del document['annotations'][0]['area']
    annotations.write_text(json.dumps(document))
    result = run('combine_annotations.py', tmp_path / 'o.json', '--from', annotations, images)
    assert result.returncode == 0, result.stderr
    (person,) = json.loads((tmp_path / 'o.json').read_text())['annotations']
    assert person['area'] == pytest.approx(0.53 * 20 * 20)


@pytest.mark.parametrize(
    ('names', 'number', 'message'),
    [(['tail'], 1, 'ankle, got tail'), (None, 5, 'got [5] without names')],
)
def test_combine_other_keypoints(run, tmp_path, names, number, message):
    result = run(
        'combine_annotations.py', tmp_path / 'o.json', *coco(tmp_path / 'a', names, number)
    )
    assert result.returncode == 2 and message in result.stderr
    assert len(result.stderr.splitlines()) == 1 and not (tmp_path / 'o.json').exists()


def test_combine_bad_sources(run, tmp_path):
    annotations, images = coco(tmp_path / 'a', ['nose'], 1)[1:]
    result = run('combine_annotations.py', tmp_path / 'o.json', '--from', annotations, 'gone')
    assert result.returncode == 2 and 'no such folder: gone' in result.stderr
    document = json.loads(annotations.read_text())
    del document['images'][0]['file_name']
    annotations.write_text(json.dumps(document))
    result = run('combine_annotations.py', tmp_path / 'o.json', '--from', annotations, images)
    assert result.returncode == 2 and f'{annotations}: missing field: image' in result.stderr
    document['images'][0].update(file_name='a.jpg', id='three')
    annotations.write_text(json.dumps(document))
    result = run('combine_annotations.py', tmp_path / 'o.json', '--from', annotations, images)
    assert result.returncode == 2 and f'{annotations}: no such image: image' in result.stderr
    assert not (tmp_path / 'o.json').exists()


def mpii(path):
    """MPII's form: two people in one image, others of which something is missing, a test image."""

    def person(first, **values):
        points = [dict(id=first, x=10.5, y=20.0, is_visible='1'), dict(id=9, x=5.0, y=6.0)]
        head = dict(x1=1.0, y1=2.0, x2=31.0, y2=42.0)
        return dict(
            annopoints=dict(point=points), objpos=dict(x=50.0, y=60.0), scale=1.5, **head, **values
        )

    def image(name, people):
        return dict(image=dict(name=name), annorect=people)

    no_head = person(4)
    del no_head['x1']
    no_scale = person(5)
    del no_scale['scale']
    annolist = [
        image('000.jpg', [person(0), person(1)]),
        image('001.jpg', [person(2)]),
        image('002.jpg', [no_scale, dict(scale=1.0)]),
        image('003.jpg', [person(3), no_head]),
        image('004.jpg', [person(6)]),
    ]
    savemat(path, dict(RELEASE=dict(annolist=annolist, img_train=[1, 1, 1, 1, 0])))


def test_mpii(run, tmp_path):
    from mmpose.registry import DATASETS

    mpii(tmp_path / 'release.mat')
    (tmp_path / 'val.txt').write_text('003.jpg\n000.jpg\n')
    out = tmp_path / 'annotations'
    options = '--val-images', tmp_path / 'val.txt'
    result = run('mpii_to_mmpose.py', tmp_path / 'release.mat', out, *options)
    assert result.returncode == 0, result.stderr
    train = json.loads((out / 'mpii_train.json').read_text())
    assert [person['image'] for person in train] == ['001.jpg']
    assert (train[0]['center'], train[0]['scale']) == ([50.0, 60.0], 1.5)
    assert train[0]['joints'][2] == [10.5, 20.0] and train[0]['joints'][0] == [-1, -1]
    assert [i for i, vis in enumerate(train[0]['joints_vis']) if vis] == [2, 9]
    dataset = DATASETS.build(
        dict(
            type='MpiiDataset',
            ann_file=str(out / 'mpii_val.json'),
            headbox_file=str(out / 'mpii_gt_val.mat'),
            data_prefix=dict(img='images'),
            test_mode=True,
        )
    )
    assert [dataset.get_data_info(i)['img_path'] for i in range(len(dataset))] == [
        'images/000.jpg',
        'images/000.jpg',
        'images/003.jpg',  # of the two people, the one with a head
    ]
    # 0.6 of the diagonal, as MPII defines it
    np.testing.assert_allclose(dataset.get_data_info(0)['head_size'], [[0.6 * 50]])


def test_mpii_refuses(run, tmp_path):
    (tmp_path / 'release.mat').write_bytes(b'no')
    result = run('mpii_to_mmpose.py', tmp_path / 'release.mat', tmp_path / 'out')
    assert result.returncode == 2 and "expected MPII's public annotations" in result.stderr
    mpii(tmp_path / 'release.mat')
    (tmp_path / 'val.txt').write_text('004.jpg\n')
    options = '--val-images', tmp_path / 'val.txt'
    result = run('mpii_to_mmpose.py', tmp_path / 'release.mat', tmp_path / 'out', *options)
    assert result.returncode == 2 and 'got 004.jpg' in result.stderr
    result = run('mpii_to_mmpose.py', tmp_path / 'release.mat', tmp_path / 'out', '--val-every=2')
    assert result.returncode == 0 and 'mpii_val.json: 3 people' in result.stdout
