import numpy as np

from litepose_mm.datasets.transforms import BottomupResizeHeight
from litepose_mm.preprocessing.rules import FixedHeight


def test_positions_come_back_as_in_mmpose():
    image = np.random.default_rng(0).integers(0, 256, (300, 200, 3), dtype=np.uint8)
    transform = BottomupResizeHeight((128, 128))
    results = transform.transform(dict(img=image))
    (expected,) = FixedHeight(height=128).resize(image)
    np.testing.assert_array_equal(results['img'], expected.image)
    assert results['img_shape'] == (128, 128) and results['input_size'] == (128, 128)
    points = np.array([[30.0, 5.0], [60.0, 100.0]], dtype=np.float32)
    back = points / results['input_size'] * results['input_scale']
    back = back + results['input_center'] - 0.5 * results['input_scale']
    np.testing.assert_allclose(back, expected.to_original(points), atol=1e-3)
    assert 'height=128' in repr(transform)
