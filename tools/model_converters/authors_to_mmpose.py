"""Convert a checkpoint of a family's authors to one that this package's configs can load.

Plain weights, training checkpoints, supernets, and the prefixes of DistributedDataParallel
(``module.``) and FP16 training (``1.``) are supported. The family is recognised from names, the
architecture and the number of keypoints from shapes. Weights are loaded as data only.
"""

import argparse
import sys
from pathlib import Path

import litepose_mm.modules  # noqa: F401
from litepose_mm.checkpoints import (
    authors_family,
    fit,
    is_supernet,
    read_weights,
    recognise,
    save_weights,
)
from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.families import families
from litepose_mm.utils.files import check_writable
from litepose_mm.version import __version__
from litepose_mm.zoo import models


def convert(source: Path, destination: Path) -> str:
    """Convert a file and describe in a line what was recognised.

    Raises:
        LitePoseError: The file is not a checkpoint of a family's authors, or names are missing or
            unexpected.
    """
    from mmengine.registry import init_default_scope
    from mmpose.models import build_pose_estimator

    state = read_weights(source).state_dict
    family = authors_family(state)
    if family is None:
        titles = ', '.join(each.title for each in families().values())
        raise LitePoseError(
            f"weights {source}: expected the tensor names of the authors' {titles}, got others; "
            'there is nothing to convert'
        )
    state = family.from_authors(state)
    found = recognise(state)
    supernet = is_supernet(state)
    config = family.model_config(found.architecture, found.num_keypoints, supernet)
    init_default_scope('mmpose')
    fit(build_pose_estimator(config), state, str(source))
    # Mixed-precision training stores halves.
    state = {k: v.float() if v.is_floating_point() else v for k, v in state.items()}
    meta = dict(
        family=family.name,
        variant=found.variant,
        num_keypoints=found.num_keypoints,
        model=config,
        converted_by=f'litepose_mm {__version__}',
    )
    save_weights(state, destination, meta)

    name = found.variant or f'an unpublished {family.title} network'
    facts = f'{found.num_keypoints} keypoints, {len(state)} tensors'
    if supernet:
        return f'a supernet of {name}, {facts}'
    kind = (family.name, found.variant, found.num_keypoints)
    configs = [
        each.config
        for each in models().values()
        if (each.family, each.variant, each.num_keypoints) == kind
    ]
    return f'{name}, {facts}' + ''.join(f'; config: {config}' for config in configs[:1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('src', type=Path, help="checkpoint of the authors' code")
    parser.add_argument('dst', type=Path, help='file to write (.pth)')
    args = parser.parse_args()
    check_writable(args.dst)
    print(f'{args.src} -> {args.dst}: {convert(args.src, args.dst)}')


if __name__ == '__main__':
    sys.exit(run_tool(main))
