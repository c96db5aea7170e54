"""``litepose tune``: tune the kernels of a network for a device, with TVM."""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from ..argument_types import positive_float, positive_int, width_height
from ..estimator_arguments import add_model_options

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...tvm.tuning import Progress, Tuner

HELP = 'tune the kernels of a model for a device, for `litepose export --engine tvm`'


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        'model',
        metavar='MODEL',
        help='name of a model (`litepose models` lists them), or name or path of a config',
    )
    parser.add_argument(
        '--target',
        default='host',
        metavar='NAME',
        help='processor, see docs/deploy.md (default: host)',
    )
    parser.add_argument(
        '--static',
        type=width_height,
        metavar='WxH',
        help='width and height of all inputs (default: a square)',
    )
    parser.add_argument(
        '--device',
        metavar='KEY',
        help='key of a device that is registered with a tracker (default: this machine, which '
        'must then be the target)',
    )
    parser.add_argument(
        '--tracker', metavar='HOST:PORT', help='the tracker (default: localhost:9190)'
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        '--trials',
        type=positive_int,
        metavar='N',
        help='candidates to measure, of all kernels together (default: the schedules that are '
        'known to be good, about 40 for each kernel)',
    )
    group.add_argument(
        '--minutes', type=positive_float, metavar='M', help='time after which to stop'
    )
    parser.add_argument(
        '--database',
        metavar='DIR',
        help='folder for the results, which an interrupted tuning extends '
        "(default: the target's folder in the user's cache, where `litepose export` finds it)",
    )
    parser.add_argument(
        '--seed', type=int, default=0, metavar='N', help='seed of the search (default: 0)'
    )
    add_model_options(parser.add_argument_group('model'))


def run(args: argparse.Namespace) -> int:
    """Tune and report; return the exit status."""
    from ...analysis.plots import new_figure, save_figure
    from ...apis.model_building import build_model
    from ...deploy.tuning import model_kernels
    from ...tvm.database import Header, default_folder, open_database
    from ...tvm.remote import where_to_measure
    from ...tvm.self_test import check_tuner
    from ...tvm.targets import get_device
    from ...tvm.tuning import Tuner

    device = get_device(args.target)
    device.linker()
    remote = where_to_measure(device, args.device, args.tracker)
    runner = remote.runner() if remote else None
    check_tuner()
    folder = default_folder(device.name) if args.database is None else Path(args.database)
    database = open_database(folder, Header(device.name))
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # weights do not matter
        model = build_model(
            args.model,
            args.weights,
            'cpu',
            args.flip,
            args.short_side,
            dict(args.config_options),
        )
        kernels = model_kernels(model, device, args.static and args.static[::-1])
    tuner = Tuner(kernels, device, database, runner, seed=args.seed)
    print(f'{len(kernels)} kernels for {device.name}; results in {folder}', flush=True)
    curve = _tune(tuner, args.trials, args.minutes)
    plot = folder / 'tuning.png'
    figure = new_figure(plot, (10, 4.5))
    tuned = [each for each in tuner.kernels if each.seconds < float('inf')]
    _draw(figure, curve, tuned)
    figure.suptitle(f'{Path(args.model).stem} on {device.name}')
    save_figure(figure, plot)
    unknown = len(tuner.kernels) - len(tuned)
    estimate = f'{1e3 * tuner.network_seconds:.2f} ms on one thread, estimated'
    print(f'{f"{unknown} kernels are not tuned yet" if unknown else estimate}; wrote {plot}')
    return 0


def _tune(tuner: Tuner, trials: int | None, minutes: float | None) -> list[tuple[float, float]]:
    """Print each round; return the minutes and the estimated milliseconds of the network."""
    start, measured, curve = time.monotonic(), 0, []
    for done in tuner.run(trials, minutes):
        passed = (time.monotonic() - start) / 60
        measured += done.last_trials
        if trials is not None:
            total = passed * trials / measured
        else:
            total = minutes or passed * (1 + tuner.num_left / measured)
        unknown = sum(each.seconds == float('inf') for each in tuner.kernels)
        network = f'{unknown} kernels to come'
        if not unknown:
            network = f'{1e3 * tuner.network_seconds:.2f} ms'
            curve.append((passed, 1e3 * tuner.network_seconds))
        print(
            f'{passed:6.1f} min, {max(0.0, total - passed):5.1f} left: {done.kernel.count:2d} x '
            f'{1e6 * done.seconds:7.1f} us {done.kernel.name[:40]:40} network {network}',
            flush=True,
        )
    return curve


def _draw(figure: Figure, curve: list[tuple[float, float]], kernels: list[Progress]) -> None:
    """Draw the network's estimated time over the minutes, and the costliest kernels."""
    left, right = figure.subplots(1, 2, width_ratios=(1, 2))
    if curve:
        left.plot(*zip(*curve), 'o-', markersize=3, drawstyle='steps-post')
    left.set(xlabel='minutes', ylabel='estimated ms on one thread')
    left.set_xlim(left=0)
    left.set_ylim(bottom=0)
    costliest = sorted(kernels, key=lambda each: each.share)[-12:]
    right.barh(
        [f'{each.kernel.count} x {each.kernel.name[:40]}' for each in costliest],
        [1e3 * each.share for each in costliest],
    )
    right.set(xlabel='ms on one thread', title='the costliest kernels')
