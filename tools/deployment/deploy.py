"""Export a model through MMDeploy, like the tool of MMDeploy that its wheel lacks.

The tool writes the ONNX file, the files of the backend, and images of the people that the backend
and torch find. Without TensorRT 8, it writes the ONNX file and the command that builds an engine.

Example::

    python tools/deployment/deploy.py configs/deploy/pose-detection_ae_openvino_dynamic.py \
        MODEL_CONFIG CHECKPOINT photo.jpg --work-dir exported
"""

import argparse
import os
import os.path as osp
import sys

from common import read_configs  # beside this script

from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.utils.files import check_writable


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('deploy_cfg', help='deploy config, one of configs/deploy')
    parser.add_argument('model_cfg', help='model config')
    parser.add_argument('checkpoint', help='weights')
    parser.add_argument('img', help='image with which the model is traced')
    parser.add_argument('--test-img', help='image on which results are drawn (default: the same)')
    parser.add_argument('--work-dir', default=os.getcwd(), help='folder to write to')
    parser.add_argument('--device', default='cpu', help='device of the model')
    parser.add_argument('--show', action='store_true', help='show the images in a window')
    parser.add_argument(
        '--dump-info', action='store_true', help="not supported, because it is for MMDeploy's SDK"
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_writable(osp.join(args.work_dir, 'end2end.onnx'))
    deploy_cfg, model_cfg = read_configs(args.deploy_cfg, args.model_cfg)
    if args.dump_info:
        from litepose_mm.deploy.mmdeploy.task import NO_SDK

        raise LitePoseError(NO_SDK)
    for path in (args.checkpoint, args.img, args.test_img or args.img):
        if not osp.isfile(path):
            raise LitePoseError(f'{path}: no such file')

    from mmdeploy.apis import visualize_model
    from mmdeploy.apis.utils import to_backend
    from mmdeploy.utils import Backend, get_backend, get_ir_config

    from litepose_mm.deploy.mmdeploy import torch2onnx
    from litepose_mm.deploy.mmdeploy.backends.tensorrt import has_tensorrt_8, trtexec_line
    from litepose_mm.inference.engines.tensorrt import COMMAND_NAME

    backend, name = get_backend(deploy_cfg), get_ir_config(deploy_cfg).save_file
    torch2onnx(
        args.img, args.work_dir, name, deploy_cfg, model_cfg, args.checkpoint, device=args.device
    )
    onnx_file = osp.join(args.work_dir, name)
    if backend is Backend.TENSORRT and not has_tensorrt_8():
        line = trtexec_line(deploy_cfg, name)  # the path is relative to the work directory
        with open(osp.join(args.work_dir, COMMAND_NAME), 'w', encoding='utf-8') as file:
            file.write(f'{line}\n')
        print(f'wrote {onnx_file}; on the machine with the GPU, run {COMMAND_NAME}: {line}')
        return
    files = to_backend(
        backend.value,
        [onnx_file],
        work_dir=args.work_dir,
        deploy_cfg=deploy_cfg,
        device=args.device,
    )
    for kind, model in ((backend, list(files)), (Backend.PYTORCH, [args.checkpoint])):
        image = osp.join(args.work_dir, f'output_{kind.value}.jpg')
        visualize_model(
            model_cfg,
            deploy_cfg,
            model,
            args.test_img or args.img,
            args.device,
            backend=kind,
            output_file=image,
            show_result=args.show,
        )
        print(f'{", ".join(model)}: people in {image}')


if __name__ == '__main__':
    sys.exit(run_tool(main))
