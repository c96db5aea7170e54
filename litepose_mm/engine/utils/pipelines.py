"""Find and wrap the pipelines of data sets."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from typing import Any

import torch


def shared_zeros(count: int, dtype: torch.dtype) -> torch.Tensor:
    """Make zeros (count,) that a data loader's workers share, without using ``/dev/shm``.

    Forked workers have the same memory. For other workers, torch shares it when they are started.
    """
    memory = mmap.mmap(-1, max(count, 1) * dtype.itemsize)
    return torch.frombuffer(memory, dtype=dtype)[:count]


def data_sets(dataset: Any) -> Iterator[Any]:
    """Yield ``dataset`` and all data sets inside it, the outermost first."""
    yield dataset
    inner = [getattr(dataset, 'dataset', None), *(getattr(dataset, 'datasets', None) or ())]
    for child in inner:
        if child is not None and child is not dataset:
            yield from data_sets(child)


def pipeline_owners(dataset: Any) -> Iterator[Any]:
    """Yield the data sets of :func:`data_sets` that have a callable ``pipeline``."""
    return (each for each in data_sets(dataset) if callable(getattr(each, 'pipeline', None)))


class WrappedPipeline:
    """A pipeline that is called through another function; attributes are those of the pipeline.

    Args:
        pipeline: The pipeline.
        around: Function of the pipeline and the sample's information that returns the sample.
    """

    def __init__(self, pipeline: Callable, around: Callable[[Callable, dict], Any]) -> None:
        self.pipeline = pipeline
        self.around = around

    def __call__(self, sample: dict) -> Any:
        return self.around(self.pipeline, sample)

    def __getattr__(self, name: str) -> Any:
        if name.startswith('__') or name == 'pipeline':  # missing while the object is unpickled
            raise AttributeError(name)
        return getattr(self.pipeline, name)

    def __repr__(self) -> str:
        return repr(self.pipeline)


def functions_around(pipeline: Any) -> Iterator[Callable]:
    """Yield the functions through which a pipeline is called, the outermost first."""
    while isinstance(pipeline, WrappedPipeline):
        yield pipeline.around
        pipeline = pipeline.pipeline


def mix_transforms(pipeline: Any) -> Iterator[Any]:
    """Yield the transforms that mix other images into a sample, such as MMPose's ``Mosaic``.

    They have a pipeline ``pre_transform`` for the other images. Pipelines that will replace this
    one in later epochs are searched, too.
    """
    later = [getattr(around, 'pipeline', None) for around in functions_around(pipeline)]
    for transforms in (getattr(each, 'transforms', ()) for each in (pipeline, *later)):
        for transform in transforms:
            if getattr(transform, 'pre_transform', None) is not None:
                yield transform
                yield from mix_transforms(transform.pre_transform)


def is_wrapped(pipeline: Any, kind: type) -> bool:
    """Return whether the pipeline is called through a function of class ``kind``."""
    return any(isinstance(around, kind) for around in functions_around(pipeline))
