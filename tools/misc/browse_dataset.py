"""Draw samples of a config's data set as training sees them: people, targets, masks and tags.

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
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.config import Config, DictAction
from mmengine.registry import init_default_scope

import litepose_mm.modules  # noqa: F401
from litepose_mm.engine.hooks.bad_sample_hook import GuardSample
from litepose_mm.errors import LitePoseError
from litepose_mm.structures import PoseResult, Skeleton
from litepose_mm.visualization.colors import person_color

_CAPTION = 22
_MIN_SIDE = 384  # small inputs are drawn larger


def to_levels(value: Any) -> list[np.ndarray]:
    """An array of one level, or a sequence of one each, as a list."""
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [np.asarray(level) for level in value]
    return [np.asarray(value)]


def draw_people(image: np.ndarray, sample: dict, skeleton: Skeleton) -> np.ndarray:
    """The input with the skeletons of all people."""
    keypoints = np.asarray(sample.get('transformed_keypoints', sample.get('keypoints', ())))
    if keypoints.size == 0:
        return image.copy()
    visible = np.asarray(sample.get('keypoints_visible', np.ones(keypoints.shape[:2])))
    visible = visible[..., 0] if visible.ndim == 3 else visible
    scale = np.array([image.shape[1], image.shape[0]]) / sample['img'].shape[1::-1]
    people = PoseResult(
        keypoints=(keypoints[..., :2] + 0.5) * scale - 0.5,
        keypoint_scores=(visible > 0).astype(np.float32),
        scores=np.ones(len(keypoints)),
        skeleton=skeleton,
        image_size=image.shape[1::-1],
    )
    return people.draw(image)


def draw_heatmaps(image: np.ndarray, heatmaps: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """The strongest of all keypoints' heatmaps over the input; what the mask leaves out hatched."""
    height, width = image.shape[:2]
    gray = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    strongest = np.clip(heatmaps.reshape(-1, *heatmaps.shape[-2:]).max(axis=0), 0, 1)
    strongest = cv2.resize(strongest, (width, height), interpolation=cv2.INTER_NEAREST)
    colors = cv2.applyColorMap((255 * strongest).astype(np.uint8), cv2.COLORMAP_INFERNO)
    share = np.sqrt(strongest)[..., None]
    picture = (0.45 * gray * (1 - share) + colors * share).astype(np.uint8)
    if mask is not None:
        used = np.asarray(mask, dtype=np.float32).reshape(-1, *mask.shape[-2:]).min(axis=0)
        used = cv2.resize(used, (width, height), interpolation=cv2.INTER_NEAREST) > 0
        lines = np.add.outer(np.arange(height), np.arange(width)) % 8 < 3
        picture[~used & lines] = (60, 60, 230)
    return picture


