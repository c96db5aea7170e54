from types import SimpleNamespace

import pytest
from mmcv.transforms import BaseTransform
from mmengine.dataset import BaseDataset
from mmengine.runner import EpochBasedTrainLoop
from mmpose.registry import TRANSFORMS
from torch.utils.data import DataLoader

import litepose_mm.modules  # noqa: F401
from litepose_mm.engine.hooks import PipelineSwitchHook
from litepose_mm.engine.utils.pipelines import functions_around
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


def words(loader, hooks, runner, epoch):
    runner.epoch = epoch
    for hook in hooks:
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
    hooks = [
        PipelineSwitchHook(epoch, [dict(type='mmpose.Say', word=word)])
        for epoch, word in [(1, 'second'), (3, 'third')]
    ]
    for _ in range(2):  # as when a loop is run again
        for hook in hooks:
            hook.before_train(runner)
    assert len(list(functions_around(loader.dataset.pipeline))) == 2
    said = [words(loader, hooks, runner, epoch) for epoch in range(4)]
    assert said == [{'first'}, {'second'}, {'second'}, {'third'}]
    # resumed
    assert words(loader, hooks, runner, 2) == {'second'}
    assert words(loader, hooks, runner, 0) == {'first'}


def test_training_by_iteration_is_refused():
    with pytest.raises(LitePoseError, match='by epoch'):
        PipelineSwitchHook(2, []).before_train(SimpleNamespace(train_loop=object()))
