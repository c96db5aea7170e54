import numpy as np
import pytest
import xtcocotools.mask

from litepose_mm.datasets.transforms import MultiLevelHeatmapMask
from litepose_mm.datasets.transforms.heatmap_mask import decode_segments
from litepose_mm.errors import LitePoseError

HIDDEN = np.zeros((40, 60), dtype=bool)
HIDDEN[8:24, 16:40] = True
POLYGON = [[16, 8, 40, 8, 40, 24, 16, 24]]
COMPRESSED = xtcocotools.mask.encode(np.asfortranarray(HIDDEN.astype(np.uint8)))
RUNS = dict(
    size=[40, 60],
    counts=np.diff(np.flatnonzero(np.diff(np.r_[2, HIDDEN.T.ravel(), 2]))).tolist(),
)


@pytest.mark.parametrize(
    'segment',
    [POLYGON, RUNS, COMPRESSED, dict(COMPRESSED, counts=COMPRESSED['counts'].decode())],
    ids=['polygon', 'runs', 'bytes', 'text'],
)
def test_every_form_hides_the_same(segment):
    np.testing.assert_array_equal(decode_segments([segment], 40, 60), HIDDEN)


@pytest.mark.parametrize('segment', [None, [], {}])
def test_nothing_hides_nothing(segment):
    assert not decode_segments([segment], 4, 5).any()


def test_several_hide_what_any_of_them_does():
    other = [[2, 2, 6, 2, 6, 6, 2, 6]]
    both = decode_segments([POLYGON, None, other, RUNS], 40, 60)
    assert both.flags.c_contiguous  # for OpenCV, which copies it otherwise
    np.testing.assert_array_equal(both, HIDDEN | decode_segments([other], 40, 60))


@pytest.mark.parametrize('segment', [[['a'] * 6], {'size': [4, 5]}, 7, 'text'])
def test_malformed_segments_say_so(segment):
    with pytest.raises(LitePoseError, match='segmentation: .*polygons'):
        decode_segments([segment], 4, 5)


def masks(**changes):
    sample = dict(
        ori_shape=(40, 60),
        heatmaps=[np.zeros((3, 10, 15)), np.zeros((3, 20, 30))],
        img_shape=(40, 60),
        invalid_segs=[POLYGON],
    )
    names = changes.keys() & {'use_segments', 'mask_border'}
    options = {name: changes.pop(name) for name in names}
    return MultiLevelHeatmapMask(**options).transform(dict(sample, **changes))['heatmap_mask']


def test_levels():
    coarse, fine = masks()
    assert coarse.shape == (1, 10, 15) and fine.shape == (1, 20, 30)
    assert coarse.dtype == np.float32 and set(np.unique(fine)) == {0, 1}
    np.testing.assert_array_equal(coarse[0] == 0, HIDDEN[::4, ::4])
    np.testing.assert_array_equal(fine[0] == 0, HIDDEN[::2, ::2])


def test_crowdpose_hides_nobody_but_what_is_beyond_the_image():
    for mask in masks(use_segments=False):
        assert mask.all()
    shifted = np.array([[1.0, 0, 20], [0, 1, 0]])
    for mask in masks(use_segments=False, warp_mat=shifted):
        third = mask.shape[2] // 3
        assert not mask[..., :third].any() and mask[..., third:].all()


def test_nothing_beyond_the_image_is_hidden_if_not_wanted():
    shifted = np.array([[1.0, 0, 20], [0, 1, 0]])
    for mask in masks(use_segments=False, mask_border=False, warp_mat=shifted):
        assert mask.all()
    for mask in masks(mask_border=False, warp_mat=shifted):
        assert not mask.all()


def test_flip():
    for plain, flipped in zip(masks(), masks(flip=True, flip_direction='horizontal')):
        np.testing.assert_array_equal(flipped, plain[..., ::-1])
    with pytest.raises(LitePoseError, match='horizontal'):
        masks(flip=True, flip_direction='vertical')
