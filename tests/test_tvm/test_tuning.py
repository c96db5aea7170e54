"""Tuning a tiny network: resumption, databases, and what is built from them."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import asdict

import numpy as np
import pytest
import tvm
from onnx import helper
from onnx.reference import ReferenceEvaluator
from onnx_graphs import graph_of

from litepose_mm.apis.model_building import build_model
from litepose_mm.deploy.tuning import model_kernels
from litepose_mm.errors import CannotExport, LitePoseError
from litepose_mm.tvm.build import BUNDLED, build_library, tuned_network
from litepose_mm.tvm.database import (
    Header,
    check_written,
    default_folder,
    load_compact,
    open_database,
    read_database,
    save_compact,
)
from litepose_mm.tvm.kernels import list_kernels, to_kernels
from litepose_mm.tvm.onnx_import import import_onnx
from litepose_mm.tvm.runtime import Network
from litepose_mm.tvm.targets import get_device
from litepose_mm.tvm.tuning import Tuner, best_seconds

RANDOM = np.random.default_rng(0)


def tiny_model():
    """Two convolutions and a mean, so that one kernel has no known schedule."""
    constants = dict(
        a=RANDOM.normal(size=(16, 3, 3, 3)).astype(np.float32),
        b=RANDOM.normal(size=(16, 1, 3, 3)).astype(np.float32),
    )
    nodes = [
        helper.make_node('Conv', ['inputs', 'a'], ['first'], pads=[1] * 4),
        helper.make_node('Conv', ['first', 'b'], ['second'], group=16, pads=[1] * 4),
        helper.make_node('GlobalAveragePool', ['second'], ['output']),
    ]
    return graph_of(nodes, (1, 3, 8, 8), constants)


MODEL = tiny_model()


#: Tunes the model of a file, like ``tune``.
PROGRAM = """
import sys
from litepose_mm.tvm.database import Header, open_database
from litepose_mm.tvm.kernels import list_kernels, to_kernels
from litepose_mm.tvm.onnx_import import import_onnx
from litepose_mm.tvm.targets import get_device
from litepose_mm.tvm.tuning import Tuner

device = get_device('host')
kernels = list_kernels(to_kernels(import_onnx(sys.argv[2]), device), device)
for _ in Tuner(kernels, device, open_database(sys.argv[1], Header(device.name)), workers=1).run():
    pass
