"""Run an estimator on images and videos, and write the results."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from errno import EDQUOT, ENOSPC
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import LitePoseError
from ..media import (
    MediaFile,
    VideoFrame,
    VideoReader,
    VideoWriter,
    read_image,
    video_path,
    write_image,
    write_json,
)
from ..utils.files import check_writable
from .coco_document import CocoDocument
from .reporter import Reporter

if TYPE_CHECKING:
    from ..inference.base import BaseEstimator
    from ..inference.box_file import BoxFile
    from ..structures import PoseResult

_KEPT_FORMATS = {'.jpg', '.jpeg', '.png'}  # drawings of images in other formats become PNG
RESULTS_NAME = 'results.json'
_WINDOW = 4  # batches of images to read ahead, so that images of one size form batches


def target_of(file: MediaFile, out_dir: Path) -> Path:
    """Returns the path of a file's drawing."""
    path = out_dir / file.name
    if file.is_video:
        return video_path(path)
    return path if path.suffix.lower() in _KEPT_FORMATS else path.with_suffix('.png')


def check_targets(files: Sequence[MediaFile], out_dir: Path, draw: bool) -> None:
    """Checks that results can be written, and that no drawing would replace an input.

    Raises:
        LitePoseError: Results cannot be written, or a drawing would replace an input.
    """
    check_writable(out_dir / RESULTS_NAME)
    if not draw:
        return
    inputs = {file.path.resolve() for file in files}
    folders = {out_dir}
    for file in files:
        target = target_of(file, out_dir)
        if target.resolve() in inputs:
            raise LitePoseError(
                f'the drawing of {file.path} would replace the input {target}; '
                'choose another folder with --out-dir'
            )
        if target.is_dir() or target.parent not in folders:
            check_writable(target)
            folders.add(target.parent)


class Prediction:
    """Predicts one file after the other; failures are reported and do not stop the others.

    Args:
        estimator: Finds the people.
        document: Collects the results.
        out_dir: Folder for drawings and ``results.json``; created if needed.
        draw: Whether to write images and videos with the people drawn.
        min_score: People with a lower score are dropped.
        keypoint_threshold: Keypoints with a lower score are not drawn.
        color_by: See :func:`litepose_mm.visualization.draw_skeletons`.
        boxes: People's boxes on images, for a top-down model.
    """

    def __init__(
        self,
        estimator: BaseEstimator,
        document: CocoDocument,
        out_dir: str | Path,
        *,
        draw: bool = True,
        min_score: float = 0.0,
        keypoint_threshold: float = 0.2,
        color_by: str = 'link',
        boxes: BoxFile | None = None,
    ) -> None:
        self.estimator = estimator
        self.document = document
        self.out_dir = Path(out_dir)
        self._boxes = boxes
        self._drawings: dict[Path, MediaFile] = {}
        self._draw = draw
        self._min_score = min_score
        self._draw_options = {'keypoint_threshold': keypoint_threshold, 'color_by': color_by}

    @property
    def num_drawings(self) -> int:
        """Number of drawn images and videos that were written."""
        return len(self._drawings)

    def run(self, files: Sequence[MediaFile], reporter: Reporter) -> None:
        """Predicts the files, writes their drawings and adds the results to the document."""
        for is_video, group in groupby(files, key=lambda file: file.is_video):
            if not is_video:
                self._images(group, reporter)
                continue
            for file in group:
                try:
                    self._video(file, reporter)
                except LitePoseError as error:
                    reporter.fail(file, error)

    def write_results(self, reporter: Reporter) -> Path | None:
        """Writes the results so far; an empty document does not replace earlier results.

        Drawings can be made again, but results may have taken hours. If the disk is full, the last
        drawings are therefore removed to make room. If results still cannot be written, they go to
        a temporary folder, or are printed.

        Returns:
            The file, or None if there was nothing to write, or no place to write it.
        """
        if not self.document.num_images:
            return None
        document, path = self.document.to_dict(), self.out_dir / RESULTS_NAME
        while True:
            try:
                write_json(path, document)
                return path
            except LitePoseError as error:
                if not (_is_full(error) and self._drawings):
                    failure = error
                    break
                drawing, file = self._drawings.popitem()
                drawing.unlink(missing_ok=True)
                reporter.fail(file, LitePoseError(f'removed {drawing} to make room for {path}'))
        try:
            path = Path(tempfile.mkdtemp(prefix='litepose-'), RESULTS_NAME)
            write_json(path, document)
            reporter.note(f'{failure}; the results are in {path}')
            return path
        except (OSError, LitePoseError):
            reporter.note(f'{failure}; the results are printed')
            print(json.dumps(document))
            return None

    def _images(self, files: Iterable[MediaFile], reporter: Reporter) -> None:
        batch_size = self.estimator.batch_size
        window_size = 1 if batch_size == 1 else _WINDOW * batch_size
        window: list[tuple[MediaFile, np.ndarray]] = []
        for file in files:
            try:
                window.append((file, read_image(file.path)))
            except LitePoseError as error:
                reporter.fail(file, error)
                reporter.advance()
            if len(window) == window_size:
                self._finish_images(window, reporter)
                window = []
        if window:
            self._finish_images(window, reporter)

    def _finish_images(
        self, window: list[tuple[MediaFile, np.ndarray]], reporter: Reporter
    ) -> None:
        try:
            boxes = None
            if self._boxes is not None:
                boxes = [self._boxes.boxes_of(file.path) for file, _ in window]
            results = self.estimator([image for _, image in window], boxes)
        except LitePoseError as error:
            if len(window) == 1:
                reporter.fail(window[0][0], error)
                reporter.advance()
                return
            for one in window:  # finds out which one failed
                self._finish_images([one], reporter)
            return
        for (file, image), result in zip(window, results, strict=True):
            result = result.filter(self._min_score)
            self.document.add(str(file.path), result)
            if self._draw:
                target = target_of(file, self.out_dir)
                try:
                    write_image(target, result.draw(image, **self._draw_options))
                    self._drawings[target] = file
                except LitePoseError as error:
                    reporter.fail(file, error)
        reporter.advance(len(window))

    def _video(self, file: MediaFile, reporter: Reporter) -> None:
        reader = VideoReader(file.path)
        writer = VideoWriter(target_of(file, self.out_dir), reader.fps)
        draws = self._draw
        try:
            with writer:
                for frame, result in self._frame_results(reader):
                    result = result.filter(self._min_score)
                    self.document.add(str(file.path), result, frame)
                    if draws:
                        try:
                            writer.write(result.draw(frame.image, **self._draw_options), frame.time)
                        except LitePoseError as error:  # the other frames' results still count
                            draws = False
                            reporter.fail(file, error)
                    reporter.advance()
        finally:
            if writer.num_frames:
                self._drawings[writer.path] = file

    def _frame_results(self, reader: VideoReader) -> Iterator[tuple[VideoFrame, PoseResult]]:
        window: list[VideoFrame] = []
        try:
            for frame in reader:
                window.append(frame)
                if len(window) == self.estimator.batch_size:
                    batch, window = window, []
                    yield from self._estimated(batch)
        except LitePoseError:
            yield from self._estimated(window)  # frames before the damage still count
            raise
        yield from self._estimated(window)

    def _estimated(self, window: list[VideoFrame]) -> Iterator[tuple[VideoFrame, PoseResult]]:
        results = self.estimator([frame.image for frame in window]) if window else []
        yield from zip(window, results, strict=True)


def _is_full(error: LitePoseError) -> bool:
    return getattr(error.__cause__, 'errno', None) in (ENOSPC, EDQUOT)
