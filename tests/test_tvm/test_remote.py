"""The path to a device on loopback: tracker, server, tuning, upload, measurement."""

import socket
import time

import numpy as np
import pytest
from onnx import helper
from onnx_graphs import graph_of

from litepose_mm.errors import LitePoseError
from litepose_mm.inference.engines import get_engine
from litepose_mm.tvm.build import build_library
from litepose_mm.tvm.database import Header, open_database
from litepose_mm.tvm.kernels import list_kernels, to_kernels
from litepose_mm.tvm.onnx_import import import_onnx
from litepose_mm.tvm.remote import PatientRunner, Remote
from litepose_mm.tvm.tuning import Tuner, best_seconds

pytest.importorskip('tvm.rpc')

from tvm.s_tir.meta_schedule.runner import RunnerResult


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def new_server(tracker_port, key):
    from tvm.rpc.server import Server

    tracker = '127.0.0.1', tracker_port
    return Server(host='127.0.0.1', port=9100, port_end=9900, key=key, tracker_addr=tracker)


@pytest.fixture(scope='module')
def remote():
    from tvm.rpc.tracker import Tracker

    tracker = Tracker(host='127.0.0.1', port=9100, port_end=9900)
    server = new_server(tracker.port, 'here')
    remote = Remote('here', f'127.0.0.1:{tracker.port}', timeout=30)
    remote.wait(60)
    yield remote
    server.terminate()
    tracker.terminate()


def model():
    return graph_of([helper.make_node('Relu', ['inputs'], ['output'])], (1, 16, 8, 8))


def kernels_of(device):
    return list_kernels(to_kernels(import_onnx(model().SerializeToString()), device), device)


def test_the_whole_path(remote, device, tmp_path):
    kernels = kernels_of(device)
    database = open_database(tmp_path / 'kernels', Header(device.name))
    tuner = Tuner(kernels, device, database, remote.runner(), workers=1)
    assert list(tuner.run())
    assert 0 < tuner.network_seconds < 1
    file = tmp_path / 'model.onnx'
    file.write_bytes(model().SerializeToString())
    facts = build_library(file, tmp_path / 'a.so', 'host', tmp_path / 'kernels', remote)
    assert facts['device'] == 'here' and facts['milliseconds'] > 0


def test_networks_are_tuned_and_timed_there(remote, device, tmp_path, monkeypatch):
    graph, inputs = model().SerializeToString(), np.zeros((1, 16, 8, 8), np.float32)
    where = dict(device=remote.key, tracker=remote.tracker, database=tmp_path / 'kernels')
    run, uploads = get_engine('tvm').time(graph, inputs, 1, **where), []
    database = open_database(tmp_path / 'kernels', Header(device.name))
    (kernel,) = list_kernels(to_kernels(import_onnx(graph), device), device)
    assert best_seconds(database, kernel) < 1
    connect = Remote.connect
    monkeypatch.setattr(Remote, 'connect', lambda self: uploads.append(self) or connect(self))
    seconds = run(3)
    assert len(seconds) == 3 and min(seconds) > 0 and max(seconds) < 1
    assert uploads == [Remote(remote.key, remote.tracker)]  # once for all runs


def test_networks_for_other_processors_are_timed_on_a_device():
    with pytest.raises(LitePoseError, match='cortex-a72: this machine is no .* give the --device'):
        get_engine('tvm').time(b'', np.zeros(1), 1, target='cortex-a72')


def test_timing_is_repeated_after_a_lost_connection(remote, monkeypatch):
    answers = [RuntimeError('lost'), [0.5]]

    def measure(*_):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(Remote, '_network_seconds', measure)
    assert remote.network_seconds('model.so', (1, 3, 8, 8)) == [0.5]
    answers[:] = [RuntimeError('lost')] * 3
    with pytest.raises(LitePoseError, match='here cannot time the network: .*lost'):
        remote.network_seconds('model.so', (1, 3, 8, 8))


def test_what_is_missing_is_named(remote):
    with pytest.raises(LitePoseError, match="device: expected one of here, .* got 'pi'; start its"):
        Remote('pi', remote.tracker).check()
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        nobody = f'127.0.0.1:{free.getsockname()[1]}'
    with pytest.raises(LitePoseError, match=f'tracker: expected a tracker .* at {nobody}'):
        Remote('here', nobody).check()
    with pytest.raises(LitePoseError, match='tracker: expected HOST:PORT'):
        Remote('here', 'nowhere').check()


class Failing:
    """A runner whose device is away at first."""

    def __init__(self, failures):
        self.failures, self.calls = failures, 0

    def run(self, inputs):
        self.calls += 1
        ok = self.calls > self.failures

        class Future:
            def result(self):
                return RunnerResult([1.0] if ok else None, None if ok else 'no answer')

        return [Future() for _ in inputs]


@pytest.mark.parametrize('failures, calls', [(0, 2), (1, 3), (9, 4)])
def test_failed_measurements_are_repeated_once(remote, failures, calls):
    inner = Failing(failures)
    results = PatientRunner(remote, inner, 1)._inst.run([None, None])
    assert inner.calls == calls
    assert bool(results[0].result().run_secs) == (failures < 2)


def test_a_device_that_goes_away_ends_the_tuning(remote, device, tmp_path):
    server = new_server(remote.address[1], 'gone')
    gone = Remote('gone', remote.tracker, timeout=5)
    gone.wait(60)  # servers register some time after they start
    runner = PatientRunner(gone, gone.runner()._inst._inner, 1)
    tuner = Tuner(
        kernels_of(device), device, open_database(tmp_path, Header(device.name)), runner, workers=1
    )
    server.terminate()
    wait_until(lambda: not gone.is_there())
    with pytest.raises(LitePoseError, match="device: expected one of .*, got 'gone'"):
        list(tuner.run())
