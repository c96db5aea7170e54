"""Stopping at the first loss that is no number, before it reaches the weights."""

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
    """The loss is NaN or infinite; the message names iteration, images and the saved state.

    Every process raises it, with the same message.
    """


@HOOKS.register_module()
class NonFiniteLossHook(Hook):
    """Stops training when the loss is NaN or infinite, and saves the state before it.

    The loss is looked at after the forward pass, so the step is never made: the weights are those
    of the last good iteration, and running statistics are put back. They are saved as
    ``last_good_iter_{N}.pth``, for ``load_from``.

    It costs a copy of the running statistics, one addition of the losses and one look at the sum,
    for which a GPU's queue is waited for once an iteration (MMEngine's log does so too).
    """

    priority = 'VERY_LOW'

    def __init__(self) -> None:
        self._handles: list[Any] = []
        self._buffers: list[Tensor] = []
        self._before: list[Tensor] = []
        self._batch: Any = None
        self._looks = False

    def before_train(self, runner: Runner) -> None:
        self._runner = runner
        model = network_of(runner)
        self._buffers = [b for b in model.buffers() if b.is_floating_point()]
        self._before = [torch.empty_like(b) for b in self._buffers]
        self.after_train(runner)
        self._handles = [
            model.register_forward_pre_hook(self._keep_buffers),
            model.register_forward_hook(self._look),
        ]

    def after_train(self, runner: Runner) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        self._batch = data_batch
        self._looks = True

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        self._looks = False
        self._batch = None

    def _keep_buffers(self, model: nn.Module, args: Any) -> None:
        if self._looks and self._buffers:
            with torch.no_grad():
                torch._foreach_copy_(self._before, self._buffers)

    def _look(self, model: nn.Module, args: Any, output: Any) -> None:
        """A forward hook: ``output`` is the model's mapping of losses in ``mode='loss'``."""
        if not self._looks or not isinstance(output, Mapping):
            return
        losses = {name: list(_tensors(value)) for name, value in output.items() if 'loss' in name}
        parts = [part.detach().float().sum() for values in losses.values() for part in values]
        if not parts:
            return
        total = sum(parts[1:], parts[0])
        stops = float(total.isfinite().logical_not()) > 0
        if is_distributed():  # all stop together, and the first one saves
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
            f'{self._save()}; look at these images (tools/misc/check_annotations.py), lower the '
            'learning rate or clip gradients'
        )

    def _save(self) -> str:
        """Saves the state before this iteration; returns where it is."""
        runner = self._runner
        if not all(bool(p.isfinite().all()) for p in runner.model.parameters()):
            last = runner.message_hub.get_info('last_ckpt')
            return (
                'a gradient before was not finite either, so the weights are lost; the last '
                f'checkpoint is {last or "none yet"}'
            )
        name = f'last_good_iter_{runner.iter}.pth'
        # the state at the start of this iteration: epochs and iterations that are done
        runner.save_checkpoint(
            runner.work_dir,
            name,
            meta=dict(epoch=runner.epoch, iter=runner.iter),
            by_epoch=False,
            backend_args=dict(backend='atomic_file'),
        )
        barrier()  # a process that ended now would end the one that writes, too
        return f'the state before it is in {runner.work_dir}/{name}'


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)


def _images(batch: Any) -> list[str]:
    """Path and id of each image of a batch in MMEngine's form."""
    samples = batch.get('data_samples') if isinstance(batch, Mapping) else None
    named = []
    for sample in samples if isinstance(samples, (list, tuple)) else ():
        meta = getattr(sample, 'metainfo', {})
        named.append(f'{meta.get("img_path")} (id {meta.get("img_id", "unknown")})')
    return named
