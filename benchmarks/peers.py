"""Compare published AP with measured time of the network, for this project's models and any others.

Others are ONNX files with one input of a fixed shape: ``--onnx NAME=FILE.onnx[:AP[:SOURCE]]``, with
the AP that was published without a flip test, and where. All networks run in OpenVINO and take
turns; weights may be random, because times do not depend on them. Models of this project get
inputs of the sizes that their own tests use for a photograph of ``--image-size``. The time is that
of the network without preprocessing, decoding and flip test. Ratios are medians of those of each
round, to the first network: the first ONNX file, if there is one.
"""

import argparse
import re
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from reporting import Rows, environment, print_table, write_between
from timing import in_turns

from litepose_mm import PoseEstimator
from litepose_mm.analysis.plots import new_figure, save_figure, scatter_models
from litepose_mm.cli.argument_types import positive_int
from litepose_mm.cli.programs import run_tool
from litepose_mm.deploy import export_model
from litepose_mm.errors import LitePoseError
from litepose_mm.inference.engines.openvino import compile_options, cpu_core
from litepose_mm.media import write_json
from litepose_mm.zoo import models as zoo

if TYPE_CHECKING:
    import openvino

PRECISIONS = ('fp32', 'bf16')
MODELS = (
    *('litepose-xs_coco', 'litepose-s_coco', 'litepose-m_coco'),
    *('efficienthrnet-h-4_coco', 'efficienthrnet-h-1_coco', 'lightweight-openpose_coco'),
)
_SPLIT = 'COCO val2017'
_ONNX = re.compile(r'([^=]+)=(.+?\.onnx)(?::([\d.]+))?(?::(.+))?')


def parse_onnx(text: str) -> dict[str, Any]:
    """Parse the argument of ``--onnx``."""
    found = _ONNX.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f'expected NAME=FILE.onnx[:AP[:SOURCE]], got {text!r}')
    name, file, ap, source = found.groups()
    return dict(name=name, file=file, ap=ap and float(ap), flip_test=False, source=source)


def export(name: str, image: np.ndarray, folder: Path) -> dict[str, Any]:
    """Export a model of this project; return its file with its published AP."""
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', message='.*the network is random')
        estimator = PoseEstimator(name, device='cpu')
    shape = estimator.prepare(image).inputs.shape[1:3]
    if not folder.is_dir():
        print(f'exporting {name}', file=sys.stderr)
        export_model(estimator.model, None, folder, input_shape=shape, flip_test=False)
    entry = zoo().get(name)
    published = entry.published if entry and entry.published.get('split') == _SPLIT else {}
    return dict(
        name=Path(name).stem.removesuffix('_coco'),
        file=str(folder / 'model.onnx'),
        ap=published.get('ap'),
        flip_test=estimator.model.test_cfg['flip_test'],
        source=published.get('source'),
    )


def costs(model: 'openvino.Model') -> tuple[int, int]:
    """Return the numbers of weights and of multiply-accumulates of a graph."""
    weights = macs = 0
    for node in model.get_ops():
        kind = node.get_type_name()
        if kind == 'Constant' and node.get_element_type().is_real():
            weights += int(np.prod(node.output(0).shape))
        elif kind == 'MatMul':
            inner = list(node.get_input_shape(0))[
                -2 if node.get_attributes()['transpose_a'] else -1
            ]
            macs += int(np.prod(node.output(0).shape)) * inner
        elif kind.endswith(('Convolution', 'ConvolutionBackpropData')):
            # Of filters (groups, outputs, inputs, height, width), the groups are optional. A
            # transposed convolution multiplies each input, an ordinary one makes each output.
            end = node.get_input_shape(0) if 'Backprop' in kind else node.output(0).shape
            filters = list(node.get_input_shape(1))[kind.startswith('Group') :]
            macs += int(np.prod(end)) * int(np.prod(filters[1:]))
    return weights, macs


