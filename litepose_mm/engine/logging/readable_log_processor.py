"""Log numbers with a fixed number of significant digits."""

from __future__ import annotations

import re
from typing import Any

from mmengine.runner import LogProcessor
from mmpose.registry import LOG_PROCESSORS

_NUMBER = re.compile(r'(?<=: )-?\d+\.\d+(?:e[+-]\d+)?')


@LOG_PROCESSORS.register_module()
class ReadableLogProcessor(LogProcessor):
    """MMEngine's ``LogProcessor`` with significant digits instead of decimal places.

    The losses of associative embedding are small while times are not, so that no number of decimal
    places suits both: with MMPose's six, times have too many and ``loss_pull`` reads 0.000001.

    Args:
        num_digits: Number of significant digits.
        options: Further arguments of MMEngine's ``LogProcessor``.
    """

    def __init__(self, num_digits: int = 4, **options: Any) -> None:
        super().__init__(num_digits=12, **options)  # enough decimal places to round afterwards
        self._significant = num_digits

    def get_log_after_iter(self, *args: Any, **options: Any) -> tuple[dict, str]:
        tag, line = super().get_log_after_iter(*args, **options)
        return tag, self._shorten(line)

    def get_log_after_epoch(self, *args: Any, **options: Any) -> tuple[dict, str]:
        tag, line = super().get_log_after_epoch(*args, **options)
        return tag, self._shorten(line)

    def _shorten(self, line: str) -> str:
        return _NUMBER.sub(lambda found: f'{float(found[0]):#.{self._significant}g}', line)
