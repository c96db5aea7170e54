"""A data set and a model that train in milliseconds, with all that makes resuming hard.

Random augmentation, dropout, batch normalisation, an optimiser with a state. Configs import it.
"""

import multiprocessing
import os
import random
import signal
import sys
import uuid
from multiprocessing import forkserver
from unittest.mock import patch

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.dist import get_rank
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement
from mmengine.utils import import_modules_from_strings
from mmpose.registry import DATASETS, HOOKS, METRICS, MODELS, TRANSFORMS
from torch import nn

import litepose_mm.modules  # noqa: F401
from litepose_mm.engine import hooks  # noqa: F401


@DATASETS.register_module()
class ToyData(BaseDataset):
    """Images of ``folder``; what is to learn is their mean."""

    METAINFO = dict(dataset_name='toy', sigmas=np.array([0.1, 0.2]), flip_indices=[1, 0])

    def __init__(self, folder, **options):
        self.folder = folder
        super().__init__(**options)

    def load_data_list(self):
        names = sorted(name for name in os.listdir(self.folder) if name.endswith('.png'))
        return [
            dict(
                img_path=os.path.join(self.folder, name),
                img_id=index,
                id=[10 * index],
                flip_indices=[1, 0],
                keypoints=np.zeros((1, 2, 2)),
            )
            for index, name in enumerate(names)
        ]


@TRANSFORMS.register_module()
class ToyTransform:
    """Loads an image and disturbs it with the random numbers of Python and numpy."""

    def __init__(self, noise=0.1):
        self.noise = noise

    def __call__(self, sample):
        image = cv2.imread(sample['img_path'])
        if image is None:
            raise OSError('not an image')
        sample['img'] = image
        image = image.astype(np.float32) / 255 * random.uniform(0.5, 1.5)
        image += np.random.normal(0, self.noise, image.shape).astype(np.float32)
        meta = {key: sample[key] for key in ('img_path', 'img_id')}
        return dict(
            inputs=torch.from_numpy(image).permute(2, 0, 1),
            data_samples=BaseDataElement(metainfo=meta),
        )


@MODELS.register_module()
class ToyModel(BaseModel):
    """Convolution, batch normalisation, dropout.

    ``nan_at`` makes the loss NaN at a call, in every process or in that of ``nan_rank``.
    """

    def __init__(self, nan_at=None, nan_rank=None):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.bn = nn.BatchNorm2d(8)
        self.dropout = nn.Dropout(0.5)
        self.last = nn.Linear(8, 3)
        self.nan_at, self.nan_rank, self.calls = nan_at, nan_rank, 0

    def forward(self, inputs, data_samples=None, mode='tensor'):
        inputs = torch.stack(list(inputs))
        if mode == 'loss':
            self.calls += 1
            if self.calls == self.nan_at and self.nan_rank in (None, get_rank()):
                inputs = inputs * float('nan')
        features = self.dropout(self.bn(self.conv(inputs)).relu().mean((2, 3)))
        error = (self.last(features) - inputs.mean((2, 3))).square().mean()
        if mode == 'loss':
            return dict(loss=error)
        return [BaseDataElement(error=float(error))]


@METRICS.register_module()
class ToyMetric(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results.extend(sample['error'] for sample in data_samples)

    def compute_metrics(self, results):
        return dict(AP=1 - float(np.mean(results)))


@HOOKS.register_module()
class KillHook(Hook):
    """Ends the process as ``kill -9`` does, at an iteration (from 1)."""

    def __init__(self, at):
        self.at = at

    def after_train_iter(self, runner, *args, **options):
        if runner.iter + 1 == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


@HOOKS.register_module()
class KillWhileSavingHook(Hook):
    """Ends the process in the middle of the n-th file that is synced to the disk."""

    def __init__(self, nth):
        self.left = nth

    def before_run(self, runner):
        synced = os.fsync

        def killed(file):
            self.left -= 1
            if self.left == 0:
                os.ftruncate(file, 1000)
                os.kill(os.getpid(), signal.SIGKILL)
            synced(file)

        os.fsync = killed


def config(folder, work_dir, **changes):
    """A config of three epochs of four iterations, as a dict."""
    dataset = dict(type='ToyData', folder=str(folder), pipeline=[dict(type='ToyTransform')])
    content = dict(
        default_scope='mmpose',
        custom_imports=dict(imports=['litepose_mm.modules', 'toy_training']),
        model=dict(type='ToyModel'),
        train_dataloader=dict(
            batch_size=2,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=True),
            dataset=dataset,
        ),
        val_dataloader=dict(
            batch_size=1,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=False),
            dataset=dict(dataset, test_mode=True),
        ),
        val_evaluator=dict(type='ToyMetric'),
        train_cfg=dict(by_epoch=True, max_epochs=3, val_interval=1),
        val_cfg=dict(),
        optim_wrapper=dict(optimizer=dict(type='Adam', lr=0.01)),
        param_scheduler=[dict(type='MultiStepLR', milestones=[1, 2], gamma=0.5, by_epoch=True)],
        default_hooks=dict(
            logger=dict(type='LoggerHook', interval=2),
            checkpoint=dict(
                type='SafeCheckpointHook',
                interval=1,
                save_best='auto',
                rule='greater',
                max_keep_ckpts=2,
            ),
        ),
        custom_hooks=[
            dict(type='ReproducibleEpochsHook'),
            dict(type='NonFiniteLossHook'),
            dict(type='BadSampleHook'),
        ],
        log_level='INFO',
        work_dir=str(work_dir),
        experiment_name=uuid.uuid4().hex,  # MMEngine keeps what a run logs by this name
        env_cfg=dict(dist_cfg=dict(backend='gloo')),
    )
    content.update(changes)
    return content


def write_images(folder, count=8):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for index in range(count):
        cv2.imwrite(str(folder / f'{index}.png'), rng.integers(0, 255, (12, 12, 3), np.uint8))
    return folder


def train(content):
    """Trains in this process; a target for ``multiprocessing``."""
    torch.set_num_threads(1)
    import_modules_from_strings(**content['custom_imports'])
    Runner.from_cfg(Config(content)).train()


def run_apart(*contents):
    """Trains each config in a process of its own; returns the exit codes.

    The processes start from a server that has imported everything, in milliseconds.
    """
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(['toy_training'])
    with patch.dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)):
        forkserver.ensure_running()
    codes = []
    for content in contents:
        process = context.Process(target=train, args=(content,))
        process.start()
        process.join(120)
        codes.append(process.exitcode)
    return codes
