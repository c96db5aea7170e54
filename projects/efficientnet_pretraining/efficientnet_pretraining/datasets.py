"""Data sets with one class per image, in ImageNet's and CIFAR's layouts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS, TRANSFORMS

from litepose_mm.errors import LitePoseError
from litepose_mm.media import IMAGE_SUFFIXES, read_image

#: Side of CIFAR's images, and bytes of one in its binary file: two labels and three colours.
_SIDE = 32
_RECORD = 2 + 3 * _SIDE**2


@DATASETS.register_module()
class ImageFolders(BaseDataset):
    """Images in one folder for each class, as ImageNet is distributed.

    Args:
        data_root: Folder with a folder for each class; these are numbered in order of their names.
        **kwargs: Arguments of ``BaseDataset``.

    Raises:
        LitePoseError: There are no such folders.
    """

    def load_data_list(self) -> list[dict]:
        folders = sorted(path for path in Path(self.data_root).glob('*') if path.is_dir())
        if not folders:
            raise LitePoseError(
                f'expected a folder with a folder of images for each class, got {self.data_root}'
            )
        return [
            dict(img_path=str(file), gt_label=label)
            for label, folder in enumerate(folders)
            for file in sorted(folder.rglob('*'))
            if file.suffix.lower() in IMAGE_SUFFIXES
        ]


@DATASETS.register_module()
class CIFAR100(BaseDataset):
    """CIFAR-100 in its binary version, with the 100 fine classes.

    Args:
        data_root: Folder with ``train.bin`` and ``test.bin``.
        ann_file: Name of one of them.
        **kwargs: Arguments of ``BaseDataset``.

    Raises:
        LitePoseError: The file is missing or has another form.
    """

    def load_data_list(self) -> list[dict]:
        try:
            content = np.fromfile(self.ann_file, np.uint8)
        except OSError as error:
            raise LitePoseError(f'cannot read {self.ann_file}: {error.strerror}') from error
        if len(content) % _RECORD or not len(content):
            raise LitePoseError(
                f'{self.ann_file}: expected the binary version of CIFAR-100, whose size is a '
                f'multiple of {_RECORD} bytes, got {len(content)} bytes'
            )
        records = content.reshape(-1, _RECORD)
        images = records[:, 2:].reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1)[..., ::-1]
        return [
            dict(img=np.ascontiguousarray(image), gt_label=int(label))
            for image, label in zip(images, records[:, 1])
        ]


@TRANSFORMS.register_module()
class LoadClassImage(BaseTransform):
    """Read the image of ``img_path`` into ``img`` (BGR), unless it is there."""

    def transform(self, results: dict) -> dict:
        if 'img' not in results:
            results['img'] = read_image(results['img_path'])
        results['img_shape'] = results['img'].shape[:2]
        return results
