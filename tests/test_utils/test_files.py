"""Files that are whole or not there; targets that are tried; what killed processes leave."""

import os
import signal
from errno import EBUSY, ENOSPC
from pathlib import Path

import pytest
from processes import killed_process

from litepose_mm import LitePoseError
from litepose_mm.utils import files
from litepose_mm.utils.files import (
    check_writable,
    part_of,
    remove_leftovers,
    replacing,
    undisturbed,
)


def everything(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob('*'))


class TestReplacing:
    def test_a_link_stays(self, tmp_path):
        (tmp_path / 'there').mkdir()
        link = tmp_path / 'link.json'
        link.symlink_to('there/file.json')
        for text in ('new', 'newer'):
            with replacing(link) as part:
                part.write_text(text)
            assert link.is_symlink() and (tmp_path / 'there' / 'file.json').read_text() == text
        assert everything(tmp_path) == ['link.json', 'there', 'there/file.json']

    def test_a_device_stays(self):
        with replacing(Path('/dev/null')) as part:
            part.write_text('nothing')
        assert Path('/dev/null').is_char_device()

    def test_a_pipe_is_written_to(self, tmp_path):
        os.mkfifo(tmp_path / 'pipe')
        reader = os.open(tmp_path / 'pipe', os.O_RDONLY | os.O_NONBLOCK)
        check_writable(tmp_path / 'pipe')
        with replacing(tmp_path / 'pipe') as part:
            part.write_text('news')
        assert os.read(reader, 9) == b'news'
        os.close(reader)

    def test_a_mounted_file_is_written_to(self, tmp_path, monkeypatch):
        path = tmp_path / 'file'
        path.write_text('old')
        before = path.stat().st_ino

        def refuse(*paths):
            raise OSError(EBUSY, 'Device or resource busy')

        monkeypatch.setattr(os, 'replace', refuse)
        with replacing(path) as part:
            part.write_text('new')
        assert path.read_text() == 'new' and path.stat().st_ino == before
        assert everything(tmp_path) == ['file']

    @pytest.mark.parametrize('name', ['a' * 250 + '.json', 'ä' * 124 + '.json', 'a.' + 'b' * 200])
    def test_long_names(self, tmp_path, name):
        check_writable(tmp_path / name)
        with replacing(tmp_path / name) as part:
            part.write_text('new')
        assert everything(tmp_path) == [name]

    def test_names_that_are_not_utf8(self, tmp_path):
        """Libraries that write to a part get a name that they can take."""
        path = tmp_path / os.fsdecode(b'caf\xe9') / os.fsdecode(b'caf\xe9.json')
        with replacing(path) as part:
            part.write_text(str(part).encode().decode())
        assert path.is_file() and len(everything(tmp_path)) == 2

    def test_names_of_parts(self):
        names = ['ä.png', 'ö.png', 'a.png', 'a.json', os.fsdecode(b'\xe9.png')]
        parts = [part_of(Path(name)) for name in names]
        assert len(set(parts)) == len(names) and all(str(part).isascii() for part in parts)
        assert all(part.suffix == Path(name).suffix for part, name in zip(parts, names))


class TestCheckWritable:
    @pytest.mark.parametrize(
        ('name', 'message'),
        [
            ('folder', 'it is a folder'),
            ('file/x.json', 'file is not a folder'),
            ('file/deep/x.json', 'file is not a folder'),
            ('a' * 300, 'File name too long'),
            ('new/' + 'a' * 300 + '/x.json', 'File name too long'),
            ('loop/x.json', 'cannot write'),
        ],
    )
    def test_refused(self, tmp_path, name, message):
        (tmp_path / 'folder').mkdir()
        (tmp_path / 'file').touch()
        (tmp_path / 'loop').symlink_to('loop')
        before = everything(tmp_path)
        with pytest.raises(LitePoseError, match=message):
            check_writable(tmp_path / name)
        assert everything(tmp_path) == before

    def test_a_full_disk(self, tmp_path, monkeypatch):
        def full(*args):
            raise OSError(ENOSPC, 'No space left on device')

        monkeypatch.setattr(Path, 'write_bytes', full)
        with pytest.raises(LitePoseError, match='x.json: No space left on device'):
            check_writable(tmp_path / 'x.json')

    def test_nothing_is_left_or_changed(self, tmp_path):
        (tmp_path / 'x.json').write_text('mine')
        for name in ('x.json', 'new/folder/x.json'):
            check_writable(tmp_path / name)
        assert everything(tmp_path) == ['x.json'] and (tmp_path / 'x.json').read_text() == 'mine'


class TestLeftovers:
    def test_of_a_killed_process_are_removed(self, tmp_path):
        path = tmp_path / 'x.json'
        with killed_process(lambda: replacing(path)) as kill:
            with replacing(path) as part:  # of another one that runs
                part.write_text('mine')
                check_writable(path)
                assert len(everything(tmp_path)) == 2
            kill()
        assert len(everything(tmp_path)) == 2
        check_writable(path)
        assert everything(tmp_path) == ['x.json']

    def test_a_number_of_a_process_says_nothing(self, tmp_path):
        """It is another process' in a container, or was reused."""
        (tmp_path / f'.x.part{os.getpid()}-01234567.json').write_text('half')
        remove_leftovers(tmp_path)
        assert not everything(tmp_path)

    def test_without_locks_nobody_can_tell(self, tmp_path, monkeypatch):
        def refuse(*args):
            raise OSError('no locks here')

        monkeypatch.setattr(files.fcntl, 'flock', refuse)
        part_of(tmp_path / 'x.json').write_text('half')
        with replacing(tmp_path / 'y.json') as part:
            part.write_text('whole')
        remove_leftovers(tmp_path)
        assert len(everything(tmp_path)) == 2

    def test_other_names_stay(self, tmp_path):
        for name in ('.x.part1.json', '.x.part1-0123456.json', 'x.part1-01234567.json', '.git'):
            (tmp_path / name).touch()
        before = everything(tmp_path)
        remove_leftovers(tmp_path)
        assert everything(tmp_path) == before


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_signals_wait(number):
    came = []
    before = signal.signal(number, lambda *_: came.append(number))
    try:
        with undisturbed():
            signal.raise_signal(number)
            assert not came
        assert came == [number]
    finally:
        signal.signal(number, before)
