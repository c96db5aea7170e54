"""Prepare a checkpoint for publication: keep only weights and plain facts about them.

As for MMPose's models, the first 8 digits of the file's SHA-256 and the date are added to the name:
``name-1a2b3c4d_20260131.pth``. The suffix ``.safetensors`` selects that format.

Example::

    python tools/misc/publish_model.py work_dirs/xs/best_crowdpose_AP_epoch_480.pth litepose-xs.pth
"""

import argparse
import hashlib
import json
import os
import sys
from datetime import date
from pathlib import Path

import torch

import litepose_mm.modules  # noqa: F401
from litepose_mm.checkpoints import read_weights
from litepose_mm.cli.programs import run_tool
from litepose_mm.engine.checkpoints.plain_data import to_plain
from litepose_mm.errors import LitePoseError
from litepose_mm.utils.files import check_writable, part_of, replacing

# Facts about the training that are kept, unlike paths of the machine.
_KEPT = (
    'epoch',
    'iter',
    'dataset_meta',
    'family',
    'variant',
    'num_keypoints',
    'model',
    'converted_by',
)
_HASH_DIGITS = 8


def publish(source: Path, destination: Path, half: bool = False) -> Path:
    """Write the published file and return its path.

    Args:
        source: A training checkpoint, or other weights.
        destination: Path of the published file without hash and date.
        half: Whether to store floating point weights in 16 bits, except for tensors beyond its
            range (65,504), such as some running variances.

    Raises:
        LitePoseError: ``source`` is not usable, or ``destination`` has an unknown suffix.
    """
    if destination.suffix not in ('.pth', '.safetensors'):
        raise LitePoseError(f'{destination}: expected a name that ends in .pth or .safetensors')
    weights = read_weights(source)
    state = {name: value.detach().contiguous() for name, value in weights.state_dict.items()}
    if half:
        state = {name: _halved(value) for name, value in state.items()}
    meta = to_plain({key: weights.meta[key] for key in _KEPT if key in weights.meta}, [])
    part = part_of(destination)
    with replacing(part) as written:
        if destination.suffix == '.pth':
            torch.save(dict(meta=meta, state_dict=state), written)
        else:
            _save_safetensors(state, meta, written)
    digest = hashlib.sha256(part.read_bytes()).hexdigest()[:_HASH_DIGITS]
    name = f'{destination.stem}-{digest}_{date.today():%Y%m%d}{destination.suffix}'
    os.replace(part, destination.with_name(name))
    return destination.with_name(name)


def _halved(value: torch.Tensor) -> torch.Tensor:
    if not value.is_floating_point() or value.abs().max() > torch.finfo(torch.half).max:
        return value
    return value.half()


def _save_safetensors(state: dict[str, torch.Tensor], meta: dict, path: Path) -> None:
    try:
        from safetensors.torch import save
    except ImportError:
        raise LitePoseError('safetensors is not installed: pip install safetensors') from None
    # save_file would write a file that only its owner can read.
    path.write_bytes(save(state, {key: json.dumps(value) for key, value in meta.items()}))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('in_file', type=Path, help='checkpoint of a training')
    parser.add_argument('out_file', type=Path, help='file to write, .pth or .safetensors')
    parser.add_argument('--half', action='store_true', help='store weights in 16 bits')
    args = parser.parse_args()
    check_writable(args.out_file)
    path = publish(args.in_file, args.out_file, args.half)
    print(f'{path}: {path.stat().st_size / 1e6:.1f} MB')


if __name__ == '__main__':
    sys.exit(run_tool(main))
