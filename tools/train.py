"""Train a model. The loop, logs and launchers are MMEngine's; options are those of MMPose.

Examples::

    python tools/train.py CONFIG
    python tools/train.py CONFIG --resume                   # go on in the work directory
    python tools/train.py CONFIG --seed 0 --cfg-options train_dataloader.batch_size=8
    bash tools/dist_train.sh CONFIG 8 --amp --auto-scale-lr

``test.py`` shares the options, the reading of configs and the way errors are shown.
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
from litepose_mm.compat import ignore_notices, report_shared_memory
from litepose_mm.engine.hooks import NonFiniteLossError
from litepose_mm.errors import LitePoseError
from litepose_mm.utils.config_files import read_config
from litepose_mm.utils.files import check_writable


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Adds work directory, overrides and launcher."""
    parser.add_argument(
        '--work-dir', help='folder for logs and checkpoints (default: work_dirs/CONFIG)'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        default={},
        metavar='KEY=VALUE',
        help='entries of the config to change, e.g. train_dataloader.batch_size=8 or key="[a,b]"',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what started the processes',
    )
    # torch.distributed.launch passes it; torchrun sets the variable
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def add_drawing_options(parser: argparse.ArgumentParser, interval: int | None = None) -> None:
    """Adds what controls images of predictions; without ``interval`` it is the config's."""
    parser.add_argument('--show', action='store_true', help='show predictions in a window')
    parser.add_argument('--show-dir', help='folder for images of predictions')
    parser.add_argument(
        '--interval',
        type=int,
        default=interval,
        help='with --show or --show-dir: draw every n-th image (default: {})'.format(
            'as the config says' if interval is None else interval
        ),
    )
    parser.add_argument('--wait-time', type=float, default=1, help='seconds a window stays')


def merge_common_options(config: Config, args: argparse.Namespace) -> None:
    """The common options' meaning in the config; ``--cfg-options`` come last and win.

    Raises:
        LitePoseError: The config cannot do what an option asks for.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    config.launcher = args.launcher
    if args.work_dir is not None:
        config.work_dir = args.work_dir
    elif config.get('work_dir') is None:
        config.work_dir = osp.join('work_dirs', osp.splitext(osp.basename(args.config))[0])
    if osp.realpath(config.work_dir) == osp.dirname(osp.realpath(args.config)):
        raise LitePoseError(
            f'--work-dir {config.work_dir}: the config lies there, and the run would write over it'
        )
    check_writable(Path(config.work_dir) / 'last_checkpoint')
    if args.show or args.show_dir:
        hook = (config.get('default_hooks') or {}).get('visualization')
        if hook is None:
            raise LitePoseError(
                '--show: the config has no default_hooks.visualization, '
                "e.g. dict(type='PoseImagesHook')"
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
    if 'preprocess_cfg' in config:  # MMPose's older configs keep it at the top
        config.model.setdefault('data_preprocessor', config.preprocess_cfg)


def build_runner(config: Config) -> Runner:
    """The runner of MMEngine for a config."""
    if config.launcher == 'pytorch' and get_device() == 'cpu':
        # MMEngine takes a GPU for granted where there are several processes
        torch.distributed.init_process_group('gloo')
        wrapper = dict(type='MMDistributedDataParallel', broadcast_buffers=False, device_ids=None)
        wrapper['find_unused_parameters'] = config.get('find_unused_parameters', False)
        config.setdefault('model_wrapper_cfg', wrapper)
    if 'runner_type' not in config:
        return Runner.from_cfg(config)
    from mmengine.registry import RUNNERS

    return RUNNERS.build(config)


def one_line_errors(main: Callable[[], None]) -> int:
    """Runs ``main``; bad input becomes one line on stderr and exit status 2."""
    ignore_notices()
    status = 0
    try:
        with report_shared_memory():
            main()
    except LitePoseError as error:
        if get_rank() == 0 or not isinstance(error, NonFiniteLossError):  # which all raise
            print(f'{osp.basename(sys.argv[0])}: error: {error}', file=sys.stderr)
        status = 2
    if torch.distributed.is_initialized():
        # its threads must not outlive the interpreter: now and then a process aborted at its end
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
        help='a checkpoint to resume from; without a path the newest whole one of the work '
        'directory',
    )
    parser.add_argument(
        '--amp', action='store_true', help='train with mixed precision (processors: bfloat16)'
    )
    parser.add_argument(
        '--no-validate', action='store_true', help='do not evaluate during training'
    )
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help="scale the learning rate with the batch of all processes, by the config's "
        'auto_scale_lr.base_batch_size',
    )
    parser.add_argument('--seed', type=int, help='seed of all random numbers (default: a new one)')
    parser.add_argument(
        '--deterministic', action='store_true', help='deterministic operators of torch'
    )
    add_drawing_options(parser)
    return parser.parse_args()


def merge_options(config: Config, args: argparse.Namespace) -> None:
    """The options' meaning in the config.

    Raises:
        LitePoseError: The config cannot do what an option asks for.
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
                '--auto-scale-lr: the config has no auto_scale_lr = dict(base_batch_size=...)'
            )
        config.auto_scale_lr.enable = True
    if args.seed is not None or args.deterministic:
        randomness = dict(config.get('randomness') or {})
        if args.seed is not None:
            randomness['seed'] = args.seed
        randomness['deterministic'] = args.deterministic or randomness.get('deterministic', False)
        config.randomness = randomness


def resume_or_start(config: Config) -> None:
    """Resumes in the work directory; a run that was killed before its first checkpoint starts.

    MMEngine would start without what ``load_from`` names.
    """
    folder = Path(config.work_dir)
    # Not the best or the last good ones, from which MMEngine does not resume.
    config.resume = (folder / 'last_checkpoint').is_file() or any(
        re.fullmatch(r'(epoch|iter)_\d+\.pth', path.name) for path in folder.glob('*.pth')
    )
    if config.resume:
        config.load_from = None
    else:
        print(f'{folder}: nothing to resume from yet, so training starts', file=sys.stderr)


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
