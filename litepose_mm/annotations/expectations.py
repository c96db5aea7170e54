"""Check annotation files against the expectations of an MMPose data set or a config."""

from __future__ import annotations

import re
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.registry import init_default_scope
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import DATASETS

from ..errors import LitePoseError
from ..structures import Skeleton
from ..utils.config_files import read_config
from .document import explanation, read_annotations
from .people import normalise


def keypoint_names(dataset: str) -> tuple[str, ...]:
    """Returns the keypoint names of ``'coco'``, ``'crowdpose'`` or a config's training data.

    Raises:
        LitePoseError: There is no such data set.
    """
    metainfo = dict(from_file=f'configs/_base_/datasets/{dataset}.py')  # MMPose's
    try:
        if dataset.endswith('.py'):
            config = read_config(dataset)
            init_default_scope(config.get('default_scope', 'mmpose'))
            wanted = config.train_dataloader.dataset
            metainfo = wanted.get('metainfo') or DATASETS.get(wanted.type).METAINFO
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # MMPose warns about the location of its own file
            return Skeleton.from_metainfo(parse_pose_metainfo(dict(metainfo))).keypoint_names
    except (FileNotFoundError, AttributeError) as error:
        raise LitePoseError(
            f'--dataset {dataset}: expected coco, crowdpose or a config file with training data'
        ) from error


def is_crowdpose(dataset: str) -> bool | None:
    """Whether files of a data set are evaluated by CrowdPose's rule, see :class:`Check`.

    Args:
        dataset: See :func:`keypoint_names`.

    Returns:
        None for a config that evaluates by COCO's rule, since it may train on CrowdPose's files.
    """
    if not dataset.endswith('.py'):
        return dataset == 'crowdpose'
    evaluators = read_config(dataset).get('val_evaluator') or []
    evaluators = evaluators if isinstance(evaluators, list) else [evaluators]
    return any(each.get('iou_type') == 'keypoints_crowd' for each in evaluators) or None


def _datasets(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields every data set with an annotation file, wrapped ones too, after its loader's name."""
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        waiting = [(config.get(name) or {}).get('dataset') or {}]
        while waiting:
            dataset = waiting.pop()
            if dataset.get('ann_file'):
                yield name, dataset
            waiting += [each for each in (dataset.get('dataset'),) if each]
            waiting += dataset.get('datasets') or []


def explain(config: Mapping[str, Any]) -> str | None:
    """Describes the problems of the annotation files of a config's data sets in one line.

    This is for MMPose's own data sets and metrics, whose errors name neither the file nor the id,
    and which fail on some problems that :func:`read_people` fixes.

    Args:
        config: A config, or those of its entries whose data sets are in use.

    Returns:
        The first problems, or None.
    """
    for name, dataset in _datasets(config):
        path = Path(dataset.get('data_root') or '') / dataset['ann_file']
        if not path.is_file():
            return f'{name}: there is no annotation file {path}'
        try:
            problems = [str(problem) for problem in normalise(read_annotations(path)).problems]
        except LitePoseError as error:
            return str(error)
        if problems:
            return explanation(path, problems)
    return None


@contextmanager
def explained(config: Mapping[str, Any], *loaders: str) -> Iterator[None]:
    """Turns errors that malformed annotations have caused into a :class:`LitePoseError`.

    Args:
        config: The config.
        loaders: The names of its entries in use, e.g. ``'train_dataloader'``.
    """
    try:
        yield
    except LitePoseError:
        raise
    except (AssertionError, KeyError, IndexError, TypeError, ValueError, OSError) as error:
        files = {frame.filename for frame in traceback.extract_tb(error.__traceback__)}
        of_data = re.compile(r'[/\\](datasets?|evaluation|xtcocotools)([/\\]|\.py$)')
        if not any(map(of_data.search, files)):
            raise  # the error did not occur while reading data or evaluating
        reason = explain({name: config.get(name) for name in loaders})
        if reason is None:  # the annotations did not cause the error
            raise
        raise LitePoseError(reason) from error
