"""``litepose predict`` with an estimator that is not real: files, statuses, messages."""

import errno
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from exported import FORBID_TORCH, export, tiny_estimator
from pose_builders import FakeEstimator
from video_files import damage, turn

from litepose_mm import LitePoseError
from litepose_mm.cli import main, prediction
from litepose_mm.cli.commands import predict
from litepose_mm.cli.reporter import Reporter
from litepose_mm.media import VideoReader, VideoWriter, write_json
from litepose_mm.runtime import PoseEstimator


@pytest.fixture
def estimator(monkeypatch):
    fake = FakeEstimator()

    def make(args, flip, batch_size):
        fake.batch_size, fake.weights_file = batch_size, args.weights
        return fake

    monkeypatch.setattr(predict, 'make_estimator', make)
    return fake


@pytest.fixture
def cli(estimator, tmp_path, monkeypatch, capsys):
    """``cli(*arguments)`` runs predict in tmp_path; returns status, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        status = main(['predict', *arguments, '--model', 'fake'])
        return status, *capsys.readouterr()

    return run


def save(path, size=(64, 48), color=(120, 90, 60)):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((size[1], size[0], 3), color, np.uint8))


def save_video(path, frames=5):
    with VideoWriter(path, 10) as writer:
        for index in range(frames):
            writer.write(np.full((48, 64, 3), 40 * index, np.uint8))


def results(tmp_path, out_dir='outputs'):
    return json.loads((tmp_path / out_dir / 'results.json').read_text())


def written(tmp_path, out_dir='outputs'):
    folder = tmp_path / out_dir
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob('*') if p.is_file())


def test_folder_of_images(cli, tmp_path):
    save(tmp_path / 'in' / 'a.jpg')
    save(tmp_path / 'in' / 'b.bmp', (40, 30))
    status, out, err = cli('in')
    assert (status, err) == (0, '')
    assert out == (
        '4 people on 2 images\nwrote 2 drawings in outputs/, results in outputs/results.json\n'
    )
    assert written(tmp_path) == ['a.jpg', 'b.png', 'results.json']
    drawing = cv2.imread(str(tmp_path / 'outputs' / 'a.jpg'))
    assert drawing.shape == (48, 64, 3)
    assert drawing.std() > 10


def test_results_document(cli, tmp_path):
    save(tmp_path / 'in' / 'a.jpg')
    (tmp_path / 'w.pth').write_bytes(b'weights')
    assert cli('in', '--weights', 'w.pth')[0] == 0
    document = results(tmp_path)
    assert document['info']['model'] == 'fake'
    assert document['info']['weights'] == 'w.pth'
    assert document['info']['weights_sha256'] == hashlib.sha256(b'weights').hexdigest()
    assert re.fullmatch(r'litepose_mm \d+\.\d+\.\d+.*', document['info']['version'])
    assert document['categories'] == [
        {
            'id': 1,
            'name': 'person',
            'keypoints': ['head', 'left_hand', 'right_hand'],
            'skeleton': [[1, 2], [1, 3]],
        }
    ]
    assert document['images'] == [{'id': 1, 'file_name': 'in/a.jpg', 'width': 64, 'height': 48}]
    first, second = document['annotations']
    assert (first['id'], second['id']) == (1, 2)
    assert first['image_id'] == 1
    assert len(first['keypoints']) == 9
    assert len(first['bbox']) == 4
    assert first['score'] == 1


def test_min_score_and_no_draw(cli, tmp_path):
    save(tmp_path / 'a.jpg')
    status, out, _ = cli('a.jpg', '--min-score', '0.8', '--no-draw', '--out-dir', 'new/deep')
    assert status == 0
    assert out == '1 person on 1 image\nwrote results in new/deep/results.json\n'
    assert written(tmp_path, 'new/deep') == ['results.json']
    assert len(results(tmp_path, 'new/deep')['annotations']) == 1


def test_recursive_keeps_the_folders(cli, tmp_path):
    save(tmp_path / 'in' / 'a.jpg')
    save(tmp_path / 'in' / 'deep' / 'a.jpg')
    assert cli('in', '--recursive')[0] == 0
    assert written(tmp_path) == ['a.jpg', 'deep/a.jpg', 'results.json']


def test_broken_image_in_a_folder(cli, tmp_path):
    save(tmp_path / 'in' / 'a.jpg')
    (tmp_path / 'in' / 'b.jpg').write_bytes(b'no image')
    save(tmp_path / 'in' / 'c.jpg')
    status, out, err = cli('in')
    assert status == 1
    assert err.count('\n') == 1
    assert err.startswith('litepose: failed: expected an image, but in/b.jpg')
    assert out.startswith('4 people on 2 images; 1 of 3 inputs failed\nwrote 2 drawings in ')
    assert written(tmp_path) == ['a.jpg', 'c.jpg', 'results.json']


def test_many_failures_are_summed_up(cli, tmp_path):
    (tmp_path / 'in').mkdir()
    for index in range(13):
        (tmp_path / 'in' / f'{index:02}.jpg').touch()
    status, out, err = cli('in')
    assert status == 1
    lines = err.splitlines()
    assert len(lines) == 11
    assert lines[-1] == 'litepose: … and 3 more failed'
    assert out == '0 people on 0 images; 13 of 13 inputs failed\nwrote nothing\n'
    assert not (tmp_path / 'outputs').exists()


def test_failures_leave_earlier_results(cli, tmp_path):
    save(tmp_path / 'a.jpg')
    assert cli('a.jpg')[0] == 0
    before = results(tmp_path)
    (tmp_path / 'a.jpg').write_bytes(b'no image')
    status, out, _ = cli('a.jpg')
    assert status == 1
    assert out.endswith('\nwrote nothing\n')
    assert results(tmp_path) == before


@pytest.mark.parametrize('batch_size', ['1', '2', '8'])
def test_one_bad_image_does_not_take_its_batch_along(cli, tmp_path, batch_size):
    for index in range(5):
        color = (0, 0, 255) if index == 3 else (9, 9, 9)
        save(tmp_path / 'in' / f'{index}.png', color=color)
    status, _, err = cli('in', '--batch-size', batch_size)
    assert status == 1
    assert err == 'litepose: failed: in/3.png: this image begins with red\n'
    names = [image['file_name'] for image in results(tmp_path)['images']]
    assert names == ['in/0.png', 'in/1.png', 'in/2.png', 'in/4.png']


def test_images_go_in_windows(cli, tmp_path, estimator):
    for index in range(10):
        save(tmp_path / 'in' / f'{index}.png')
    assert cli('in', '--batch-size', '2')[0] == 0
    assert estimator.calls == [8, 2]


@pytest.mark.parametrize('batch_size', ['1', '2', '8'])
def test_video(cli, tmp_path, batch_size):
    save_video(tmp_path / 'street.mp4')
    status, out, err = cli('street.mp4', '--batch-size', batch_size)
    assert (status, err) == (0, '')
    assert out.startswith('10 people on 5 frames\nwrote 1 drawing in outputs/, ')
    assert written(tmp_path) == ['results.json', 'street.mp4']
    reader = VideoReader(tmp_path / 'outputs' / 'street.mp4')
    assert reader.fps == pytest.approx(10)
    assert len(list(reader)) == 5
    images = results(tmp_path)['images']
    assert [image['frame_index'] for image in images] == [0, 1, 2, 3, 4]
    assert {image['file_name'] for image in images} == {'street.mp4'}


def test_images_and_videos_together(cli, tmp_path):
    save_video(tmp_path / 'in' / 'b.mp4', frames=2)
    (tmp_path / 'in' / 'c.mp4').write_bytes(b'no video')
    save(tmp_path / 'in' / 'a.jpg')
    save(tmp_path / 'in' / 'd.jpg')
    status, out, err = cli('in', '--no-draw')
    assert status == 1
    assert err.startswith('litepose: failed: expected a video, but FFmpeg cannot open in/c.mp4')
    names = [image['file_name'] for image in results(tmp_path)['images']]
    assert names == ['in/a.jpg', 'in/b.mp4', 'in/b.mp4', 'in/d.jpg']
    assert written(tmp_path) == ['results.json']


@pytest.mark.parametrize(('first', 'last'), [(1, 2), (3, 4)])
def test_a_damaged_video_keeps_its_frames_and_their_numbers(cli, tmp_path, first, last):
    save_video(tmp_path / 'x.mp4')
    damage(tmp_path / 'x.mp4', first, last)
    status, out, err = cli('x.mp4', '--batch-size', '3')
    images = results(tmp_path)['images']
    lost = 5 - len(images)
    assert status == 1 and 0 < lost < 5
    assert f'frames lost: {lost} of 5' in err
    assert f' on {len(images)} frames; 1 of 1 inputs failed\nwrote 1 drawing in ' in out
    assert [image['time'] for image in images] == [image['frame_index'] / 10 for image in images]
    drawn = VideoReader(tmp_path / 'outputs' / 'x.mp4')
    assert [frame.time for frame in drawn] == pytest.approx([each['time'] for each in images])


def test_a_phone_that_was_held_upright(cli, tmp_path):
    save_video(tmp_path / 'x.mp4')
    turn(tmp_path / 'x.mp4', 6)
    assert cli('x.mp4')[0] == 0
    assert {(each['width'], each['height']) for each in results(tmp_path)['images']} == {(48, 64)}
    drawn = VideoReader(tmp_path / 'outputs' / 'x.mp4')
    assert {frame.image.shape for frame in drawn} == {(64, 48, 3)}


def test_names_that_are_no_utf8(cli, tmp_path):
    save_video(tmp_path / 'in' / os.fsdecode(b'caf\xe9.mp4'))
    save(tmp_path / 'in' / 'a.png')
    (tmp_path / 'in' / 'a.png').rename(tmp_path / 'in' / os.fsdecode(b'\xe9.png'))
    assert cli('in')[0] == 0
    names = sorted(os.fsencode(name) for name in written(tmp_path))
    assert names == [b'caf\xe9.mp4', b'results.json', b'\xe9.png']


def test_files_of_other_kinds_are_told_of(cli, tmp_path):
    save(tmp_path / 'in' / 'a.jpg')
    for name in ('b.heic', 'c.txt', 'd.heic'):
        (tmp_path / 'in' / name).touch()
    status, _, err = cli('in')
    assert status == 0
    assert err == 'litepose: warning: skipped 3 files of other kinds (2 .heic, 1 .txt)\n'


def test_a_video_by_another_name(cli, tmp_path):
    save_video(tmp_path / 'x.mp4')
    (tmp_path / 'x.mp4').rename(tmp_path / 'x.jpg')
    assert cli('x.jpg')[1].startswith('10 people on 5 frames\n')
    assert written(tmp_path) == ['results.json', 'x.mp4']


@pytest.mark.parametrize('kind', ['image', 'video'])
def test_interrupt_finishes_the_files(cli, tmp_path, estimator, monkeypatch, kind):
    if kind == 'image':
        for index in range(3):
            save(tmp_path / 'in' / f'{index}.png')
    else:
        save_video(tmp_path / 'in' / 'x.mp4')
    find = FakeEstimator.__call__

    def stop_at_second(self, images, boxes=None):
        if self.calls:
            raise KeyboardInterrupt
        return find(self, images)

    monkeypatch.setattr(FakeEstimator, '__call__', stop_at_second)
    status, out, _ = cli('in')
    assert status == 130
    assert out.startswith('interrupted: 2 people on 1 ')
    assert len(results(tmp_path)['images']) == 1
    assert (
        written(tmp_path)
        == {
            'image': ['0.png', 'results.json'],
            'video': ['results.json', 'x.mp4'],
        }[kind]
    )


def test_sigterm_keeps_the_results(cli, tmp_path, monkeypatch):
    for index in range(3):
        save(tmp_path / 'in' / f'{index}.png')
    find = FakeEstimator.__call__

    def stop_at_second(self, images, boxes=None):
        if self.calls:
            signal.raise_signal(signal.SIGTERM)
        return find(self, images)

    monkeypatch.setattr(FakeEstimator, '__call__', stop_at_second)
    assert cli('in')[0] == 128 + signal.SIGTERM
    assert len(results(tmp_path)['images']) == 1


def test_a_defect_keeps_the_results(cli, tmp_path, monkeypatch):
    for index in range(3):
        save(tmp_path / 'in' / f'{index}.png')
    monkeypatch.setattr(Reporter, 'advance', lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli('in')
    assert len(results(tmp_path)['images']) == 1


@pytest.fixture
def full_disk(monkeypatch):
    """A disk that holds the results beside so many drawings, in whatever folder."""

    def fill(most, folder):
        def write(path, document):
            drawings = [*folder.glob('*.png')]
            if str(path).startswith(str(folder.name)) and len(drawings) > most:
                error = LitePoseError(f'cannot write {path}: No space left on device')
                raise error from OSError(errno.ENOSPC, 'No space left on device')
            write_json(path, document)

        monkeypatch.setattr(prediction, 'write_json', write)

    return fill


def test_drawings_make_room_for_the_results(cli, tmp_path, full_disk):
    for index in range(3):
        save(tmp_path / 'in' / f'{index}.png')
    full_disk(1, tmp_path / 'outputs')
    status, out, err = cli('in')
    assert status == 1 and out.startswith('6 people on 3 images; 2 of 3 inputs failed')
    assert written(tmp_path) == ['0.png', 'results.json'] and '1 drawing in outputs' in out
    assert len(results(tmp_path)['images']) == 3
    for name in ('1.png', '2.png'):
        assert f'in/{name}: removed outputs/{name} to make room for outputs/results.json' in err


def test_results_that_find_no_room_are_kept_elsewhere(cli, tmp_path, full_disk, monkeypatch):
    save(tmp_path / 'a.png')
    full_disk(-1, tmp_path / 'outputs')
    monkeypatch.setattr(tempfile, 'tempdir', str(tmp_path))
    status, out, err = cli('a.png', '--no-draw')
    (path,) = tmp_path.glob('litepose-*/results.json')
    assert status == 1 and 'No space left on device' in err and str(path) in err
    assert json.loads(path.read_text())['annotations']
    monkeypatch.setattr(tempfile, 'tempdir', str(tmp_path / 'nowhere'))
    status, out, err = cli('a.png', '--no-draw')
    assert status == 1 and json.loads(out.splitlines()[0])['annotations']


def test_a_video_that_cannot_be_drawn_is_looked_at_to_its_end(cli, tmp_path, monkeypatch):
    save_video(tmp_path / 'in' / 'x.mp4')

    def full(self, *args):
        raise LitePoseError(f'cannot write {self.path}: No space left on device')

    monkeypatch.setattr(prediction.VideoWriter, 'write', full)
    status, _, err = cli('in')
    assert status == 1 and err.count('No space left') == 1
    assert len(results(tmp_path)['images']) == 5 and written(tmp_path) == ['results.json']


@pytest.mark.parametrize('target', ['outputs/a.png', 'outputs', 'outputs/results.json'])
def test_targets_are_tried_before_the_model_is_made(tmp_path, monkeypatch, capsys, target):
    """A folder where a file should be, and the reverse."""
    monkeypatch.chdir(tmp_path)
    save(tmp_path / 'a.png')
    if target == 'outputs':
        Path(target).touch()
    else:
        Path(target).mkdir(parents=True)
    monkeypatch.setattr(predict, 'make_estimator', lambda *args: pytest.fail('it was made'))
    assert main(['predict', 'a.png', '--model', 'fake']) == 2
    assert target in capsys.readouterr().err


def test_drawings_never_replace_inputs(cli, tmp_path):
    save(tmp_path / 'in' / 'a.jpg')
    before = (tmp_path / 'in' / 'a.jpg').read_bytes()
    status, _, err = cli('in', '--out-dir', 'in')
    assert status == 2
    assert 'would replace the input' in err
    assert (tmp_path / 'in' / 'a.jpg').read_bytes() == before
    assert cli('in', '--out-dir', 'in', '--no-draw')[0] == 0


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['missing.jpg'], "'missing.jpg'"),
        (['empty'], 'found none'),
        (['*.png'], 'found none'),
        (['a.jpg', '--out-dir', 'a.jpg/x', '--no-draw'], 'cannot write'),
        (['a.jpg', '--weights', 'missing.pth'], 'cannot read the weights missing.pth'),
    ],
)
def test_bad_input_as_a_whole(cli, tmp_path, arguments, message):
    save(tmp_path / 'a.jpg')
    (tmp_path / 'empty').mkdir()
    status, out, err = cli(*arguments)
    assert status == 2
    assert out == ''
    assert err.startswith('litepose: error: ')
    assert err.count('\n') == 1
    assert message in err


def test_no_estimator_is_made_for_missing_inputs(monkeypatch, tmp_path):
    def refuse(*args):
        raise AssertionError('not to be called')

    monkeypatch.setattr(predict, 'make_estimator', refuse)
    assert main(['predict', str(tmp_path / 'missing'), '--model', 'fake']) == 2


def test_errors_of_the_estimator_are_one_line(monkeypatch, tmp_path, capsys):
    def refuse(*args):
        raise LitePoseError('no such model')

    save(tmp_path / 'a.jpg')
    monkeypatch.setattr(predict, 'make_estimator', refuse)
    assert main(['predict', str(tmp_path / 'a.jpg'), '--model', 'fake']) == 2
    assert capsys.readouterr().err == 'litepose: error: no such model\n'


def test_an_exported_folder_needs_no_torch(tmp_path):
    folder = export(tiny_estimator(), tmp_path / 'exported')
    image = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    cv2.imwrite(str(tmp_path / 'a.png'), image)
    program = f'{FORBID_TORCH}\nfrom litepose_mm.cli import main\nsys.exit(main(sys.argv[1:]))'
    options = ['predict', 'a.png', '--model', 'exported', '--min-score', '0']
    command = [sys.executable, '-c', program, *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, '')
    document = results(tmp_path)
    assert document['info']['model'] == 'exported'
    assert document['info']['weights'] == 'exported/model.json'
    assert (document['info']['engine'], document['info']['precision']) == ('onnxruntime', 'fp32')
    card = (folder / 'model.json').read_bytes()
    assert document['info']['weights_sha256'] == hashlib.sha256(card).hexdigest()
    expected = PoseEstimator(folder)(image)
    assert [each['score'] for each in document['annotations']] == pytest.approx(expected.scores)
    assert len(expected)


@pytest.mark.parametrize(
    'options',
    [
        ['--weights', 'w.pth'],
        ['--no-flip'],
        ['--short-side', '128'],
        ['--config-options', 'a=1'],
    ],
)
def test_what_an_exported_folder_has_already(tmp_path, capsys, options):
    save(tmp_path / 'a.jpg')
    status = main(['predict', str(tmp_path / 'a.jpg'), '--model', str(tmp_path), *options])
    err = capsys.readouterr().err
    assert status == 2 and err.count('\n') == 1
    assert options[0].replace('no-', '') in err and str(tmp_path) in err


class Boxes(FakeEstimator):
    takes_boxes, weights_file = True, None

    def __call__(self, images, boxes=None):
        self.boxes = boxes
        return super().__call__(images)


def write_boxes(path, *image_ids):
    write_json(path, [dict(image_id=each, bbox=[1, 2, 3, 4], score=0.5) for each in image_ids])


def test_boxes_of_a_file(cli, monkeypatch, tmp_path):
    topdown = Boxes()
    monkeypatch.setattr(predict, 'make_estimator', lambda *args: topdown)
    save(tmp_path / 'photo_7.png')
    write_boxes('boxes.json', 7, 8)
    status, out, _ = cli('photo_7.png', '--boxes', 'boxes.json')
    assert status == 0 and '2 people on 1 image' in out
    assert [each.tolist() for each in topdown.boxes] == [[[1, 2, 4, 6]]]
    status, _, _ = cli('photo_7.png', '--boxes', 'boxes.json', '--min-box-score', '0.6')
    assert status == 0 and len(topdown.boxes[0]) == 0
    assert cli('photo_7.png')[0] == 0 and topdown.boxes is None


def test_boxes_that_cannot_be_used(cli, estimator, tmp_path):
    save(tmp_path / 'photo_7.png')
    save_video(tmp_path / 'film.mp4')
    write_boxes('boxes.json', 8)
    estimator.takes_boxes = False
    for inputs, boxes, message in (
        (['photo_7.png'], 'none.json', 'cannot read none.json'),
        (['photo_7.png'], 'boxes.json', 'as image_id, such as that in photo_7.png'),
        (['film.mp4'], 'boxes.json', 'expected images only, got the video film.mp4'),
    ):
        status, _, err = cli(*inputs, '--boxes', boxes)
        assert status == 2 and message in err and err.count('\n') == 1
    write_boxes('boxes.json', 7)
    status, _, err = cli('photo_7.png', '--boxes', 'boxes.json')
    assert status == 2 and '--boxes: expected a top-down model' in err
    status, _, err = cli('photo_7.png', '--boxes', 'boxes.json', '--detector', 'litepose-xs')
    assert status == 2 and 'not allowed with' in err
