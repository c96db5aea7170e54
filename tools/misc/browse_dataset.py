"""Draw samples of a config's training data as training sees them: people, targets, masks and tags.

One picture a sample: the input with its skeletons; for each level the heatmaps over it, with what
the mask leaves out hatched in red; for each level with tags the places where tags are read, by
person. Transforms run as in training, whatever the codec; what it does not make is not drawn.

Example::

    python tools/misc/browse_dataset.py CONFIG --out-dir pictures --num 10 --cfg-options \\
        train_dataloader.dataset.data_root=data/mine
"""

import argparse
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import litepose_mm.modules  # noqa: F401

# isort: split
import numpy as np
from mmengine.config import Config, DictAction
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS

from litepose_mm.compat import ignore_notices
from litepose_mm.config_files import read_config
from litepose_mm.datasets.annotation_checks import explained
from litepose_mm.engine.hooks.bad_sample_hook import GuardSample
from litepose_mm.errors import LitePoseError, run_tool
from litepose_mm.media import write_image
from litepose_mm.structures import PoseResult, Skeleton
from litepose_mm.visualization import draw_targets


def samples(dataset: Any, num: int) -> Iterator[dict]:
    """Samples spread over a data set, before they are packed.

    Raises:
        LitePoseError: A sample is bad.
    """
    # packing makes tensors of what is to be drawn
    unpacked = [t for t in dataset.pipeline.transforms if not type(t).__name__.startswith('Pack')]
    pipeline, guard = Compose(unpacked), GuardSample()
    for position in range(num):
        index = position * len(dataset) // num if num < len(dataset) else position % len(dataset)
        sample = guard(pipeline, dict(dataset.get_data_info(index), dataset=dataset))
        if sample is not None:  # or a transform gave up on it
            yield sample


def draw(sample: dict, skeleton: Skeleton, codec: Any) -> np.ndarray:
    """The picture of a sample; the codec, if it is ours, tells which levels have tags."""
    image = np.ascontiguousarray(sample['img'].clip(0, 255).astype(np.uint8))
    heatmaps = [maps[: skeleton.num_keypoints] for maps in levels(sample.get('heatmaps'))]
    indices = sample.get('keypoint_indices')
    if isinstance(indices, np.ndarray) and indices.ndim == 4:
        indices = list(indices.swapaxes(0, 1))  # ours have the levels second
    indices = [own for own in levels(indices) if own.size]
    have_tags = getattr(codec, 'tag_levels', [True] * len(heatmaps))
    return draw_targets(
        image,
        truth(sample, skeleton, image.shape[1::-1]),
        heatmaps,
        levels(sample.get('heatmap_mask')),
        dict(zip(np.flatnonzero(have_tags), indices)),
        title=Path(str(sample.get('img_path'))).name,
    )


def levels(value: Any) -> list[np.ndarray]:
    """An array of one level, or a sequence of one each, as a list."""
    if value is None:
        return []
    return [np.asarray(own) for own in (value if isinstance(value, (list, tuple)) else [value])]


def truth(sample: dict, skeleton: Skeleton, size: tuple[int, int]) -> PoseResult:
    """The people of a sample in pixels of the input."""
    keypoints = sample.get('transformed_keypoints', sample.get('keypoints', ()))
    keypoints = np.reshape(keypoints, (-1, skeleton.num_keypoints, 2))
    visible = np.asarray(sample.get('keypoints_visible', np.ones(keypoints.shape[:2])))
    visible = visible[..., 0] if visible.ndim == 3 else visible  # MMPose has weights beside it
    return PoseResult(
        keypoints=keypoints,
        keypoint_scores=(visible > 0).astype(np.float32),
        scores=np.ones(len(keypoints)),
        skeleton=skeleton,
        image_size=size,
    )


def browse(config: Config, out_dir: Path, num: int, seed: int) -> int:
    """Writes pictures of samples and returns how many.

    Raises:
        LitePoseError: There is no data, a sample is bad, or a picture cannot be written.
    """
    init_default_scope(config.get('default_scope', 'mmpose'))
    if not config.get('train_dataloader'):
        raise LitePoseError('the config has no train_dataloader')
    dataset = DATASETS.build(config.train_dataloader.dataset)
    if len(dataset) == 0:
        raise LitePoseError('the data set has no samples with people')
    skeleton = Skeleton.from_metainfo(dataset.metainfo)
    codec = next((t.encoder for t in dataset.pipeline.transforms if hasattr(t, 'encoder')), None)
    random.seed(seed)
    np.random.seed(seed)
    count = 0
    for sample in samples(dataset, num):
        path = out_dir / f'{count:04d}_{Path(str(sample.get("img_path"))).stem}.jpg'
        write_image(path, draw(sample, skeleton, codec))
        count += 1
    return count


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('--out-dir', type=Path, required=True, help='folder for the pictures')
    parser.add_argument('--num', type=int, default=8, help='number of samples (default: 8)')
    parser.add_argument('--seed', type=int, default=0, help='seed of the augmentation')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE'
    )
    args = parser.parse_args()
    ignore_notices()
    config = read_config(args.config, args.cfg_options)
    with explained(config, 'train_dataloader'):
        count = browse(config, args.out_dir, args.num, args.seed)
    print(f'{args.out_dir}: {count} pictures')


if __name__ == '__main__':
    sys.exit(run_tool(main))
