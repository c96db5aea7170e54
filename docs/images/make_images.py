"""Draws the images of the documentation: python docs/images/make_images.py

``maps_to_people.jpg`` shows the decoder at work. The scene is synthetic and the maps are made of
its truth; the people in the last panel are what ``litepose_mm.decoding`` finds in them.
``architecture.png`` shows the network, its widths read from ``litepose_mm.families.litepose``.
``serve.jpg`` is the page of ``litepose serve`` in Chromium, whose camera is a synthetic street.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import litepose_mm.modules  # noqa: F401

# isort: split
import cv2
import matplotlib
import numpy as np
from mmpose.datasets import CrowdPoseDataset
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import KEYPOINT_CODECS

from litepose_mm.datasets.synthetic import SceneOptions, person_annotations, select_keypoints
from litepose_mm.decoding import AssociativeEmbeddingDecoder
from litepose_mm.families.litepose import get_architecture
from litepose_mm.structures import PoseResult, Skeleton
from litepose_mm.visualization import draw_skeletons

sys.path.append(str(Path(__file__).resolve().parents[2] / 'projects/synthetic_people'))
from synthetic_people import make_scene, make_video

matplotlib.use('Agg')

import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

HERE = Path(__file__).resolve().parent
SIZE = (448, 448)  # height and width of the input
INK, QUIET = '#22303c', '#6b7b88'

SCENE = SceneOptions(
    image_size=SIZE[::-1], people=(4, 5), stature=(0.4, 0.8), crowding=0.3, occluders=(0, 1)
)
SEED, INDEX = 7, 14  # of the scene


def make_maps(people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Heatmaps ``(K, 224, 224)`` and tags ``(K, 112, 112)`` of people, with some noise.

    Args:
        people: x, y and visibility ``(N, K, 3)``, 0 where not labelled.
    """
    rng = np.random.default_rng(0)
    codec = KEYPOINT_CODECS.build(
        dict(
            type='MultiLevelAssociativeEmbedding',
            input_size=SIZE[::-1],
            heatmap_sizes=[(SIZE[1] // stride, SIZE[0] // stride) for stride in (4, 2)],
        )
    )
    targets = codec.encode(people[..., :2], people[..., 2])
    heatmaps = targets['heatmaps'][-1]
    tags = rng.uniform(0, len(people), targets['heatmaps'][0].shape).astype(np.float32)
    rows, columns = np.mgrid[: tags.shape[1], : tags.shape[2]]
    nearest = np.full(tags.shape, 6.0)
    for person, places in enumerate(targets['keypoint_indices'][:, 0]):
        y, x = np.divmod(places[:, 0, None, None], tags.shape[2])
        distance = np.where(places[:, 1, None, None], np.hypot(rows - y, columns - x), np.inf)
        tags[distance < nearest] = 2 * person
        nearest = np.minimum(nearest, distance)
    heatmaps += rng.normal(0, 0.01, heatmaps.shape).astype(np.float32)
    tags += rng.normal(0, 0.05, tags.shape).astype(np.float32)
    return heatmaps, tags


def maps_to_people(path: Path) -> None:
    """Four panels: the image, its heatmaps, its tags, the people."""
    skeleton = Skeleton.from_metainfo(parse_pose_metainfo(CrowdPoseDataset.METAINFO))
    scene = make_scene(SCENE, SEED, INDEX)
    annotations = person_annotations(scene.people, INDEX, select_keypoints(skeleton.keypoint_names))
    labelled = [person['keypoints'] for person in annotations if person['num_keypoints']]
    truth = np.reshape(labelled, (len(labelled), -1, 3))
    heatmaps, tags = make_maps(truth)
    found = AssociativeEmbeddingDecoder(skeleton.num_keypoints).decode(heatmaps, tags, SIZE)
    assert len(found.keypoints) == len(truth)
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
    people = draw_skeletons(scene.image, result, color_by='person')

    figure, axes = plt.subplots(1, 4, figsize=(16, 4.5), dpi=100)
    panels = (
        ('image', scene.image[..., ::-1], {}),
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


def served_page(path: Path, port: int = 8765) -> None:
    """The page of ``litepose serve`` while it follows people; needs Playwright and Chromium."""
    from playwright.sync_api import sync_playwright

    options = SceneOptions(
        image_size=(960, 540), people=(4, 5), stature=(0.5, 0.75), crowding=0.2, occluders=(0, 0)
    )
    video = make_video(options, seed=3, index=17, num_frames=200, fps=100)  # in slow motion
    frames = [frame.image for frame in islice(video, 80, 120)]
    command = [sys.executable, '-m', 'litepose_mm.cli', 'serve', '--model', 'litepose-s']
    command += ['--min-score', '0.2', '--port', str(port)]
    with TemporaryDirectory() as folder:
        film = Path(folder) / 'film.mjpeg'  # to and back, because it is repeated
        jpegs = [cv2.imencode('.jpg', image)[1].tobytes() for image in frames + frames[::-1]]
        film.write_bytes(b''.join(jpegs))
        camera = [
            '--no-sandbox',  # of which root has none
            '--use-fake-device-for-media-stream',
            '--use-fake-ui-for-media-stream',
            f'--use-file-for-fake-video-capture={film}',
        ]
        with (
            subprocess.Popen(command, stdout=subprocess.PIPE) as server,
            sync_playwright() as run,
        ):
            try:
                server.stdout.readline()  # it listens
                browser = run.chromium.launch(executable_path=shutil.which('chromium'), args=camera)
                page = browser.new_page(viewport=dict(width=1000, height=680))
                page.goto(f'http://localhost:{port}')
                page.click('#camera')
                page.wait_for_timeout(10_000)
                page.screenshot(path=path, type='jpeg', quality=85)
                browser.close()
            finally:
                server.terminate()


if __name__ == '__main__':
    maps_to_people(HERE / 'maps_to_people.jpg')
    architecture(HERE / 'architecture.png')
    served_page(HERE / 'serve.jpg')
