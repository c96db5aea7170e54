"""Schedules that are known to suit kernels with channels last, to measure before a search.

A convolution is computed in tiles of rows, columns and channels whose sums stay in the processor's
registers. MetaSchedule's search space contains such schedules, too, but for depthwise convolutions
it rarely finds them (docs/experiments/tvm.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product, starmap
from typing import NamedTuple

import tvm
from tvm.s_tir import Schedule
from tvm.s_tir.schedule import LoopRV

from .targets import Device


class Tile(NamedTuple):
    """How a convolution is divided.

    Args:
        rows: Rows of the output that are computed at once.
        columns: Columns, likewise.
        channels: Channels, likewise.
        channels_outside: Whether the channels are an outer loop of the columns.
        steps: Input channels that are unrolled.
    """

    rows: int
    columns: int
    channels: int
    channels_outside: bool
    steps: int


def known_schedules(module: tvm.IRModule, device: Device) -> Iterator[Schedule]:
    """Yields schedules of a kernel to measure; none if no template fits.

    Args:
        module: The kernel, without a schedule.
        device: The processor.
    """
    blocks = _blocks(Schedule(module))
    sums = [index for index, (_, is_sum) in enumerate(blocks) if is_sum]
    if not sums:
        yield from _attempts(module, [lambda schedule: _elementwise(schedule, device.lanes)])
    elif len(sums) == 1 and len(_extents(Schedule(module), blocks[sums[0]][0])) == 7:
        tiles = list(_tiles(module, blocks[sums[0]][0], device))
        yield from _attempts(
            module, [lambda s, tile=tile: _convolution(s, tile, device.lanes) for tile in tiles]
        )


def _attempts(module: tvm.IRModule, templates: Sequence) -> Iterator[Schedule]:
    for template in templates:
        schedule = Schedule(module)
        try:
            template(schedule)
        except tvm.s_tir.ScheduleError:
            continue  # the kernel has a form for which the template is not made
        yield schedule


def _blocks(schedule: Schedule) -> list[tuple[str, bool]]:
    """Returns the name of each block and whether it sums."""
    found = schedule.get_child_blocks(schedule.get_sblock('root'))
    blocks = [schedule.get(block) for block in found]
    return [(str(block.name_hint), block.init is not None) for block in blocks]


def _extents(schedule: Schedule, block: str) -> list[int]:
    loops = schedule.get_loops(schedule.get_sblock(block))
    return [int(schedule.get(loop).extent) for loop in loops]


def _tiles(module: tvm.IRModule, block: str, device: Device) -> Iterator[Tile]:
    _, height, width, channels, *_, depth = _extents(Schedule(module), block)
    every = product(
        [rows for rows in (1, 2, 4) if height % rows == 0],
        [columns for columns in range(1, device.registers) if width % columns == 0],
        _channel_tiles(channels, device.lanes),
        (False, True),
        (1,) if depth == 1 else (1, 4),
    )
    for tile in starmap(Tile, every):
        sums = tile.rows * tile.columns * -(-tile.channels // device.lanes)
        # The rest of the registers holds inputs and weights. Few sums would wait for each other.
        if device.registers // 4 <= sums <= device.registers - 4 and depth % tile.steps == 0:
            yield tile


def _channel_tiles(channels: int, lanes: int) -> list[int]:
    """Returns whole numbers of vectors if they divide the channels, or else other divisors."""
    divisors = [tile for tile in range(1, 4 * lanes + 1) if channels % tile == 0]
    whole = [tile for tile in divisors if tile % lanes == 0]
    return whole or [tile for tile in divisors if tile >= min(channels, lanes // 2)]


def _convolution(schedule: Schedule, tile: Tile, lanes: int) -> None:
    names = _blocks(schedule)
    at = next(index for index, (_, is_sum) in enumerate(names) if is_sum)
    before, after = names[:at], names[at + 1 :]
    convolution = schedule.get_sblock(names[at][0])
    window = _extents(schedule, names[at][0])[4:6]
    for name, _ in after[:-1]:
        schedule.compute_inline(schedule.get_sblock(name))
    if after:
        last = schedule.get_sblock(after[-1][0])
    else:
        last = schedule.cache_write(convolution, 0, 'global')
    image, row, column, channel = schedule.get_loops(last)
    outer_row, inner_row = schedule.split(row, [None, tile.rows])
    outer_column, inner_column = schedule.split(column, [None, tile.columns])
    outer_channel, inner_channel = schedule.split(channel, [None, tile.channels])
    outer = [outer_column, outer_channel]
    if tile.channels_outside:
        outer.reverse()
    schedule.reorder(image, outer_row, *outer, inner_row, inner_column, inner_channel)
    schedule.compute_at(convolution, outer[-1], preserve_unit_loops=True)
    spatial, window_loops = (
        schedule.get_loops(convolution)[4:8],
        schedule.get_loops(convolution)[8:],
    )
    inputs, steps = schedule.split(window_loops[-1], [None, tile.steps])
    schedule.reorder(*window_loops[:2], inputs, steps, *spatial)
    for name, _ in before:
        _stage_input(schedule, name, window, outer_row, outer[0], tile, lanes)
    for loop in (steps, window_loops[1], *spatial[1:3], inner_row, inner_column):
        schedule.unroll(loop)
    for loop in (spatial[3], inner_channel):  # LLVM divides vectors among registers
        schedule.vectorize(loop)
    schedule.parallel(schedule.fuse(image, outer_row))
    start = schedule.decompose_reduction(convolution, window_loops[0])
    loops = schedule.get_loops(start)[3:]
    for loop in loops[:-1]:
        schedule.unroll(loop)
    schedule.vectorize(loops[-1])


def _stage_input(
    schedule: Schedule,
    name: str,
    window: Sequence[int],
    outer_row: LoopRV,
    outer: LoopRV,
    tile: Tile,
    lanes: int,
) -> None:
    """Pads the rows that a tile needs, or does without a copy if nothing is padded."""
    block = schedule.get_sblock(name)
    if max(window) == 1:
        schedule.compute_inline(block)
        return
    schedule.compute_at(block, outer if tile.channels_outside else outer_row)
    _vectorize(schedule, schedule.get_loops(block)[-1], lanes)


def _elementwise(schedule: Schedule, lanes: int) -> None:
    results = []
    for name, _ in _blocks(schedule):
        try:
            schedule.compute_inline(schedule.get_sblock(name))
        except tvm.s_tir.ScheduleError:
            results.append(schedule.get_sblock(name))
    for block in results:
        *outer, inner = schedule.get_loops(block)
        _vectorize(schedule, inner, lanes)
        schedule.parallel(schedule.fuse(*outer) if len(outer) > 1 else outer[0])


def _vectorize(schedule: Schedule, loop: LoopRV, lanes: int) -> None:
    extent = int(schedule.get(loop).extent)
    width = _largest_divisor(extent, 2 * lanes)
    if width != extent:
        _, loop = schedule.split(loop, [None, width])
    schedule.vectorize(loop)


def _largest_divisor(extent: int, limit: int) -> int:
    return max(each for each in range(1, limit + 1) if extent % each == 0)
