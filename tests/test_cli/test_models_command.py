"""``litepose models``: every model of the zoo, whole, at any width, and quickly."""

import json
import subprocess
import sys

import pytest

from litepose_mm.cli import main
from litepose_mm.zoo import MODELS
from litepose_mm.zoo.shipped_weights import weights_of


@pytest.mark.parametrize('columns', ['20', '80', '200'])
def test_table_shows_everything(columns, capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', columns)
    assert main(['models']) == 0
    out = capsys.readouterr().out
    assert '…' not in out
    lines = {line.split()[0]: line.split() for line in out.splitlines() if line.strip()}
    for entry in MODELS.values():
        _, joints, size, params, macs, paper_macs, ap, *own_ap = lines[entry.name]
        assert int(joints) == entry.num_keypoints
        assert size == '{}x{}'.format(*entry.input_size)
        assert float(params[:-1]) == pytest.approx(entry.params / 1e6, abs=0.005)
        assert float(macs[:-1]) == pytest.approx(entry.macs / 1e9, abs=0.005)
        if entry.paper_macs is None:
            assert paper_macs == '–'
        else:
            assert float(paper_macs[:-1]) == pytest.approx(entry.paper_macs / 1e9, abs=0.005)
        assert ap == ('–' if entry.ap is None else f'{entry.ap:.1f}')
        cards = weights_of(entry.name)
        assert bool(own_ap) is bool(cards)
        if own_ap:
            figures = [row['ap'] for row in cards[0].accuracy if row['flip_test']]
            assert own_ap == [f'{figures[0]:.1f}']


def test_json_is_the_zoo(capsys):
    assert main(['models', '--json']) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row['name'] for row in rows] == list(MODELS)
    for row in rows:
        entry = MODELS[row['name']]
        assert (row['config'], row['macs']) == (entry.config, entry.macs)
        assert row['published'].get('ap') == entry.ap


def test_needs_no_torch():
    code = (
        'import sys; from litepose_mm.cli import main; assert main(["models"]) == 0; '
        'heavy = {"torch", "mmpose", "mmengine", "cv2", "numpy"} & set(sys.modules); '
        'assert not heavy, heavy'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_reader_that_goes_away_is_no_error():
    done = subprocess.run(
        f'{sys.executable} -m litepose_mm.cli models --json | head -1',
        shell=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == '[\n'
    assert done.stderr == ''
