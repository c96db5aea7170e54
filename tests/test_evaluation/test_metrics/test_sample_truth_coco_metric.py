import json

import numpy as np
import pytest
from mmengine.logging import MessageHub
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from pipelines import ae_codec, ae_test_pipeline

from litepose_mm.datasets.datasets import SyntheticPeopleDataset
from litepose_mm.evaluation.metrics import SampleTruthCocoMetric


@pytest.mark.parametrize('kind', ['keypoints', 'keypoints_crowd'])
def test_every_validation_has_its_own_truth(kind, tmp_path):
    init_default_scope('mmpose')
    # as of a data set that was read from a file, more than is evaluated
    path = tmp_path / 'everybody.json'
    path.write_text(json.dumps(dict(images=[], annotations=[], categories=[])))
    pipeline = ae_test_pipeline(ae_codec(input_size=(64, 64)))
    data = SyntheticPeopleDataset(
        num_images=6, image_size=(96, 80), keypoints='crowdpose', pipeline=pipeline, test_mode=True
    )
    metric = SampleTruthCocoMetric(
        iou_type=kind, use_area=False, nms_mode='none', score_mode='bbox', prefix='x'
    )
    name = f'{data.metainfo["dataset_name"]}_ann_file'
    MessageHub.get_current_instance().update_info(name, str(path))
    metric.dataset_meta = data.metainfo
    MessageHub.get_current_instance().pop_info(name)

    def validate(indices, error):
        for index in indices:
            sample = data[index]['data_samples']
            people = [a for a in data.scene(index)[1] if a['num_keypoints']]
            points = np.reshape([a['keypoints'] for a in people], (len(people), -1, 3))
            sample.pred_instances = InstanceData(
                keypoints=points[..., :2] + error, keypoint_scores=points[..., 2]
            )
            metric.process({}, [sample.to_dict()])
        return metric.evaluate(len(indices))['x/AP']

    assert validate(range(3), 0) == pytest.approx(1)
    assert validate(range(3, 6), 0) == pytest.approx(1)
    assert validate(range(6), 30) < 0.5
