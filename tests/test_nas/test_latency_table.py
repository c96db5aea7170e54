import json

import numpy as np
import pytest
from supernets import SPACE

from litepose_mm.errors import LitePoseError
from litepose_mm.nas import LatencyTable, layers_of_space
from litepose_mm.nas.network_layers import network_layers

LAYERS = layers_of_space(SPACE, 5)


def archs(count, seed=0):
    rng = np.random.default_rng(seed)
    return [SPACE.decode(SPACE.sample(rng)) for _ in range(count)]


@pytest.fixture(scope='module')
def table():
    return LatencyTable(
        {layer: 1e-6 * layer.complexity.macs for layer in LAYERS}, 5, {'threads': 2}
    )


def test_layers_of_space_are_those_of_its_networks():
    assert len(set(LAYERS)) == len(LAYERS)
    found = {layer for arch in archs(300) for layer in network_layers(arch, 5)}
    assert found <= set(LAYERS)
    # rare ones may be missing in so many networks, not many of them
    assert len(found) > 0.9 * len(LAYERS)


def test_a_network_is_the_sum_of_its_layers(table):
    arch = SPACE.largest
    expected = sum(table.milliseconds[layer] for layer in network_layers(arch, 5))
    assert table(arch) == pytest.approx(expected)


def test_fit(table):
    alone = {layer: 1e-3 + value for layer, value in table.milliseconds.items()}
    table = LatencyTable(alone, 5)
    known, others = archs(12), archs(6, seed=1)

    def measured(networks):
        """As an engine whose layers read and write, and which is called once."""
        for arch in networks:
            layers = list(network_layers(arch, 5))
            macs = sum(layer.complexity.macs for layer in layers)
            yield 2e-6 * macs + 3e-6 * sum(layer.elements for layer in layers) + 0.5

    fitted = table.fitted(known, list(measured(known)))
    assert fitted.weights == pytest.approx((0, 2, 3, 0.5), abs=1e-6)
    found = list(measured(others))
    np.testing.assert_allclose(fitted.errors(others, found), 0, atol=1e-6)
    assert fitted.errors(others, 2 * np.array(found)) == pytest.approx(0.5)
    # where layers alone say it all
    fitted = table.fitted(known, [2 * table(arch) for arch in known])
    twice = [2 * table(arch) for arch in others]
    np.testing.assert_allclose(fitted.errors(others, twice), 0, atol=1e-6)


def test_file(table, tmp_path):
    path = tmp_path / 'table.json'
    fitted = table.fitted(archs(4), [1.0, 2.0, 3.0, 4.0])
    fitted.save(path)
    assert LatencyTable.load(path) == fitted


@pytest.mark.parametrize(
    ('spoil', 'message'),
    [
        (lambda content: content.pop('layers'), "not a table of latencies .KeyError: 'layers'"),
        (lambda content: content['fields'].pop(), 'its fields are'),
        (lambda content: content['layers'][0].pop(), 'not a table of latencies'),
    ],
)
def test_other_files(table, tmp_path, spoil, message):
    path = tmp_path / 'table.json'
    table.save(path)
    content = json.loads(path.read_text())
    spoil(content)
    path.write_text(json.dumps(content))
    with pytest.raises(LitePoseError, match=message):
        LatencyTable.load(path)
    with pytest.raises(LitePoseError, match='gone.json: No such file'):
        LatencyTable.load(tmp_path / 'gone.json')


def test_another_space(table):
    with pytest.raises(LitePoseError, match='is not in the table; measure one for this search sp'):
        LatencyTable(table.milliseconds, 6)(SPACE.largest)
