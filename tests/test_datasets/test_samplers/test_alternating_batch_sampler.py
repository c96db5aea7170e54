import pytest
from mmengine.dataset import DefaultSampler

import litepose_mm.modules  # noqa: F401
from litepose_mm.datasets.samplers import AlternatingBatchSampler
from litepose_mm.errors import LitePoseError


def make(rank=0, world=1, epoch=0, count=53, **options):
    sampler = DefaultSampler(list(range(count)), seed=3)
    sampler.rank, sampler.world_size = rank, world
    sampler.set_epoch(epoch)
    return AlternatingBatchSampler(sampler, 4, **options)


@pytest.mark.parametrize('epoch', [0, 5])
def test_parts_are_disjoint_and_come_in_turns(epoch):
    batches = make(epoch=epoch)
    weights, architecture = (set(part.tolist()) for part in batches.parts)
    assert len(weights) == 42 and not weights & architecture
    assert weights | architecture == set(range(53))
    found = list(batches)
    assert len(found) == len(batches) == 12 and batches.num_weight_batches == 10
    assert all(set(each) <= weights and len(each) == 4 for each in found[:10])
    assert all(set(each) <= architecture and len(each) == 4 for each in found[10:])


def test_the_order_depends_on_the_epoch_only():
    assert list(make(epoch=1)) == list(make(epoch=1))
    assert list(make(epoch=1)) != list(make(epoch=2))
    assert [part.tolist() for part in make().parts] == [
        part.tolist() for part in make(epoch=2).parts
    ]


def test_warming_up_has_no_second_part():
    lengths = [len(make(epoch=epoch, warmup_epochs=2)) for epoch in range(4)]
    assert lengths == [10, 10, 12, 12]
    batches = make(warmup_epochs=2)
    assert len(list(batches)) == 10 and [*map(batches.batches_of, range(4))] == lengths


def test_processes_share_each_batch():
    own = [list(make(rank, 2)) for rank in range(2)]
    assert len(own[0]) == len(own[1]) == 6
    flat = [index for batches in own for batch in batches for index in batch]
    assert len(set(flat)) == len(flat)


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(weight_share=1), r'weight_share in \(0, 1\)'),
        (dict(warmup_epochs=-1), 'warmup_epochs of at least 0'),
        (dict(count=10), 'at least 4 samples.* got 8 and 2'),
    ],
)
def test_refuses(options, message):
    with pytest.raises(LitePoseError, match=message):
        make(**options)
