"""``litepose export``: export a model for an engine, and compare it with torch."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..argument_types import positive_int, width_height
from ..engine_options import add_engine_options, engine_options
from ..estimator_arguments import add_model_options
from ..one_line_warnings import one_line_warnings

HELP = 'export a model for an engine such as OpenVINO, and compare it with torch'


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        'model',
        metavar='MODEL',
        help='name of a model (`litepose models` lists them), or name or path of a config',
    )
    parser.add_argument('checkpoint', nargs='?', metavar='WEIGHTS', help='the same as --weights')
    parser.add_argument(
        '--out',
        metavar='DIR',
        help='output folder; an exported model in it is replaced '
        '(default: exported/MODEL_ENGINE_PRECISION)',
    )
    parser.add_argument(
        '--engine',
        '--backend',
        default='onnxruntime',
        metavar='NAME',
        help='engine that will run the model: onnxruntime (default), openvino, ncnn, tvm, '
        'tflite or one of a plugin; tensorrt writes an ONNX file and the command that builds the '
        'engine',
    )
    parser.add_argument(
        '--precision',
        default='fp32',
        help='fp32 (default), fp16, bf16 or int8, if the engine supports it',
    )
    parser.add_argument(
        '--static',
        type=width_height,
        metavar='WxH',
        help='width and height of all inputs (default: any size, or a square for engines that '
        'support one size)',
    )
    parser.add_argument(
        '--outputs',
        metavar='NAME',
        help='outputs of the graph, if the head offers a choice: maps (default), or candidates, '
        'which are decoded faster, but without searching for missing keypoints',
    )
    add_model_options(parser.add_argument_group('model'))
    group = parser.add_argument_group('int8')
    group.add_argument(
        '--calibration',
        metavar='DIR',
        help='folder with at least 10 images like those that the model will see, which determine '
        'the range of every layer',
    )
    group.add_argument(
        '--max-ap-loss',
        type=float,
        metavar='POINTS',
        help='largest loss of AP on the images of --annotations; sensitive layers stay in float32 '
        'until it is met (default with --annotations: 1.5)',
    )
    add_engine_options(parser)
    group = parser.add_argument_group('comparison with torch')
    group.add_argument(
        '--verify',
        metavar='DIR',
        help='image, or folder of images, on which to compare; writes report.* into --out, and '
        'exits with status 1 if a float32 model does not find what torch finds',
    )
    group.add_argument(
        '--annotations',
        metavar='FILE',
        help="keypoints in COCO's form of the images in --verify, to measure AP",
    )
    group.add_argument(
        '--threads',
        type=positive_int,
        metavar='N',
        help='number of threads of torch and of the engine (default: their own)',
    )


def run(args: argparse.Namespace) -> int:
    """Export and compare; return the exit status."""
    from ...errors import LitePoseError
    from ...inference.engines import get_engine

    if args.checkpoint is not None:
        if args.weights is not None:
            raise LitePoseError(f'expected WEIGHTS once, got {args.checkpoint} and {args.weights}')
        args.weights = args.checkpoint
    if args.out is None:
        args.out = f'exported/{Path(args.model).stem}_{args.engine}_{args.precision}'
    if args.annotations and not args.verify:
        raise LitePoseError('--annotations: expected --verify with the folder of their images')
    if args.max_ap_loss is not None and not args.annotations:
        raise LitePoseError('--max-ap-loss: expected --verify and --annotations to measure AP')
    args.engine_options = engine_options(args)
    if args.verify and not get_engine(args.engine).runs_here(**args.engine_options):
        raise LitePoseError(f'--verify: {args.engine} cannot run here; use another engine')
    with one_line_warnings():
        return _run(args)


def _run(args: argparse.Namespace) -> int:
    from ...apis import PoseEstimator
    from ...deploy import export_model
    from ...deploy.quantization import AccuracyGoal
    from ...deploy.quantization.report import quantization_lines, read_quantization

    goal = None
    if args.max_ap_loss is not None or (args.precision == 'int8' and args.annotations):
        loss = AccuracyGoal.max_loss if args.max_ap_loss is None else args.max_ap_loss
        goal = AccuracyGoal(args.verify, args.annotations, loss)
    estimator = PoseEstimator(
        args.model,
        args.weights,
        device='cpu',
        flip_test=args.flip,
        short_side=args.short_side,
        cfg_options=dict(args.config_options),
    )
    if args.verify:
        from ...deploy.verification import images_and_truth

        # Checked before the export, which replaces an earlier one.
        images_and_truth(args.verify, args.annotations, estimator.skeleton)
    print(f'exporting {args.model} for {args.engine}, {args.precision}', flush=True)
    if (estimator.model.test_cfg or {}).get('flip_test'):
        print('including the flip test, which doubles the time: --no-flip turns it off')
    card = export_model(
        estimator.model,
        None,
        args.out,
        engine=args.engine,
        precision=args.precision,
        input_shape=args.static and args.static[::-1],
        outputs=args.outputs,
        calibration=args.calibration,
        goal=goal,
        engine_options=args.engine_options,
    )
    print(f'wrote {", ".join(card.files)} and model.json to {args.out}', flush=True)
    if card.input_shape is not None and args.static is None and not card.resize.takes_boxes:
        height, width = card.input_shape
        print(f'all inputs are {width}x{height}: --static WxH sets another size')
    quantization = read_quantization(args.out)
    if quantization:
        print('\n'.join(quantization_lines(quantization)), flush=True)
    if args.verify:
        return _verify(args, estimator)
    return 0


def _verify(args: argparse.Namespace, estimator) -> int:
    from ...deploy.report import write_report
    from ...deploy.verification import summary_lines, verification_error, verify

    print('comparing with torch', flush=True)
    figures = verify(estimator, args.out, args.verify, args.annotations, threads=args.threads)
    try:
        names = ', '.join(path.name for path in write_report(figures, args.out))
        print(f'wrote {names} in {args.out}')
    finally:  # also if the report cannot be written
        print('\n'.join(summary_lines(figures)))
    return 0 if verification_error(figures) is None else 1
