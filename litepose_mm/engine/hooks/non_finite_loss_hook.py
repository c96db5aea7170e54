"""Stop at the first loss that is not finite, before it changes the weights."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch
import torch.distributed
from mmengine.dist import all_gather_object, barrier, is_distributed
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS
from torch import Tensor, nn

from ...errors import LitePoseError, some
from ..utils.network import network_of

_MOST_NAMED = 8


class NonFiniteLossError(LitePoseError):
    """The loss is NaN or infinite; the message names the iteration, images and saved state.

    Every process raises this error with the same message.
    """


@HOOKS.register_module()
class NonFiniteLossHook(Hook):
    """Stops training when the loss is NaN or infinite, and saves the last good state.

    The loss is checked after the forward pass, so that the step is not made. The weights are those
    of the last good iteration, and the running statistics are restored. Both are saved as
    ``last_good_iter_{N}.pth``, which ``load_from`` can load.

    Each iteration copies the running statistics, adds the losses and checks their sum, which waits
    for the GPU as MMEngine's log does.
    """

    priority = 'VERY_LOW'

    def __init__(self) -> None:
        self._handles: list[Any] = []
        self._buffers: list[Tensor] = []
        self._before: list[Tensor] = []
        self._batch: Any = None
        self._training = False

    def before_train(self, runner: Runner) -> None:
        self._runner = runner
        model = network_of(runner)
        self._buffers = [b for b in model.buffers() if b.is_floating_point()]
        self._before = [torch.empty_like(b) for b in self._buffers]
        self.after_train(runner)
        self._handles = [
            model.register_forward_pre_hook(self._keep_buffers),
            model.register_forward_hook(self._check_losses),
        ]

    def after_train(self, runner: Runner) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        self._batch = data_batch
        self._training = True

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        self._training = False
        self._batch = None

    def _keep_buffers(self, model: nn.Module, args: Any) -> None:
        if self._training and self._buffers:
            with torch.no_grad():
                torch._foreach_copy_(self._before, self._buffers)

    def _check_losses(self, model: nn.Module, args: Any, output: Any) -> None:
        """Check the model's output, which is a mapping of losses in ``mode='loss'``."""
        if not self._training or not isinstance(output, Mapping):
            return
        losses = {name: list(_tensors(value)) for name, value in output.items() if 'loss' in name}
        parts = [part.detach().float().sum() for values in losses.values() for part in values]
        if not parts:
            return
        total = sum(parts[1:], parts[0])
        stops = float(total.isfinite().logical_not()) > 0
        if is_distributed():  # all processes stop together, and the main one saves
            flag = torch.tensor(float(stops), device=total.device)
            torch.distributed.all_reduce(flag, op=torch.distributed.ReduceOp.MAX)
            stops = bool(flag)
        if stops:
            self._stop(losses)

    def _stop(self, losses: Mapping[str, list[Tensor]]) -> None:
        runner = self._runner
        with torch.no_grad():
            if self._buffers:
                torch._foreach_copy_(self._buffers, self._before)
        bad = [
            f'{name} = {float(part.detach().float().sum())}'
            for name, values in losses.items()
            for part in values
            if not math.isfinite(float(part.detach().float().sum()))
        ]
        found = (bad, _images(self._batch) if bad else [])
        everyone = [found]
        if is_distributed():
            everyone = all_gather_object(found)
        names = list(dict.fromkeys(name for names, _ in everyone for name in names))
        images = some([image for _, images in everyone for image in images], _MOST_NAMED)
        raise NonFiniteLossError(
            f'the loss is not finite at iteration {runner.iter + 1} (epoch {runner.epoch + 1}): '
            f'{", ".join(names) or "their sum"}; images of this batch: {images or "unknown"}; '
            f'{self._save()}; check these images (tools/misc/check_annotations.py), lower the '
            'learning rate or clip gradients'
        )

    def _save(self) -> str:
        """Save the state before this iteration and tell where it is."""
        runner = self._runner
        if not all(bool(p.isfinite().all()) for p in runner.model.parameters()):
            last = runner.message_hub.get_info('last_ckpt')
            return (
                'an earlier gradient was not finite, so the weights are lost; the last checkpoint: '
                f'{last or "none yet"}'
            )
        name = f'last_good_iter_{runner.iter}.pth'
        # Number the state by the epochs and iterations that are complete.
        runner.save_checkpoint(
            runner.work_dir,
            name,
            meta=dict(epoch=runner.epoch, iter=runner.iter),
            by_epoch=False,
            backend_args=dict(backend='atomic_file'),
        )
        barrier()  # a process that ended now would also end the one that writes
        return f'the state before this iteration is in {runner.work_dir}/{name}'


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)


def _images(batch: Any) -> list[str]:
    """Describe each image of a batch by its path and id."""
    samples = batch.get('data_samples') if isinstance(batch, Mapping) else None
    named = []
    for sample in samples if isinstance(samples, (list, tuple)) else ():
        meta = getattr(sample, 'metainfo', {})
        named.append(f'{meta.get("img_path")} (id {meta.get("img_id", "unknown")})')
    return named
