"""Whatever is changed in what the package reads, a value or LitePoseError comes of it."""

import copy
import json
import random

import cv2
import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pose_builders import make_skeleton

from litepose_mm.annotations import Check, read_people
from litepose_mm.checkpoints import read_weights
from litepose_mm.decoding import (
    AssociativeEmbedding,
    AssociativeEmbeddingCandidates,
    AssociativeEmbeddingDecoder,
    PartAffinity,
    PartAffinityRules,
    SimCC,
    SinglePerson,
    for_candidates,
)
from litepose_mm.decoding.part_affinity import Body, Limb
from litepose_mm.errors import LitePoseError
from litepose_mm.families.litepose import ARCHITECTURES, Architecture
from litepose_mm.media import decode_image
from litepose_mm.nas.search_spaces import get_search_space
from litepose_mm.preprocessing.rules import ShortSide
from litepose_mm.runtime import ModelCard
from litepose_mm.structures import Skeleton

SEEDS = st.integers(0, 2**32 - 1)
ODD = [None, True, False, 0, -1, 1, 2**70, 10**400, 1e400, float('nan'), 1.5, -0.0, '', 'x', '7']
ODD += ['a\\b', [], [1], [[1, 2, 3]], ['a'], [None], {}, {'id': 1}, {'size': [1, 1], 'counts': [1]}]


def mutated(document, seed):
    """A copy with up to four entries removed, doubled or replaced."""
    rng = random.Random(seed)
    document = copy.deepcopy(document)
    for _ in range(rng.randint(1, 4)):
        place = document
        while place:
            key = rng.choice(list(place) if isinstance(place, dict) else range(len(place)))
            inner = place[key]
            if isinstance(inner, (dict, list)) and inner and rng.random() < 0.75:
                place = inner
                continue
            how = rng.random()
            if how < 0.15:
                del place[key]
            elif how < 0.25 and isinstance(place, list):
                place.append(copy.deepcopy(inner))
            else:
                place[key] = copy.deepcopy(rng.choice(ODD))
            break
    return document


def annotations():
    person = dict(category_id=1, iscrowd=0, bbox=[1, 1, 30, 40], area=900, num_keypoints=2)
    person.update(keypoints=[5, 6, 2, 20, 30, 1, 0, 0, 0], segmentation=[[1, 1, 9, 1, 9, 9]])
    return dict(
        images=[dict(id=i, file_name=f'{i}.jpg', width=64, height=48) for i in (1, 2)],
        annotations=[dict(copy.deepcopy(person), id=10 * i, image_id=i) for i in (1, 2)],
        categories=[dict(id=1, name='person', keypoints=['a', 'b', 'c'], skeleton=[])],
    )


def card(decoder):
    return ModelCard(
        name='mini',
        engine='onnxruntime',
        precision='fp32',
        files={'model.onnx': '0' * 64},
        flip_test=False,
        input_type='float32',
        input_shape=None,
        resize=ShortSide(short_side=256),
        batch_limit=None,
        channel_order='rgb',
        mean=(123.675, 116.28, 103.53),
        std=(58.395, 57.12, 57.375),
        skeleton=make_skeleton(),
        decoder=decoder,
        versions={'torch': '2.13.0'},
    ).to_dict()


RULES = AssociativeEmbeddingDecoder(3)
BODY = Body(3, ((0,), (1,), (2,), (1, 2)), (Limb(3, 0, 0), Limb(0, 1, 2), Limb(0, 2, 1)))
DECODERS = [
    AssociativeEmbedding(rules=RULES, stride=2, tag_dim=1),
    AssociativeEmbeddingCandidates(rules=for_candidates(RULES), stride=2, tag_dim=1),
    SinglePerson(num_keypoints=3, stride=4, refinement='udp'),
    SimCC(num_keypoints=3, split_ratio=2.0, blur_kernels=(29, 35)),
    PartAffinity(rules=PartAffinityRules(body=BODY), stride=8),
]
DOCUMENTS = {
    'architecture': (ARCHITECTURES['litepose-xs'].to_dict(), Architecture.from_dict),
    'search space': (get_search_space('litepose-lms').to_dict(), get_search_space),
    'skeleton': (make_skeleton().to_dict(), Skeleton.from_dict),
    **{each.kind(): (card(each), ModelCard.from_dict) for each in DECODERS},
}


@pytest.mark.parametrize('kind', DOCUMENTS)
@settings(max_examples=200)
@given(seed=SEEDS)
def test_documents(kind, seed):
    document, read = DOCUMENTS[kind]
    try:
        read(mutated(document, seed))
    except LitePoseError as error:
        assert '\n' not in str(error)


@settings(max_examples=300)
@given(seed=SEEDS)
def test_annotation_files(tmp_path_factory, seed):
    path = tmp_path_factory.getbasetemp() / 'mutated.json'
    content = mutated(annotations(), seed)
    path.write_text(json.dumps(content))
    try:
        document = read_people(path, ('a', 'b', 'c'))
    except LitePoseError as error:
        assert str(path) in str(error) and '\n' not in str(error)
    else:
        ids = [person['id'] for person in document['annotations']]
        assert len(set(ids)) == len(ids) and min(ids) > 0
        for person in document['annotations']:
            assert len(person['keypoints']) == 9 and len(person['bbox']) == 4
            assert person['category_id'] == 1 and person['iscrowd'] in (0, 1)
            assert person['area'] > 0 or not person['num_keypoints']
    if all(isinstance(content.get(field), list) for field in ('images', 'annotations')):
        fixed, _ = Check(content).fixed(drop=True)
        left = [problem for problem in Check(fixed).problems if problem.malformed]
        assert all(problem.where == 'file' for problem in left)


def damaged(data, seed):
    """Bytes with some changed, and in every third case without their end."""
    rng = random.Random(seed)
    data = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data[: rng.randrange(len(data))] if seed % 3 == 0 else data)


@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.bmp', '.webp'])
@settings(max_examples=60)
@given(seed=SEEDS)
def test_images(suffix, seed):
    image = np.arange(24 * 32 * 3, dtype=np.uint8).reshape(24, 32, 3)
    data = cv2.imencode(suffix, image)[1].tobytes()
    try:
        decoded = decode_image(damaged(data, seed), 'a' + suffix, max_pixels=10**6)
    except LitePoseError:
        return
    assert decoded.ndim == 3 and decoded.dtype == np.uint8


@pytest.mark.parametrize('suffix', ['.safetensors', '.pth'])
@settings(max_examples=60)
@given(seed=SEEDS)
def test_weights(tmp_path_factory, suffix, seed):
    state = {'a.weight': torch.arange(6.0).reshape(2, 3), 'a.bias': torch.zeros(2)}
    path = tmp_path_factory.getbasetemp() / f'whole{suffix}'
    if not path.exists():
        save = safetensors.torch.save_file if suffix == '.safetensors' else torch.save
        save(state, path)
    broken = path.with_name(f'broken{suffix}')
    broken.write_bytes(damaged(path.read_bytes(), seed))
    try:
        weights = read_weights(broken)
    except LitePoseError:
        return
    assert all(isinstance(value, torch.Tensor) for value in weights.state_dict.values())
