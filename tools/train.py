"""Train a model with MMEngine, with the options of MMPose's tool.

Examples::

    python tools/train.py CONFIG
    python tools/train.py CONFIG --resume                   # continue in the work directory
    python tools/train.py CONFIG --seed 0 --cfg-options train_dataloader.batch_size=8
    bash tools/dist_train.sh CONFIG 8 --amp --auto-scale-lr

``test.py`` uses functions of this script.
"""

import argparse
import os
import os.path as osp
import re
import sys
from collections.abc import Callable
from pathlib import Path

import torch.distributed
from mmengine.config import Config, DictAction
from mmengine.device import get_device
from mmengine.dist import get_rank
from mmengine.runner import Runner

import litepose_mm.modules  # noqa: F401
from litepose_mm.annotations import explained
from litepose_mm.compat import ignore_notices
from litepose_mm.compat.shared_memory import report_shared_memory
from litepose_mm.engine.hooks import NonFiniteLossError
from litepose_mm.errors import LitePoseError
from litepose_mm.utils.config_files import read_config
from litepose_mm.utils.files import check_writable


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add options for work directory, overrides and launcher."""
    parser.add_argument(
        '--work-dir', help='folder for logs and checkpoints (default: work_dirs/CONFIG)'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        default={},
        metavar='KEY=VALUE',
        help='overrides of the config, e.g. train_dataloader.batch_size=8 or key="[a,b]"',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='program that starts several processes, if any',
    )
    # torch.distributed.launch passes this option, while torchrun sets the variable.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def add_drawing_options(parser: argparse.ArgumentParser, interval: int | None = None) -> None:
    """Add options for drawing predictions; ``interval`` is the default, None as in the config."""
    parser.add_argument('--show', action='store_true', help='show predictions in a window')
    parser.add_argument('--show-dir', help='folder for images of predictions')
    parser.add_argument(
        '--interval',
        type=int,
        default=interval,
        help='with --show or --show-dir: draw every n-th image (default: {})'.format(
            'as in the config' if interval is None else interval
        ),
    )
    parser.add_argument(
        '--wait-time', type=float, default=1, help='seconds for which a window waits'
    )


def merge_common_options(config: Config, args: argparse.Namespace) -> None:
    """Apply the common options to the config; ``--cfg-options`` take precedence.

    Raises:
        LitePoseError: An option does not fit the config.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    config.launcher = args.launcher
    if args.work_dir is not None:
        config.work_dir = args.work_dir
    elif config.get('work_dir') is None:
        config.work_dir = osp.join('work_dirs', osp.splitext(osp.basename(args.config))[0])
    if osp.realpath(config.work_dir) == osp.dirname(osp.realpath(args.config)):
        raise LitePoseError(
            f'--work-dir {config.work_dir}: expected another folder than that of the config, which '
            'the run would overwrite'
        )
    check_writable(Path(config.work_dir) / 'last_checkpoint')
    if args.show or args.show_dir:
        hook = (config.get('default_hooks') or {}).get('visualization')
        if hook is None:
            raise LitePoseError(
                '--show: expected default_hooks.visualization in the config, such as '
                "dict(type='PoseImagesHook'), got none"
            )
        hook.update(
            enable=True,
            show=args.show,
            out_dir=args.show_dir,
            wait_time=args.wait_time,
        )
        if args.interval is not None:
            hook.interval = args.interval
    try:
        config.merge_from_dict(args.cfg_options)
    except (KeyError, IndexError, TypeError) as error:
        raise LitePoseError(f'--cfg-options: {error}') from error
    if 'preprocess_cfg' in config:  # older configs of MMPose have it at the top level
        config.model.setdefault('data_preprocessor', config.preprocess_cfg)


def build_runner(config: Config) -> Runner:
    """Build MMEngine's runner of a config."""
    if config.launcher == 'pytorch' and get_device() == 'cpu':
        # MMEngine expects a GPU if there are several processes.
        torch.distributed.init_process_group('gloo')
        wrapper = dict(type='MMDistributedDataParallel', broadcast_buffers=False, device_ids=None)
        wrapper['find_unused_parameters'] = config.get('find_unused_parameters', False)
        config.setdefault('model_wrapper_cfg', wrapper)
    if 'runner_type' not in config:
        return Runner.from_cfg(config)
    from mmengine.registry import RUNNERS

    return RUNNERS.build(config)


