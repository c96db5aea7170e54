"""Lines of the log: no digit too many, none too few."""

from litepose_mm.engine.logging import ReadableLogProcessor


def test_numbers_get_four_significant_digits():
    line = (
        'Epoch(train) [2][ 50/250]  lr: 1.594502000000e-03  eta: 1 day, 0:15:17  '
        'time: 1.699513000000  memory: 1234  loss_pull: 0.000001234567  loss: 123.456789000000  '
        'x/AP .5: 0.500000000000  x/AP: -1.000000000000'
    )
    assert ReadableLogProcessor()._shorten(line) == (
        'Epoch(train) [2][ 50/250]  lr: 0.001595  eta: 1 day, 0:15:17  '
        'time: 1.700  memory: 1234  loss_pull: 1.235e-06  loss: 123.5  '
        'x/AP .5: 0.5000  x/AP: -1.000'
    )
