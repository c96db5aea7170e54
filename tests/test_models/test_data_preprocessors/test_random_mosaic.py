import pytest
import torch
from mmpose.structures import PoseDataSample

from litepose_mm.errors import LitePoseError
from litepose_mm.models import RandomMosaic


def numbered(count, height=8, width=8):
    """Images of one value each, 1 and up."""
    return torch.arange(1.0, count + 1).view(-1, 1, 1, 1).expand(count, 3, height, width)


def samples(count):
    return [PoseDataSample() for _ in range(count)]


def test_the_whole_grid_has_an_image_in_each_place():
    torch.manual_seed(0)
    mosaic = RandomMosaic((16, 16), tiles=2, scale_factor=(1, 1))
    made, given = mosaic(numbered(6), samples(6))
    torch.testing.assert_close(made, made.round())  # pixels of the samples are those of the grid
    places = made.round().unflatten(3, (2, 8)).unflatten(2, (2, 8))  # B, 3, row, y, column, x
    values = places.mean((1, 3, 5))
    assert torch.equal(places, values[:, None, :, None, :, None].expand_as(places))
    # In every place each image is in one of the samples.
    assert torch.equal(values.sort(0).values, numbered(6)[:, 0, :2, :2])
    assert given[0].batch_input_shape == given[0].img_shape == (16, 16)


@pytest.mark.parametrize('scale', [1.0, 0.5, 0.2])
@pytest.mark.parametrize('tiles', [1, 3])
def test_windows_show_their_part_of_the_grid(scale, tiles):
    torch.manual_seed(0)
    ramp = torch.arange(40.0).expand(4, 3, 20, 40)
    made, _ = RandomMosaic((60, 30), tiles, (scale, scale))(ramp, samples(4))
    step = (made[..., 1:] - made[..., :-1]).median()
    assert step == pytest.approx(scale * tiles * 40 / 60, rel=1e-3)
    assert made.shape == (4, 3, 30, 60)


def test_windows_differ_in_size_and_place():
    torch.manual_seed(0)
    theta = RandomMosaic((8, 8), scale_factor=(0.2, 0.8))._windows(2000)
    scales, centers = theta[:, 0, 0], theta[:, :, 2]
    assert 0.2 <= scales.min() < 0.21 and 0.79 < scales.max() <= 0.8
    assert scales.median() == pytest.approx(0.4, abs=0.02)  # half of them below the geometric mean
    reach = scales[:, None] + centers.abs()
    assert reach.max() <= 1 + 1e-6  # nothing beyond the grid
    assert centers.mean(0).abs().max() < 0.03 and centers.std(0).min() > 0.2


def test_numbers_come_from_torch_and_16_bits_move_nothing():
    images = torch.rand(4, 3, 16, 16)
    mosaic = RandomMosaic((32, 32))
    made = []
    for enabled in (False, True):
        torch.manual_seed(7)
        with torch.autocast('cpu', torch.bfloat16, enabled=enabled):
            made.append(mosaic(images, samples(4))[0])
    assert torch.equal(*made)
    assert not torch.equal(mosaic(images, samples(4))[0], made[0])


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match='scale_factor: expected .*1.5'):
        RandomMosaic((8, 8), scale_factor=(0.5, 1.5))
    with pytest.raises(LitePoseError, match='16x8, got 8x8'):
        RandomMosaic((16, 8))(numbered(2), samples(2))
    labelled = samples(2)
    labelled[1].gt_fields = PoseDataSample()
    with pytest.raises(LitePoseError, match='remove GenerateTarget'):
        RandomMosaic((8, 8))(numbered(2), labelled)