def one_line_errors(main: Callable[[], None]) -> int:
    """Run ``main``; bad input is reported in one line on stderr, with exit status 2."""
    ignore_notices()
    status = 0
    try:
        with report_shared_memory():
            main()
    except LitePoseError as error:
        # All processes raise a NonFiniteLossError.
        if get_rank() == 0 or not isinstance(error, NonFiniteLossError):
            print(f'{osp.basename(sys.argv[0])}: error: {error}', file=sys.stderr)
        status = 2
    if torch.distributed.is_initialized():
        # Its threads must not outlive the interpreter, or processes sometimes abort at the end.
        torch.distributed.destroy_process_group()
    return status


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    add_common_options(parser)
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='checkpoint to resume from (without a value: the newest intact one in the work '
        'directory)',
    )
    parser.add_argument(
        '--amp', action='store_true', help='train with mixed precision (bfloat16 on a CPU)'
    )
    parser.add_argument(
        '--no-validate', action='store_true', help='do not evaluate during training'
    )
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate by the ratio of the total batch size to '
        "the config's auto_scale_lr.base_batch_size",
    )
    parser.add_argument('--seed', type=int, help='random seed (default: a new one)')
    parser.add_argument(
        '--deterministic', action='store_true', help='use deterministic operators of torch'
    )
    add_drawing_options(parser)
    return parser.parse_args()


def merge_options(config: Config, args: argparse.Namespace) -> None:
    """Apply the options to the config.

    Raises:
        LitePoseError: An option does not fit the config.
    """
    if args.no_validate:
        config.val_cfg = config.val_dataloader = config.val_evaluator = None
    if args.resume not in (None, 'auto'):
        config.resume, config.load_from = True, args.resume
    if args.amp:
        kind = config.optim_wrapper.get('type', 'OptimWrapper')
        if kind not in ('OptimWrapper', 'AmpOptimWrapper', 'CPUAmpOptimWrapper'):
            raise LitePoseError(f'--amp: expected an OptimWrapper in the config, got {kind}')
        if get_device() == 'cpu':
            config.optim_wrapper.type = 'CPUAmpOptimWrapper'
            config.optim_wrapper.pop('loss_scale', None)
        else:
            config.optim_wrapper.type = 'AmpOptimWrapper'
            config.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.auto_scale_lr:
        if not (config.get('auto_scale_lr') or {}).get('base_batch_size'):
            raise LitePoseError(
                '--auto-scale-lr: expected auto_scale_lr = dict(base_batch_size=...) in the '
                'config, got none'
            )
        config.auto_scale_lr.enable = True
    if args.seed is not None or args.deterministic:
        randomness = dict(config.get('randomness') or {})
        if args.seed is not None:
            randomness['seed'] = args.seed
        randomness['deterministic'] = args.deterministic or randomness.get('deterministic', False)
        config.randomness = randomness


def resume_or_start(config: Config) -> None:
    """Resume in the work directory, or start training if there is no checkpoint yet.

    MMEngine would start without loading ``load_from``.
    """
    folder = Path(config.work_dir)
    # MMEngine does not resume from the best or the last good checkpoints.
    config.resume = (folder / 'last_checkpoint').is_file() or any(
        re.fullmatch(r'(epoch|iter)_\d+\.pth', path.name) for path in folder.glob('*.pth')
    )
    if config.resume:
        config.load_from = None
    else:
        print(f'{folder}: no checkpoint to resume from yet; starting to train', file=sys.stderr)


def main() -> None:
    args = parse_args()
    config = read_config(args.config)
    merge_options(config, args)
    merge_common_options(config, args)
    if args.resume == 'auto':
        resume_or_start(config)
    with explained(config, 'train_dataloader', 'val_dataloader'):
        build_runner(config).train()


if __name__ == '__main__':
    sys.exit(one_line_errors(main))
