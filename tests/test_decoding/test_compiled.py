"""The compiled steps give what the plain ones give, to the bit."""

import shutil
import subprocess

import numpy as np
import pytest
from decoder_library import build, decoder_library
from hypothesis import given, settings
from hypothesis import strategies as st

from litepose_mm.decoding import AssociativeEmbeddingDecoder, Candidates, compiled, grouping
from litepose_mm.errors import LitePoseError
from litepose_mm.testing import synthetic_maps


@pytest.fixture(scope='module')
def library():
    return decoder_library()


def both(library, function):
    """Calls a function without and with the library, and returns both results."""
    results = []
    for own in (None, library):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(compiled, 'library', own)
            results.append(function())
    return results


def assert_same_bits(plain, compiled_one):
    assert len(plain) == len(compiled_one)
    for own, other in zip(plain, compiled_one):
        assert (own.dtype, own.shape) == (other.dtype, other.shape)
        assert own.tobytes() == other.tobytes()


rules = st.fixed_dictionaries(
    {
        'nms_kernel': st.sampled_from([1, 3, 5, 9, 41]),
        'top_k': st.sampled_from([1, 5, 30]),
        'keypoint_threshold': st.sampled_from([0.0, 0.1, 0.5]),
        'tag_threshold': st.sampled_from([0.5, 1.0, 3.0]),
        'max_people': st.sampled_from([None, 1, 3, 30]),
        'offset': st.sampled_from(['litepose', 'mmpose', 'none', 'udp']),
        'missing': st.sampled_from(['litepose', 'mmpose', 'none']),
        'limit': st.sampled_from(['litepose', 'mmpose']),
        'keep_best': st.sampled_from([None, 1, 4]),
    }
)
sizes = st.tuples(st.integers(1, 12), st.integers(1, 12))


@settings(max_examples=300)
@given(
    seed=st.integers(0, 10**6),
    num_keypoints=st.integers(1, 6),
    tag_dim=st.integers(1, 9),
    tag_hw=sizes,
    heatmap_factor=st.sampled_from([(1, 1), (2, 2), (3, 1.5)]),
    factor=st.sampled_from([None, (1, 1), (2, 2), (4, 4), (3.3, 2), (0.7, 0.4)]),
    levels=st.sampled_from([None, 2, 10]),
    spread=st.sampled_from([0.0, 0.5, 3.0, 1e5]),
    rules=rules,
)
def test_any_maps_and_rules(
    library,
    seed,
    num_keypoints,
    tag_dim,
    tag_hw,
    heatmap_factor,
    factor,
    levels,
    spread,
    rules,
):
    """Also with few different values, so that heatmaps, tags and costs are often equal."""
    rng = np.random.default_rng(seed)
    map_hw = [max(1, int(side * f)) for side, f in zip(tag_hw, heatmap_factor)]
    decode_hw = factor and tuple(max(1, int(side * f)) for side, f in zip(map_hw, factor))
    heatmaps = rng.normal(0, 0.4, (num_keypoints, *map_hw)).astype(np.float32)
    tags = rng.normal(0, 1, (tag_dim * num_keypoints, *tag_hw)).astype(np.float32)
    if levels:
        heatmaps, tags = (np.round(maps * levels) / np.float32(levels) for maps in (heatmaps, tags))
    tags *= np.float32(spread)
    order = rng.permutation(num_keypoints).tolist()
    decoder = AssociativeEmbeddingDecoder(num_keypoints, order, **rules)
    assert_same_bits(*both(library, lambda: decoder.decode(heatmaps, tags, decode_hw)))


@pytest.mark.parametrize('rule', ['litepose', 'mmpose'])
@pytest.mark.parametrize('people, tag_dim', [(0, 1), (1, 2), (12, 1), (30, 2)])
def test_people(library, people, tag_dim, rule):
    maps = synthetic_maps(people, (224, 416), 14, tag_dim, missing=0.3, noise=0.02, seed=people)
    decoder = AssociativeEmbeddingDecoder(14, offset=rule, missing=rule, limit=rule)
    plain, own = both(library, lambda: decoder.decode(*maps[:2], decode_hw=(224, 416)))
    assert len(plain.scores) >= people
    assert_same_bits(plain, own)


