import pickle
import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.dataset import BaseDataset, ClassBalancedDataset, ConcatDataset
from mmengine.registry import DATASETS
from mmpose.datasets import CombinedDataset
from torch.utils.data import DataLoader

from litepose_mm.engine.hooks.reproducible_epochs_hook import (
    ReproducibleEpochsHook,
    SampleSeeder,
    _seeds,
)
from litepose_mm.engine.utils.pipelines import WrappedPipeline, is_wrapped, pipeline_owners


class Data:
    def __init__(self, pipeline=None, **inner):
        if pipeline:
            self.pipeline = pipeline
        vars(self).update(inner)


def draw(sample):
    return random.random(), np.random.rand()


def test_samples_depend_on_seed_epoch_and_index_only():
    epoch = torch.tensor(0)
    pipeline = WrappedPipeline(draw, SampleSeeder(5, epoch, 0))
    first = pipeline(dict(sample_idx=3))
    assert pipeline(dict(sample_idx=4)) != first
    assert pipeline(dict(sample_idx=3)) == first
    epoch += 1
    assert pipeline(dict(sample_idx=3)) != first
    assert WrappedPipeline(draw, SampleSeeder(6, epoch * 0, 0))(dict(sample_idx=3)) != first
    assert WrappedPipeline(draw, SampleSeeder(5, epoch * 0, 1))(dict(sample_idx=3)) != first


def test_torch_of_the_main_process_is_left_alone():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    WrappedPipeline(draw, SampleSeeder(5, torch.tensor(0), 0))(dict(sample_idx=3))
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
    seed = SampleSeeder(1, torch.tensor(0), 0)
    wrapped = WrappedPipeline(WrappedPipeline(pipeline, seed), print)
    assert wrapped.transforms == [1]
    assert is_wrapped(wrapped, SampleSeeder) and not is_wrapped(pipeline, SampleSeeder)
    assert pickle.loads(pickle.dumps(WrappedPipeline(draw, seed))).around.seed == 1


def note(sample):
    return dict(sample, drawn=(*sample.get('drawn', ()), draw(sample)))


@DATASETS.register_module()
class Draws(BaseDataset):
    """Three samples of two classes; in each is what the pipelines draw."""

    def __init__(self):
        super().__init__(pipeline=[note])

    def load_data_list(self):
        return [dict(cat=min(index, 1)) for index in range(3)]

    def get_cat_ids(self, index):
        return [self.get_data_info(index)['cat']]


def seeded(dataset, epoch=0):
    runner = SimpleNamespace(
        epoch=epoch,
        train_dataloader=SimpleNamespace(dataset=dataset),
    )
    hook = ReproducibleEpochsHook()
    hook._by_epoch, hook._seed = True, 5
    for runner.epoch in range(epoch + 1):
        hook.before_train_epoch(runner)
    return dataset


def draws(dataset, order, workers=0):
    """What is drawn for each index, asked for in an order."""
    loader = DataLoader(dataset, 2, sampler=order, num_workers=workers, collate_fn=list)
    samples = (sample for batch in loader for sample in batch)
    return {index: (sample['sample_idx'], sample['drawn']) for index, sample in zip(order, samples)}


def resampled():
    """Two draws of each of three samples and then two of three others, chosen at random."""
    metainfo = dict(from_file='configs/_base_/datasets/coco.py')
    return CombinedDataset(
        metainfo, [dict(type='Draws')] * 2, pipeline=[note], sample_ratio_factor=[2, 0.7]
    )


REPEATED = dict(type='RepeatDataset', dataset=dict(type='Draws'), times=2)


@pytest.mark.parametrize(
    'make',
    [
        lambda: DATASETS.build(REPEATED),
        lambda: ClassBalancedDataset(Draws(), oversample_thr=1),
        lambda: ConcatDataset([REPEATED, REPEATED]),
        resampled,
    ],
    ids=['repeated', 'balanced', 'repeated in another', 'resampled'],
)
def test_repeats_differ_and_are_the_same_in_every_order_and_worker(make):
    first = draws(seeded(make()), range(len(make())))
    assert len({index for index, _ in first.values()}) == 3 and len(first) >= 6
    assert len({drawn for _, drawn in first.values()}) == len(first)
    order = [*range(len(first))[::-1]]
    assert draws(seeded(make()), order, workers=2) == first
    assert draws(pickle.loads(pickle.dumps(seeded(make()))), order) == first
    assert not set(draws(seeded(make(), epoch=1), order).values()) & set(first.values())


def test_seeds_without_repeats_are_those_of_source_and_index():
    for source, index in ((0, 0), (0, 2), (1, 1)):
        dataset = seeded(ConcatDataset([Draws(), Draws()]))
        seeds = _seeds(5, 1, 0, source, index)
        expected = random.Random(seeds[0]).random(), np.random.RandomState(seeds[1]).rand()
        assert dataset[3 * source + index]['drawn'] == (expected,)