def draw_tags(image: np.ndarray, indices: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Dots where tags are read, a colour a person.

    Args:
        image: The input.
        indices: ``(N, K, 2)``: index into a level's map, over keypoints or not, and whether used.
        size: Width and height of the level.
    """
    picture = image // 2
    cell = np.array([image.shape[1], image.shape[0]]) / size
    for person, entries in enumerate(indices):
        color = tuple(map(int, person_color(person)[::-1]))
        for index, used in entries:
            if not used:
                continue
            y, x = divmod(int(index) % (size[0] * size[1]), size[0])
            low = (np.array([x, y]) * cell).round().astype(int)
            high = np.maximum(low + cell.round().astype(int) - 1, low + 2)
            cv2.rectangle(picture, low.tolist(), high.tolist(), color, -1)
    return picture


def tag_levels(sample: dict, sizes: Sequence[tuple[int, int]]) -> list[tuple[int, np.ndarray]]:
    """Numbers of the levels that have tags, with their indices ``(N, K, 2)``."""
    value = sample.get('keypoint_indices')
    if value is None or not sizes:
        return []
    if isinstance(value, (list, tuple)):
        levels = [np.asarray(level) for level in value]
    else:
        value = np.asarray(value)
        levels = [value] if value.ndim == 3 else list(value.swapaxes(0, 1))
    found = []
    for number, indices in enumerate(levels):
        if indices.size == 0:
            continue
        found.append((min(number, len(sizes) - 1), indices))
    return found


def compose(sample: dict, skeleton: Skeleton) -> np.ndarray:
    """The picture of one sample."""
    image = np.ascontiguousarray(sample['img'].clip(0, 255).astype(np.uint8))
    zoom = max(1, round(_MIN_SIDE / min(image.shape[:2])))
    image = cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    heatmaps, masks = to_levels(sample.get('heatmaps')), to_levels(sample.get('heatmap_mask'))
    sizes = [level.shape[-1:-3:-1] for level in heatmaps]
    count = len(np.asarray(sample.get('keypoints', ())))
    name = Path(str(sample.get('img_path'))).name
    tiles = [(f'{name}: {count} people', draw_people(image, sample, skeleton))]
    for number, level in enumerate(heatmaps):
        mask = masks[number] if number < len(masks) else None
        caption = f'level {number}: {level.shape[-1]}x{level.shape[-2]} heatmaps'
        tiles.append((caption, draw_heatmaps(image, level, mask)))
    for number, indices in tag_levels(sample, sizes):
        caption = (
            f'level {number}: tags of {len(indices)}, {int((indices[..., 1] > 0).sum())} in all'
        )
        tiles.append((caption, draw_tags(image, indices, sizes[number])))
    return np.hstack([_captioned(picture, text) for text, picture in tiles])


def _captioned(picture: np.ndarray, text: str) -> np.ndarray:
    bar = np.full((_CAPTION, picture.shape[1], 3), 32, np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(bar, text, (6, _CAPTION - 7), font, 0.42, (230, 230, 230), 1, cv2.LINE_AA)
    return np.pad(np.vstack([bar, picture]), ((0, 0), (0, 4), (0, 0)))


def browse(config: Config, out_dir: Path, num: int, mode: str, seed: int) -> list[Path]:
    """Writes pictures of a config's samples.

    Args:
        config: The config; its custom imports are done.
        out_dir: Folder for the pictures.
        num: How many, spread over the data set.
        mode: ``'train'``, ``'val'`` or ``'test'``.
        seed: Seed of the augmentation.

    Returns:
        The files.

    Raises:
        LitePoseError: A sample is bad, or a picture cannot be written.
    """
    from mmpose.registry import DATASETS

    init_default_scope(config.get('default_scope', 'mmpose'))
    loader = config.get(f'{mode}_dataloader')
    if not loader:
        raise LitePoseError(f'the config has no {mode}_dataloader')
    dataset = DATASETS.build(loader.dataset)
    if len(dataset) == 0:
        raise LitePoseError('the data set has no samples with people')
    skeleton = Skeleton.from_metainfo(dataset.metainfo)
    # packing makes tensors of what is to be drawn
    transforms = [t for t in dataset.pipeline.transforms if not type(t).__name__.startswith('Pack')]
    guard = GuardSample()
    out_dir.mkdir(parents=True, exist_ok=True)
    random.seed(seed)
    np.random.seed(seed)
    paths = []
    for position in range(num):
        index = position * len(dataset) // num if num < len(dataset) else position % len(dataset)
        information = dataset.get_data_info(index)
        information['dataset'] = dataset
        sample = guard(lambda value: _apply(transforms, value), information)
        if sample is None:  # a transform gave up on it
            continue
        stem = Path(str(sample.get('img_path') or index)).stem
        path = out_dir / f'{position:04d}_{stem}.jpg'
        if not cv2.imwrite(str(path), compose(sample, skeleton)):
            raise LitePoseError(f'cannot write {path}')
        paths.append(path)
    return paths


def _apply(transforms: Sequence, sample: dict | None) -> dict | None:
    for transform in transforms:
        if sample is not None:
            sample = transform(sample)
    return sample


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('--out-dir', type=Path, required=True, help='folder for the pictures')
    parser.add_argument('--num', type=int, default=8, help='number of samples (default: 8)')
    parser.add_argument('--mode', choices=('train', 'val', 'test'), default='train')
    parser.add_argument('--seed', type=int, default=0, help='seed of the augmentation')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE'
    )
    args = parser.parse_args()
    try:
        if not Path(args.config).is_file():
            raise LitePoseError(f'no config {args.config}')
        config = Config.fromfile(args.config)
        config.merge_from_dict(args.cfg_options)
        paths = browse(config, args.out_dir, args.num, args.mode, args.seed)
    except LitePoseError as error:
        print(f'{Path(sys.argv[0]).name}: error: {error}', file=sys.stderr)
        return 2
    print(f'{args.out_dir}: {len(paths)} pictures')
    return 0


if __name__ == '__main__':
    sys.exit(main())