@settings(max_examples=200)
@given(
    seed=st.integers(0, 10**6),
    most=st.sampled_from([3, 12, 40]),
    tag_dim=st.integers(1, 3),
    step=st.sampled_from([1e-6, 0.25, 1.0]),
    max_match=st.sampled_from([None, 2, 7]),
)
def test_candidates_with_equal_tags_and_values(library, seed, most, tag_dim, step, max_match):
    rng = np.random.default_rng(seed)
    candidates = []
    for _ in range(5):
        count = rng.integers(0, most + 1)
        values = np.round(rng.uniform(0.2, 1, count) / step + 1) * step
        tags = np.round(rng.normal(0, most / 8, (count, tag_dim)) / step) * step
        positions = rng.integers(0, 99, (count, 2))
        candidates.append(Candidates(np.float32(values), np.float32(tags), positions))
    options = [4, 0, 2, 1, 3], 1.0, max_match
    assert_same_bits(*both(library, lambda: compiled.group_by_tags(candidates, *options)))


@pytest.mark.parametrize('kind', [np.float64, np.float16, '>f4'])
def test_other_numbers_take_the_plain_way(library, kind):
    maps = synthetic_maps(3, (64, 96), 14, 2)
    heatmaps, tags = maps.heatmaps.astype(kind), maps.tags.astype(kind)
    decoder = AssociativeEmbeddingDecoder(14)
    assert_same_bits(*both(library, lambda: decoder.decode(heatmaps, tags, (64, 96))))


def test_maps_that_are_not_contiguous(library):
    maps = synthetic_maps(4, (64, 96), 14, 2)
    flipped = [own[:, :, ::-1] for own in maps[:2]]
    decoder = AssociativeEmbeddingDecoder(14)
    assert_same_bits(*both(library, lambda: decoder.decode(*flipped, (64, 96))))


@pytest.mark.parametrize('bad', [np.nan, np.inf, 3e20])
def test_tags_that_cannot_be_compared(library, bad):
    maps = synthetic_maps(2, (64, 64), 14, 1)
    tags = maps.tags.copy()
    tags[3] = bad

    def decode():
        with pytest.raises(LitePoseError, match='infinite or undefined'):
            AssociativeEmbeddingDecoder(14).decode(maps.heatmaps, tags, (64, 64))

    both(library, decode)


def test_a_library_that_does_not_fit_is_not_used(tmp_path):
    assert compiled.load(tmp_path / 'absent.so') is None
    broken = tmp_path / 'broken.so'
    broken.write_bytes(b'no library')
    assert compiled.load(broken) is None


def compile_library(path, source):
    command = ['g++', '-shared', '-fPIC', '-x', 'c++', '-', '-o', path]
    subprocess.run(command, input=source, text=True, check=True)


@pytest.mark.skipif(shutil.which('g++') is None, reason='g++ is missing: apt-get install g++')
@pytest.mark.parametrize('source', ['', 'extern "C" int litepose_interface() { return -1; }'])
def test_a_library_of_another_version_is_not_used(tmp_path, source):
    compile_library(tmp_path / 'other.so', source)
    assert compiled.load(tmp_path / 'other.so') is None


def test_without_a_compiler_nothing_is_built(tmp_path):
    library = build(tmp_path, CC='/absent/cc', CXX='/absent/c++')
    assert not library.exists() and compiled.load(library) is None


def test_nobody_is_grouped(library):
    empty = Candidates(*(np.zeros(shape, np.float32) for shape in (0, (0, 2), (0, 2))))
    for groups in both(library, lambda: compiled.group_by_tags([empty] * 3, [2, 1, 0])):
        assert isinstance(groups, grouping.Groups)
        assert [part.shape for part in groups] == [(0, 3, 2), (0, 3), (0, 3, 2)]
