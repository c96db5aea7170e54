"""Convert a checkpoint of the authors' LitePose to one that this package's configs load.

Any of their forms: plain weights, wrapped in a training checkpoint, with the prefixes of
DistributedDataParallel (``module.``) or FP16 training (``1.``), and supernets. The architecture and
the number of keypoints are recognised from the shapes. Weights are loaded as data only.
"""

import argparse
import sys
from pathlib import Path

import litepose_mm.modules  # noqa: F401
from litepose_mm.checkpoints import (
    fit,
    from_authors,
    is_authors,
    is_authors_supernet,
    read_weights,
    recognise,
    save_weights,
)
from litepose_mm.errors import LitePoseError
from litepose_mm.utils.files import check_writable
from litepose_mm.utils.programs import run_tool
from litepose_mm.version import __version__
from litepose_mm.zoo import MODELS


def convert(source: Path, destination: Path) -> str:
    """Convert one file; returns what was recognised, in a line.

    Raises:
        LitePoseError: The file is not a LitePose checkpoint, or names are missing or unexpected.
    """
    from mmengine.registry import init_default_scope
    from mmpose.models import build_pose_estimator

    state = read_weights(source).state_dict
    if not is_authors(state):
        raise LitePoseError(
            f"weights {source}: these are not the authors' names (first., "
            'stage., deconv_…); nothing to convert'
        )
    supernet = is_authors_supernet(state)
    state = from_authors(state, supernet)
    found = recognise(state)
    arch = found.architecture.to_dict()
    backbone = dict(type='LitePose', arch=arch)
    head = dict(type='FusionDeconvHead', arch=arch, num_keypoints=found.num_keypoints)
    if supernet:
        backbone.update(type='ElasticLitePose', kernel_sizes=[7, 5, 3])
        head.update(type='ElasticFusionDeconvHead')

    init_default_scope('mmpose')
    model = build_pose_estimator(
        dict(
            type='BottomupPoseEstimator',
            data_preprocessor=dict(type='PoseDataPreprocessor'),
            backbone=backbone,
            head=head,
        )
    )
    fit(model, state, str(source))
    save_weights(
        state,
        destination,
        dict(
            architecture=arch,
            num_keypoints=found.num_keypoints,
            converted_by=f'litepose_mm {__version__}',
        ),
    )
    models = [
        m
        for m in MODELS.values()
        if m.architecture == found.name and m.num_keypoints == found.num_keypoints
    ]
    name = found.name or 'a LitePose network that is not published'
    if supernet:
        return f'a supernet of {name}, {found.num_keypoints} keypoints, {len(state)} tensors'
    config = f'; config: {models[0].config}' if models else ''
    return f'{name}, {found.num_keypoints} keypoints, {len(state)} tensors{config}'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('src', type=Path, help="checkpoint of the authors' code")
    parser.add_argument('dst', type=Path, help='file to write (.pth)')
    args = parser.parse_args()
    check_writable(args.dst)
    print(f'{args.src} -> {args.dst}: {convert(args.src, args.dst)}')


if __name__ == '__main__':
    sys.exit(run_tool(main))
