"""demo/cpp finds the people that the Python package finds, and explains what it cannot use."""

import io
import json
import sys

import cv2
import numpy as np
import pytest
from cpp_folders import (
    change_card,
    change_decoder,
    change_library,
    empty_library,
    for_another_processor,
    without_its_instructions,
    write_fixed_network,
)
from cpp_program import Program, assert_equal_people, build, need_headers, need_tools
from exported import export, tiny_estimator
from msgspec.structs import replace
from PIL import Image

from litepose_mm.decoding.part_affinity import PartAffinity, PartAffinityRules, get_body
from litepose_mm.inference.preprocessing import Normaliser
from litepose_mm.preprocessing.rules import FixedHeight
from litepose_mm.runtime import PoseEstimator
from litepose_mm.testing import outputs_with_people

pytestmark = pytest.mark.slow

SHAPE = (64, 128)


@pytest.fixture(scope='module')
def program(tmp_path_factory):
    need_tools(('cmake', 'cmake'), ('g++', 'g++'))
    need_headers('g++')
    path = build(tmp_path_factory.mktemp('build'), f'-DPython3_EXECUTABLE={sys.executable}')
    return Program(path)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """A tiny network, exported."""
    target = tmp_path_factory.mktemp('exported') / 'model'
    return export(tiny_estimator(), target, 'tvm', SHAPE, engine_options={'allow_untuned': True})


@pytest.fixture(scope='module')
def estimator(folder):
    """The Python package's estimator of the same folder."""
    return PoseEstimator(folder, threads=1)


def write(path, image, **options):
    """Writes BGR, grey or BGRA as the suffix says."""
    order = {2: slice(None), 3: [2, 1, 0], 4: [2, 1, 0, 3]}
    pixels = image if image.ndim == 2 else image[..., order[image.shape[2]]]
    Image.fromarray(pixels).save(path, **options)
    return path


@pytest.mark.parametrize('suffix', ['.png', '.jpg'])
def test_people_on_images_of_any_size(program, folder, estimator, tmp_path, suffix):
    sizes = [(96, 64), (61, 45), (45, 61), (33, 33), (7, 100), (640, 427), (1, 1), (192, 128)]
    images = []
    for width, height in sizes:
        image = np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)
        images.append(str(write(tmp_path / f'{width}x{height}{suffix}', image)))
    expected = estimator(images)
    assert sum(map(len, expected)) > 20
    for own, each in zip(program.people(folder, images), expected, strict=True):
        assert_equal_people(own, each)


def test_the_network_gets_the_same_numbers(program, folder, estimator, tmp_path):
    for width, height in ((96, 64), (97, 65), (50, 70), (640, 427), (193, 129)):
        image = np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)
        path = write(tmp_path / 'image.png', image)
        program.people(folder, [path], '--dump', tmp_path / 'dump')
        prepared = estimator.prepare(str(path))
        inputs = Normaliser(estimator.card)(prepared.inputs)
        np.testing.assert_array_equal(np.load(tmp_path / 'dump' / 'input.npy'), inputs)
        for name, own in zip(('heatmaps', 'tags'), estimator.infer(prepared), strict=True):
            dumped = np.load(tmp_path / 'dump' / f'{name}.npy')
            np.testing.assert_allclose(dumped, own, atol=1e-5)


def test_kinds_of_images(program, folder, estimator, tmp_path):
    color = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    grey, alpha = color[..., 0], np.dstack([color, color[..., :1]])
    exif = [Image.Exif() for _ in range(9)]
    for orientation, own in enumerate(exif):
        own[0x0112] = orientation
    paths = [
        write(tmp_path / 'grey.jpg', grey),
        write(tmp_path / 'grey.png', grey),
        write(tmp_path / 'alpha.png', alpha),
        write(tmp_path / 'progressive.jpg', color, progressive=True, subsampling='4:2:0'),
        write(tmp_path / 'full.jpg', color, subsampling='4:4:4'),
        *(write(tmp_path / f'{i}.jpg', color, exif=own) for i, own in enumerate(exif)),
        *(write(tmp_path / f'{i}.png', color, exif=own) for i, own in enumerate(exif)),
    ]
    palette, bits = tmp_path / 'palette.png', tmp_path / '1_bit.png'
    Image.fromarray(color).convert('P').save(palette, transparency=3)
    Image.fromarray(grey > 127).save(bits)
    deep, deep_grey = tmp_path / '16_bits.png', tmp_path / '16_bits_grey.png'
    wide = np.random.default_rng(0).integers(0, 1 << 16, (60, 80, 3), np.uint16)
    cv2.imwrite(str(deep), wide)
    cv2.imwrite(str(deep_grey), wide[..., 0])
    images = [str(path) for path in (*paths, palette, bits, deep, deep_grey)]
    expected = estimator(images)
    for own, each in zip(program.people(folder, images), expected, strict=True):
        assert_equal_people(own, each)
    assert {each.image_size for each in expected} == {(80, 60), (60, 80)}


