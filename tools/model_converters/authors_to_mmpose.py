"""Convert a checkpoint of a family's authors to one that this package's configs can load.

Plain weights, training checkpoints, supernets, and the prefixes of DistributedDataParallel
(``module.``) and FP16 training (``1.``) are supported, and pre-trained backbones. The family is
recognised from names, the architecture and the number of keypoints from shapes. Weights are loaded
as data only.
"""

import argparse
import sys
from pathlib import Path

import litepose_mm.modules  # noqa: F401

# isort: split
import torch
from mmengine.registry import init_default_scope
from mmpose.models import build_pose_estimator

from litepose_mm.checkpoints import (
    StateDict,
    authors_family,
    fit,
    is_supernet,
    read_weights,
    recognise,
    save_weights,
)
from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError, some
from litepose_mm.families import Family, families
from litepose_mm.utils.files import check_writable
from litepose_mm.version import __version__
from litepose_mm.zoo import models


def convert(source: Path, destination: Path) -> str:
    """Convert a file and describe in a line what was recognised.

    Raises:
        LitePoseError: The file is not a checkpoint of a family's authors, or names are missing or
            unexpected.
    """
    state = read_weights(source).state_dict
    family = authors_family(state)
    if family is None:
        titles = ', '.join(each.title for each in families().values())
        raise LitePoseError(
            f"weights {source}: expected the tensor names of the authors' {titles}, got others; "
            'there is nothing to convert'
        )
    state = family.from_authors(state)
    init_default_scope('mmpose')
    if all(key.startswith('backbone.') for key in state):
        return _convert_backbone(family, state, source, destination)
    found = recognise(state)
    supernet = is_supernet(state)
    config = family.model_config(found.architecture, found.num_keypoints, supernet)
    fit(build_pose_estimator(config), state, str(source))
    meta = dict(
        family=family.name,
        variant=found.variant,
        num_keypoints=found.num_keypoints,
        model=config,
        converted_by=f'litepose_mm {__version__}',
    )
    save_weights(_in_single_precision(state), destination, meta)

    name = found.variant or f'an unpublished {family.title} network'
    facts = f'{found.num_keypoints} keypoints, {len(state)} tensors'
    if supernet:
        return f'a supernet of {name}, {facts}'
    return f'{name}, {facts}{_config_of(family, found.variant, found.num_keypoints)}'


def _convert_backbone(family: Family, state: StateDict, source: Path, destination: Path) -> str:
    """Convert the tensors that one of the family's published networks has, too."""
    for name, architecture in family.variants.items():
        with torch.device('meta'):
            network = build_pose_estimator(family.model_config(architecture, 17)).state_dict()
        known = {key: value for key, value in state.items() if key in network}
        if known and all(value.shape == network[key].shape for key, value in known.items()):
            variant = name
            break
    else:
        raise LitePoseError(
            f'weights {source}: expected the backbone of {", ".join(family.variants)}, got another '
            f"one of the authors' {family.title}; as checkpoint of the backbone's init_cfg, it "
            'needs no conversion'
        )
    meta = dict(family=family.name, variant=variant, converted_by=f'litepose_mm {__version__}')
    save_weights(_in_single_precision(known), destination, meta)
    rest = [key for key in state if key not in known]
    left_out = f'; {len(rest)} are left out: {some(rest)}' if rest else ''
    facts = f'{len(known)} tensors{left_out}'
    return f'pre-trained backbone of {variant}, {facts}{_config_of(family, variant, 17)}'


def _in_single_precision(state: StateDict) -> StateDict:
    """Return the tensors without the halves that mixed-precision training stores."""
    return {k: v.float() if v.is_floating_point() else v for k, v in state.items()}


def _config_of(family: Family, variant: str | None, num_keypoints: int) -> str:
    kind = (family.name, variant, num_keypoints)
    entries = models().values()
    configs = [e.config for e in entries if (e.family, e.variant, e.num_keypoints) == kind]
    return ''.join(f'; config: {config}' for config in configs[:1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('src', type=Path, help="checkpoint of the authors' code")
    parser.add_argument('dst', type=Path, help='file to write (.pth)')
    args = parser.parse_args()
    check_writable(args.dst)
    print(f'{args.src} -> {args.dst}: {convert(args.src, args.dst)}')


if __name__ == '__main__':
    sys.exit(run_tool(main))