"""


def model_file(folder):
    file = folder / 'model.onnx'
    file.write_bytes(MODEL.SerializeToString())
    return file


def kernels_of(device):
    return list_kernels(to_kernels(import_onnx(MODEL.SerializeToString()), device), device)


def tune(device, folder, **options):
    database = open_database(folder, Header(device.name))
    tuner = Tuner(kernels_of(device), device, database, workers=1)
    rounds = list(tuner.run(**options))
    return tuner, rounds


@pytest.fixture(scope='module')
def tuned(device, tmp_path_factory):
    folder = tmp_path_factory.mktemp('tuned')
    tuner, _ = tune(device, folder)
    return folder, tuner


def test_every_kernel_is_tuned(tuned):
    _, tuner = tuned
    assert 0 < tuner.network_seconds < 1
    assert len(tuner.kernels) == len({each.kernel.name for each in tuner.kernels})


def test_a_second_tuning_measures_nothing_again(tuned, device):
    folder, _ = tuned
    records = folder / 'database_tuning_record.json'
    before = records.read_text()
    _, rounds = tune(device, folder)
    assert not sum(each.last_trials for each in rounds) and records.read_text() == before


def test_a_search_measures_as_many_as_asked(tuned, device):
    folder, _ = tuned
    tuner, rounds = tune(device, folder, trials=4)
    assert sum(each.last_trials for each in rounds) == 4
    assert tuner.network_seconds < 1


def test_a_killed_tuning_resumes(device, tmp_path):
    folder = tmp_path / 'killed'
    command = [sys.executable, '-c', PROGRAM, str(folder), str(model_file(tmp_path))]
    process = subprocess.Popen(command)
    records = folder / 'database_tuning_record.json'
    end = time.monotonic() + 120
    while not (records.exists() and records.stat().st_size) and time.monotonic() < end:
        time.sleep(0.05)
    process.kill()
    process.wait()
    with records.open('a') as file:
        file.write('[0, [[[], []], [1e-0')  # as if it had been writing
    kept = records.read_text().count('\n')
    assert kept
    tuner, _ = tune(device, folder)
    assert records.read_text().count('\n') > kept
    assert tuner.network_seconds < float('inf')


def expected_outputs(inputs):
    return ReferenceEvaluator(MODEL).run(None, {'inputs': inputs})


def test_a_library_of_tuned_kernels(tuned, tmp_path):
    folder, _ = tuned
    file = model_file(tmp_path)
    facts = build_library(file, tmp_path / 'model.so', 'host', folder)
    assert facts['untuned_kernels'] == [] and facts['kernels'] >= 3 and facts['milliseconds'] > 0
    inputs = RANDOM.normal(size=(1, 3, 8, 8)).astype(np.float32)
    for found, right in zip(
        Network(tmp_path / 'model.so', 1).run(inputs), expected_outputs(inputs)
    ):
        np.testing.assert_allclose(found, right, atol=1e-4)


def test_a_replaced_library_is_loaded_anew(tuned, tmp_path):
    inputs = RANDOM.normal(size=(1, 3, 8, 8)).astype(np.float32)
    file, library = model_file(tmp_path), tmp_path / 'model.so'
    build_library(file, library, 'host', allow_untuned=True)
    (before,) = Network(library).run(inputs)
    other = helper.make_node('Relu', ['inputs'], ['output'])
    file.write_bytes(graph_of([other], (1, 3, 8, 8)).SerializeToString())
    build_library(file, tmp_path / 'new.so', 'host', allow_untuned=True)
    (tmp_path / 'new.so').replace(library)
    (after,) = Network(library).run(inputs)
    assert before.shape != after.shape


@pytest.mark.parametrize('threads', [1, 2, None])
def test_a_network_has_its_threads(tuned, tmp_path, threads):
    folder, _ = tuned
    build_library(model_file(tmp_path), tmp_path / 'model.so', 'host', folder)
    network, found = Network(tmp_path / 'model.so', threads), []

    def run():
        network.run(np.zeros((1, 3, 8, 8), np.float32))
        found.append(tvm.get_global_func('runtime.NumThreads')())

    thread = threading.Thread(target=run)  # a new one, whose workers do not exist yet
    thread.start()
    thread.join()
    assert found == [min(threads or 10**6, os.cpu_count())]


def test_untuned_kernels_are_refused(tmp_path):
    file = model_file(tmp_path)
    with pytest.raises(CannotExport, match=r'kernels .* not tuned for .*--allow-untuned'):
        build_library(file, tmp_path / 'model.so', 'host')
    assert not (tmp_path / 'model.so').exists()


def test_a_folder_without_kernels_is_refused_and_left_alone(tmp_path):
    file, folder = model_file(tmp_path), tmp_path / 'photos'
    folder.mkdir()
    with pytest.raises(LitePoseError, match='database: expected a folder that .litepose tune'):
        build_library(file, tmp_path / 'model.so', 'host', folder)
    assert not list(folder.iterdir())


def test_networks_are_tuned_before_they_are_timed(device):
    network = Network(tuned_network(MODEL.SerializeToString(), device), 1)
    inputs = RANDOM.normal(size=(1, 3, 8, 8)).astype(np.float32)
    np.testing.assert_allclose(network.run(inputs)[0], expected_outputs(inputs)[0], atol=1e-4)
    database = open_database(default_folder(device.name), Header(device.name))
    assert all(best_seconds(database, each) < 1 for each in kernels_of(device))


def test_a_compact_database_has_the_best_of_each_kernel(tuned, device, tmp_path):
    folder, tuner = tuned
    header, file = Header(device.name), tmp_path / 'a.zip'
    save_compact(open_database(folder, header), header, file)
    save_compact(open_database(folder, header), header, tmp_path / 'b.zip')
    assert file.read_bytes() == (tmp_path / 'b.zip').read_bytes()
    found = tvm.s_tir.meta_schedule.database.MemoryDatabase()
    load_compact(file, header, found)
    assert len(found) == len(tuner.kernels)
    for each in tuner.kernels:
        assert best_seconds(found, each.kernel) <= each.seconds


def test_databases_of_other_targets_and_versions_are_refused(tuned, device, tmp_path):
    folder, _ = tuned
    with pytest.raises(
        LitePoseError, match=f'kernels for cortex-a72 .* got kernels for {device.name}'
    ):
        open_database(folder, Header('cortex-a72'))
    file = tmp_path / 'a.zip'
    save_compact(open_database(folder, Header(device.name)), Header(device.name, '0.1'), file)
    empty = tvm.s_tir.meta_schedule.database.MemoryDatabase()
    with pytest.raises(LitePoseError, match='of TVM 0.1; choose another database'):
        load_compact(file, Header(device.name), empty)
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(LitePoseError, match='expected tuned kernels, got'):
        load_compact(file, Header(device.name), empty)


def test_a_damaged_database_is_one_line(device, tmp_path):
    (tmp_path / 'target.json').write_text(json.dumps({'target': device.name}))
    with pytest.raises(LitePoseError, match='expected'):
        (tmp_path / 'database_tuning_record.json').write_text('nonsense\n')
        (tmp_path / 'database_workload.json').write_text('nonsense\n')
        open_database(tmp_path, Header(device.name))


def test_only_one_process_extends_a_database(device, tmp_path):
    fcntl = pytest.importorskip('fcntl')
    header, folder = Header(device.name), tmp_path / 'kernels'
    folder.mkdir()
    file = folder / 'target.json'
    file.write_text(json.dumps(asdict(header)))
    with file.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(LitePoseError, match='kernels: another process is tuning into'):
            open_database(folder, header)
    assert open_database(folder, header) is open_database(folder, header)


def test_folders_that_cannot_be_a_database(device, tmp_path):
    (tmp_path / 'photo.jpg').touch()
    with pytest.raises(LitePoseError, match='expected tuned kernels or an empty folder, got other'):
        open_database(tmp_path, Header(device.name))
    assert os.listdir(tmp_path) == ['photo.jpg']
    with pytest.raises(LitePoseError, match='photo.jpg: expected a folder to write to'):
        open_database(tmp_path / 'photo.jpg', Header(device.name))


def test_reading_leaves_half_a_line_of_another_process(tuned, device, tmp_path):
    copy = shutil.copytree(tuned[0], tmp_path / 'copy')
    records = copy / 'database_tuning_record.json'
    count = records.read_text().count('\n')
    with records.open('a') as file:
        file.write('[0, [')
    before = records.read_text()
    assert len(read_database(copy, Header(device.name))) == count
    assert records.read_text() == before


def test_a_record_that_was_not_written_is_an_error(tuned, device, tmp_path):
    database = open_database(shutil.copytree(tuned[0], tmp_path / 'copy'), Header(device.name))
    check_written(database)
    (tmp_path / 'copy' / 'database_tuning_record.json').write_text('')  # as on a full disk
    with pytest.raises(LitePoseError, match='a result could not be written; free space'):
        check_written(database)


@pytest.fixture(scope='module')
def shipped_model():
    return build_model('litepose-xs_crowdpose', None)


@pytest.mark.parametrize('name', sorted(path.stem for path in BUNDLED.glob('*.zip')))
def test_the_package_has_all_kernels_of_xs(name, shipped_model):
    found = tvm.s_tir.meta_schedule.database.MemoryDatabase()
    load_compact(BUNDLED / f'{name}.zip', Header(name), found)
    kernels = model_kernels(shipped_model, get_device(name))
    assert len(kernels) > 30
    assert [each.name for each in kernels if best_seconds(found, each) == float('inf')] == []
