"""The card: there and back, and one clear line for everything that can be wrong with it."""

import hashlib
import json
import re

import pytest
from pose_builders import make_skeleton

from litepose_mm.decoding import (
    AssociativeEmbedding,
    AssociativeEmbeddingCandidates,
    AssociativeEmbeddingDecoder,
    SinglePerson,
)
from litepose_mm.errors import LitePoseError
from litepose_mm.preprocessing.rules import PersonBox, ShortSide
from litepose_mm.runtime import ModelCard, file_hashes

MODEL = b'not quite a network'
RESIZE = {'kind': 'short_side', 'short_side': 256}
AE = {'kind': 'associative_embedding', 'stride': 2, 'tag_dim': 1}
CANDIDATES = {**AE, 'kind': 'associative_embedding_candidates'}


def rules(**changes):
    return {'rules': {'num_keypoints': 3, **changes}}


def make_decoder(count=3, **rules):
    return AssociativeEmbedding(
        rules=AssociativeEmbeddingDecoder(count, **rules), stride=2, tag_dim=1
    )


def make_card(**changes) -> ModelCard:
    fields = dict(
        name='mini',
        engine='onnxruntime',
        precision='fp32',
        files={'model.onnx': hashlib.sha256(MODEL).hexdigest()},
        flip_test=False,
        input_type='float32',
        input_shape=None,
        resize=ShortSide(short_side=256),
        batch_limit=None,
        channel_order='rgb',
        mean=(123.675, 116.28, 103.53),
        std=(58.395, 57.12, 57.375),
        skeleton=make_skeleton(),
        decoder=make_decoder(keypoint_order=(2, 0, 1), max_people=None),
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
        dict(input_shape=(256, 384), batch_limit=1, flip_test=True),
        dict(
            decoder=AssociativeEmbeddingCandidates(
                rules=AssociativeEmbeddingDecoder(3, missing='none', offset='udp'),
                stride=2,
                tag_dim=1,
            )
        ),
        dict(
            decoder=SinglePerson(num_keypoints=3, stride=4),
            input_shape=(256, 192),
            resize=PersonBox(padding=1.25),
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
    assert document['format_version'] == 5
    assert document['files'] == file_hashes(folder, ['model.onnx'])
    assert document['skeleton'] == make_skeleton().to_dict()
    assert document['resize'] == {'kind': 'short_side', 'short_side': 256, 'divisor': 64}
    assert document['decoder']['kind'] == 'associative_embedding'
    assert document['decoder']['rules']['keypoint_order'] == [2, 0, 1]


def test_options_newer_than_a_card_have_their_defaults(folder):
    rules = {'num_keypoints': 3, 'top_k': 20}
    rewrite(folder, decoder=dict(AE, rules=rules))
    assert ModelCard.load(folder).decoder == make_decoder(top_k=20)


def test_file_of_a_suffix(folder):
    card = make_card()
    assert card.file(folder, '.onnx') == folder / 'model.onnx'
    with pytest.raises(LitePoseError, match=r'one file \*.xml for onnxruntime, got model.onnx'):
        card.file(folder, '.xml')


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(format_version=4), 'format_version: expected 5, .* got 4; .*export again'),
        (dict(format_version=...), 'format_version: expected 5, .* got None'),
        (dict(format_version=True), 'got True'),
        (dict(mean=...), 'missing required field `mean`'),
        (dict(more=1), 'unknown field `more`'),
        (dict(name=''), r'length >= 1 - at `\$.name`'),
        (dict(engine=['ncnn']), r'Expected `str`, got `array` - at `\$.engine`'),
        (dict(precision='int4'), r"Invalid enum value 'int4' - at `\$.precision`"),
        (dict(flip_test=1), r'Expected `bool`, got `int` - at `\$.flip_test`'),
        (dict(input_shape=[256]), r'`\$.input_shape`'),
        (dict(input_shape=[256, 0]), r'`\$.input_shape\[1\]`'),
        (dict(input_shape=[256, 100]), r'multiples of 64 pixels, got \(256, 100\)'),
        (dict(resize=dict(RESIZE, short_side=256.5)), r'got `float` - at `\$.short_side`'),
        (dict(resize=dict(RESIZE, short_side=10**100)), r'resize: .*`\$.short_side`'),
        (dict(resize=dict(RESIZE, divisor=True)), r'got `bool` - at `\$.divisor`'),
        (dict(resize={'kind': 'x'}), "expected one of the kinds .*short_side.*got 'x'"),
        (dict(batch_limit=0), r'`\$.batch_limit`'),
        (
            dict(resize={'kind': 'person_box', 'padding': 1.25}),
            'input_shape: expected height and width',
        ),
        (dict(channel_order='gbr'), r'`\$.channel_order`'),
        (dict(mean=[1, 2]), r'`\$.mean`'),
        (dict(std=[1, 2, 0]), r'`\$.std\[2\]`'),
        (dict(skeleton=3), 'Skeleton.to_dict'),
        (dict(skeleton={'name': 'x'}), 'Skeleton.to_dict'),
        (dict(decoder=[]), 'decoder: expected one of the kinds associative_embedding, .*got None'),
        (dict(decoder={'kind': 'x'}), "expected one of the kinds .*got 'x'; import the module"),
        (dict(decoder=dict(AE, **rules(), more=1)), 'decoder: .*unknown field `more`'),
        (dict(decoder=dict(AE, **rules(), stride=0)), r'decoder: .*`\$.stride`'),
        (dict(decoder=dict(AE, **rules(top_k='30'))), r'decoder: .*`\$.rules.top_k`'),
        (dict(decoder=dict(AE, **rules(offset='x'))), 'decoder: offset must be one of'),
        (
            dict(decoder=dict(AE, **rules(keypoint_order=[0, 1]))),
            'keypoint_order must hold each of 0..2 once',
        ),
        (dict(decoder=dict(AE, **rules(num_keypoints=4))), "as many as the skeleton's, got 4"),
        (dict(versions={'torch': 2}), r'Expected `str`, got `int` - at `\$.versions'),
        (
            dict(decoder=dict(CANDIDATES, **rules())),
            "missing keypoints .*'litepose'",
        ),
        (
            dict(decoder=dict(CANDIDATES, **rules(missing='none', offset='mmpose'))),
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
    assert 'at `key` in `$.files`' in refusal(folder)


@pytest.mark.parametrize('files', [{}, [], {'model.onnx': 'abc'}, {'model.onnx': None}])
def test_refuses_files(folder, files):
    rewrite(folder, files=files)
    assert 'files' in refusal(folder)


def test_files_that_are_not_the_cards(folder):
    model = folder / 'model.onnx'
    model.write_bytes(MODEL[:-1])
    assert re.search(r'model\.onnx: .* given in model\.json, .*damaged', refusal(folder))
    model.write_bytes(b'')
    assert 'damaged' in refusal(folder)
    model.unlink()
    assert 'expected the model file' in refusal(folder)
    model.mkdir()
    assert 'cannot read the model file' in refusal(folder)


def test_no_card(folder, tmp_path):
    assert 'elsewhere' in refusal(tmp_path / 'elsewhere')
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
    with pytest.raises(LitePoseError, match="3 keypoints, as many as the skeleton's, got 4"):
        make_card(decoder=make_decoder(4))


def test_a_card_that_cannot_be_written(folder):
    with pytest.raises(LitePoseError, match='cannot write'):
        make_card().save(folder / 'model.onnx')
