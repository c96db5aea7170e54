"""``litepose tune`` and ``litepose export --engine tvm``, as a user calls them."""

import json
import re

import pytest

from litepose_mm.cli import main

pytest.importorskip('tvm')
pytest.importorskip('onnx')


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv('LITEPOSE_CACHE', str(tmp_path / 'cache'))


@pytest.mark.parametrize(
    'options, message',
    [
        (['--target', 'pi'], "target: expected host, x86-64-v3, .* got 'pi'"),
        (
            ['--target', 'host', '--device', 'pi', '--tracker', '127.0.0.1:1'],
            'tracker: expected a tr',
        ),
        (['--trials', '0'], 'expected a whole number above 0'),
        (['--minutes', '-1'], 'expected a number above 0'),
        (['--static', '64'], 'expected WIDTHxHEIGHT'),
    ],
)
def test_refused(options, message, capsys):
    assert main(['tune', 'litepose-xs_crowdpose', *options]) == 2
    text = ' '.join(capsys.readouterr().err.split())
    assert re.search(message, text)


def test_another_processor_needs_a_device(monkeypatch, capsys):
    from litepose_mm.tvm.targets import Device

    monkeypatch.setattr(Device, 'linker', lambda self: 'g++')
    assert main(['tune', 'litepose-xs_crowdpose', '--target', 'cortex-a72']) == 2
    assert '--target cortex-a72: this machine is no such processor' in capsys.readouterr().err


def test_untuned_kernels_are_an_error_unless_allowed(tmp_path, capsys):
    folder = tmp_path / 'exported'
    command = ['export', 'litepose-xs_crowdpose', '--no-flip', '--static', '64x128']
    command += ['--engine', 'tvm', '--out', str(folder)]
    assert main(command) == 2
    assert 'not tuned for' in capsys.readouterr().err and not folder.exists()
    assert main([*command, '--allow-untuned']) == 0
    build = json.loads((folder / 'model.json').read_text())['build']
    assert build['kernels'] == len(build['untuned_kernels']) > 20
    assert build['milliseconds'] > 0


def test_a_short_tuning(tmp_path, capsys):
    command = ['tune', 'litepose-xs_crowdpose', '--no-flip', '--static', '64x64', '--trials', '2']
    assert main([*command, '--database', str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.match(r'\d+ kernels for .*results in', lines[0])
    assert 'kernels are not tuned yet; wrote' in lines[-1]
    assert (tmp_path / 'tuning.png').stat().st_size > 10_000
    assert (tmp_path / 'database_tuning_record.json').read_text().count('\n') == 2
