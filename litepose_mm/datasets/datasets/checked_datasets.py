"""MMPose's data sets for annotation files that any tool may have written."""

from __future__ import annotations

from collections import defaultdict

from mmengine.fileio import get_local_path
from mmpose.datasets.datasets.base import BaseCocoStyleDataset
from mmpose.datasets.datasets.body import CocoDataset, CrowdPoseDataset
from mmpose.registry import DATASETS

from ...annotations import read_people
from ...annotations.images import size_of_image
from ...annotations.values import image_path, size_of
from ...errors import LitePoseError


class _CheckedDataset(BaseCocoStyleDataset):
    """Reads its file with :func:`read_people`, like the metrics and the commands.

    Raises:
        LitePoseError: The file cannot be used, or nobody in it is annotated.
    """

    def _load_annotations(self) -> tuple[list[dict], list[dict]]:
        names = self._metainfo['keypoint_id2name']
        names = [names[index] for index in range(len(names))]
        with get_local_path(self.ann_file) as path:
            document = read_people(path, names, nobody=self.test_mode)
        self._metainfo['CLASSES'] = document['categories']
        people = defaultdict(list)
        for annotation in document['annotations']:
            people[annotation['image_id']].append(annotation)
        instances, images = [], []
        for image in document['images']:
            if image['id'] % self.sample_interval:
                continue
            path = image_path(self.data_prefix['img'], image['file_name'])
            image.update(img_id=image['id'], img_path=str(path))
            images.append(image)
            if people[image['id']] and not size_of(image):
                image['width'], image['height'] = self._size_of_file(image)
            for annotation in people[image['id']]:
                info = self.parse_data_info(dict(raw_ann_info=annotation, raw_img_info=image))
                instances += [info] if info else []
        return instances, images

    def _size_of_file(self, image: dict) -> tuple[int, int]:
        try:
            return size_of_image(image['img_path'])
        except (OSError, SyntaxError) as error:
            raise LitePoseError(
                f'{self.ann_file}: image {image["id"]} has no width and height, and '
                f'{image["img_path"]} cannot be read ({error}); repair either of them'
            ) from error

    def _get_bottomup_data_infos(self, instances: list[dict], images: list[dict]) -> list[dict]:
        infos = super()._get_bottomup_data_infos(instances, images)
        crowd = {image['id']: image['crowdIndex'] for image in images if 'crowdIndex' in image}
        for info in infos:  # a number of the image, where MMPose has a list over its people
            if info['img_id'] in crowd:
                info['crowd_index'] = crowd[info['img_id']]
        return infos


@DATASETS.register_module()
class CheckedCocoDataset(_CheckedDataset, CocoDataset):
    """MMPose's ``CocoDataset`` with checked annotations.

    With ``metainfo``, it reads any data set in COCO's form.
    """


@DATASETS.register_module()
class CheckedCrowdPoseDataset(_CheckedDataset, CrowdPoseDataset):
    """MMPose's ``CrowdPoseDataset`` with checked annotations."""
