import pickle
import random

import numpy as np
import torch

from litepose_mm.engine.hooks.pipelines import WrappedPipeline, is_wrapped, pipeline_owners
from litepose_mm.engine.hooks.reproducible_epochs_hook import SeedSample, _seeds


class Data:
    def __init__(self, pipeline=None, **inner):
        if pipeline:
            self.pipeline = pipeline
        vars(self).update(inner)


def draw(sample):
    return random.random(), np.random.rand()


def test_samples_depend_on_seed_epoch_and_index_only():
    epoch = torch.tensor(0)
    pipeline = WrappedPipeline(draw, SeedSample(5, epoch, 0))
    first = pipeline(dict(sample_idx=3))
    assert pipeline(dict(sample_idx=4)) != first
    assert pipeline(dict(sample_idx=3)) == first
    epoch += 1
    assert pipeline(dict(sample_idx=3)) != first
    assert WrappedPipeline(draw, SeedSample(6, epoch * 0, 0))(dict(sample_idx=3)) != first
    assert WrappedPipeline(draw, SeedSample(5, epoch * 0, 1))(dict(sample_idx=3)) != first


def test_torch_of_the_main_process_is_left_alone():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    WrappedPipeline(draw, SeedSample(5, torch.tensor(0), 0))(dict(sample_idx=3))
    assert torch.equal(torch.rand(1), expected)


def test_seeds_are_apart():
    assert (
        len(
            {
                _seeds(seed, 1, epoch, index)
                for seed in range(5)
                for epoch in range(5)
                for index in range(5)
            }
        )
        == 125
    )


def test_pipelines_of_combined_data_sets_are_found():
    a, b = Data(draw), Data(draw)
    outer = Data(draw, datasets=[a, Data(dataset=b)])
    assert list(pipeline_owners(outer)) == [outer, a, b]
    assert list(pipeline_owners(object())) == []


def test_wrapped_pipeline_seems_to_be_the_pipeline():
    pipeline = Data(transforms=[1])
    seed = SeedSample(1, torch.tensor(0), 0)
    wrapped = WrappedPipeline(WrappedPipeline(pipeline, seed), print)
    assert wrapped.transforms == [1]
    assert is_wrapped(wrapped, SeedSample) and not is_wrapped(pipeline, SeedSample)
    assert pickle.loads(pickle.dumps(WrappedPipeline(draw, seed))).around.seed == 1
