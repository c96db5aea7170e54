"""Write complete checkpoints that load as data only, and resume from them."""

from __future__ import annotations

import os.path as osp
import re
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dist import barrier, is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from ...checkpoints import check_fit, pretrained_in
from ...errors import LitePoseError
from ...utils.files import replacing
from ...zoo.shipped_weights import find_weights
from ..checkpoints.atomic_file_backend import AtomicFileBackend, check_checkpoint
from ..checkpoints.loading_schemes import DATA_ONLY, load_from_file_as_data
from ..checkpoints.plain_data import restore_histories, to_plain
from ..utils.network import network_of

_POINTER = 'last_checkpoint'


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """MMEngine's ``CheckpointHook`` with safe writing, loading and resuming.

    - Checkpoints hold data only: log curves, numpy arrays and other objects are saved in plain
      form, so that ``torch.load(weights_only=True)``, the default since torch 2.6, can read them.
      With this default, MMEngine 0.10.7 cannot resume from the files of its own hook.
    - Checkpoints are written completely or not at all, and an old one is removed only after the new
      one has been written. A run that is killed at any moment can therefore be resumed.
    - ``load_from`` may be the name of a model whose weights come with the package. Weights that do
      not fit, also those of the model's ``init_cfg``, are refused.
    - A resumed run checks its checkpoint first. With ``resume=True``, a broken checkpoint is
      reported and the previous one is used. Files that hold more than data, and weights without a
      training state, are refused.

    With :class:`ReproducibleEpochsHook`, a run that is resumed at an epoch ends with the same
    weights as an uninterrupted one, bit by bit on the CPU.

    Args:
        options: Arguments of MMEngine's ``CheckpointHook``.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.backend_args is None and self.file_client_args is None:
            self.backend_args = dict(backend='atomic_file')
        self._reported: set[str] = set()

    def before_run(self, runner: Runner) -> None:
        """Find and check the checkpoint that is resumed from or loaded."""
        path = runner._load_from
        if path is None:
            if runner._resume:
                self._point_to_whole_checkpoint(runner)
        elif '://' in str(path):
            return  # MMEngine downloads it
        elif runner._resume:
            _check_resumable(runner, path)
        else:
            path = find_weights(path)
            model = network_of(runner)
            left = check_fit(model, path, partly=True)
            if left is not None:
                runner.logger.warning(
                    f'{path} fits only in part; these are newly initialised: {left}'
                )
            runner._load_from = f'{DATA_ONLY}{path}'

    def _point_to_whole_checkpoint(self, runner: Runner) -> None:
        """Let ``last_checkpoint``, which MMEngine resumes from, name the newest intact one."""
        found, broken = None, []
        named = _named_by_pointer(Path(runner.work_dir))
        for path in self._candidates(runner, named):
            try:
                _check_resumable(runner, path)
            except LitePoseError as error:
                broken.append(str(error))
                continue
            found = path
            break
        barrier()  # all processes must have read before one of them writes
        if found is None and broken:
            raise LitePoseError(
                f'cannot resume in {runner.work_dir}: {broken[0]}, and there is no other '
                'checkpoint; train without resuming'
            )
        if found is not None and broken:
            runner.logger.warning(
                f'The newest checkpoint cannot be used ({broken[0]}); resuming from {found}, the '
                'previous one.'
            )
        if found is not None and found != named and is_main_process():
            with replacing(Path(runner.work_dir) / _POINTER) as part:
                part.write_text(str(found))
        barrier()

    def _candidates(self, runner: Runner, named: Path | None) -> list[Path]:
        """Return the checkpoints to try, from the newest to the oldest."""
        folder = Path(runner.work_dir)
        if named is not None:
            folder = named.parent
        elif self.out_dir is not None:
            folder = Path(self.out_dir) / osp.basename(runner.work_dir.rstrip(osp.sep))
        before, _, after = self.filename_tmpl.partition('{}')
        pattern = re.compile(rf'{re.escape(before)}(\d+){re.escape(after)}')
        steps = {
            path: int(match.group(1))
            for path in (folder.iterdir() if folder.is_dir() else ())
            if (match := pattern.fullmatch(path.name)) and path.is_file()
        }
        if named is None or named not in steps:
            return sorted(steps, key=lambda path: path.stat().st_mtime, reverse=True)
        older = [path for path in steps if steps[path] < steps[named]]
        return [named, *sorted(older, key=steps.get, reverse=True)]

    def before_train(self, runner: Runner) -> None:
        model = network_of(runner)
        for each in pretrained_in(getattr(model, 'init_cfg', None)):
            if '://' not in each['checkpoint']:
                check_fit(model, each['checkpoint'], partly=True)
        super().before_train(runner)
        if is_main_process() and isinstance(self.file_backend, AtomicFileBackend):
            # Remove incomplete files of a killed run.
            for path in Path(self.out_dir).glob('.*.part*.pth'):
                path.unlink(missing_ok=True)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Convert the content to plain data."""
        left_out: list[str] = []
        for key, value in checkpoint.items():
            checkpoint[key] = to_plain(value, left_out, key)
        news = [line for line in left_out if line not in self._reported]
        self._reported.update(news)
        if news:
            runner.logger.warning(
                f'Checkpoints leave out {", ".join(news)}, because they are not plain data.'
            )

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Convert plain data back to the objects that MMEngine expects."""
        hub = checkpoint.get('message_hub')
        if isinstance(hub, dict) and 'log_scalars' in hub:
            hub['log_scalars'] = restore_histories(hub['log_scalars'])
        meta = checkpoint.get('meta')
        # Runner.resume() compares it with the metainfo of the data set, which has numpy arrays.
        if runner._resume and isinstance(meta, dict) and 'dataset_meta' in meta:
            current = getattr(runner.train_dataloader.dataset, 'metainfo', None)
            if _equal(meta['dataset_meta'], to_plain(current, [])):
                meta['dataset_meta'] = current

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        with self._old_files_last():
            super()._save_checkpoint_with_step(runner, step, meta)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        with self._old_files_last():
            super()._save_best_checkpoint(runner, metrics)

    def _old_files_last(self) -> AbstractContextManager[None]:
        if not isinstance(self.file_backend, AtomicFileBackend):
            return nullcontext()
        return self.file_backend.removals_last(self._current_files)

    def _current_files(self) -> set[str]:
        best = [getattr(self, 'best_ckpt_path', None)]
        best += getattr(self, 'best_ckpt_path_dict', {}).values()
        return {str(path) for path in (self.last_ckpt, *best) if path}


def _check_resumable(runner: Runner, path: str | Path) -> None:
    """Check a checkpoint before resuming; MMEngine does not report missing state.

    Raises:
        LitePoseError: It is incomplete, holds more than data, or lacks the training state.
    """
    check_checkpoint(path)
    content = load_from_file_as_data(str(path), 'cpu')
    meta = content.get('meta')
    there = {*content, *(f'meta.{key}' for key in (meta if isinstance(meta, dict) else ()))}
    expected = ['meta.epoch', 'meta.iter', 'message_hub', 'optimizer']
    if runner.param_schedulers is not None:
        expected.append('param_schedulers')
    missing = [key for key in expected if key not in there]
    if missing:
        raise LitePoseError(
            f'{path}: expected a training state to resume from, but {", ".join(missing)} are '
            'missing or not plain data; give the file as load_from instead'
        )


def _named_by_pointer(work_dir: Path) -> Path | None:
    try:
        name = (work_dir / _POINTER).read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
    return Path(name) if name and Path(name).is_file() else None


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (np.isnan(one) and np.isnan(other))
    return bool(type(one) is type(other) and one == other)
