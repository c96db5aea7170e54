import torch
from mmpose.models.data_preprocessors import PoseDataPreprocessor
from mmpose.structures import PoseDataSample

import litepose_mm.modules  # noqa: F401
from litepose_mm.models import MultiScaleDataPreprocessor

OPTIONS = dict(mean=[1, 2, 3], std=[2, 2, 2], bgr_to_rgb=True)


def test_one_scale_is_mmposes():
    images = [torch.randint(255, (3, 8, 12), dtype=torch.uint8) for _ in range(2)]
    data = dict(inputs=images, data_samples=[PoseDataSample(), PoseDataSample()])
    own = MultiScaleDataPreprocessor(**OPTIONS)(data)['inputs']
    assert torch.equal(own, PoseDataPreprocessor(**OPTIONS)(data)['inputs'])


def test_each_scale_becomes_a_batch():
    scales = [
        [torch.randint(255, (3, s, 2 * s), dtype=torch.uint8) for _ in range(2)] for s in (8, 4)
    ]
    samples = [PoseDataSample(), PoseDataSample()]
    result = MultiScaleDataPreprocessor(**OPTIONS)(dict(inputs=scales, data_samples=samples))
    assert [tuple(batch.shape) for batch in result['inputs']] == [(2, 3, 8, 16), (2, 3, 4, 8)]
    assert result['data_samples'][0].metainfo['batch_input_shape'] == (8, 16)
    alone = PoseDataPreprocessor(**OPTIONS)(dict(inputs=scales[1], data_samples=samples))
    assert torch.equal(result['inputs'][1], alone['inputs'])
