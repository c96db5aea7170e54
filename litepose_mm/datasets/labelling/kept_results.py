"""Save results as they are made, so that an interrupted run can continue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import LitePoseError
from ...structures import PoseResult, Skeleton


class KeptResults:
    """A JSON lines file: the first line describes the run, each other one the people of an image.

    An incomplete last line, left by an interrupted process, is ignored and replaced.

    Args:
        path: The file; it is created with the first result.
        maker: Plain values that determine the results: the model, its weights, its options.
        skeleton: The skeleton of all results.

    Raises:
        LitePoseError: The file cannot be read, is of another kind, or has another ``maker``.
    """

    def __init__(self, path: Path, maker: Mapping[str, Any], skeleton: Skeleton) -> None:
        self.path, self.skeleton = path, skeleton
        self._head = {**maker, 'keypoints': list(skeleton.keypoint_names)}
        self._results: dict[str, PoseResult] = {}
        self._end = 0  # length of the complete lines in bytes
        if path.exists():
            self._read()

    def __len__(self) -> int:
        return len(self._results)

    def __contains__(self, file_name: str) -> bool:
        return file_name in self._results

    def __getitem__(self, file_name: str) -> PoseResult:
        return self._results[file_name]

    def add(self, file_name: str, result: PoseResult) -> None:
        """Save the people of an image.

        Raises:
            OSError: Writing failed, for example on a full disk; earlier results remain.
        """
        people = [
            dict(keypoints=person['keypoints'], score=person['score'])
            for person in result.to_coco(image_id=0)
        ]
        entry = dict(file_name=file_name, image_size=list(result.image_size), people=people)
        lines = [entry] if self._end else [self._head, entry]
        text = ''.join(json.dumps(each) + '\n' for each in lines).encode()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open('r+b' if self._end else 'wb', buffering=0) as file:
            file.truncate(self._end)
            file.seek(self._end)
            if file.write(text) < len(text):
                raise OSError(f'{self.path}: no space is left on the disk')
        self._end += len(text)
        self._results[file_name] = result

    def _read(self) -> None:
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise LitePoseError(f'{self.path}: {error.strerror}') from error
        whole = data[: data.rfind(b'\n') + 1]
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                entry = json.loads(line)
                if number == 1:
                    self._check_head(entry)
                    continue
                self._results[entry['file_name']] = PoseResult.from_coco(
                    entry['people'], self.skeleton, tuple(entry['image_size'])
                )
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                if number == 1 and isinstance(error, LitePoseError):
                    raise
                raise LitePoseError(
                    f'{self.path}: expected the people of an image in line {number} ({error}); '
                    'remove the line, or the file to start again'
                ) from error
        self._end = len(whole)

    def _check_head(self, head: Mapping[str, Any]) -> None:
        other = [name for name, value in self._head.items() if head.get(name) != value]
        if other:
            name = other[0]
            raise LitePoseError(
                f'{self.path}: expected people found with {name} {self._head[name]!r}, got '
                f'{head.get(name)!r}; use the same options, or remove the file to start again'
            )
