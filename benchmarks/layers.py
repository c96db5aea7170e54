"""List what each kind of layer takes of a network's time in an engine, and its share of the peak.

Engines measure their layers themselves, in one process for each engine and precision. The share of
the peak is that of the kind's multiply-accumulates per second in what the threads can do in
float32, which is measured in the same run. bf16 has faster instructions, so its share can exceed
100 %.
"""

import argparse
import json
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import onnx
from peak import Peak
from reporting import Rows, environment, print_table

from litepose_mm.deploy import export_model
from litepose_mm.inference.engines.openvino import compile_options, cpu_core
from litepose_mm.media import write_json

CANDIDATES = ('onnxruntime-fp32', 'openvino-fp32', 'openvino-bf16')


def kinds_of(file: Path) -> tuple[dict[str, str], Counter[str]]:
    """Return the kind of each convolution, and the multiply-accumulates of each kind.

    ONNX Runtime names a convolution by its output, or by that of the activation it fuses.
    """
    graph = onnx.shape_inference.infer_shapes(onnx.load(file)).graph
    weights = {each.name: list(each.dims) for each in graph.initializer}
    shapes = {
        each.name: [side.dim_value for side in each.type.tensor_type.shape.dim]
        for each in (*graph.value_info, *graph.output)
    }
    activated = {
        node.input[0]: node.output[0] for node in graph.node if node.op_type in ('Clip', 'Relu')
    }
    shuffled = {node.input[0] for node in graph.node if node.op_type == 'DepthToSpace'}
    kinds, macs = {}, Counter[str]()
    for node in graph.node:
        if node.op_type != 'Conv':
            continue
        _, inputs, *kernel = weights[node.input[1]]
        size = 'x'.join(map(str, kernel))
        names = {node.name, node.output[0], activated.get(node.output[0], '')}
        kind = 'transposed' if names & shuffled else size
        if inputs == 1:
            kind = f'depthwise {size}'
        kinds.update(dict.fromkeys(names, kind))
        macs[kind] += int(np.prod([*shapes[node.output[0]], inputs, *kernel]))
    return kinds, macs


def times_in_openvino(
    file: Path, precision: str, inputs: np.ndarray, threads: int, runs: int
) -> list[dict[str, float]]:
    """Return the milliseconds of each layer in each run."""
    core = cpu_core()
    options = dict(compile_options(precision, threads), PERF_COUNT=True)
    request = core.compile_model(core.read_model(file), 'CPU', options).create_infer_request()
    times = []
    for _ in range(runs):
        request.infer([inputs])
        times.append(
            {
                each.node_name.removesuffix('/WithoutBiases'): 1e3 * each.real_time.total_seconds()
                for each in request.get_profiling_info()
            }
        )
    return times


def times_in_onnxruntime(
    file: Path, precision: str, inputs: np.ndarray, threads: int, runs: int
) -> list[dict[str, float]]:
    """Return the milliseconds of each layer in each run."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.enable_profiling = threads, True
    options.profile_file_prefix = str(file.with_suffix(''))
    session = onnxruntime.InferenceSession(file, options, providers=['CPUExecutionProvider'])
    for _ in range(runs):
        session.run(None, {session.get_inputs()[0].name: inputs})
    events = json.loads(Path(session.end_profiling()).read_text())
    times: list[dict[str, float]] = []
    for event in sorted(events, key=lambda each: each['ts']):
        if event['name'] == 'model_run':
            times.append({})
        if event['name'].endswith('_kernel_time'):
            name = event['name'].removesuffix('_kernel_time').removesuffix('_nchwc')
            times[-1][name] = times[-1].get(name, 0) + event['dur'] / 1e3
    return times


TIMES = {'openvino': times_in_openvino, 'onnxruntime': times_in_onnxruntime}


def measure(candidate: str, file: Path, inputs: np.ndarray, args: argparse.Namespace) -> Rows:
    """Return a row for each kind of layer, the costliest first."""
    kinds, macs = kinds_of(file)
    engine, precision = candidate.split('-')
    runs = TIMES[engine](file, precision, inputs, args.threads, args.runs + 5)[5:]
    totals = defaultdict(list)
    for run in runs:
        own: dict[str, float] = defaultdict(float)
        for name, milliseconds in run.items():
            own[kinds.get(name, 'other')] += milliseconds
        for kind in {*own, *macs}:
            totals[kind].append(own[kind])
    medians = {kind: float(np.median(times)) for kind, times in totals.items()}
    peak = max(Peak().macs_per_second(args.threads) for _ in range(5))
    return [
        dict(
            kind=kind,
            ms=medians[kind],
            time_share=medians[kind] / sum(medians.values()),
            mac_share=macs[kind] / sum(macs.values()),
            peak_share=macs[kind] / (medians[kind] / 1e3) / peak if macs[kind] else '',
        )
        for kind in sorted(medians, key=medians.__getitem__, reverse=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--models', nargs='+', default=['litepose-xs', 'litepose-s'])
    parser.add_argument('--candidates', nargs='+', default=list(CANDIDATES), choices=CANDIDATES)
    parser.add_argument('--static', default='640x448', metavar='WxH', help='shape of the input')
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--runs', type=int, default=20)
    parser.add_argument('--out', type=Path, help='JSON file for the figures')
    args = parser.parse_args()
    width, height = map(int, args.static.split('x'))
    inputs = np.random.default_rng(0).integers(0, 256, (1, height, width, 3), np.uint8)
    print(environment(args.threads, args.runs))
    report = {}
    for name in args.models:
        with tempfile.TemporaryDirectory() as folder:
            export_model(
                name, None, Path(folder) / 'm', input_shape=(height, width), flip_test=False
            )
            for candidate in args.candidates:
                title = f'{name} at {width}x{height}, {candidate}, {args.threads} thread(s)'
                report[title] = measure(candidate, Path(folder) / 'm' / 'model.onnx', inputs, args)
                print_table(title, report[title])
    if args.out:
        write_json(args.out, report)


if __name__ == '__main__':
    main()