@pytest.mark.parametrize(
    ('fields', 'rules'),
    [
        ({}, {}),
        ({'stride': 4, 'tag_dim': 2}, {}),
        ({'restore_heatmap_size': False}, {'offset': 'udp', 'missing': 'none', 'keep_best': 3}),
        ({}, {'offset': 'mmpose', 'missing': 'mmpose', 'limit': 'mmpose', 'max_people': 4}),
        ({}, {'offset': 'none', 'keypoint_threshold': 0.0, 'max_people': None, 'nms_kernel': 1}),
    ],
    ids=['authors', 'flip', 'udp', 'mmpose', 'unlimited'],
)
def test_decoding(program, estimator, tmp_path, fields, rules):
    own = estimator.card.decoder
    decoder = replace(own, rules=replace(own.rules, **rules), **fields)
    card, shape = replace(estimator.card, decoder=decoder), (128, 192)
    path = write(tmp_path / 'image.png', np.zeros((100, 190, 3), np.uint8))
    for count in (0, 1, 6, 30):
        folder = tmp_path / str(count)
        write_fixed_network(folder, card, outputs_with_people(decoder, count, shape), shape)
        expected = PoseEstimator(folder, threads=1)(str(path))
        assert len(expected) >= min(count, 3)
        (found,) = program.people(folder, [path])
        assert_equal_people(found, expected)


@pytest.mark.parametrize('upsample', [1, 4])
def test_part_affinity_fields(program, estimator, tmp_path, upsample):
    rules = PartAffinityRules(body=get_body('crowdpose'), upsample=upsample)
    decoder, shape = PartAffinity(rules=rules, stride=8, offset=1.0), (184, 256)
    card = replace(estimator.card, decoder=decoder, resize=FixedHeight(height=184))
    images = []
    for width, height in ((256, 184), (180, 130), (512, 368), (60, 90), (500, 100)):
        image = np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)
        images.append(str(write(tmp_path / f'{width}.png', image)))
    for count in (0, 1, 6):
        folder = tmp_path / str(count)
        write_fixed_network(folder, card, outputs_with_people(decoder, count, shape), shape)
        runtime = PoseEstimator(folder, threads=1)
        for image in images:
            (found,) = program.people(folder, [image], '--dump', tmp_path)
            assert_equal_people(found, runtime(image))
            inputs = Normaliser(runtime.card)(runtime.prepare(image).inputs)
            levels = np.abs(np.load(tmp_path / 'input.npy') - inputs) * max(card.std)
            assert levels.max() < 1.1  # not every OpenCV rounds alike
    assert len(runtime(images[0])) >= 6


def test_undefined_numbers_are_an_error(program, estimator, tmp_path):
    outputs = outputs_with_people(estimator.card.decoder, 1, SHAPE)
    outputs[0][0, 0, 0, 0] = np.nan
    write_fixed_network(tmp_path / 'model', estimator.card, outputs, SHAPE)
    path = write(tmp_path / 'image.png', np.zeros((64, 128, 3), np.uint8))
    assert_one_line(program.run(tmp_path / 'model', path), 'infinite or undefined')


def assert_one_line(done, *words):
    """Whether a run failed with one line that contains some words, and printed nothing else."""
    assert done.returncode == 2 and not done.stdout, done
    assert done.stderr.startswith('litepose: ') and done.stderr.count('\n') == 1, done.stderr
    for word in words:
        assert word in done.stderr


