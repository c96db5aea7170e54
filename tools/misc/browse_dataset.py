"""Draw samples of a config's training data with people, targets, masks and tags.

Each drawing shows the input with skeletons; for each level, the heatmaps over the input, with
masked pixels hatched in red; and for each level with tags, the positions at which the tags of each
person are read. Transforms run as in training, with any codec; missing targets are omitted.

Example::

    python tools/misc/browse_dataset.py CONFIG --out-dir images --num 10 --cfg-options \\
        train_dataloader.dataset.data_root=data/mine
    python tools/misc/browse_dataset.py CONFIG --out-dir images --stage 2
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

from litepose_mm.annotations import explained
from litepose_mm.cli.programs import run_tool
from litepose_mm.engine.hooks.bad_sample_hook import SampleFilter, filter_samples
from litepose_mm.engine.utils.pipelines import pipeline_owners
from litepose_mm.errors import LitePoseError
from litepose_mm.media import write_image
from litepose_mm.structures import PoseResult, Skeleton
from litepose_mm.utils.config_files import read_config
from litepose_mm.utils.files import check_writable
from litepose_mm.visualization import draw_targets


def training_data(config: Config, stage: int = 1) -> Any:
    """Build the training data of a config, without packing samples.

    Args:
        config: The config.
        stage: Number of the pipeline: 1 is that of the data set, 2 that of the first
            ``PipelineSwitchHook``, and so on.

    Raises:
        LitePoseError: There are no data, or there is no such stage.
    """
    if not config.get('train_dataloader'):
        raise LitePoseError('expected a train_dataloader in the config, got none')
    hooks = config.get('custom_hooks') or []
    switches = [hook['switch_pipeline'] for hook in hooks if 'switch_pipeline' in hook]
    if not 1 <= stage <= 1 + len(switches):
        raise LitePoseError(
            f'--stage: expected 1 to {1 + len(switches)} for this config, got {stage}'
        )
    dataset = DATASETS.build(config.train_dataloader.dataset)
    if len(dataset) == 0:
        raise LitePoseError('expected samples with people in the data set, got none')
    for owner in pipeline_owners(dataset):
        pipeline = owner.pipeline if stage == 1 else Compose(switches[stage - 2])
        # Packing would convert what is drawn to tensors.
        owner.pipeline = Compose(
            [t for t in pipeline.transforms if not type(t).__name__.startswith('Pack')]
        )
        filter_samples(owner, SampleFilter())
    return dataset


def samples(dataset: Any, num: int) -> Iterator[dict]:
    """Yield evenly spaced samples of a data set.

    Raises:
        LitePoseError: A sample is bad.
    """
    count = len(dataset)
    for position in range(num):
        yield dataset[position * count // num if num < count else position % count]


def draw(sample: dict, skeleton: Skeleton, codec: Any) -> np.ndarray:
    """Draw a sample; our codec tells which levels have tags."""
    image = np.ascontiguousarray(sample['img'].clip(0, 255).astype(np.uint8))
    heatmaps = [maps[: skeleton.num_keypoints] for maps in levels(sample.get('heatmaps'))]
    indices = sample.get('keypoint_indices')
    if isinstance(indices, np.ndarray) and indices.ndim == 4:
        indices = list(indices.swapaxes(0, 1))  # our codec has the levels on the second axis
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
    """Return the arrays of all levels as a list."""
    if value is None:
        return []
    return [np.asarray(own) for own in (value if isinstance(value, (list, tuple)) else [value])]


def truth(sample: dict, skeleton: Skeleton, size: tuple[int, int]) -> PoseResult:
    """Return the people of a sample in pixels of the input."""
    keypoints = sample.get('transformed_keypoints', sample.get('keypoints', ()))
    keypoints = np.reshape(keypoints, (-1, skeleton.num_keypoints, 2))
    visible = np.asarray(sample.get('keypoints_visible', np.ones(keypoints.shape[:2])))
    visible = visible[..., 0] if visible.ndim == 3 else visible  # some codecs add weights
    return PoseResult(
        keypoints=keypoints,
        keypoint_scores=(visible > 0).astype(np.float32),
        scores=np.ones(len(keypoints)),
        skeleton=skeleton,
        image_size=size,
    )


def browse(config: Config, out_dir: Path, num: int, seed: int, stage: int) -> int:
    """Write drawings of samples and return their number.

    Raises:
        LitePoseError: There is no data or no such stage, a sample is bad, or an image cannot be
            written.
    """
    check_writable(out_dir / '0.jpg')
    init_default_scope(config.get('default_scope', 'mmpose'))
    dataset = training_data(config, stage)
    skeleton = Skeleton.from_metainfo(dataset.metainfo)
    transforms = [t for owner in pipeline_owners(dataset) for t in owner.pipeline.transforms]
    codec = next((t.encoder for t in transforms if hasattr(t, 'encoder')), None)
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
    parser.add_argument('--out-dir', type=Path, required=True, help='folder for the images')
    parser.add_argument('--num', type=int, default=8, help='number of samples (default: 8)')
    parser.add_argument('--seed', type=int, default=0, help='seed of the augmentation')
    parser.add_argument(
        '--stage', type=int, default=1,
        help='number of the pipeline: 1 for that of the data set (default), 2 for that of the '
        'first PipelineSwitchHook, …',
    )  # fmt: skip
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        default={},
        metavar='KEY=VALUE',
        help='overrides of the config',
    )
    args = parser.parse_args()
    config = read_config(args.config, args.cfg_options)
    with explained(config, 'train_dataloader'):
        count = browse(config, args.out_dir, args.num, args.seed, args.stage)
    print(f'{args.out_dir}: {count} images')


if __name__ == '__main__':
    sys.exit(run_tool(main))
