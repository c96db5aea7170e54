"""Show the people in front of a camera: a minimal version of `litepose webcam` in one file.

    litepose export litepose-s --out exported/s --engine openvino --no-flip
    python demo/webcam_demo.py exported/s
    python demo/webcam_demo.py exported/s street.mp4

Escape quits; docs/realtime.md has more.
"""

import argparse
import sys

from litepose_mm.cli.programs import run_tool
from litepose_mm.realtime import RealTimePipeline, open_source
from litepose_mm.realtime.view import View, notice
from litepose_mm.realtime.window import Window
from litepose_mm.runtime import PoseEstimator
from litepose_mm.tracking import PoseTracker


def main() -> None:
    """Show people until the window is closed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('model', help='folder that `litepose export` wrote')
    parser.add_argument(
        'source',
        nargs='?',
        default='0',
        help='number of a camera (default: 0), address of a stream, video file or folder',
    )
    args = parser.parse_args()
    view, drawing = View(mirrored=args.source.isdecimal()), notice('waiting for frames')
    with Window('LitePose') as window:
        estimator = PoseEstimator(args.model)
        people = RealTimePipeline(open_source(args.source), estimator, PoseTracker(), min_score=0.1)
        with people:
            for shown in people.poll(0.05):  # None without a frame, so that the window can respond
                if shown is not None:
                    drawing = view.draw(shown, estimator, people.statistics())
                if window.show(drawing) == 'escape':
                    break


if __name__ == '__main__':
    sys.exit(run_tool(main))