BAD_FOLDERS = {
    'no card': (lambda own: (own / 'model.json').unlink(), ['model.json', 'litepose export']),
    'no JSON': (lambda own: (own / 'model.json').write_text('{"name": '), ['model.json', 'JSON']),
    'a list': (lambda own: (own / 'model.json').write_text('[]'), ['JSON object']),
    'version': (change_card(format_version=3), ['format_version', '5', '3']),
    'engine': (change_card(engine='openvino'), ['openvino', '--engine tvm']),
    'shape': (change_card(input_shape=None), ['input_shape', 'null']),
    'large shape': (change_card(input_shape=[64, 1 << 40]), ['input_shape', str(1 << 40)]),
    'another shape': (change_card(input_shape=[128, 128]), ['export']),
    'mean': (change_card(mean=[0, 'a', 0]), ['mean', '"a"']),
    'files': (change_card(files={'../model.so': '0' * 64}), ['files', '../model.so']),
    'no library': (lambda own: (own / 'model.so').unlink(), ['model.so']),
    'truncated': (lambda own: (own / 'model.so').write_bytes(b'\x7fELF'), ['sha256', 'damaged']),
    'no ELF': (change_library(lambda _: b'text'), ['model.so', 'shared library']),
    'processor': (change_library(for_another_processor), ['x86-64', 'aarch64']),
    'instructions': (change_library(without_its_instructions), ['instructions', '--target']),
    'other library': (change_library(empty_library), ['model.so', 'TVM']),
    'rule': (change_card(resize={'kind': 'person_box', 'padding': 1.25}), ['person_box']),
    'rule values': (change_card(resize={'kind': 'short_side'}), ['resize.short_side']),
    'decoder': (change_decoder(kind='single_person'), ['single_person']),
    'decoder values': (change_decoder(stride='2'), ['decoder.stride', '"2"']),
    'unknown value': (change_decoder(softness=2), ['decoder.softness', 'no such field']),
    'outputs': (change_decoder(stride=4), ['heatmaps', '(14, 16, 32)', '(14, 32, 64)']),
    'no decoder': (change_card(decoder=None), ['decoder']),
}


@pytest.mark.parametrize(('change', 'words'), BAD_FOLDERS.values(), ids=BAD_FOLDERS)
def test_a_folder_that_cannot_be_used(program, folder, tmp_path, change, words):
    copy = tmp_path / 'model'
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    change(copy)
    image = write(tmp_path / 'image.png', np.zeros((64, 128, 3), np.uint8))
    assert_one_line(program.run(copy, image), *words)


def encoded(suffix, width=80, height=60):
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return cv2.imencode(suffix, image)[1].tobytes()


def in_cmyk():
    file = io.BytesIO()
    Image.new('CMYK', (40, 30)).save(file, 'JPEG')
    return file.getvalue()


BAD_IMAGES = {
    'empty': (lambda: b'', '0 bytes'),
    'text': (lambda: b'no image', 'JPEG or PNG'),
    'another format': (lambda: encoded('.bmp'), 'JPEG or PNG'),
    'truncated JPEG': (lambda: encoded('.jpg')[:-900], 'truncated or damaged'),
    'truncated PNG': (lambda: encoded('.png')[:-900], 'truncated or damaged'),
    'damaged PNG': (lambda: encoded('.png').replace(b'\x55', b'\x56'), 'truncated or damaged'),
    'header only': (lambda: b'\xff\xd8\xff', 'truncated or damaged'),
    'CMYK': (in_cmyk, 'CMYK'),
    'narrow': (lambda: encoded('.png', 210, 10), '210x10'),
}


@pytest.mark.parametrize(('content', 'words'), BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_an_image_that_cannot_be_read(program, folder, tmp_path, content, words):
    bad = tmp_path / 'bad'
    bad.write_bytes(content())
    assert_one_line(program.run(folder, bad), str(bad), words)


def test_other_images_still_count(program, folder, tmp_path):
    image = write(tmp_path / 'image.png', np.zeros((64, 128, 3), np.uint8))
    done = program.run(folder, tmp_path / 'absent.jpg', image, '--time', '--threads', 1)
    assert done.returncode == 2
    assert json.loads(done.stdout)['source'] == str(image)
    first, *times = done.stderr.splitlines()
    assert 'absent.jpg' in first and 'decoding' in times[-1]


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        ([], 'folder'),
        (['model'], 'images'),
        (['model', 'a.jpg', '--threads', '0'], "'0'"),
        (['model', 'a.jpg', '--threads'], 'value'),
        (['model', 'a.jpg', '--what'], '--what'),
        (['absent', 'a.jpg'], 'absent'),
    ],
)
def test_wrong_arguments(program, arguments, words):
    assert_one_line(program.run(*arguments), words)
