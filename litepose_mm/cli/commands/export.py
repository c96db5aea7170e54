"""``litepose export``: a model for a runtime without torch, and proof that it finds the same."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..argument_types import positive_int
from ..estimator_arguments import add_model_options
from ..one_line_warnings import one_line_warnings

HELP = 'write a model for an engine such as OpenVINO, and compare it with torch'


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments."""
    parser.add_argument(
        'model',
        metavar='MODEL',
        help='name of a model (`litepose models` lists them), or name or path of a config',
    )
    parser.add_argument('checkpoint', nargs='?', metavar='WEIGHTS', help='the same as --weights')
    parser.add_argument(
        '--out',
        metavar='DIR',
        help='folder to write; an exported one is replaced '
        '(default: exported/MODEL_ENGINE_PRECISION)',
    )
    parser.add_argument(
        '--engine',
        '--backend',
        default='onnxruntime',
        metavar='NAME',
        help='onnxruntime (default), openvino, ncnn or that of a plugin; or tensorrt: an ONNX file '
        'and a command',
    )
    parser.add_argument(
        '--precision',
        default='fp32',
        help='fp32 (default), fp16, bf16 or int8, where the engine has it',
    )
    parser.add_argument(
        '--static',
        type=_width_height,
        metavar='WxH',
        help='take inputs of this width and height only (default: any)',
    )
    parser.add_argument(
        '--outputs',
        metavar='NAME',
        help='for heads that offer a choice: maps (default), or candidates, which are faster to '
        'decode, but missing keypoints stay missing',
    )
    add_model_options(parser.add_argument_group('model'))
    group = parser.add_argument_group('int8')
    group.add_argument(
        '--calibration',
        metavar='DIR',
        help='images of what the model will see, 10 or more, that tell the range of every layer',
    )
    group.add_argument(
        '--max-ap-loss',
        type=float,
        metavar='POINTS',
        help='leave sensitive layers in float32 until int8 costs no more AP on the images of '
        '--annotations (default with these: 1.5)',
    )
    group = parser.add_argument_group('comparison with torch')
    group.add_argument(
        '--verify',
        metavar='DIR',
        help='compare on these images; writes report.* into --out; the exit status is 1 where a '
        'model in float32 does not find what torch finds',
    )
    group.add_argument(
        '--annotations',
        metavar='FILE',
        help="keypoints in COCO's form of the images in --verify, for the AP of both",
    )
    group.add_argument(
        '--threads',
        type=positive_int,
        metavar='N',
        help='of torch and the engine (default: theirs)',
    )


def run(args: argparse.Namespace) -> int:
    """Exports and compares; returns the exit status."""
    from ...errors import LitePoseError
    from ...inference.engines import get_engine

    if args.checkpoint is not None:
        if args.weights is not None:
            raise LitePoseError(f'expected WEIGHTS once, got {args.checkpoint} and {args.weights}')
        args.weights = args.checkpoint
    if args.out is None:
        args.out = f'exported/{Path(args.model).stem}_{args.engine}_{args.precision}'
    if args.annotations and not args.verify:
        raise LitePoseError('--annotations needs --verify with the folder of their images')
    if args.max_ap_loss is not None and not args.annotations:
        raise LitePoseError('--max-ap-loss needs --verify and --annotations, to know the AP')
    if args.precision != 'int8' and (args.calibration or args.max_ap_loss is not None):
        raise LitePoseError(
            f'--calibration and --max-ap-loss are for --precision int8, got {args.precision}'
        )
    engine = get_engine(args.engine)
    engine.check(args.precision)  # before the model is built, which takes seconds
    if args.verify and not engine.runs_here:
        raise LitePoseError(f'--verify: nothing here runs {args.engine}; compare another engine')
    with one_line_warnings():
        return _run(args)


def _run(args: argparse.Namespace) -> int:
    from ...apis import PoseEstimator
    from ...deploy import export_model
    from ...deploy.exported_folder import check_replaceable
    from ...deploy.quantization import AccuracyGoal
    from ...deploy.quantization.calibration import calibration_images
    from ...deploy.quantization.report import quantization_lines, read_quantization

    check_replaceable(args.out)
    goal = None
    if args.precision == 'int8':
        calibration_images(args.calibration)
        if args.annotations:
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

        # Before the export, which replaces an earlier one.
        images_and_truth(args.verify, args.annotations, estimator.skeleton)
    print(f'exporting {args.model} for {args.engine}, {args.precision}', flush=True)
    if (estimator.model.test_cfg or {}).get('flip_test'):
        print('with the mirrored image, which takes twice the time: --no-flip leaves it out')
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
    )
    print(f'wrote {", ".join(card.files)} and model.json in {args.out}', flush=True)
    quantization = read_quantization(args.out)
    if quantization:
        print('\n'.join(quantization_lines(quantization)), flush=True)
    if args.verify:
        return _verify(args, estimator)
    return 0


def _verify(args: argparse.Namespace, estimator) -> int:
    from ...deploy.report import write_report
    from ...deploy.verification import complaint, summary_lines, verify

    print('comparing with torch', flush=True)
    figures = verify(estimator, args.out, args.verify, args.annotations, threads=args.threads)
    try:
        names = ', '.join(path.name for path in write_report(figures, args.out))
        print(f'wrote {names} in {args.out}')
    finally:  # whatever becomes of the report
        print('\n'.join(summary_lines(figures)))
    return 0 if complaint(figures) is None else 1


def _width_height(text: str) -> tuple[int, int]:
    """Reads ``WIDTHxHEIGHT``."""
    width, _, height = text.lower().partition('x')
    if not all(side.isascii() and side.isdigit() and int(side) for side in (width, height)):
        raise argparse.ArgumentTypeError(f'expected WIDTHxHEIGHT, e.g. 640x448, got {text!r}')
    return int(width), int(height)
