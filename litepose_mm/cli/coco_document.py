"""Collect the results of many images in one document in COCO's format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..structures import PoseResult, Skeleton
from ..utils.files import sha256
from ..version import __version__

if TYPE_CHECKING:
    from ..inference.card import ModelCard
    from ..media import VideoFrame

_CATEGORY = 1  # person, as in COCO


class CocoDocument:
    """Collects results; images and people are numbered from 1.

    Args:
        skeleton: The keypoints of every result.
        model: Name of the model, or path of its config.
        weights: File with the model's weights, or an exported model's card, if any. Its SHA-256
            becomes part of the document.
        card: The model's card, whose engine and precision become part of the document, if any.

    Raises:
        LitePoseError: The weights cannot be read.
    """

    def __init__(
        self,
        skeleton: Skeleton,
        model: str,
        weights: str | Path | None = None,
        card: ModelCard | None = None,
    ) -> None:
        path = None if weights is None else Path(weights)
        self._info = {
            'version': f'litepose_mm {__version__}',
            'model': model,
            'weights': None if path is None else f'{path.parent.name}/{path.name}'.lstrip('/'),
            'weights_sha256': None if path is None else sha256(path, 'weights'),
            'engine': None if card is None else card.engine,
            'precision': None if card is None else card.precision,
        }
        self._category = {
            'id': _CATEGORY,
            'name': 'person',
            'keypoints': list(skeleton.keypoint_names),
            'skeleton': [[start + 1, end + 1] for start, end in skeleton.links],
        }
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []

    @property
    def num_people(self) -> int:
        """Number of people so far."""
        return len(self._annotations)

    @property
    def num_images(self) -> int:
        """Number of images and frames so far."""
        return len(self._images)

    def add(self, file_name: str, result: PoseResult, frame: VideoFrame | None = None) -> None:
        """Adds the people of an image or of a video frame."""
        width, height = result.image_size
        image_id = len(self._images) + 1
        image: dict[str, Any] = {
            'id': image_id,
            'file_name': file_name,
            'width': width,
            'height': height,
        }
        if frame is not None:
            image['frame_index'], image['time'] = frame.index, round(frame.time, 4)
        self._images.append(image)
        for person in result.to_coco(image_id, _CATEGORY, with_bbox=True):
            self._annotations.append({'id': len(self._annotations) + 1, **person})

    def to_dict(self) -> dict[str, Any]:
        """Returns ``info``, ``categories``, ``images`` and ``annotations``, all plain values."""
        return {
            'info': self._info,
            'categories': [self._category],
            'images': self._images,
            'annotations': self._annotations,
        }
