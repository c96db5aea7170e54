"""Accuracy of a supernet's networks, without training them.

LitePose (CVPR 2022), section 5.1: the statistics of batch normalisation are calibrated with images
of the training set, then AP is measured on images that are not trained on.
"""

from __future__ import annotations

import copy
import io
import logging
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from itertools import islice
from typing import Any, Literal

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.dist import all_gather_object, get_rank, get_world_size
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmpose.models import build_pose_estimator
from mmpose.registry import DATASETS
from torch import nn
from torch.utils.data import DataLoader, Dataset

from ..annotations import explained
from ..errors import LitePoseError
from ..models.utils.deploy_form import to_deploy_form
from .calibration import calibrate
from .extraction import copy_subnet
from .plain_config import at_scale, plain_model, scale_of
from .search_spaces import Architecture
from .supernet import ElasticEstimator

# COCO's evaluation uses this many people of an image, those of the best scores. A bad network finds
# hundreds, whose missing keypoints would take most of the time of its evaluation.
_COUNTED = 20
# Images of one shape in a batch: layers of small networks take less time than PyTorch's calls of
# them.
_TOGETHER = 8
_LOADERS = ('train_dataloader', 'search_dataloader', 'val_dataloader')


class SubnetEvaluator:
    """Extracts, calibrates and validates networks of a supernet.

    Args:
        supernet: The trained supernet. It is not changed.
        config: Its config. ``train_dataloader`` gives the images for calibration.
        calibration_batches: How many training batches, drawn from all, calibrate a network.
        cache: Whether all validation images are kept in memory at each resolution, so that they
            are read only once.
        split: ``'search'``: accuracy on ``search_dataloader`` with ``search_evaluator``, if the
            config has them, since a search fits its networks to the images that it sees.
            ``'val'``: accuracy on ``val_dataloader``, to be reported.

    Raises:
        LitePoseError: ``calibration_batches`` is below 1.
    """

    def __init__(
        self,
        supernet: ElasticEstimator,
        config: Config,
        calibration_batches: int = 10,
        cache: bool = True,
        split: Literal['search', 'val'] = 'search',
    ) -> None:
        if calibration_batches < 1:
            raise LitePoseError(
                f'calibration_batches: expected 1 or more, got {calibration_batches}'
            )
        self.supernet = supernet
        self.config = config
        self.calibration_batches = calibration_batches
        self.cache = cache
        self._loaders = dict(
            train=config.train_dataloader,
            val=config.get(f'{split}_dataloader') or config.val_dataloader,
        )
        self._metrics = config.get(f'{split}_evaluator') or config.val_evaluator
        metrics = self._metrics if isinstance(self._metrics, (list, tuple)) else [self._metrics]
        # Metrics that rank people by the decoded scores do not use those who are left out.
        self._counts_few = all(metric.get('score_mode') == 'bbox' for metric in metrics)
        self._loaded: dict[tuple[str, int], list[dict]] = {}
        self._validation: dict[int, Dataset] = {}

    def subnet(self, arch: Architecture) -> nn.Module:
        """The plain network, calibrated, in eval mode on the supernet's device."""
        model = plain_model(self.config.model, arch)
        if self._counts_few:
            model['head']['decoder']['decode_keep_best'] = _COUNTED
        network = build_pose_estimator(model)
        copy_subnet(self.supernet, network)
        network.to(next(self.supernet.parameters()).device, memory_format=torch.channels_last)
        network.eval()
        self.calibrate(network, arch)
        return network

    def calibrate(self, network: nn.Module, arch: Architecture) -> None:
        """Sets the statistics of batch normalisation from training images, always the same."""

        def run(batch: dict) -> None:
            inputs = network.data_preprocessor(batch, training=True)['inputs']
            network.head.forward(network.extract_feat(inputs))

        with torch.random.fork_rng(devices=[]):  # augmentation of batches draws from it
            torch.manual_seed(0)
            calibrate(network, self._batches('train', arch), run)

    @torch.no_grad()
    def metrics(self, arch: Architecture, network: nn.Module | None = None) -> dict[str, float]:
        """The metrics of a network.

        Args:
            arch: Its architecture.
            network: What :meth:`subnet` returned for it; extracted here if None.
        """
        network = to_deploy_form(self.subnet(arch) if network is None else network)
        batches = self._batches('val', arch)
        with _quiet():
            evaluator = Evaluator(copy.deepcopy(self._metrics))
        evaluator.dataset_meta = self._validation[arch.img_size].metainfo
        for batch in batches:
            evaluator.process(data_samples=network.val_step(batch), data_batch=batch)
        with _quiet():
            return _evaluate_here(evaluator)

    def spread(
        self, archs: Sequence[Architecture], advance: Callable[[], None] = lambda: None
    ) -> list[dict[str, float]]:
        """:meth:`metrics` of each network; the processes of a group share the work.

        Args:
            archs: The networks.
            advance: Called after each network that this process evaluates.
        """
        world = get_world_size()
        own = []
        for arch in archs[get_rank() :: world]:
            own.append(self.metrics(arch))
            advance()
        metrics = [{}] * len(archs)
        for rank, part in enumerate(all_gather_object(own)):
            metrics[rank::world] = part
        return metrics

    def __call__(
        self, archs: Sequence[Architecture], advance: Callable[[], None] = lambda: None
    ) -> list[float]:
        """The first metric of each network, AP; see :meth:`spread`."""
        return [next(iter(metrics.values())) for metrics in self.spread(archs, advance)]

    def _batches(self, split: str, arch: Architecture) -> Iterable[dict]:
        """Batches at a resolution: all of ``'val'``, some of ``'train'``, always the same."""
        if (split, arch.img_size) in self._loaded:
            return self._loaded[split, arch.img_size]
        with explained(self.config, *_LOADERS):
            return self._load(split, arch)

    def _load(self, split: str, arch: Architecture) -> Iterable[dict]:
        loader = self._loaders[split]
        options = dict(batch_size=loader['batch_size'], collate_fn=pseudo_collate)
        if split == 'train':  # few, so they are always kept
            batches = self._calibration(self._dataset(split, arch), options)
        else:
            if arch.img_size not in self._validation:
                self._validation[arch.img_size] = self._dataset(split, arch)
            dataset = self._validation[arch.img_size]
            if not self.cache:
                return DataLoader(dataset, num_workers=loader.get('num_workers', 0), **options)
            with _seeded():
                batches = _of_one_shape(dataset, max(_TOGETHER, options['batch_size']))
        self._loaded[split, arch.img_size] = batches
        return batches

    def _dataset(self, split: str, arch: Architecture) -> Dataset:
        return DATASETS.build(
            at_scale(self._loaders[split]['dataset'], scale_of(self.config, arch))
        )

    def _calibration(self, dataset: Dataset, options: Mapping[str, Any]) -> list[dict]:
        """Batches of images alone; targets are most of a sample's bytes."""
        order = torch.Generator().manual_seed(0)
        loader = DataLoader(dataset, shuffle=True, generator=order, drop_last=True, **options)
        if len(loader) < self.calibration_batches:
            raise LitePoseError(
                f'calibration: expected {self.calibration_batches} batches of '
                f'{options["batch_size"]} training samples, got {len(dataset)} samples in all'
            )
        with _seeded():  # augmented in this process, so that all networks see the same
            return [
                dict(inputs=batch['inputs'], data_samples=[])
                for batch in islice(loader, self.calibration_batches)
            ]


