import pytest

from litepose_mm.media.frame_numbers import FrameNumbers


def numbers_of(packets, frames, damaged=True, step=None):
    """Packets as time stamps, key frames as (stamp, True); all go in before frames come out."""
    numbers = FrameNumbers(step)
    for packet in packets:
        numbers.expect(*(packet if isinstance(packet, tuple) else (packet, False)))
    if damaged:
        numbers.found_damage()
    found = [numbers.number(pts) for pts in frames]
    numbers.finish()
    return found, numbers.num_lost


@pytest.mark.parametrize(
    ('packets', 'frames', 'damaged', 'step', 'expected', 'lost'),
    [
        ([(0, True), 10, 20, 30], [0, 10, 20, 30], False, None, [0, 1, 2, 3], 0),
        # decoded out of the order of display, and one is lost
        ([(0, True), 30, 10, 20], [0, 20, 30], True, None, [0, 2, 3], 1),
        # codecs have packets that are never shown
        ([(0, True), 5, 10], [0, 10], False, None, [0, 1], 0),
        # packets before the first key frame belong to an earlier scene
        ([3, (10, True), 7, 20], [10, 20], True, None, [0, 1], 0),
        # the first frames are lost, or the last
        ([(0, True), 10, (20, True)], [20], True, None, [2], 2),
        ([(0, True), 10, 20], [0], True, None, [0], 2),
        # no packets are there at all, at a constant rate, and at another one
        ([(0, True), 40], [0, 40], True, 10.0, [0, 4], 3),
        ([(0, True), 40], [0, 40], True, None, [0, 1], 0),
        # cameras leave frames out, and time stamps may be damaged
        ([(0, True), 40], [0, 40], False, 10.0, [0, 1], 0),
        ([(0, True), 10**9], [0, 10**9], True, 10.0, [0, 1], 0),
        # no time stamps at all
        ([None, None], [None, None], True, None, [0, 1], 0),
    ],
)
def test_numbers(packets, frames, damaged, step, expected, lost):
    assert numbers_of(packets, frames, damaged, step) == (expected, lost)


def test_packets_that_the_index_tells_of():
    numbers = FrameNumbers()
    assert [numbers.number(pts) for pts in (0, 1)] == [0, 1]
    numbers.finish(missing=3)
    assert (numbers.count, numbers.num_lost, numbers.is_damaged) == (5, 3, True)
