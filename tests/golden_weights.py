"""Weights that are generated from their names, as the README of the golden files says."""

import zlib

import numpy as np
import torch


def weight(key, shape, gain=1.0):
    """The tensor that a key of the authors' weights stands for, as the files' README says."""
    rng = np.random.RandomState(zlib.crc32(key.encode()) & 0xFFFFFFFF)
    if key.endswith('num_batches_tracked'):
        return torch.zeros(shape, dtype=torch.int64)
    value = rng.randn(*shape)
    if key.endswith('running_var'):
        value = 1 + 0.2 * np.abs(value)
    elif key.endswith(('running_mean', 'bias')):
        value = 0.1 * value
    elif len(shape) == 1:
        value = 1 + 0.1 * value
    else:
        is_transposed = key == 'deconv_layers.0.0.0.weight'
        fan_in = shape[0] if is_transposed else shape[1]
        value = value * np.sqrt(2.0 / (fan_in * np.prod(shape[2:]))) * gain
    return torch.from_numpy(np.asarray(value).astype(np.float32))
