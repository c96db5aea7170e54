"""What is seen of a frame: people or maps, ids, and how quick it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from ..decoding import Panel
from ..inference.base import BaseEstimator
from ..preprocessing.resize import Resized
from ..structures import PoseResult, Skeleton
from ..visualization import draw_heatmaps, draw_skeletons, draw_tags
from ..visualization.colors import person_color
from .pipeline import Shown, Statistics

#: What is drawn of every model; the others are what its decoder offers.
SKELETONS = 'skeletons'
_SHORT = dict(
    grabbing='grab', preprocessing='prepare', network='network', decoding='decode', drawing='draw'
)
_FONT, _TEXT_SIZE = cv2.FONT_HERSHEY_SIMPLEX, 0.45
_BLANK = (360, 640, 3)  # what is shown before there is a frame


@dataclass
class View:
    """What a viewer has chosen.

    Attributes:
        mode: ``'skeletons'``, or a panel of the model's decoder.
        ids: Whether people are labelled with their ids.
        mirrored: Whether left and right change places, as in a mirror.
        status: Whether frames a second and times are shown.
        paused: Whether frames wait, which is said.
        keypoint_threshold: Keypoints with a lower score are not drawn.
    """

    mode: str = 'skeletons'
    ids: bool = True
    mirrored: bool = False
    status: bool = True
    paused: bool = False
    keypoint_threshold: float = 0.2

    def next_mode(self, modes: Sequence[str]) -> None:
        """Goes on to what is drawn next.

        Args:
            modes: What can be drawn.
        """
        place = modes.index(self.mode) if self.mode in modes else -1
        self.mode = modes[(place + 1) % len(modes)]

    def draw(
        self, shown: Shown, estimator: BaseEstimator, statistics: Statistics | None = None
    ) -> np.ndarray:
        """A drawing of a frame, BGR uint8 of its size.

        Args:
            shown: The frame and its people.
            estimator: What found them; it knows the maps.
            statistics: How quick it goes, for the status.
        """
        lines = [] if statistics is None else status_lines(statistics)
        if self.paused:
            lines.append('paused')
        image, result = shown.frame.image, shown.result
        panel = None
        if self.mode != SKELETONS:
            seen, panels = estimator.get_panels(shown.prepared, shown.outputs) or (None, {})
            panel = panels.get(self.mode)
            if panel is None:
                known = ', '.join(panels) or 'nothing else'
                lines.append(f'this model gives no {self.mode}, but {known}')
        if panel is None:
            if self.mirrored:
                image = image[:, ::-1]
                flipped = result.keypoints * (-1, 1) + (image.shape[1] - 1, 0)
                result = replace(result, keypoints=flipped)
            drawing = draw_skeletons(
                image, result, keypoint_threshold=self.keypoint_threshold, color_by='person'
            )
            if self.ids and result.ids is not None:
                _label(drawing, result, self.keypoint_threshold)
        else:
            drawing = _draw_panel(seen.image, panel, result.skeleton)
            drawing = _on_the_frame(drawing, seen, image.shape[1::-1])
            drawing = np.ascontiguousarray(drawing[:, ::-1]) if self.mirrored else drawing
        if self.status:
            _write(drawing, lines)
        return drawing


def _draw_panel(image: np.ndarray, panel: Panel, skeleton: Skeleton) -> np.ndarray:
    if panel.heatmaps is None:
        return draw_heatmaps(image, panel.maps, skeleton)
    return draw_tags(image, panel.maps, panel.heatmaps)[0]


def notice(text: str, drawing: np.ndarray | None = None) -> np.ndarray:
    """A copy of a drawing, or black where there is none, with a line of text in its middle."""
    drawing = np.zeros(_BLANK, np.uint8) if drawing is None else drawing.copy()
    left = round(16 * _scale(drawing))
    scale = _fitting(drawing, text, left)
    _text(drawing, text, (left, drawing.shape[0] // 2), scale=scale)
    return drawing


def status_lines(statistics: Statistics) -> list[str]:
    """How quick it goes, in two lines."""
    times = ', '.join(
        f'{_SHORT[stage]} {value:.1f}' for stage, value in statistics.milliseconds.items()
    )
    return [
        f'{statistics.fps:.1f} fps, {statistics.latency:.0f} ms behind, '
        f'{statistics.num_dropped} dropped',
        f'ms: {times}',
    ]


def _on_the_frame(drawing: np.ndarray, seen: Resized, size: tuple[int, int]) -> np.ndarray:
    """A drawing on the network's input, which may have a border, on a frame of this size."""
    corners = np.array([(0, 0), (1, 0), (0, 1)], np.float32)
    matrix = cv2.getAffineTransform(corners, seen.to_original(corners).astype(np.float32))
    return cv2.warpAffine(drawing, matrix, size, borderMode=cv2.BORDER_REPLICATE)


def _label(drawing: np.ndarray, result: PoseResult, threshold: float) -> None:
    """Ids above the highest keypoint of each person that is drawn."""
    for points, found, own in zip(result.keypoints, result.found(threshold), result.ids):
        seen = points[found]
        if len(seen):
            x, y = seen[seen[:, 1].argmin()]
            place = (int(max(x - 6, 0)), int(max(y - 8, 14)))
            _text(drawing, f'#{own}', place, person_color(int(own))[::-1])


def _write(drawing: np.ndarray, lines: Sequence[str]) -> None:
    """Lines of text at the top left, each as small as a small drawing needs."""
    for number, line in enumerate(lines, start=1):
        place = (6, round(18 * number * _scale(drawing)))
        _text(drawing, line, place, scale=_fitting(drawing, line, 6))


def _fitting(drawing: np.ndarray, text: str, left: int) -> float:
    """The scale of a text that begins at a column and has to end inside."""
    scale = _scale(drawing)
    (width, _), _ = cv2.getTextSize(text, _FONT, _TEXT_SIZE * scale, 1)
    return scale * min(1.0, (drawing.shape[1] - 2 * left) / max(width, 1))


def _scale(drawing: np.ndarray) -> float:
    return max(1.0, min(drawing.shape[0] / 720, drawing.shape[1] / 1280))


def _text(
    drawing: np.ndarray,
    text: str,
    place: tuple[int, int],
    color: Any = (255, 255, 255),
    scale: float | None = None,
) -> None:
    size = _TEXT_SIZE * (_scale(drawing) if scale is None else scale)
    for ink, width in (((0, 0, 0), 3), (color, 1)):
        cv2.putText(drawing, text, place, _FONT, size, ink, width, cv2.LINE_AA)
