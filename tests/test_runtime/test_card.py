"""The card: there and back, and one clear line for everything that can be wrong with it."""

import hashlib
import json
import re

import pytest
from pose_builders import make_skeleton

from litepose_mm.decoding import AssociativeEmbeddingDecoder
from litepose_mm.errors import LitePoseError
from litepose_mm.runtime import ModelCard, file_hashes

MODEL = b'not quite a network'


def make_card(**changes) -> ModelCard:
    fields = dict(
        name='mini',
        engine='onnxruntime',
        precision='fp32',
        files={'model.onnx': hashlib.sha256(MODEL).hexdigest()},
        outputs='maps',
        flip_test=False,
        input_shape=None,
        input_size=256,
        size_divisor=64,
        batch_limit=None,
        channel_order='rgb',
        mean=(123.675, 116.28, 103.53),
        std=(58.395, 57.12, 57.375),
        strides=(4, 2),
        tag_dim=1,
        skeleton=make_skeleton(),
        decoder=AssociativeEmbeddingDecoder(3, keypoint_order=(2, 0, 1), max_people=None),
        restore_heatmap_size=True,
        versions={'torch': '2.13.0'},
    )
    return ModelCard(**{**fields, **changes})


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'model.onnx').write_bytes(MODEL)
    make_card().save(tmp_path)
    return tmp_path


def rewrite(folder, **changes):
    """Changes fields of a saved card; ``...`` removes one."""
    path = folder / 'model.json'
    document = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({k: v for k, v in document.items() if v is not ...}))


def refusal(folder) -> str:
    with pytest.raises(LitePoseError) as caught:
        ModelCard.load(folder)
    message = str(caught.value)
    assert '\n' not in message and len(message) < 600
    return message


@pytest.mark.parametrize(
    'changes',
    [
        {},
        dict(input_shape=(256, 384), batch_limit=1, flip_test=True, tag_dim=2),
        dict(
            outputs='candidates',
            restore_heatmap_size=False,
            decoder=AssociativeEmbeddingDecoder(3, missing='none', offset='udp'),
        ),
    ],
)
def test_there_and_back(tmp_path, changes):
    (tmp_path / 'model.onnx').write_bytes(MODEL)
    card = make_card(**changes)
    card.save(tmp_path)
    assert ModelCard.load(tmp_path) == card
    assert ModelCard.load(str(tmp_path)).num_keypoints == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ['model.json', 'model.onnx']


def test_is_plain_json(folder):
    document = json.loads((folder / 'model.json').read_text())
    assert document['format_version'] == 1
    assert document['files'] == file_hashes(folder, ['model.onnx'])
    assert document['skeleton'] == make_skeleton().to_dict()
    assert document['decoder']['keypoint_order'] == [2, 0, 1]
    assert 'num_keypoints' not in document['decoder']


def test_options_newer_than_a_card_have_their_defaults(folder):
    rewrite(folder, decoder={'top_k': 20})
    assert ModelCard.load(folder).decoder == AssociativeEmbeddingDecoder(3, top_k=20)


