"""Finding images and videos, and telling one from the other."""

import os
import shutil

import cv2
import pytest

from litepose_mm import LitePoseError
from litepose_mm.media import find_media, write_image


@pytest.fixture
def album(tmp_path):
    for name in ('b.jpg', 'a.PNG', '.hidden.jpg', 'deep/c.jpg', '.thumbs/d.jpg', 'notes.txt'):
        path = tmp_path / 'album' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'not read here')
    return tmp_path / 'album'


def test_folder(album):
    assert [file.name for file in find_media([album])] == ['a.PNG', 'b.jpg']


def test_recursive(album):
    names = [file.name for file in find_media([album], recursive=True)]
    assert names == ['a.PNG', 'b.jpg', 'deep/c.jpg']


def test_pattern(album):
    assert [f.name for f in find_media([f'{album}/*'])] == ['a.PNG', 'b.jpg']
    assert [f.name for f in find_media([f'{album}/**/c.*'])] == ['c.jpg']


def test_a_named_file_is_taken_whatever_its_suffix(album):
    [file] = find_media([album / 'notes.txt'])
    assert file.path == album / 'notes.txt'
    assert not file.is_video


def test_brackets_in_a_name_are_no_pattern(tmp_path):
    path = tmp_path / 'photo[1].jpg'
    path.touch()
    assert find_media([path])[0].path == path


def test_each_file_once_in_the_order_given(album):
    found = find_media([album / 'b.jpg', album, album / 'deep' / '..' / 'b.jpg'])
    assert [file.name for file in found] == ['b.jpg', 'a.PNG']


def test_names_do_not_collide(tmp_path):
    for name in ('one/x.jpg', 'two/x.jpg', 'two/X.png', 'two/x.mp4'):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    names = [file.name for file in find_media([tmp_path / 'one', tmp_path / 'two'])]
    assert names == ['x.jpg', 'X_2.png', 'x_3.jpg', 'x_4.mp4']


def test_videos_are_known_by_suffix(tmp_path):
    (tmp_path / 'x.MP4').touch()
    assert find_media([tmp_path])[0].is_video


@pytest.mark.parametrize(
    'name, message',
    [
        ('missing.jpg', 'missing.jpg'),
        ('*.gif', 'found none'),
        ('others', r'only 3 files of other kinds \(2 .heic, 1 no suffix\)'),
        ('x' * 300, 'File name too long'),
        ('empty', r'found none; .*\(known: .3g2 .3gp'),
        ('nul\0byte', 'nul'),
    ],
)
def test_nothing_there(tmp_path, name, message):
    (tmp_path / 'empty').mkdir()
    for other in ('a.heic', 'b.HEIC', 'c'):
        (tmp_path / 'others').mkdir(exist_ok=True)
        (tmp_path / 'others' / other).touch()
    with pytest.raises(LitePoseError, match=message) as caught:
        find_media([f'{tmp_path}/{name}'])
    assert '\n' not in str(caught.value)


def test_files_of_other_kinds_are_counted(album):
    with pytest.warns(UserWarning, match=r'1 file of other kinds \(1 .txt\)$'):
        find_media([album])
    with pytest.warns(UserWarning, match=r'2 files of other kinds \(2 .txt\)$'):
        shutil.copy(album / 'notes.txt', album / 'deep')
        find_media([album, f'{album}/*/*', album], recursive=True)


def test_one_that_is_named_as_well_is_not_counted(album, recwarn):
    assert len(find_media([album, album / 'notes.txt'])) == 3
    assert not recwarn


@pytest.mark.parametrize(
    'suffix', ['.jfif', '.gif', '.JPE', '.tif', '.ts', '.m2ts', '.3gp', '.wmv']
)
def test_suffixes(tmp_path, suffix):
    content = b'G' + bytes(187) + b'G' + bytes(187)
    (tmp_path / f'x{suffix}').write_bytes(content)
    (file,) = find_media([tmp_path])
    assert file.is_video == (suffix in ('.ts', '.m2ts', '.3gp', '.wmv'))


def test_typescript_is_no_transport_stream(tmp_path):
    (tmp_path / 'x.ts').write_text('Good = 1' * 100)
    with pytest.raises(LitePoseError, match='only 1 file of other kinds'):
        find_media([tmp_path])


def test_content_tells_of_a_file_that_is_named(tmp_path, scene, make_video, numbered):
    write_image(tmp_path / 'image.png', scene())
    make_video(tmp_path / 'video.mp4', numbered(3))
    for name in ('x', 'x.mp4', 'x.jpg', 'x.xyz'):
        shutil.copy(tmp_path / 'image.png', tmp_path / name)
        assert not find_media([tmp_path / name])[0].is_video
        shutil.copy(tmp_path / 'video.mp4', tmp_path / name)
        assert find_media([tmp_path / name])[0].is_video


def test_a_broken_image_is_no_video(tmp_path, scene):
    data = cv2.imencode('.jpg', scene())[1].tobytes()
    for content in (data[:300], data[3:], b'hello'):
        (tmp_path / 'x.jpg').write_bytes(content)
        assert not find_media([tmp_path / 'x.jpg'])[0].is_video


def test_a_pipe_is_taken_for_a_video(tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    assert find_media([tmp_path / 'pipe'])[0].is_video


def test_names_that_are_no_utf8(tmp_path):
    name = os.fsdecode(b'caf\xe9.mp4')
    (tmp_path / name).touch()
    assert find_media([tmp_path])[0].name == find_media([tmp_path / name])[0].name == name
