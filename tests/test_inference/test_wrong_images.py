"""What is no image is refused in one line, by the estimators of torch and of exported models."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from litepose_mm import LitePoseError
from litepose_mm.runtime import PoseEstimator

IMAGE = np.zeros((64, 96, 3), np.uint8)
PNG = cv2.imencode('.png', IMAGE)[1].tobytes()
DECODE, CONVERT = 'decode_image', 'cv2.cvtColor'
PIL = r"numpy.asarray\(image.convert\('RGB'\)\)\[..., ::-1\]"


class Odd:
    """Nothing that anybody knows."""


WRONG = {
    'none': (None, 'cv2.imread returns None'),
    'bytes': (PNG, DECODE),
    'bytearray': (bytearray(PNG), DECODE),
    'memoryview': (memoryview(PNG), DECODE),
    'file': (io.BytesIO(PNG), 'pass the path'),
    'text file': (io.StringIO('x'), 'pass the path'),
    'pil': (Image.fromarray(IMAGE), PIL),
    'tensor': (torch.zeros(3, 64, 96, dtype=torch.uint8), r'transpose\(1, 2, 0\)'),
    'tensors': (torch.zeros(2, 3, 64, 96), r'transpose\(1, 2, 0\)'),
    'dictionary': ({'image': IMAGE}, 'got dict'),
    'number': (3, 'got int'),
    'true': (True, 'got bool'),
    'object': (Odd(), 'got Odd'),
    'class': (Odd, 'got type'),
    'numpy number': (np.uint8(3), 'got uint8'),
    'float': (IMAGE.astype(np.float32), 'got float32'),
    'nan': (np.full((64, 96, 3), np.nan), 'got float64'),
    'bool': (IMAGE > 0, 'got bool'),
    '16 bits': (IMAGE.astype(np.uint16), 'got uint16'),
    'objects': (IMAGE.astype(object), 'got object'),
    'names': (np.array(['a.jpg', 'b.jpg']), r'got <U5 \(2,\)'),
    'gray': (IMAGE[..., 0], CONVERT),
    'one channel': (IMAGE[..., :1], CONVERT),
    'alpha': (np.zeros((64, 96, 4), np.uint8), CONVERT),
    'channels first': (IMAGE.transpose(2, 0, 1), CONVERT),
    'batch': (IMAGE[None], CONVERT),
    'no rows': (IMAGE[:0], r'\(0, 96, 3\)'),
    'no columns': (IMAGE[:, :0], r'\(64, 0, 3\)'),
    '0-d': (np.array(3, np.uint8), r'got uint8 \(\)'),
    'vast': (np.broadcast_to(IMAGE[:1, :1], (1 << 24, 1 << 24, 3)), 'not enough memory'),
    'nothing': ('', 'cannot read'),
    'folder': (Path('/'), 'cannot read'),
    'no file': (Path('/nowhere/a.jpg'), '/nowhere/a.jpg'),
    'zero byte': ('a\0b', 'cannot read'),
}


@pytest.fixture(scope='module', params=['torch', 'onnxruntime'])
def estimator(request, tiny, exported):
    return tiny if request.param == 'torch' else PoseEstimator(exported(), threads=1)


def refusal(estimator, given):
    with pytest.raises(LitePoseError) as caught:
        estimator(given)
    assert '\n' not in str(caught.value)
    return caught


@pytest.mark.parametrize('name', WRONG)
def test_refuses_what_is_no_image(estimator, name):
    given, message = WRONG[name]
    refusal(estimator, given).match(message)
    refusal(estimator, [IMAGE, given]).match(message)
    refusal(estimator, (each for each in (IMAGE, given))).match(message)


@pytest.mark.parametrize('given', [[[IMAGE]], IMAGE[:4, :4].tolist(), [{'image': IMAGE}], {1, 2}])
def test_refuses_lists_of_other_things(estimator, given):
    refusal(estimator, given).match('or a list of these, got')


def test_takes_every_list_and_view_of_images(estimator, tmp_path):
    path = tmp_path / 'x.png'
    path.write_bytes(PNG)
    one = estimator(IMAGE)
    frozen = IMAGE.copy()
    frozen.flags.writeable = False
    for view in (frozen, IMAGE[::-1, ::-1], np.asfortranarray(IMAGE), IMAGE[..., ::-1]):
        assert estimator(view) == one

    class Named:
        def __fspath__(self):
            return str(path)

    for given in ((IMAGE,), {'a': IMAGE}.values(), iter([IMAGE]), np.array([IMAGE]).__iter__()):
        assert estimator(given) == [one]
    assert estimator(Named()).source == estimator(str(path)).source == str(path)
    assert estimator([]) == estimator(iter([])) == []
