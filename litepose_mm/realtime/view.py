"""Draw a frame with people or maps, ids and status."""

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
from .pipeline import FrameResult, Statistics

#: The mode that every model supports; its decoder may offer others.
SKELETONS = 'skeletons'
_SHORT = dict(
    grabbing='grab', preprocessing='prepare', network='network', decoding='decode', drawing='draw'
)
_FONT, _TEXT_SIZE = cv2.FONT_HERSHEY_SIMPLEX, 0.45
_BLANK = (360, 640, 3)  # shape of the image that is shown before the first frame


@dataclass
class View:
    """The choices of a viewer.

    Attributes:
        mode: ``'skeletons'``, or a panel of the model's decoder.
        ids: Whether people are labelled with their ids.
        mirrored: Whether left and right are swapped.
        status: Whether the frame rate and times are shown.
        paused: Whether the view is paused, which is shown.
        keypoint_threshold: Keypoints with a lower score are not drawn.
    """

    mode: str = 'skeletons'
    ids: bool = True
    mirrored: bool = False
    status: bool = True
    paused: bool = False
    keypoint_threshold: float = 0.2

    def next_mode(self, modes: Sequence[str]) -> None:
        """Switches to the next mode.

        Args:
            modes: The available modes.
        """
        index = modes.index(self.mode) if self.mode in modes else -1
        self.mode = modes[(index + 1) % len(modes)]

    def draw(
        self, found: FrameResult, estimator: BaseEstimator, statistics: Statistics | None = None
    ) -> np.ndarray:
        """Draws a frame, BGR uint8 of its size.

        Args:
            found: The frame with its people.
            estimator: The estimator that found them, which provides the maps.
            statistics: The pipeline's speed, for the status.
        """
        lines = [] if statistics is None else status_lines(statistics)
        if self.paused:
            lines.append('paused')
        image, result = found.frame.image, found.result
        seen = panel = None
        if self.mode != SKELETONS:
            seen, panels = estimator.get_panels(found.prepared, found.outputs) or (None, {})
            panel = panels.get(self.mode)
            if panel is None:
                known = ', '.join(panels) or 'none'
                lines.append(f'this model has no {self.mode} (maps: {known})')
        if seen is None or panel is None:
            if self.mirrored:
                image = image[:, ::-1]
                flipped = result.keypoints * (-1, 1) + (image.shape[1] - 1, 0)
                result = replace(result, keypoints=flipped)
            drawing = draw_skeletons(
                image, result, keypoint_threshold=self.keypoint_threshold, color_by='person'
            )
            if self.ids:
                _label(drawing, result, self.keypoint_threshold)
        else:
            drawing = _draw_panel(seen.image, panel, result.skeleton)
            drawing = _on_the_frame(drawing, seen, (image.shape[1], image.shape[0]))
            drawing = np.ascontiguousarray(drawing[:, ::-1]) if self.mirrored else drawing
        if self.status:
            _write(drawing, lines)
        return drawing


def _draw_panel(image: np.ndarray, panel: Panel, skeleton: Skeleton) -> np.ndarray:
    if panel.heatmaps is None:
        return draw_heatmaps(image, panel.maps, skeleton)
    return draw_tags(image, panel.maps, panel.heatmaps)[0]


def notice(text: str, drawing: np.ndarray | None = None) -> np.ndarray:
    """Copies a drawing, or starts with a black image, and writes a line of text in its middle."""
    drawing = np.zeros(_BLANK, np.uint8) if drawing is None else drawing.copy()
    left = round(16 * _scale(drawing))
    scale = _fitting(drawing, text, left)
    _text(drawing, text, (left, drawing.shape[0] // 2), scale=scale)
    return drawing


def status_lines(statistics: Statistics) -> list[str]:
    """Describes the speed in two lines."""
    times = ', '.join(
        f'{_SHORT[stage]} {value:.1f}' for stage, value in statistics.milliseconds.items()
    )
    return [
        f'{statistics.fps:.1f} fps, {statistics.latency:.0f} ms behind, '
        f'{statistics.num_dropped} dropped',
        f'ms: {times}',
    ]


def _on_the_frame(drawing: np.ndarray, seen: Resized, size_wh: tuple[int, int]) -> np.ndarray:
    """Warps a drawing from the network's input, which may have a border, to the frame."""
    corners = np.array([(0, 0), (1, 0), (0, 1)], np.float32)
    matrix = cv2.getAffineTransform(corners, seen.to_original(corners).astype(np.float32))
    return cv2.warpAffine(drawing, matrix, size_wh, borderMode=cv2.BORDER_REPLICATE)


def _label(drawing: np.ndarray, result: PoseResult, threshold: float) -> None:
    """Writes the id of each drawn person above the highest keypoint."""
    ids = () if result.ids is None else result.ids
    for points, found, own in zip(result.keypoints, result.found(threshold), ids):
        seen = points[found]
        if len(seen):
            x, y = seen[seen[:, 1].argmin()]
            place = (int(max(x - 6, 0)), int(max(y - 8, 14)))
            _text(drawing, f'#{own}', place, person_color(int(own))[::-1])


def _write(drawing: np.ndarray, lines: Sequence[str]) -> None:
    """Writes lines of text at the top left, and shrinks those that do not fit."""
    for number, line in enumerate(lines, start=1):
        place = (6, round(18 * number * _scale(drawing)))
        _text(drawing, line, place, scale=_fitting(drawing, line, 6))


def _fitting(drawing: np.ndarray, text: str, left: int) -> float:
    """Returns the scale at which a text that starts at a column fits into the drawing."""
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
