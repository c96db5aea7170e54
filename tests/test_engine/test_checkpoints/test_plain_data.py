import io
from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
import torch
from mmengine.config import ConfigDict
from mmengine.logging import HistoryBuffer

from litepose_mm.engine.checkpoints.plain_data import restore_histories, to_plain


def reloaded(value):
    with io.BytesIO() as file:
        torch.save(value, file)
        file.seek(0)
        return torch.load(file, weights_only=True)


def test_everything_loads_as_data():
    weights = OrderedDict(a=torch.ones(2))
    weights._metadata = OrderedDict({'': dict(version=1)})
    value = dict(
        weights=weights,
        array=np.arange(4.0).reshape(2, 2),
        scalars=(np.float64(0.5), np.int32(3), np.bool_(True), 1, None, 'x', b'y'),
        config=ConfigDict(a=dict(b=[1])),
        milestones=Counter([3, 3, 5]),
        path=Path('a/b'),
        names={'a'},
        dtype=torch.float16,
        text=np.str_('t'),
    )
    left_out = []
    plain = reloaded(to_plain(value, left_out))
    assert not left_out
    assert plain['array'] == [[0, 1], [2, 3]]
    assert plain['scalars'] == (
        0.5,
        3,
        True,
        1,
        None,
        'x',
        b'y',
    )
    assert type(plain['config']) is dict and plain['config'] == {'a': {'b': [1]}}
    assert plain['milestones'] == Counter({3: 2, 5: 1}) and plain['path'] == 'a/b'
    assert plain['names'] == {'a'} and plain['dtype'] is torch.float16 and plain['text'] == 't'
    assert plain['weights']._metadata[''] == {'version': 1}


def test_what_is_no_data_is_left_out_and_named():
    left_out = []
    plain = to_plain(dict(a=1, f=len, inner=[object(), 2]), left_out, 'scheduler')
    assert plain == dict(a=1, inner=[2])
    assert left_out == [
        'scheduler.f (builtins.builtin_function_or_method)',
        'scheduler.inner[0] (builtins.object)',
    ]


def test_histories_return():
    buffer = HistoryBuffer([1.5, 2.5], [1, 2], max_length=10)
    plain = reloaded(to_plain(dict(loss=buffer, other=3), []))
    restored = restore_histories(plain)
    assert restored['other'] == 3 and restored['loss'].max_length == 10
    for got, expected in zip(restored['loss'].data, buffer.data):
        np.testing.assert_array_equal(got, expected)
    restored['loss'].update(4.0)
    assert restored['loss'].current() == 4
