"""Results that outlive a run that is killed."""

import numpy as np
import pytest
from pose_builders import make_result, make_skeleton

from litepose_mm.datasets.labelling import KeptResults
from litepose_mm.errors import LitePoseError

SKELETON = make_skeleton()
MAKER = dict(model='mini', flip=True)


def keep(path, **maker):
    return KeptResults(path, {**MAKER, **maker}, SKELETON)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / 'new' / 'a.jsonl'
    kept = keep(path)
    assert not path.exists()
    kept.add('a.jpg', make_result(2))
    kept.add('b/c.jpg', make_result(0, (9, 8)))
    return path


def test_what_was_kept_is_there_again(path):
    kept = keep(path)
    assert len(kept) == 2 and 'a.jpg' in kept and 'c.jpg' not in kept
    expected = make_result(2)
    np.testing.assert_array_equal(kept['a.jpg'].keypoints, expected.keypoints)
    np.testing.assert_array_equal(kept['a.jpg'].keypoint_scores, expected.keypoint_scores)
    np.testing.assert_array_equal(kept['a.jpg'].scores, expected.scores)
    assert len(kept['b/c.jpg']) == 0 and kept['b/c.jpg'].image_size == (9, 8)


def test_a_line_that_was_cut_off_anywhere_is_made_again(path):
    data = path.read_bytes()
    ends = [number for number, byte in enumerate(data) if byte == ord('\n')]
    for end in range(len(data)):
        path.write_bytes(data[:end])
        kept = keep(path)
        assert len(kept) == max(sum(each < end for each in ends) - 1, 0)
        if end % 50 == 0 or end in ends:
            for name, result in (('a.jpg', make_result(2)), ('b/c.jpg', make_result(0, (9, 8)))):
                if name not in kept:
                    kept.add(name, result)
            assert path.read_bytes() == data


def test_results_of_another_maker_are_refused(path):
    before = path.read_bytes()
    with pytest.raises(LitePoseError, match='a.jsonl: .* flip False, got True'):
        keep(path, flip=False)
    with pytest.raises(LitePoseError, match='keypoints'):
        KeptResults(path, MAKER, make_skeleton(keypoint_names=('head', 'left_foot', 'right_foot')))
    assert path.read_bytes() == before


@pytest.mark.parametrize('line', [b'{}', b'[]', b'no JSON', b'{"file_name": "d", "people": 1}'])
def test_a_file_of_something_else_is_refused(path, line):
    for content in (line + b'\n', path.read_bytes() + line + b'\n'):
        path.write_bytes(content)
        with pytest.raises(LitePoseError, match='a.jsonl: '):
            keep(path)
        assert path.read_bytes() == content
