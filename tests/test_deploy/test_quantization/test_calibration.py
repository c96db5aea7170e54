"""Images as inputs of the network."""

import numpy as np
import pytest
from exported import card_of

from litepose_mm import LitePoseError
from litepose_mm.deploy.quantization.calibration import (
    MOST,
    Calibration,
    calibration_images,
    spread,
)


def test_images_become_inputs(tiny, images):
    files = calibration_images(images)
    inputs = Calibration(files, card_of(tiny))
    assert len(inputs) == len(files) == 10
    assert [each.shape for each in inputs][:2] == [(1, 3, 64, 128), (1, 3, 64, 64)]
    assert inputs[0].dtype == np.float32
    np.testing.assert_array_equal(inputs[3], list(inputs)[3])


def test_too_few_images(images, tmp_path):
    with pytest.raises(LitePoseError, match='calibration: expected a folder'):
        calibration_images(None)
    for number in range(3):
        (tmp_path / f'{number}.png').write_bytes((images / f'{number}.png').read_bytes())
    with pytest.raises(LitePoseError, match=r'expected at least 10 images in .*, got 3; add'):
        calibration_images(tmp_path)


def test_of_many_images_some_are_taken(tmp_path):
    for number in range(MOST + 50):
        (tmp_path / f'{number:03}.png').touch()
    names = [path.stem for path in calibration_images(tmp_path)]
    assert len(names) == MOST and (names[0], names[-1]) == ('000', '349')
    assert spread('abcde', 3) == ['a', 'c', 'e'] and spread('ab', 3) == ['a', 'b']
