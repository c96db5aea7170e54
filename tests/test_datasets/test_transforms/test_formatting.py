import numpy as np
import pytest

from litepose_mm.datasets.transforms import PackMultiScaleInputs


@pytest.mark.parametrize('mirrored', [False, True])
def test_image_is_packed_as_it_is_seen(mirrored):
    image = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    image = image[:, ::-1] if mirrored else image
    packed = PackMultiScaleInputs(meta_keys=())(dict(img=image))
    np.testing.assert_array_equal(packed['inputs'], image.transpose(2, 0, 1))
