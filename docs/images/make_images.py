"""Draws the pictures of the documentation: python docs/images/make_images.py

``maps_to_people.jpg`` shows the decoder at work. Scene and maps are synthetic, made here from a few
poses; the people in the last panel are what ``litepose_mm.decoding`` finds in the maps.
``architecture.png`` shows the network, its widths read from ``litepose_mm.architectures``.
"""

from __future__ import annotations

from pathlib import Path

import litepose_mm.modules  # noqa: F401

# isort: split
import cv2
import matplotlib
import numpy as np
from mmpose.datasets import CrowdPoseDataset
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from litepose_mm.architectures import get_architecture
from litepose_mm.decoding import AssociativeEmbeddingDecoder
from litepose_mm.structures import PoseResult, Skeleton
from litepose_mm.visualization import draw_skeletons

matplotlib.use('Agg')

import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

HERE = Path(__file__).resolve().parent
SIZE = (448, 448)  # height and width of the input
INK, QUIET = '#22303c', '#6b7b88'

# Joints as shares of a standing person's height: x to the picture's right, y up from the feet. In
# the order of CrowdPose: shoulders, elbows, wrists, hips, knees, ankles (left first), head, neck.
STANDING = [
    (0.13, 0.81), (-0.13, 0.81), (0.18, 0.63), (-0.18, 0.63), (0.19, 0.46), (-0.19, 0.46),
    (0.08, 0.49), (-0.08, 0.49), (0.09, 0.26), (-0.09, 0.26), (0.09, 0.03), (-0.09, 0.03),
    (0.0, 1.0), (0.0, 0.85),
]  # fmt: skip
# What other poses change.
WAVING = {3: (-0.24, 0.9), 5: (-0.2, 1.08), 2: (0.22, 0.66), 4: (0.12, 0.52)}
WALKING = {2: (0.2, 0.64), 4: (0.29, 0.52), 3: (-0.2, 0.63), 5: (-0.24, 0.47),
           8: (0.17, 0.29), 10: (0.24, 0.06), 9: (-0.07, 0.25), 11: (-0.22, 0.05)}  # fmt: skip
CHEERING = {2: (0.23, 0.95), 4: (0.18, 1.14), 3: (-0.23, 0.95), 5: (-0.18, 1.14),
            10: (0.16, 0.03), 11: (-0.16, 0.03)}  # fmt: skip
# Pose, feet in pixels, height in pixels, shirt and trousers in BGR; far people first.
PEOPLE = [
    (WALKING, (58, 300), 150, (120, 170, 90), (70, 60, 60)),
    ({}, (384, 312), 165, (60, 150, 220), (90, 60, 40)),
    (CHEERING, (236, 350), 215, (190, 130, 70), (60, 55, 70)),
    (WAVING, (138, 408), 270, (80, 80, 200), (120, 80, 50)),
    (WALKING, (322, 418), 265, (170, 90, 140), (70, 70, 70)),
]


def joints(pose: dict, foot, height: float) -> np.ndarray:
    """Positions (14, 2) in pixels."""
    shares = np.array([pose.get(index, point) for index, point in enumerate(STANDING)])
    return np.array(foot) + shares * [height, -height]


def draw_scene() -> np.ndarray:
    scene = np.linspace((236, 214, 190), (246, 238, 228), SIZE[0]).astype(np.uint8)
    scene = np.repeat(scene[:, None], SIZE[1], axis=1)
    scene[268:] = np.linspace((150, 190, 160), (110, 165, 120), SIZE[0] - 268)[:, None]
    for pose, foot, height, shirt, trousers in PEOPLE:
        draw_figure(scene, joints(pose, foot, height), height, shirt, trousers)
    return cv2.GaussianBlur(scene, (0, 0), 0.7)


def draw_figure(scene: np.ndarray, points: np.ndarray, height: float, shirt, trousers) -> None:
    skin = (150, 180, 225)

    def limb(color, width: float, *chain: int) -> None:
        line = points[list(chain)].round().astype(np.int32)
        cv2.polylines(scene, [line], False, color, round(width * height), cv2.LINE_AA)

    for hip, knee, ankle in ((6, 8, 10), (7, 9, 11)):
        limb(trousers, 0.085, hip, knee, ankle)
    for shoulder, elbow, wrist in ((0, 2, 4), (1, 3, 5)):
        limb(skin, 0.05, elbow, wrist)
        limb(shirt, 0.065, shoulder, elbow)
    body = points[[1, 0, 6, 7]].round().astype(np.int32)
    cv2.fillConvexPoly(scene, body, shirt, cv2.LINE_AA)
    cv2.polylines(scene, [body], True, shirt, round(0.05 * height), cv2.LINE_AA)
    head = (0.55 * points[12] + 0.45 * points[13]).round().astype(int)
    radii = (round(0.055 * height), round(0.075 * height))
    cv2.ellipse(scene, head.tolist(), radii, 0, 0, 360, skin, -1, cv2.LINE_AA)


