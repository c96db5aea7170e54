"""People as heatmaps and fields, for tests."""

import numpy as np
from mmengine.config import Config

from litepose_mm.codecs import PartAffinityFields
from litepose_mm.utils.paths import config_path

#: A standing person in COCO's keypoints, in shares of the height.
STANDING = np.array(
    [
        *([0.0, 0.08], [0.02, 0.06], [-0.02, 0.06], [0.05, 0.07], [-0.05, 0.07]),
        *([0.12, 0.2], [-0.12, 0.2], [0.18, 0.34], [-0.18, 0.34], [0.2, 0.48], [-0.2, 0.48]),
        *([0.08, 0.5], [-0.08, 0.5], [0.1, 0.73], [-0.1, 0.73], [0.1, 0.95], [-0.1, 0.95]),
    ]
)


def people_in(size, places):
    """Keypoints (N, 17, 2) of people of one size, whose heads are at the places."""
    return np.array([np.array(place) + size * STANDING for place in places])


def maps_of(keypoints, input_size, visible=None, noise=0.0, **options):
    """A codec, and heatmaps and fields (1, C, h, w) of people."""
    options = {'sigma': 7, **options}
    codec = PartAffinityFields(input_size, [side // 8 for side in input_size], **options)
    encoded = codec.encode(keypoints, visible)
    maps = [encoded['heatmaps'][0][None], encoded['part_affinity_fields'][0][None]]
    random = np.random.default_rng(0)
    return codec, [each + random.normal(0, noise, each.shape).astype(np.float32) for each in maps]


def narrow_config():
    """Config of a narrow network for small images, whose rules find people in random maps, too."""
    config = Config.fromfile(config_path('paf_lightweight-openpose_8xb10-280e_coco-368x368'))
    config.model.backbone.update(stem=4, layers=[(8, 2, 1), (8, 2, 1), (8, 1, 2)])
    config.model.head.update(in_channels=8, width=8)
    config.model.head.decoder.update(
        decode_min_success=0.0, decode_min_keypoints=2, decode_suppression=20.0
    )
    for step in config.test_dataloader.dataset.pipeline:
        if 'input_size' in step:
            step.input_size = (64, 64)
    return config
