"""Timing of estimators that take turns."""

import numpy as np
import pytest

from litepose_mm.analysis import timing as benchmarking
from litepose_mm.analysis.timing import Stages, summarise, time_stages


def test_candidates_take_turns_and_each_part_is_timed(monkeypatch):
    clock, calls = [0.0], []

    def part(name, what, duration):
        def run(value):
            calls.append(name)
            clock[0] += duration
            return value + [what]

        return run

    monkeypatch.setattr(benchmarking.time, 'perf_counter', lambda: clock[0])
    candidates = [
        Stages(name, *(part(name, what, scale * (1 + what)) for what in range(3)))
        for name, scale in (('a', 1), ('b', 10))
    ]
    seconds, people = time_stages(candidates, [[], ['person']], rounds=3)
    assert seconds.shape == (2, 6, 3)
    np.testing.assert_allclose(seconds[0], [[1, 2, 3]] * 6)
    np.testing.assert_allclose(seconds[1], [[10, 20, 30]] * 6)
    assert people.tolist() == [[3, 4], [3, 4]]
    # The first round warms up; who is first changes with every round.
    assert ''.join(calls[::3]) == 'abab' + 'baba' + 'abab' + 'baba'


def test_summarise():
    times = summarise(np.array([[1, 2, 3], [2, 2, 3], [3, 2, 3]]) / 1e3)
    assert times['preprocessing'] == pytest.approx({'p50': 2, 'p95': 2.9})
    assert times['total'] == pytest.approx({'p50': 7, 'p95': 7.9})


def test_environment():
    assert benchmarking.environment().endswith(' cores')