def make_maps(people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Heatmaps (14, 224, 224) and tags (14, 112, 112) of people (N, 14, 2), with some noise."""
    rng = np.random.default_rng(0)
    heatmaps, tags = (np.zeros((14, SIZE[0] // s, SIZE[1] // s), np.float32) for s in (2, 4))
    tags += rng.uniform(0, len(people), tags.shape)
    rows, columns = np.mgrid[: SIZE[0] // 2, : SIZE[1] // 2]
    far_rows, far_columns = np.mgrid[: SIZE[0] // 4, : SIZE[1] // 4]
    for joint in range(14):
        nearest = np.full(tags.shape[1:], 36.0)
        for person, (x, y) in enumerate(people[:, joint]):
            squared = (rows - (y / 2 - 0.25)) ** 2 + (columns - (x / 2 - 0.25)) ** 2
            value = rng.uniform(0.7, 1) * np.exp(-squared / (2 * 3.0**2))
            heatmaps[joint] = np.maximum(heatmaps[joint], value)
            squared = (far_rows - (y / 4 - 0.375)) ** 2 + (far_columns - (x / 4 - 0.375)) ** 2
            tags[joint][squared < nearest] = 2 * person
            nearest = np.minimum(nearest, squared)
    heatmaps += rng.normal(0, 0.01, heatmaps.shape).astype(np.float32)
    tags += rng.normal(0, 0.05, tags.shape).astype(np.float32)
    return heatmaps, tags


def maps_to_people(path: Path) -> None:
    """Four panels: the picture, its heatmaps, its tags, the people."""
    skeleton = Skeleton.from_metainfo(parse_pose_metainfo(CrowdPoseDataset.METAINFO))
    scene = draw_scene()
    truth = np.stack([joints(pose, foot, height) for pose, foot, height, *_ in PEOPLE])
    heatmaps, tags = make_maps(truth)
    found = AssociativeEmbeddingDecoder(14).decode(heatmaps, tags, SIZE)
    assert len(found.keypoints) == len(PEOPLE)
    result = PoseResult(
        keypoints=found.keypoints - 0.5,  # OpenCV draws with whole numbers at pixel centres
        keypoint_scores=found.keypoint_scores,
        scores=found.scores,
        tags=found.tags,
        skeleton=skeleton,
        image_size=SIZE[::-1],
    )
    colors = skeleton.keypoint_colors / 255
    glow = (heatmaps[..., None] * colors[:, None, None]).max(0).clip(0, 1)
    shown = cv2.resize(heatmaps.max(0), tags.shape[:0:-1], interpolation=cv2.INTER_AREA)
    tag = np.take_along_axis(
        tags,
        np.stack(
            [cv2.resize(m, tags.shape[:0:-1], interpolation=cv2.INTER_AREA) for m in heatmaps]
        ).argmax(0)[None],
        0,
    )[0]
    tag = np.where(shown > 0.12, tag, np.nan)
    people = draw_skeletons(scene, result, color_by='person')

    figure, axes = plt.subplots(1, 4, figsize=(16, 4.5), dpi=100)
    panels = (
        ('picture', scene[..., ::-1], {}),
        ('14 heatmaps, at 1/2', glow, {}),
        ('14 tag maps, at 1/4, where a heatmap is high', tag, dict(cmap='turbo', vmin=-2)),
        ('people: peaks whose tags agree', people[..., ::-1], {}),
    )
    for axis, (title, image, options) in zip(axes, panels):
        axis.set_facecolor('#10161c')
        axis.imshow(image, interpolation='nearest', **options)
        axis.set_title(title, color=INK, fontsize=12)
        axis.set(xticks=[], yticks=[])
        for spine in axis.spines.values():
            spine.set_visible(False)
    figure.subplots_adjust(0.005, 0.01, 0.995, 0.93, wspace=0.03)
    figure.savefig(path, pil_kwargs=dict(quality=85, optimize=True))
    plt.close(figure)


def architecture(path: Path, name: str = 'litepose-s', keypoints: int = 14) -> None:
    """The network with the widths and strides of ``name``."""
    arch = get_architecture(name)
    figure, axis = plt.subplots(figsize=(12.1, 5.6), dpi=110)
    axis.set(xlim=(0, 12.1), ylim=(0, 5.6))
    axis.axis('off')
    heights = {2: 1.6, 4: 1.2, 8: 0.85, 16: 0.6}

    def box(x, y, stride, title, detail, color, width=1.25):
        height = heights[stride]
        axis.add_patch(
            FancyBboxPatch(
                (x - width / 2, y - height / 2),
                width,
                height,
                fc=color,
                ec=INK,
                lw=1,
                boxstyle='round,pad=0,rounding_size=0.07',
            )  # fmt: skip
        )
        axis.text(x, y + 0.1, title, ha='center', va='center', fontsize=9.5, color=INK)
        axis.text(x, y - 0.13, detail, ha='center', va='center', fontsize=8.5, color=QUIET)

    def arrow(start, end, color=INK, bend=None):
        style = f'angle,angleA={bend[0]},angleB={bend[1]},rad=6' if bend else 'arc3'
        axis.annotate(
            '', end, start,
            arrowprops=dict(arrowstyle='-|>', color=color, lw=1.3, connectionstyle=style),
        )  # fmt: skip

    top, bottom, blue, orange, green = 4.35, 2.0, '#d7e8f7', '#fde6cc', '#d9efd9'
    brown, leaf = '#b5651d', '#3b7a3b'
    axis.text(0.2, 5.35, 'backbone', fontsize=11, color=INK, weight='bold')
    axis.text(11.95, 1.1, 'fusion deconvolution head', fontsize=11, color=INK, weight='bold',
              ha='right')  # fmt: skip
    axis.text(11.95, 0.72, 'adds raw features before each deconvolution', fontsize=9.5, color=brown,
              ha='right')  # fmt: skip
    axis.text(11.95, 0.4, 'and at each output', fontsize=9.5, color=leaf, ha='right')

    # Every transposed convolution stands under the feature of its output's size.
    places = [1.75 + 2.35 * index for index in range(len(arch.channels))]
    titles = ['stem'] + [
        f'stage {index + 1}: {stage.num_blocks} blocks' for index, stage in enumerate(arch.stages)
    ]
    arrow((0.25, top), (places[0] - 0.85, top))
    axis.text(0.3, top + 0.13, 'image', fontsize=9.5, color=INK)
    for index, (x, title) in enumerate(zip(places, titles)):
        stride, width = arch.strides[index], arch.channels[index]
        box(x, top, stride, title, f'{width} channels, 1/{stride}', blue, 1.7)
        if index:
            arrow((places[index - 1] + 0.85, top), (x - 0.85, top))

    raw = dict(zip(arch.strides[:-1], places))
    stride = arch.strides[-1]
    arrow((places[-1], top - heights[stride] / 2), (raw[stride // 2] + 0.95, bottom - 0.15),
          bend=(-90, 180))  # fmt: skip
    for index, width in enumerate(arch.deconv_setting):
        half = stride // 2
        x = raw[half] + 0.25
        arrow((raw[stride] - 0.2, top - heights[stride] / 2), (x + 0.5, bottom + heights[half] / 2),
              brown)  # fmt: skip
        box(x, bottom, half, f'deconv {index + 1}', f'{width} channels, 1/{half}', orange, 1.4)
        if index:
            arrow((raw[stride] - 0.45, bottom), (x + 0.7, bottom))
        stride = half
    levels = {4: f'level 0: {keypoints} heatmaps,\n{keypoints} tag maps, 1/4',
              2: f'level 1: {keypoints} heatmaps,\n1/2'}  # fmt: skip
    for stride, text in levels.items():
        x = raw[stride]
        arrow((x - 0.65, top - heights[stride] / 2), (x - 0.65, 0.66), leaf)
        arrow((x + 0.25, bottom - heights[stride] / 2), (x + 0.25, 0.66), leaf)
        axis.text(x, 0.36, text, ha='center', va='center', fontsize=9, color=INK,
                  bbox=dict(boxstyle='round,pad=0.4', fc=green, ec=INK, lw=1))  # fmt: skip
    figure.savefig(path, bbox_inches='tight', pad_inches=0.08)
    plt.close(figure)


if __name__ == '__main__':
    maps_to_people(HERE / 'maps_to_people.jpg')
    architecture(HERE / 'architecture.png')
