"""Values that workers put are there for everybody."""

import multiprocessing
import pickle

import pytest

from litepose_mm.datasets.synthetic.shared_cache import SharedCache


def test_keeps_values():
    cache = SharedCache(3, 100)
    cache.put(1, {'a': [1, 2]})
    assert cache.get(1) == {'a': [1, 2]}
    assert cache.get(0) is None and cache.get(2) is None


def test_does_not_keep_what_is_too_large():
    cache = SharedCache(2, 20)
    cache.put(0, b'x' * 100)
    assert cache.get(0) is None and cache.get(1) is None


def test_copy_starts_empty():
    cache = SharedCache(1, 100)
    cache.put(0, 'a')
    assert pickle.loads(pickle.dumps(cache)).get(0) is None


@pytest.mark.skipif(
    'fork' not in multiprocessing.get_all_start_methods(), reason='needs forked processes'
)
def test_is_shared_with_forked_processes():
    cache = SharedCache(2, 100)
    process = multiprocessing.get_context('fork').Process(target=cache.put, args=(1, 'from there'))
    process.start()
    process.join()
    assert cache.get(1) == 'from there'
