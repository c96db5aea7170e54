"""Measure what a command costs until it has found the first people: time, processor time, memory.

Every run is a process of its own, and all commands take turns. The first round, which reads files
from the disk, is not counted. Another installation, such as one without torch, is measured with its
own Python: ``--python PATH``.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from reporting import Rows, environment, print_table

from litepose_mm.datasets.synthetic import SceneOptions, make_scene
from litepose_mm.media import write_image, write_json
from litepose_mm.utils.paths import mim_root

# A process starts with its parent's peak of memory, so a small one has to start the command.
MEASURE = """
import os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""

COMMANDS = {
    'predict': ['predict', 'scene.jpg'],
    'predict --no-flip': ['predict', 'scene.jpg', '--no-flip'],
    'webcam': ['webcam', 'scene.jpg', '--no-display', '--jsonl', 'people.jsonl'],
}


def run(python: str, arguments: list[str], folder: str) -> tuple[float, float, float]:
    """Run a command; return wall time and processor time in seconds, and the peak in MiB."""
    command = [python, '-m', 'litepose_mm', *arguments]
    environment = {**os.environ, 'PYTHONPATH': str(mim_root())}
    process = subprocess.run(
        [sys.executable, '-I', '-c', MEASURE, *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    if process.returncode:
        sys.exit(f'{" ".join(command)}: {process.stderr.strip()}')
    wall, processor, peak = map(float, process.stdout.split())
    return wall, processor, peak / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--python',
        nargs='+',
        type=os.path.abspath,
        default=[sys.executable],
        help='interpreters',
    )
    parser.add_argument('--models', nargs='+', default=['litepose-xs', 'litepose-s'])
    parser.add_argument('--engines', nargs='+', default=['auto'], help='names of engines, or auto')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--out', type=Path, help='JSON file for the figures')
    args = parser.parse_args()
    candidates = {
        (python, model, engine, name): [*command, '--model', model, '--engine', engine]
        for python in args.python
        for model in args.models
        for engine in args.engines
        for name, command in COMMANDS.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        options = SceneOptions(image_size=(640, 480), people=(5, 5))
        image = make_scene(options, seed=0, index=0).image
        assert image is not None
        write_image(Path(folder) / 'scene.jpg', image)
        figures = np.array(
            [
                [run(key[0], arguments, folder) for key, arguments in candidates.items()]
                for _ in range(args.rounds + 1)
            ]
        )[1:]
    rows: Rows = []
    for key, own in zip(candidates, np.median(figures, axis=0)):
        facts = dict(zip(('python', 'model', 'engine', 'command'), key))
        rows.append(dict(facts, wall_s=own[0], processor_s=own[1], peak_mib=own[2]))
    print(environment('default', args.rounds))
    print_table('until the first people', rows)
    if args.out:
        write_json(args.out, dict(startup=rows))


if __name__ == '__main__':
    main()
