import subprocess
import sys
import threading
import time

import pytest

from litepose_mm.utils import native_threads

pytestmark = pytest.mark.skipif(
    not native_threads._TASKS.is_dir(), reason='threads cannot be looked at here'
)


def test_nobody_waits_for_pythons_own_threads():
    stop = threading.Event()
    busy = threading.Thread(target=lambda: [None for _ in iter(stop.is_set, True)])
    busy.start()
    begin = time.monotonic()
    native_threads._wait()
    waited = time.monotonic() - begin
    stop.set()
    busy.join()
    assert waited < native_threads._LONGEST_WAIT / 2


@pytest.mark.parametrize('busy', [True, False])
def test_a_running_worker_is_waited_for(monkeypatch, busy):
    running = iter([busy, busy, False])
    asked = []

    def is_running(task):
        asked.append(task)
        return next(running, False)

    monkeypatch.setattr(native_threads, '_is_running', is_running)
    monkeypatch.setattr(native_threads.threading, 'enumerate', list)
    native_threads._wait()
    assert len(asked) >= (3 if busy else 1)


def test_states_are_read():
    """A process of one busy thread, and one that sleeps."""
    for code, expected in (('while True: pass', True), ('import time; time.sleep(60)', False)):
        process = subprocess.Popen([sys.executable, '-c', code])
        task = native_threads.Path(f'/proc/{process.pid}')
        try:
            time.sleep(0.5)
            found = [native_threads._is_running(task) for _ in range(20)]
        finally:
            process.kill()
            process.wait()
        assert any(found) is expected
        assert not native_threads._is_running(task / 'gone')
