"""Log lines with as many digits as mean something."""

from __future__ import annotations

import re
from typing import Any

from mmengine.runner import LogProcessor
from mmpose.registry import LOG_PROCESSORS

_NUMBER = re.compile(r'(?<=: )-?\d+\.\d+(?:e[+-]\d+)?')


@LOG_PROCESSORS.register_module()
class ReadableLogProcessor(LogProcessor):
    """MMEngine's, with four significant digits for every number of a line.

    Losses of associative embedding are small and times are not, so no fixed number of decimals
    suits both: with MMPose's six, a second has too many and ``loss_pull`` reads 0.000001.

    Args:
        options: Those of MMEngine's ``LogProcessor``; ``num_digits`` are significant ones here.
    """

    def __init__(self, num_digits: int = 4, **options: Any) -> None:
        super().__init__(num_digits=12, **options)  # none is lost before it is shortened
        self._significant = num_digits

    def get_log_after_iter(self, *args: Any, **options: Any) -> tuple[dict, str]:
        tag, line = super().get_log_after_iter(*args, **options)
        return tag, self._shorten(line)

    def get_log_after_epoch(self, *args: Any, **options: Any) -> tuple[dict, str]:
        tag, line = super().get_log_after_epoch(*args, **options)
        return tag, self._shorten(line)

    def _shorten(self, line: str) -> str:
        return _NUMBER.sub(lambda found: f'{float(found[0]):#.{self._significant}g}', line)
