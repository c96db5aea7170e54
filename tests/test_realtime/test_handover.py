import threading

import pytest

from litepose_mm.realtime import Closed, Handover


def test_the_newest_wins():
    place = Handover()
    for value in range(5):
        place.put(value)
    assert place.take() == 4 and place.num_replaced == 4


def test_nothing_is_lost_where_all_are_kept():
    place, taken = Handover(keep_all=True), []

    def take():
        try:
            while True:
                taken.append(place.take())
        except Closed:
            pass

    thread = threading.Thread(target=take)
    thread.start()
    for value in range(100):
        place.put(value)
    place.close()
    thread.join(5)
    assert taken == list(range(100)) and place.num_replaced == 0


def test_closed():
    place = Handover()
    place.put(1)
    place.close()
    with pytest.raises(Closed):
        place.put(2)
    assert place.take() == 1  # what is there comes first
    with pytest.raises(Closed):
        place.take()


def test_waiting_for_a_while():
    place = Handover()
    with pytest.raises(TimeoutError):
        place.take(0.01)
    place.put(1)
    assert place.take(0.01) == 1


def test_waiting_ends_when_it_is_closed():
    place = Handover(keep_all=True)
    place.put(1)
    threading.Timer(0.05, place.close).start()
    with pytest.raises(Closed):
        place.put(2)
