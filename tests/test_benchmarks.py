"""The benchmarks run; in their smallest form, so that their figures mean nothing."""

import json
import subprocess
import sys

import pytest
from conftest import REPOSITORY

SMALL = '--num-images 2 --pipeline-size 64 --input-size 64 --batch-size 2 --people 2 --workers 0'


def training(tmp_path, *what):
    """Tables of ``benchmarks/training.py``."""
    out = tmp_path / 'figures.json'
    command = [sys.executable, 'benchmarks/training.py', *SMALL.split(), '--out', out]
    command += ['--rounds', '1', '--warmup', '1', '--blocks', '1', '--threads', '1']
    result = subprocess.run(
        [*command, '--what', *what], cwd=REPOSITORY, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr[-2000:]
    return json.loads(out.read_text())


def test_training_pipeline_and_loss(tmp_path):
    tables = training(tmp_path, 'pipeline', 'loss')
    milliseconds = {row['part']: row['ours_ms'] for row in tables['pipeline']}
    parts = sum(milliseconds[part] for part in list(milliseconds)[:7])
    assert milliseconds['whole'] == pytest.approx(parts)
    assert [row['people'] for row in tables['loss']] == [2]


@pytest.mark.slow
def test_training_step_loader_and_operators(tmp_path):
    tables = training(tmp_path, 'step', 'loader', 'operators')
    variants = [row['variant'] for row in tables['step']]
    assert variants[:2] == ['float32', 'float32, channels last']
    assert all(row['peak_mib'] > 0 for row in tables['step'])
    assert all(0 < row['waiting_share'] < 1 for row in tables['loader'])
    shares = [row['share'] for row in tables['operators, default order']]
    assert shares == sorted(shares, reverse=True) and 0 < sum(shares) <= 1