def measure(networks: list[dict[str, Any]], threads: int, rounds: int) -> tuple[Rows, list[dict]]:
    """Return the rows of the table, and the networks as :func:`scatter_models` takes them."""
    core, runs, rows, models = cpu_core(), [], [], []
    random = np.random.default_rng(0)
    for network in networks:
        try:
            model = core.read_model(network['file'])
        except RuntimeError as error:
            raise LitePoseError(f'{network["file"]}: expected an ONNX file ({error})') from None
        if len(model.inputs) != 1 or model.is_dynamic():
            raise LitePoseError(
                f'{network["file"]}: expected one input and fixed shapes; export it for one size'
            )
        shape, dtype = model.input().shape, model.input().get_element_type().to_dtype()
        inputs = (random.random(shape) * (255 if dtype == np.uint8 else 1)).astype(dtype)
        height, width = shape[1:3] if shape[3] == 3 else shape[2:4]
        weights, macs = costs(model)
        rows.append(dict(network=network['name'], input=f'{width}x{height}', gmacs=macs / 1e9))
        models.append(
            dict(
                name=f'{network["name"]}, {width}x{height}',
                **dict(params=weights, macs=macs, inputs=1, ap=network['ap']),
                ap_of=f'{_SPLIT}, published' if network['ap'] else None,
            )
        )
        for precision in PRECISIONS:
            compiled = core.compile_model(model, 'CPU', compile_options(precision, threads))
            request = compiled.create_infer_request()
            runs.append(lambda r=request, i=inputs: r.infer([i], share_inputs=True))
    print(f'measuring {len(runs)} candidates in turns', file=sys.stderr)
    seconds = in_turns(runs, rounds).reshape(rounds, len(networks), len(PRECISIONS))
    milliseconds = np.median(seconds, 0) * 1e3
    ratios = np.median(seconds / seconds[:, :1], 0)
    for index, (row, network) in enumerate(zip(rows, networks)):
        for precision, own, ratio in zip(PRECISIONS, milliseconds[index], ratios[index]):
            row.update({f'{precision}_ms': own, f'{precision}_ratio': ratio})
        row.update(ap=network['ap'], flip_test=network['flip_test'], source=network['source'])
        models[index]['engines'] = [
            dict(engine='OpenVINO', precision=precision, milliseconds=dict(total=dict(p50=own)))
            for precision, own in zip(PRECISIONS, milliseconds[index])
        ]
    return rows, models


def page_lines(described: str, rows: Rows) -> list[str]:
    """Return the figures as a table in Markdown."""
    times = ' | '.join(f'{name}, ms | ratio' for name in PRECISIONS)
    lines = [
        f'{described}.',
        '',
        f'| network | input | GMACs | {times} | published AP | flip test | source |',
        f'|---|---|{"---:|" * (2 + 2 * len(PRECISIONS))}---|---|',
    ]
    for row in rows:
        times = [f'{row[f"{name}_ms"]:.1f} | {row[f"{name}_ratio"]:.2f}' for name in PRECISIONS]
        cells = [row['network'], row['input'], f'{row["gmacs"]:.2f}', *times, '–', '–', '–']
        if row['ap']:
            cells[-3:] = [row['ap'], 'yes' if row['flip_test'] else 'no', row['source'] or '–']
        lines.append(f'| {" | ".join(map(str, cells))} |')
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--models', nargs='*', default=MODELS, help='names of models or configs')
    parser.add_argument(
        '--onnx',
        nargs='+',
        default=[],
        type=parse_onnx,
        metavar='NAME=FILE.onnx[:AP[:SOURCE]]',
    )
    parser.add_argument('--image-size', type=positive_int, nargs=2, default=[640, 480])
    parser.add_argument('--threads', type=positive_int, default=2)
    parser.add_argument('--rounds', type=positive_int, default=30)
    parser.add_argument('--exports', type=Path, help='folder of exported models, which are reused')
    parser.add_argument('--out', type=Path, help='JSON file for the figures')
    parser.add_argument('--page', type=Path, help='page between whose markers to write the figures')
    parser.add_argument('--plot', type=Path, help='file for the plot')
    args = parser.parse_args()
    figure = new_figure(args.plot, (11, 5)) if args.plot else None
    image = np.zeros((*args.image_size[::-1], 3), np.uint8)
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.exports or Path(scratch)
        exported = [export(name, image, folder / Path(name).stem) for name in args.models]
        rows, models = measure(args.onnx + exported, args.threads, args.rounds)
    described = environment(args.threads, args.rounds)
    print(described)
    print_table('Published AP and time of the network', rows)
    if figure is not None:
        scatter_models(figure, [model for model in models if model['ap']])
        save_figure(figure, args.plot)
    if args.page:
        write_between(args.page, 'peers', page_lines(described, rows))
    if args.out:
        write_json(args.out, dict(environment=described, peers=rows))


if __name__ == '__main__':
    sys.exit(run_tool(main))
