"""The command as a whole: help, version, statuses, one line an error, and what it imports."""

import argparse
import os
import signal
import subprocess
import sys

import pytest

from litepose_mm import LitePoseError, __version__
from litepose_mm.cli import main
from litepose_mm.cli.argument_types import host_and_port, key_value
from litepose_mm.cli.commands import models
from litepose_mm.utils.files import replacing


def run_and_raise(monkeypatch, error):
    def run(args):
        raise error

    monkeypatch.setattr(models, 'run', run)
    return main(['models'])


def test_version(capsys):
    assert main(['--version']) == 0
    assert capsys.readouterr().out == f'litepose {__version__}\n'


@pytest.mark.parametrize('argv', [['--help'], ['predict', '--help'], ['models', '--help']])
def test_help(argv, capsys):
    assert main(argv) == 0
    out = capsys.readouterr().out
    assert out.startswith('usage: litepose')
    assert 'exit status: 0' in out


@pytest.mark.parametrize(
    'argv, message',
    [
        ([], 'COMMAND'),
        (['dance'], 'invalid choice'),
        (['predict'], 'required: INPUT'),
        (['predict', 'x', '--model', 'm', '--batch-size', '0'], "above 0, got '0'"),
        (['predict', 'x', '--model', 'm', '--batch-size', '²'], "above 0, got '²'"),
        (['predict', 'x', '--model', 'm', '--min-score', '1.5'], "from 0 to 1, got '1.5'"),
        (['predict', 'x', '--model', 'm', '--min-score', 'nan'], 'from 0 to 1'),
        (['predict', 'x', '--model', 'm', '--keypoint-threshold', 'a'], "from 0 to 1, got 'a'"),
        (['predict', 'x', '--model', 'm', '--config-options', 'a'], "KEY=VALUE, got 'a'"),
    ],
)
def test_bad_usage(argv, message, capsys):
    assert main(argv) == 2
    assert message in capsys.readouterr().err


def test_bad_input_is_one_line(monkeypatch, capsys):
    assert run_and_raise(monkeypatch, LitePoseError('expected a,\ngot b')) == 2
    assert capsys.readouterr().err == 'litepose: error: expected a, got b\n'


def test_interrupt(monkeypatch, capsys):
    assert run_and_raise(monkeypatch, KeyboardInterrupt()) == 130
    assert 'interrupted' in capsys.readouterr().err


def test_a_missing_package_is_one_line(monkeypatch, capsys):
    assert run_and_raise(monkeypatch, ModuleNotFoundError('No module', name='cv2')) == 2
    assert capsys.readouterr().err.startswith('litepose: error: cv2 ')


def test_defects_keep_their_traceback(monkeypatch):
    with pytest.raises(ModuleNotFoundError):
        run_and_raise(monkeypatch, ModuleNotFoundError('No module', name='litepose_mm.gone'))
    with pytest.raises(ZeroDivisionError):
        run_and_raise(monkeypatch, ZeroDivisionError())


@pytest.mark.parametrize(
    'error',
    [
        FileNotFoundError(2, 'No such file or directory', 'gone.json'),
        OSError(9, 'Bad file descriptor'),
        OSError('no number'),
        UnicodeEncodeError('ascii', 'café', 3, 4, 'ordinal not in range(128)'),
    ],
)
def test_wrong_use_of_the_system_is_a_defect(monkeypatch, error):
    with pytest.raises(type(error)) as raised:
        run_and_raise(monkeypatch, error)
    assert raised.value is error


@pytest.mark.parametrize(
    'error, message',
    [
        (OSError(28, 'No space left on device', '/a/b'), '/a/b: No space left on device'),
        (FileNotFoundError(2, 'No usable temporary directory'), 'No usable temporary'),
        (
            UnicodeEncodeError('utf-8', 'caf\udce9', 3, 4, 'no'),
            "in UTF-8, got 'caf\\udce9'; rename",
        ),
    ],
)
def test_surroundings_are_one_line(monkeypatch, capsys, error, message):
    assert run_and_raise(monkeypatch, error) == 2
    err = capsys.readouterr().err
    assert message in err and err.count('\n') == 1


@pytest.mark.parametrize('closed', ['>&-', '2>&-', '<&- >&- 2>&-'])
def test_closed_streams_take_no_files(tmp_path, closed):
    """Else the first files would be written to by whatever libraries print."""
    code = (
        'import os; from litepose_mm.cli.programs import prepare_streams; prepare_streams(); '
        "file = open('file', 'wb', buffering=0); os.write(1, b'noise'); os.write(2, b'noise'); "
        "print('more'); file.write(b'own')"
    )
    command = f'"{sys.executable}" -c "$CODE" {closed}'
    env = dict(os.environ, CODE=code, PYTHONPATH=os.pathsep.join(sys.path))
    done = subprocess.run(['sh', '-c', command], env=env, cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'file').read_bytes() == b'own'


