"""Networks of every family learn synthetic people, with the small configs of the project."""

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

import litepose_mm.modules  # noqa: F401
from litepose_mm.utils.paths import mim_root

CONFIGS = sorted((mim_root() / 'configs').rglob('*-4e_synthetic-*.py'))


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem.split('_')[1])
def test_losses_fall(path, tmp_path):
    config = Config.fromfile(path)
    data = config.train_dataloader
    data.dataset.num_images = 4
    data.batch_size = 4
    for loader in (config.val_dataloader, config.test_dataloader):
        loader.dataset.num_images = 2
    config.train_cfg.update(max_epochs=15, val_interval=15)
    config.param_scheduler, config.custom_hooks = [], []
    config.default_hooks.visualization.enable = False
    config.default_hooks.checkpoint.interval = 15
    config.work_dir = str(tmp_path)
    config.randomness = dict(seed=0)
    init_default_scope('mmpose')
    runner = Runner.from_cfg(config)
    runner.train()
    curves = {
        name: scalar.data[0]
        for name, scalar in runner.message_hub.log_scalars.items()
        if name.startswith('train/loss')
    }
    assert len(curves) >= 3
    total = curves['train/loss']
    assert np.isfinite(total).all() and np.mean(total[-5:]) < 0.8 * np.mean(total[:5])
    assert any(name.startswith('coco') or 'AP' in name for name in runner.message_hub.log_scalars)
