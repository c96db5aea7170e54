"""A data set of synthetic people."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from mmengine.logging import MessageHub
from mmpose.datasets.datasets.base import BaseCocoStyleDataset
from mmpose.datasets.datasets.body import CocoDataset, CrowdPoseDataset
from mmpose.registry import DATASETS

from ...annotations import crowd_index
from ...errors import LitePoseError
from ..synthetic import (
    SceneOptions,
    make_scene,
    person_annotations,
    select_keypoints,
)
from ..synthetic.annotations import CATEGORY
from ..synthetic.shared_cache import SharedCache

KEYPOINT_SETS = {'coco': CocoDataset.METAINFO, 'crowdpose': CrowdPoseDataset.METAINFO}
_CACHES = (False, 'memory')
_BYTES_PER_PERSON = 6000  # a generous size of a pickled annotation


@DATASETS.register_module()
class SyntheticPeopleDataset(BaseCocoStyleDataset):
    """Scenes with simple figures that are drawn on demand; no file is read.

    Scene ``i`` of a seed is the same in every process. Samples have the keys of MMPose's COCO-style
    data sets, and ``img``, which ``LoadImage`` does not load again. Each sample carries its ground
    truth (``raw_ann_info``, ``crowd_index``), so ``SampleTruthCocoMetric`` needs no annotation file
    for either ``keypoints`` or ``keypoints_crowd``; the pipeline has to pack these two keys.

    In bottom-up mode, nothing is computed in advance. In top-down mode, the ground truth of all
    scenes is computed first, which takes some milliseconds per scene.

    Args:
        num_images: Number of scenes.
        seed: Seed of the series of scenes; use different seeds for training and validation.
        image_size: Width and height in pixels.
        keypoints: ``'coco'`` (17) or ``'crowdpose'`` (14). ``metainfo`` takes precedence and may
            name any keypoints of :data:`litepose_mm.datasets.synthetic.KEYPOINTS`.
        people: Smallest and largest number of people in a scene.
        scene: Further options of :class:`litepose_mm.datasets.synthetic.SceneOptions`.
        cache: ``'memory'`` keeps scenes in memory that forked workers share; False draws them
            every time.
        metainfo: Names and links of keypoints, as for any data set of MMPose.
        kwargs: Further arguments of ``BaseCocoStyleDataset``; ``data_mode`` is ``'bottomup'`` by
            default.

    Raises:
        LitePoseError: An option is out of its range.
    """

    METAINFO: dict = KEYPOINT_SETS['coco']
    #: Function that makes a scene; subclasses may replace it.
    make_scene = staticmethod(make_scene)

    def __init__(
        self,
        num_images: int = 1000,
        seed: int = 0,
        image_size: tuple[int, int] = (256, 256),
        keypoints: str = 'coco',
        people: tuple[int, int] = (1, 5),
        scene: dict | None = None,
        cache: bool | str = False,
        metainfo: dict | None = None,
        **kwargs,
    ) -> None:
        if keypoints not in KEYPOINT_SETS:
            raise LitePoseError(
                f'keypoints: expected one of {", ".join(KEYPOINT_SETS)}, got {keypoints!r}; '
                'for others give metainfo'
            )
        if cache not in _CACHES:
            raise LitePoseError(f'cache: expected one of {_CACHES}, got {cache!r}')
        if num_images < 1 or seed < 0:
            raise LitePoseError(
                'expected num_images of at least 1 and a seed of at least 0, got '
                f'{num_images} and {seed}'
            )
        self.num_images, self.seed = num_images, seed
        self.options = SceneOptions(image_size=image_size, people=people, **(scene or {}))
        self._cache: SharedCache | None = None
        if cache == 'memory':
            pixels = 3 * image_size[0] * image_size[1]
            slot = pixels + _BYTES_PER_PERSON * (people[1] + 1)
            self._cache = SharedCache(num_images, slot)
        self._selection = np.zeros(0, dtype=np.intp)
        kwargs.setdefault('data_mode', 'bottomup')
        super().__init__(metainfo=copy.deepcopy(metainfo or KEYPOINT_SETS[keypoints]), **kwargs)
        # The base class announces an annotation file, but there is none: the metric reads the
        # ground truth from the samples.
        name = f'{self.metainfo["dataset_name"]}_ann_file'
        MessageHub.get_current_instance().runtime_info.pop(name, None)

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        """Prefix the data set's name, so that metrics do not mistake it for the real data set."""
        parsed = super()._load_metainfo(metainfo)
        parsed['dataset_name'] = f'synthetic_{parsed["dataset_name"]}'
        parsed['CLASSES'] = [dict(CATEGORY)]
        return parsed

    def load_data_list(self) -> list[dict]:
        """Return what is known before scenes are drawn."""
        names = self._metainfo['keypoint_id2name']
        self._selection = select_keypoints([names[i] for i in range(len(names))])
        indices = range(0, self.num_images, self.sample_interval)
        if self.data_mode == 'bottomup':
            return [self._image_info(index) for index in indices]
        instances = []
        for index in indices:
            _, annotations = self._draw(index, paint=False)
            instances += self._instances(index, annotations)
        return self._get_topdown_data_infos(instances)

    def get_data_info(self, idx: int) -> dict:
        """Return the image and ground truth of a sample, with MMPose's keys."""
        info = super().get_data_info(idx)
        index = info['img_id']
        image, annotations = self.scene(index)
        if self.data_mode == 'bottomup':
            info.update(self._people_info(index, annotations))
        info.update(img=image, img_shape=image.shape[:2], ori_shape=image.shape[:2])
        return info

    def scene(self, index: int) -> tuple[np.ndarray, list[dict]]:
        """Return the image (BGR) of a scene and its annotations in COCO's form."""
        kept = None if self._cache is None else self._cache.get(index)
        if kept is not None:
            return kept
        drawn = self._draw(index)
        if self._cache is not None:
            self._cache.put(index, drawn)
        return drawn

    def _draw(self, index: int, paint: bool = True) -> tuple[Any, list[dict]]:
        scene = self.make_scene(self.options, self.seed, index, paint)
        return scene.image, person_annotations(scene.people, index, self._selection)

    def _image_info(self, index: int) -> dict:
        return dict(img_id=index, img_path=f'synthetic-{self.seed}/{index:06d}.png')

    def _instances(self, index: int, annotations: list[dict]) -> list[dict]:
        width, height = self.options.image_size
        image = dict(width=width, height=height, crowdIndex=crowd_index(annotations))
        image.update(self._image_info(index))
        return [
            self.parse_data_info(dict(raw_ann_info=annotation, raw_img_info=image))
            for annotation in annotations
        ]

    def _people_info(self, index: int, annotations: list[dict]) -> dict:
        """Collect all people of a scene in the arrays of a bottom-up sample."""
        instances = self._instances(index, annotations)
        if instances:
            (info,) = self._get_bottomup_data_infos(instances, [])[:1]
        else:
            count = len(self._selection)
            info = dict(
                self._image_info(index),
                id=[],
                raw_ann_info=None,
                invalid_segs=[],
                bbox=np.zeros((0, 4), np.float32),
                bbox_score=np.zeros(0, np.float32),
                num_keypoints=[],
                keypoints=np.zeros((0, count, 2), np.float32),
                keypoints_visible=np.zeros((0, count), np.float32),
                area=np.zeros(0, np.float32),
                category_id=np.zeros(0, np.int64),
            )
        info['crowd_index'] = crowd_index(annotations)  # a number, where MMPose has a list
        return info
