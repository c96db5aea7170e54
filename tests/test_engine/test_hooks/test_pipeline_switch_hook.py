from types import SimpleNamespace

import pytest
from mmcv.transforms import BaseTransform
from mmengine.dataset import BaseDataset
from mmengine.runner import EpochBasedTrainLoop
from mmpose.registry import TRANSFORMS
from torch.utils.data import DataLoader

import litepose_mm.modules  # noqa: F401
from litepose_mm.engine.hooks import PipelineSwitchHook
from litepose_mm.errors import LitePoseError


@TRANSFORMS.register_module()
class Say(BaseTransform):
    def __init__(self, word):
        self.word = word

    def transform(self, results):
        return self.word


class Data(BaseDataset):
    def load_data_list(self):
        return [dict(index=index) for index in range(4)]


def words(loader, hook, runner, epoch):
    runner.epoch = epoch
    hook.before_train_epoch(runner)
    return {word for batch in loader for word in batch}


@pytest.mark.parametrize('workers', [0, 2])
def test_from_an_epoch_on(workers):
    loader = DataLoader(
        Data(pipeline=[dict(type='mmpose.Say', word='first')]),
        batch_size=2,
        num_workers=workers,
        persistent_workers=workers > 0,
    )
    loop = EpochBasedTrainLoop.__new__(EpochBasedTrainLoop)
    runner = SimpleNamespace(train_dataloader=loader, train_loop=loop, epoch=0)
    hook = PipelineSwitchHook(2, [dict(type='mmpose.Say', word='second')])
    hook.before_train(runner)
    hook.before_train(runner)  # as when a loop is run again
    said = [words(loader, hook, runner, epoch) for epoch in range(4)]
    assert said == [{'first'}, {'first'}, {'second'}, {'second'}]
    # resumed
    assert words(loader, hook, runner, 3) == {'second'}
    assert words(loader, hook, runner, 1) == {'first'}


def test_training_by_iteration_is_refused():
    with pytest.raises(LitePoseError, match='by epoch'):
        PipelineSwitchHook(2, []).before_train(SimpleNamespace(train_loop=object()))