def test_file_of_a_suffix(folder):
    card = make_card()
    assert card.file(folder, '.onnx') == folder / 'model.onnx'
    with pytest.raises(LitePoseError, match=r'one file \*.xml for onnxruntime, got model.onnx'):
        card.file(folder, '.xml')


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(format_version=2), 'format_version: expected 1, .* got 2; update litepose_mm'),
        (dict(format_version=...), 'format_version: expected 1, .* got None'),
        (dict(format_version=True), 'got True'),
        (dict(mean=...), 'mean is missing; expected name, engine'),
        (dict(more=1), 'more is not known; expected name, engine'),
        (dict(name=''), "name: expected a text, got ''"),
        (dict(engine='tvm'), "engine: expected one of onnxruntime, openvino, ncnn, got 'tvm'"),
        (dict(engine=['ncnn']), r"got \['ncnn'\]"),
        (dict(precision='int4'), 'precision: expected one of fp32, fp16, bf16, int8'),
        (dict(outputs='heatmaps'), 'outputs: expected one of maps, candidates'),
        (dict(flip_test=1), 'flip_test: expected true or false, got 1'),
        (dict(input_shape=[256]), r'input_shape: expected \[height, width\] or null, got \[256\]'),
        (dict(input_shape=[256, 0]), r'input_shape: .*got \[256, 0\]'),
        (dict(input_shape=[256, 100]), r'multiples of size_divisor 64, got \(256, 100\)'),
        (dict(input_size=256.0), 'input_size: expected a whole number from 1 to .*, got 256.0'),
        (dict(input_size=10**100), 'input_size: expected a whole number from 1'),
        (dict(size_divisor=True), 'size_divisor: .*got True'),
        (dict(batch_limit=0), 'batch_limit: expected a whole number .* or null, got 0'),
        (dict(channel_order='gbr'), 'channel_order: expected one of rgb, bgr'),
        (dict(mean=[1, 2]), r'mean: expected 3 numbers, got \[1, 2\]'),
        (dict(std=[1, 2, 0]), 'std: expected 3 numbers above 0'),
        (dict(strides=[]), r'strides: .*got \[\]'),
        (dict(tag_dim='1'), "tag_dim: .*got '1'"),
        (dict(skeleton=3), 'skeleton: expected an object, got 3'),
        (dict(skeleton={'name': 'x'}), 'expected a skeleton as Skeleton.to_dict writes it'),
        (dict(decoder=[]), r'decoder: expected an object, got \[\]'),
        (dict(decoder={'more': 1}), "decoder: expected options among keypoint_order.*got 'more'"),
        (dict(decoder={'top_k': '30'}), "decoder.top_k: expected a whole number, got '30'"),
        (dict(decoder={'tag_threshold': None}), 'decoder.tag_threshold: expected a number'),
        (dict(decoder={'offset': 1}), 'decoder.offset: expected a text, got 1'),
        (dict(decoder={'offset': 'x'}), 'model card: decoder: offset must be one of'),
        (dict(decoder={'keypoint_order': [0, 1]}), 'keypoint_order must hold each of 0..2 once'),
        (dict(decoder={'keypoint_order': 'abc'}), 'keypoint_order: expected a list of whole'),
        (dict(restore_heatmap_size=None), 'restore_heatmap_size: expected true or false'),
        (dict(versions={'torch': 2}), 'versions: expected names and versions, all texts'),
        (dict(outputs='candidates'), "missing keypoints can be searched in whole maps.*'litepose'"),
        (
            dict(outputs='candidates', decoder={'missing': 'none'}),
            'restore_heatmap_size: expected false, since candidates',
        ),
        (
            dict(outputs='candidates', decoder={'missing': 'none', 'offset': 'mmpose'}),
            "expected the offset 'litepose', 'udp' or 'none', got 'mmpose'",
        ),
    ],
)
def test_refuses(folder, changes, message):
    rewrite(folder, **changes)
    refused = refusal(folder)
    assert re.search(message, refused), refused


@pytest.mark.parametrize(
    'name',
    ['../model.onnx', '..', '/etc/passwd', 'a/b', 'a\\b', 'C:model', '', '.hidden', 'model.json'],
)
def test_names_cannot_leave_the_folder(folder, name):
    rewrite(folder, files={name: '0' * 64})
    assert 'files: expected plain names of files in the folder' in refusal(folder)


@pytest.mark.parametrize('files', [{}, [], {'model.onnx': 'abc'}, {'model.onnx': None}])
def test_refuses_files(folder, files):
    rewrite(folder, files=files)
    assert 'files: expected plain names' in refusal(folder)


def test_files_that_are_not_the_cards(folder):
    model = folder / 'model.onnx'
    model.write_bytes(MODEL[:-1])
    assert 'cut short or damaged' in refusal(folder)
    model.write_bytes(b'')
    assert 'cut short or damaged' in refusal(folder)
    model.unlink()
    assert 'expected the model file' in refusal(folder)
    model.mkdir()
    assert 'cannot read the model file' in refusal(folder)


def test_no_card(folder, tmp_path):
    assert 'there is no' in refusal(tmp_path / 'elsewhere')
    assert '`litepose export`' in refusal(folder / 'model.onnx')


@pytest.mark.parametrize(
    'text', ['', '{', '{"mean": NaN}', '[' * 100_000, '\x00', '{"mean": ' + '9' * 5000 + '}']
)
def test_broken_json(folder, text):
    (folder / 'model.json').write_text(text)
    assert 'expected JSON in' in refusal(folder)


def test_json_of_something_else(folder):
    (folder / 'model.json').write_text('[1]')
    assert 'expected a JSON object, got list' in refusal(folder)
    (folder / 'model.json').write_bytes(b'\xff\xfe')
    assert 'expected JSON in' in refusal(folder)


def test_a_card_is_checked_when_it_is_made():
    with pytest.raises(LitePoseError, match='precision: expected one of'):
        make_card(precision='float')
    with pytest.raises(LitePoseError, match="3 keypoints, as many as the skeleton's, got 4"):
        make_card(decoder=AssociativeEmbeddingDecoder(4))


def test_a_card_that_cannot_be_written(folder):
    with pytest.raises(LitePoseError, match='cannot write'):
        make_card().save(folder / 'model.onnx')
