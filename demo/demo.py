"""Find people in images and write drawings and results to outputs/demo/.

    python demo/demo.py
    python demo/demo.py --input photos/ --weights litepose-m.pth --model litepose-m_crowdpose

Without ``--weights``, the weights in the package are used. Without ``--input``, the images are a
photograph (``resources/README.md`` says where it is from), a scene of synthetic people, and sample
images in the folder ``../shared`` beside the repository, or in the folder that the variable
LITEPOSE_SHARED names, if it exists.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from litepose_mm import LitePoseError
from litepose_mm.cli import main as litepose
from litepose_mm.datasets.synthetic import SceneOptions
from litepose_mm.media import IMAGE_SUFFIXES, VIDEO_SUFFIXES, write_image

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.append(str(REPOSITORY / 'projects/synthetic_people'))
from synthetic_people import Scene, make_scene  # noqa: E402

SHARED = Path(os.environ.get('LITEPOSE_SHARED') or REPOSITORY.parent / 'shared')
SAMPLES = (SHARED / 'data' / 'coco_samples', SHARED / 'data' / 'crowdpose_samples')
PHOTOGRAPH = REPOSITORY / 'demo/resources/team_meeting.jpg'
MODEL = 'litepose-s_crowdpose'
OUT_DIR = Path('outputs/demo')


def main() -> int:
    """Run the demo and return the exit status."""
    args = parse_args()
    out_dir = Path(args.out_dir)
    if out_dir == OUT_DIR and args.input is None:
        clear(out_dir)
    command = ['predict', *map(str, args.input or sample_inputs(out_dir / 'input'))]
    command += ['--model', args.model, '--out-dir', str(out_dir)]
    command += ['--weights', args.weights] if args.weights else []
    command += ['--device', args.device] if args.device else []
    return litepose(command)


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--input', nargs='+', help='images, videos or folders')
    parser.add_argument('--model', default=MODEL, help='name in the zoo, or config file')
    parser.add_argument('--weights', help='file with weights')
    parser.add_argument('--device', help='device, such as cpu (default: cuda if available)')
    parser.add_argument('--out-dir', default=str(OUT_DIR), help='output folder')
    return parser.parse_args()


def clear(out_dir: Path) -> None:
    """Remove the drawings and results of an earlier demo, but no other files or folders."""
    for path in out_dir.glob('*'):
        known = path.suffix.lower() in IMAGE_SUFFIXES | VIDEO_SUFFIXES
        if path.is_file() and (known or path.name == 'results.json'):
            path.unlink()


def sample_inputs(folder: Path) -> list[Path]:
    """Write the scene to ``folder``; return the photograph, the scene and the sample images."""
    scene = folder / 'drawn_scene.png'
    write_image(scene, drawn_scene().image)
    samples = (image for images in SAMPLES for image in sorted(images.glob('*.jpg')))
    return [PHOTOGRAPH, scene, *samples]


def drawn_scene() -> Scene:
    """Make an image of four synthetic people."""
    options = SceneOptions(
        (640, 448), people=(3, 4), stature=(0.5, 0.85), crowding=0.2, occluders=(0, 0)
    )
    return make_scene(options, seed=7, index=9)


if __name__ == '__main__':
    try:
        sys.exit(main())
    except LitePoseError as problem:
        sys.exit(f'demo: error: {problem}')
