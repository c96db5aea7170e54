"""Doing something around a data set's pipeline, wherever it lies."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from typing import Any

import torch


def shared_zeros(count: int, dtype: torch.dtype) -> torch.Tensor:
    """Zeros whose changes the workers of a data loader see, and that take no ``/dev/shm``.

    Forked workers have the same memory. For others torch shares it when it is handed to them.

    Returns:
        A tensor (count,).
    """
    memory = mmap.mmap(-1, max(count, 1) * dtype.itemsize)
    return torch.frombuffer(memory, dtype=dtype)[:count]


def data_sets(dataset: Any) -> Iterator[Any]:
    """``dataset`` and those it combines, repeats or takes from, the outermost first."""
    yield dataset
    inner = [getattr(dataset, 'dataset', None), *(getattr(dataset, 'datasets', None) or ())]
    for child in inner:
        if child is not None and child is not dataset:
            yield from data_sets(child)


def pipeline_owners(dataset: Any) -> Iterator[Any]:
    """Those of :func:`data_sets` that have a pipeline.

    Yields:
        Objects with an attribute ``pipeline`` that is called with a sample's information.
    """
    return (each for each in data_sets(dataset) if callable(getattr(each, 'pipeline', None)))


class WrappedPipeline:
    """A pipeline that is called through another function; otherwise it seems to be the pipeline.

    Args:
        pipeline: The pipeline.
        around: Gets the pipeline and the sample's information; returns the sample.
    """

    def __init__(self, pipeline: Callable, around: Callable[[Callable, dict], Any]) -> None:
        self.pipeline = pipeline
        self.around = around

    def __call__(self, sample: dict) -> Any:
        return self.around(self.pipeline, sample)

    def __getattr__(self, name: str) -> Any:
        if name.startswith('__') or name == 'pipeline':  # not there yet while it is unpickled
            raise AttributeError(name)
        return getattr(self.pipeline, name)

    def __repr__(self) -> str:
        return repr(self.pipeline)


def functions_around(pipeline: Any) -> Iterator[Callable]:
    """The functions that a pipeline is called through, the outermost first."""
    while isinstance(pipeline, WrappedPipeline):
        yield pipeline.around
        pipeline = pipeline.pipeline


def mix_transforms(pipeline: Any) -> Iterator[Any]:
    """The transforms that mix images of the data set into a sample, say MMPose's ``Mosaic``.

    Those of pipelines that take this one's place in later epochs are among them.

    Yields:
        Transforms with a pipeline ``pre_transform`` that each of the other images goes through.
    """
    later = [getattr(around, 'pipeline', None) for around in functions_around(pipeline)]
    for transforms in (getattr(each, 'transforms', ()) for each in (pipeline, *later)):
        for transform in transforms:
            if getattr(transform, 'pre_transform', None) is not None:
                yield transform
                yield from mix_transforms(transform.pre_transform)


def is_wrapped(pipeline: Any, kind: type) -> bool:
    """Whether a function of class ``kind`` is around the pipeline."""
    return any(isinstance(around, kind) for around in functions_around(pipeline))
