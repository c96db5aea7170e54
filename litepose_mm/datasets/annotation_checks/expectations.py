"""What a data set of MMPose, or a config, expects of its annotation files."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import DATASETS

from ...errors import LitePoseError
from ...structures import Skeleton
from .document import check, read_annotations

_MOST_SHOWN = 3


def keypoint_names(dataset: str) -> tuple[str, ...]:
    """Names of the keypoints of ``'coco'``, ``'crowdpose'`` or a config's training data.

    Raises:
        LitePoseError: No such data set.
    """
    metainfo = dict(from_file=f'configs/_base_/datasets/{dataset}.py')  # MMPose's
    try:
        if dataset.endswith('.py'):
            config = Config.fromfile(dataset)
            init_default_scope(config.get('default_scope', 'mmpose'))
            wanted = config.train_dataloader.dataset
            metainfo = wanted.get('metainfo') or DATASETS.get(wanted.type).METAINFO
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # MMPose tells where it found its own file
            return Skeleton.from_metainfo(parse_pose_metainfo(dict(metainfo))).keypoint_names
    except (FileNotFoundError, AttributeError) as error:
        raise LitePoseError(
            f'--dataset {dataset}: expected coco, crowdpose or a config file with training data'
        ) from error


def _datasets(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every data set with an annotation file, also in one that wraps others, and its loader."""
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        waiting = [(config.get(name) or {}).get('dataset') or {}]
        while waiting:
            dataset = waiting.pop()
            if dataset.get('ann_file'):
                yield name, dataset
            waiting += [each for each in (dataset.get('dataset'),) if each]
            waiting += dataset.get('datasets') or []


def explain(config: Mapping[str, Any]) -> str | None:
    """What is wrong with the annotation files of a config's data sets, in one line.

    MMPose's errors name neither file nor id.

    Args:
        config: A config, or the entries of it whose data sets are in use.

    Returns:
        The first problems that make an annotation unusable, or None.
    """
    for name, dataset in _datasets(config):
        path = Path(dataset.get('data_root') or '') / dataset['ann_file']
        if not path.is_file():
            return f'{name}: no annotation file {path}'
        try:
            problems = [str(p) for p in check(read_annotations(path)) if p.malformed]
        except LitePoseError as error:
            return str(error)
        if problems:
            rest = len(problems) - _MOST_SHOWN
            more = f' and {rest} more' if rest > 0 else ''
            shown = '; '.join(problems[:_MOST_SHOWN])
            return f'{path}: {shown}{more} (tools/misc/check_annotations.py shows and mends all)'
    return None
