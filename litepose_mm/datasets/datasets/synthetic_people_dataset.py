"""Synthetic people as a data set of MMPose."""

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
_BYTES_PER_PERSON = 6000  # of a pickled annotation, generously


@DATASETS.register_module()
class SyntheticPeopleDataset(BaseCocoStyleDataset):
    """Scenes with simple figures, drawn when they are asked for; nothing is read from disk.

    Scene ``i`` of a seed is the same in every process. Samples have the keys of any COCO-style data
    set of MMPose and ``img``, which ``LoadImage`` takes as it is. The truth goes with each sample
    (``raw_ann_info``, ``crowd_index``), so ``SampleTruthCocoMetric`` needs no annotation file, for
    ``keypoints`` as for ``keypoints_crowd``; its pipeline has to pack these two keys.

    In bottom-up mode nothing is computed in advance. Top-down mode has to know who is in each scene
    and computes the truth of all of them first, some milliseconds each.

    Args:
        num_images: Number of scenes.
        seed: Series of scenes; take different ones for training and validation.
        image_size: Width and height in pixels.
        keypoints: ``'coco'`` (17) or ``'crowdpose'`` (14); ``metainfo`` takes precedence and may
            name any keypoints of :data:`litepose_mm.datasets.synthetic.KEYPOINTS`.
        people: Fewest and most people in a scene.
        scene: Further options of :class:`litepose_mm.datasets.synthetic.SceneOptions`.
        cache: ``'memory'`` keeps scenes once they are drawn, in memory that forked workers share;
            False draws them each time.
        metainfo: As for any data set of MMPose.
        kwargs: Further arguments of ``BaseCocoStyleDataset``; ``data_mode`` is ``'bottomup'``
            unless given.

    Raises:
        LitePoseError: An option is out of its range.
    """

    METAINFO: dict = KEYPOINT_SETS['coco']
    #: What draws a scene; subclasses may draw others.
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
                f'expected at least one image and a seed from 0, got {num_images} and {seed}'
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
        # The base class announced a file with the truth, and there is none: the metric takes it
        # from the samples.
        name = f'{self.metainfo["dataset_name"]}_ann_file'
        MessageHub.get_current_instance().runtime_info.pop(name, None)

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        """Marks the name, so that metrics do not take this for the real data set."""
        parsed = super()._load_metainfo(metainfo)
        parsed['dataset_name'] = f'synthetic_{parsed["dataset_name"]}'
        parsed['CLASSES'] = [dict(CATEGORY)]
        return parsed

    def load_data_list(self) -> list[dict]:
        """Returns what there is to know before a scene is drawn."""
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
        """Returns image and truth of a sample; arguments and keys as MMPose has them."""
        info = super().get_data_info(idx)
        index = info['img_id']
        image, annotations = self.scene(index)
        if self.data_mode == 'bottomup':
            info.update(self._people_info(index, annotations))
        info.update(img=image, img_shape=image.shape[:2], ori_shape=image.shape[:2])
        return info

    def scene(self, index: int) -> tuple[np.ndarray, list[dict]]:
        """Returns the image (BGR) of a scene and its annotations in COCO's form."""
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
        """All people of a scene in the arrays of a bottom-up sample."""
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
        info['crowd_index'] = crowd_index(annotations)  # of the image, not of each person
        return info
