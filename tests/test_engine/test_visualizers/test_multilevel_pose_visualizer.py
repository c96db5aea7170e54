"""What MMPose's own tools draw of the targets of several levels."""

import numpy as np
import pytest
from mmpose.registry import DATASETS, VISUALIZERS
from networks import litepose_config  # noqa: F401  registers everything
from pipelines import ae_codec, ae_train_pipeline


@pytest.mark.parametrize('has_people', [True, False])
def test_heatmaps_of_the_finest_level_are_drawn(has_people, tmp_path):
    pipeline = ae_train_pipeline(ae_codec((64, 64)))
    pipeline[-1]['pack_transformed'] = True
    options = dict(num_images=1, people=(2, 2), data_mode='bottomup', pipeline=pipeline)
    dataset = DATASETS.build(dict(type='SyntheticPeopleDataset', **options))
    item = dataset[0]
    image = np.ascontiguousarray(item['inputs'].permute(1, 2, 0).numpy())
    sample = item['data_samples']
    if not has_people:
        del sample.gt_fields
    visualizer = VISUALIZERS.build(dict(type='MultiLevelPoseVisualizer', name=str(tmp_path)))
    visualizer.set_dataset_meta(dataset.metainfo)
    # as tools/misc/browse_dataset.py of MMPose does in its mode "transformed"
    visualizer.add_datasample('x', image, sample, draw_pred=False, draw_heatmap=True)
    drawing = visualizer.get_image()
    height, width = image.shape[:2]
    assert drawing.shape == ((1 + has_people) * height, width, 3)
    if has_people:
        below = drawing[height:].astype(int)
        rows, columns = np.unravel_index(sample.gt_fields.heatmaps[-1].max(0)[0].argmax(), (32, 32))
        assert abs(below[2 * rows, 2 * columns] - image[2 * rows, 2 * columns]).sum() > 30