def test_names_that_cannot_be_said():
    code = (
        "from litepose_mm.cli.programs import prepare_streams; prepare_streams(); print('ä\\udce9')"
    )
    for encoding in ('ascii', 'utf-8', 'latin-1'):
        env = dict(os.environ, PYTHONIOENCODING=encoding, PYTHONPATH=os.pathsep.join(sys.path))
        done = subprocess.run([sys.executable, '-c', code], env=env, capture_output=True)
        assert done.returncode == 0 and b'udce9' in done.stdout


@pytest.mark.parametrize(
    'text, expected',
    [
        ('pose.example.org', 'pose.example.org'),
        ('Pose.Example.org:8443', 'pose.example.org:8443'),
        ('[::1]:8000', '[::1]:8000'),
        ('bücher.example', 'xn--bcher-kva.example'),
    ],
)
def test_public_hosts(text, expected):
    assert host_and_port(text) == expected


@pytest.mark.parametrize('text', ['', 'https://a.org', 'a.org/b', 'u@a.org', 'a.org:x', '*', ':1'])
def test_no_public_hosts(text):
    with pytest.raises(argparse.ArgumentTypeError, match='expected a host'):
        host_and_port(text)


@pytest.mark.parametrize(
    'text, expected',
    [
        ('a=1', ('a', 1)),
        ('a.b=1.5', ('a.b', 1.5)),
        ('a=True', ('a', True)),
        ('a=false', ('a', False)),
        ('a=none', ('a', None)),
        ('a=(512, 512)', ('a', (512, 512))),
        ("a={'b': [1]}", ('a', {'b': [1]})),
        ('a=some text', ('a', 'some text')),
        ('a=b=c', ('a', 'b=c')),
        ('a=', ('a', '')),
    ],
)
def test_config_options(text, expected):
    assert key_value(text) == expected


def test_it_is_quick_because_it_imports_little():
    code = (
        'import sys; from litepose_mm.cli import main; assert main(["--help"]) == 0; '
        'heavy = {"torch", "mmpose", "mmengine", "cv2", "numpy", "rich"} & set(sys.modules); '
        'assert not heavy, heavy'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize('module', ['litepose_mm', 'litepose_mm.cli'])
def test_module_runs_as_a_program(module):
    done = subprocess.run([sys.executable, '-m', module, 'dance'], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ''


def test_every_command_has_what_main_needs():
    from litepose_mm.cli import build_parser

    parser = build_parser()
    args = parser.parse_args(['predict', 'a', 'b', '--model', 'm', '--no-flip'])
    assert (args.inputs, args.flip, args.weights) == (['a', 'b'], False, None)
    assert parser.parse_args(['predict', 'a', '--model', 'm']).flip is None
    assert callable(parser.parse_args(['models']).run)


def test_sigterm_leaves_nothing_half_written(monkeypatch, tmp_path):
    path = tmp_path / 'a.json'

    def run(args):
        with replacing(path) as part:
            part.write_text('{')
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(models, 'run', run)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as stopped:
        main(['models'])
    assert stopped.value.code == 143 and not list(tmp_path.iterdir())
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize('error', [ImportError, SystemError, RuntimeError])
def test_a_signal_during_an_import_ends_as_any_other(monkeypatch, error):
    def run(args):
        try:
            signal.raise_signal(signal.SIGTERM)
        except SystemExit as stop:  # as compiled modules do
            raise error('numpy._core.multiarray failed to import') from stop

    monkeypatch.setattr(models, 'run', run)
    with pytest.raises(SystemExit) as stopped:
        main(['models'])
    assert stopped.value.code == 143


@pytest.mark.parametrize('first', [signal.SIGINT, signal.SIGTERM])
def test_signals_while_files_are_closed_do_not_stop_that(monkeypatch, tmp_path, first):
    path = tmp_path / 'a.json'

    def run(args):
        try:
            signal.raise_signal(first)
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.raise_signal(number)
            path.write_text('{}')

    monkeypatch.setattr(models, 'run', run)
    if first == signal.SIGINT:
        assert main(['models']) == 130
    else:
        with pytest.raises(SystemExit):
            main(['models'])
    assert path.read_text() == '{}'
