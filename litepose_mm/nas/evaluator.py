"""Measure the accuracy of a supernet's networks without training them.

LitePose (CVPR 2022), section 5.1: the statistics of batch normalisation are calibrated on images
of the training set, and AP is then measured on images that are not used for training.
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
from .search_spaces import Architecture
from .subnet_config import at_scale, scale_of, subnet_model
from .supernet import ElasticEstimator

# COCO's evaluation uses only this many people per image, those with the best scores. A bad network
# finds hundreds, and refining their keypoints would take most of the evaluation's time.
_COUNTED = 20
# Batch size for images of one shape: for small networks, PyTorch's overhead exceeds the time of the
# computation.
_TOGETHER = 8
_LOADERS = ('train_dataloader', 'search_dataloader', 'val_dataloader')


class SubnetEvaluator:
    """Extracts, calibrates and validates networks of a supernet.

    Args:
        supernet: The trained supernet; it is not changed.
        config: Config of the supernet, whose ``train_dataloader`` reads the images for calibration.
        calibration_batches: Number of random training batches that calibrate a network.
        cache: Whether all validation images are kept in memory at each resolution, so that they
            are read only once.
        split: ``'search'`` measures accuracy on ``search_dataloader`` with ``search_evaluator``, if
            the config has them. ``'val'`` measures it on ``val_dataloader``, for reports, since a
            search overfits to the images on which it compares networks.

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
                f'calibration_batches: expected at least 1, got {calibration_batches}'
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
        # Only metrics that rank people by the decoded scores ignore the people who are left out.
        self._counts_few = all(metric.get('score_mode') == 'bbox' for metric in metrics)
        self._loaded: dict[tuple[str, int], list[dict]] = {}
        self._validation: dict[int, Dataset] = {}

    def subnet(self, arch: Architecture) -> nn.Module:
        """Return the calibrated plain network, in eval mode on the supernet's device."""
        model = subnet_model(self.config.model, arch)
        if self._counts_few:
            model['head']['decoder']['decode_keep_best'] = _COUNTED
        network = build_pose_estimator(model)
        copy_subnet(self.supernet, network)
        network.to(next(self.supernet.parameters()).device, memory_format=torch.channels_last)
        network.eval()
        self.calibrate(network, arch)
        return network

    def calibrate(self, network: nn.Module, arch: Architecture) -> None:
        """Calibrate batch normalisation, always with the same training images."""

        def run(batch: dict) -> None:
            inputs = network.data_preprocessor(batch, training=True)['inputs']
            network.head.forward(network.extract_feat(inputs))

        with torch.random.fork_rng(devices=[]):  # batch augmentations use torch's random numbers
            torch.manual_seed(0)
            calibrate(network, self._batches('train', arch), run)

    @torch.no_grad()
    def metrics(self, arch: Architecture, network: nn.Module | None = None) -> dict[str, float]:
        """Measure the metrics of a network.

        Args:
            arch: Its architecture.
            network: Result of :meth:`subnet` for this architecture; None extracts the network.
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
        """Measure the :meth:`metrics` of several networks, distributed over all processes.

        Args:
            archs: Architectures of the networks.
            advance: Called after each network that this process evaluates.

        Returns:
            The metrics of all networks, in every process.
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
        """Return the first metric, AP, of each network; see :meth:`spread`."""
        return [next(iter(metrics.values())) for metrics in self.spread(archs, advance)]

    def _batches(self, split: str, arch: Architecture) -> Iterable[dict]:
        """Return batches at a resolution: all of ``'val'``, or always the same of ``'train'``."""
        if (split, arch.img_size) in self._loaded:
            return self._loaded[split, arch.img_size]
        with explained(self.config, *_LOADERS):
            return self._load(split, arch)

    def _load(self, split: str, arch: Architecture) -> Iterable[dict]:
        loader = self._loaders[split]
        options = dict(batch_size=loader['batch_size'], collate_fn=pseudo_collate)
        if split == 'train':  # these are few, so they are always kept
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
            at_scale(self._loaders[split]['dataset'], scale_of(self.config, arch), arch.stride)
        )

    def _calibration(self, dataset: Dataset, options: Mapping[str, Any]) -> list[dict]:
        """Return batches of images without targets, which need most of a sample's memory."""
        order = torch.Generator().manual_seed(0)
        loader = DataLoader(dataset, shuffle=True, generator=order, drop_last=True, **options)
        if len(loader) < self.calibration_batches:
            raise LitePoseError(
                f'calibration: expected {self.calibration_batches} batches of '
                f'{options["batch_size"]} training samples, got {len(dataset)} samples in total'
            )
        with _seeded():  # without workers, so that all networks get the same augmentation
            return [
                dict(inputs=batch['inputs'], data_samples=[])
                for batch in islice(loader, self.calibration_batches)
            ]


def _of_one_shape(dataset: Dataset, size: int) -> list[dict]:
    """Return all samples in batches of at most ``size`` samples with inputs of the same shapes."""
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
    """Evaluate without the samples of other processes, which evaluate other networks."""
    metrics = {}
    for metric in evaluator.metrics:
        own = metric.compute_metrics(metric.results)
        prefix = f'{metric.prefix}/' if metric.prefix else ''
        for key, value in own.items():  # checkpoints cannot hold numpy's numbers
            metrics[prefix + key] = value.item() if isinstance(value, np.generic) else value
    return metrics


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress COCO's tables of 25 lines per network."""
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
    """Repeat augmentation without an effect on other random numbers."""
    states = random.getstate(), np.random.get_state()
    random.seed(0)
    np.random.seed(0)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
