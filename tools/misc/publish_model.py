"""Make a checkpoint ready to publish: weights and plain facts about them, nothing else.

The name gets the first 8 digits of the file's SHA-256 and the date, as MMPose's models have:
``name-1a2b3c4d_20260131.pth``. With the suffix ``.safetensors`` it is written in that format.

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

# Facts about the training that are kept; paths of its machine are not.
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
    """Writes the published file; returns its path.

    Args:
        source: A training checkpoint, or other weights.
        destination: Path of the published file without hash and date.
        half: Stores floating point weights in 16 bits, but those beyond its range (65,504), such as
            some running variances.

    Raises:
        LitePoseError: ``source`` is not usable, or ``destination`` has an unknown suffix.
    """
    if destination.suffix not in ('.pth', '.safetensors'):
        raise LitePoseError(f'{destination}: expected the suffix .pth or .safetensors')
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
        raise LitePoseError('pip install safetensors to write that format') from None
    # save_file would make it readable by its owner only
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
