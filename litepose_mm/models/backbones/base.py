"""What the backbones of all families share."""

from __future__ import annotations

import logging
from typing import TypeVar

from mmengine.logging import print_log
from mmengine.model import BaseModule

from ...checkpoints import load_backbone, pretrained_in

B = TypeVar('B', bound='FamilyBackbone')


class FamilyBackbone(BaseModule):
    """A backbone that starts only from weights that are its own.

    ``init_cfg=dict(type='Pretrained', checkpoint=…)`` works as in MMEngine, but weights of which
    none is the backbone's, or one has another shape, are an error. MMEngine would train from random
    weights instead. The authors' files are read as they are, without their classifier.
    """

    def init_weights(self) -> None:
        """Initialise the weights by ``init_cfg``.

        Raises:
            LitePoseError: The weights of ``Pretrained`` do not fit.
        """
        if self.is_init:
            return
        given, pretrained = self.init_cfg, pretrained_in(self.init_cfg)
        configs = given if isinstance(given, list) else [given] if given else []
        self.init_cfg = [each for each in configs if each not in pretrained]
        super().init_weights()
        self.init_cfg = given
        for each in pretrained:
            source = each['checkpoint']
            left = load_backbone(self, source, each.get('prefix'))
            if left is not None:
                message = f'{source} fits {type(self).__name__} only in part: {left}'
                print_log(message, logger='current', level=logging.WARNING)

    def train(self: B, mode: bool = True) -> B:
        super().train(mode)
        return self  # MMPose's own returns nothing