def _of_one_shape(dataset: Dataset, size: int) -> list[dict]:
    """All samples, in batches of at most ``size`` whose inputs have the same shapes."""
    alike = defaultdict(list)
    for index in range(len(dataset)):
        sample = dataset[index]
        inputs = sample['inputs']
        scales = [inputs] if isinstance(inputs, torch.Tensor) else inputs
        alike[tuple(image.shape for image in scales)].append(sample)
    return [
        pseudo_collate(samples[first : first + size])
        for samples in alike.values()
        for first in range(0, len(samples), size)
    ]


def _evaluate_here(evaluator: Evaluator) -> dict[str, float]:
    """``Evaluator.evaluate`` without samples of other processes, which evaluate other networks."""
    metrics = {}
    for metric in evaluator.metrics:
        own = metric.compute_metrics(metric.results)
        prefix = f'{metric.prefix}/' if metric.prefix else ''
        for key, value in own.items():  # numpy's numbers are no plain data for checkpoints
            metrics[prefix + key] = value.item() if isinstance(value, np.generic) else value
    return metrics


@contextmanager
def _quiet() -> Iterator[None]:
    """Silences COCO's tables, 25 lines for each network; the figures are returned."""
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)


@contextmanager
def _seeded() -> Iterator[None]:
    """Repeats augmentation without an effect on other random numbers."""
    states = random.getstate(), np.random.get_state()
    random.seed(0)
    np.random.seed(0)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
