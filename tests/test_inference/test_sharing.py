"""Estimators of every engine in threads, in forked and spawned processes, and copied."""

import copy
import multiprocessing
import os
import pickle
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from exported import ENGINES, export, tiny_estimator

from litepose_mm import LitePoseError
from litepose_mm.datasets.synthetic import SceneOptions, make_scene
from litepose_mm.runtime import PoseEstimator

ALL = ('torch', *ENGINES)
SHAPE = (64, 128)  # ncnn takes one only


@pytest.fixture(scope='module')
def images():
    return [make_scene(SceneOptions((160, 80)), seed=0, index=index).image for index in range(4)]


@pytest.fixture
def estimator(request, tiny, exported):
    """Of the engine that a test names."""
    name = request.param
    return tiny if name == 'torch' else PoseEstimator(exported(name, SHAPE), threads=1, streams=2)


@pytest.mark.parametrize('estimator', ALL, indirect=True)
def test_threads_get_the_people_of_their_own_images(estimator, images):
    alone = [estimator(image) for image in images]
    assert all(one != other for one in alone for other in alone if one is not other)
    numbers = [number % len(images) for number in range(80)]

    def ask(number):  # of every fourth, the whole list
        if number:
            return estimator(images[number]) == alone[number]
        return estimator(images) == alone

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, numbers))


@pytest.mark.parametrize('estimator', ALL, indirect=True)
def test_steps_of_several_images_may_overlap(estimator, images):
    prepared = [estimator.prepare(image) for image in images]
    outputs = [estimator.infer(each) for each in prepared]
    for image, own, given in zip(images, prepared, outputs, strict=True):
        assert estimator.finish(own, given) == estimator(image)


@pytest.mark.parametrize('estimator', ALL, indirect=True)
@pytest.mark.parametrize(
    'again', [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_copies_find_the_same(estimator, again, images):
    other = again(estimator)
    assert (other.batch_size, other.streams) == (estimator.batch_size, estimator.streams)
    assert other(images) == estimator(images)


def test_spawned_processes_find_the_same(exported, images):
    estimator = PoseEstimator(exported(shape=SHAPE), threads=1)
    with multiprocessing.get_context('spawn').Pool(1) as pool:
        assert pool.map(estimator, images) == estimator(images)


def test_a_pickle_is_of_a_folder_whatever_the_working_directory(
    exported, images, tmp_path, monkeypatch
):
    shutil.copytree(exported(shape=SHAPE), tmp_path / 'model')
    monkeypatch.chdir(tmp_path)
    estimator = PoseEstimator('model', threads=1)
    monkeypatch.chdir('/')
    data = pickle.dumps(estimator)
    assert pickle.loads(data)(images) == estimator(images)

    shutil.rmtree(tmp_path / 'model')
    with pytest.raises(LitePoseError, match='model'):
        pickle.loads(data)
    export(tiny_estimator(flip_test=True), tmp_path / 'model', shape=SHAPE)
    with pytest.raises(LitePoseError, match='another one'):
        pickle.loads(data)


# The engine and whether it was used before; a parent whose torch has two threads already.
FORK = """
import os, pickle, signal, sys
import numpy as np

name, used, file = sys.argv[1:]
if name == 'torch':
    import torch
    torch.set_num_threads(2)
    torch.ones(1 << 20).sqrt().sum()
images = np.load(file + '.npy')
estimator = pickle.load(open(file, 'rb'))
first = estimator(images[0]) if used == 'used' else None

for image in images[:2]:
    child = os.fork()
    if not child:
        signal.alarm(60)  # whoever waits forever is killed
        os._exit(0 if len(estimator(image)) and first in (None, estimator(images[0])) else 1)
    if status := os.waitpid(child, 0)[1]:
        sys.exit(f'status {status}')
if first is not None:
    assert estimator(images[0]) == first
"""


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='no forks here')
@pytest.mark.parametrize('used', ['used', 'unused'])
@pytest.mark.parametrize('name', ALL)
def test_forked_processes_answer(tiny, exported, images, tmp_path, name, used):
    estimator = tiny if name == 'torch' else PoseEstimator(exported(name, SHAPE), threads=2)
    (tmp_path / 'x').write_bytes(pickle.dumps(estimator))
    np.save(tmp_path / 'x.npy', images)
    environment = {**os.environ, 'OMP_NUM_THREADS': '2', 'OMP_WAIT_POLICY': 'passive'}
    command = [sys.executable, '-W', 'ignore', '-c', FORK, name, used, str(tmp_path / 'x')]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
