"""Signals are handled after models of OpenVINO are gone, whichever thread dropped the last one."""

import subprocess
import sys

import pytest

pytest.importorskip('openvino')

SCRIPT = """
import faulthandler
import signal
import sys
import threading

import numpy as np
import openvino
from openvino import opset13

from litepose_mm.inference.engines.openvino import cpu_core

faulthandler.enable()
inputs = opset13.parameter([1, 4], np.float32)
model = openvino.Model([opset13.relu(inputs)], [inputs])
compiled = [cpu_core().compile_model(model, 'CPU')]
other = threading.Thread(target=compiled.clear)
other.start()
other.join()
signal.signal(signal.SIGINT, lambda *_: print('handled'))
signal.raise_signal(signal.SIGINT)
"""


def test_a_signal_is_handled_after_the_last_model():
    result = subprocess.run([sys.executable, '-c', SCRIPT], capture_output=True, text=True)
    assert result.returncode == 0 and result.stdout == 'handled\n', result.stderr
