"""The costs of all operations of a space, from which those of its networks follow by addition.

EfficientPose, section 3.2, equations 4 and 5. Parameters and multiply-accumulates are counted;
latencies are measured operation by operation on any engine that can time networks.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ...analysis.complexity import Complexity, measure_complexity, run_network
from ...errors import LitePoseError, reason
from ...media import write_json
from ..search_spaces import SearchSpace
from .mixed_block import MixedBlock


class PlacedOperation(NamedTuple):
    """An operation with the shape of its input.

    Attributes:
        block: Number of the mixed block.
        index: Number of the operation in it.
        module: The operation.
        shape: Channels, height and width of the input.
    """

    block: int
    index: int
    module: nn.Module
    shape: tuple[int, int, int]


@dataclass(frozen=True)
class OperationCosts:
    """A table of costs.

    Attributes:
        name: Name of the cost: a field of :class:`Complexity`, or ``'latency'`` in milliseconds.
        fixed: Cost of everything but the blocks.
        table: Cost of each operation of each block.
        space: Plain data of the search space.
        input_size: Width and height of the input.
        conditions: For a latency, ``engine``, ``threads`` and others of the measurement.
    """

    name: str
    fixed: float
    table: tuple[tuple[float, ...], ...]
    space: Mapping[str, Any]
    input_size: tuple[int, int]
    conditions: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def count(cls, model: nn.Module, name: str, input_size: Sequence[int]) -> OperationCosts:
        """Count parameters or multiply-accumulates of all operations.

        Args:
            model: A differentiable estimator.
            name: A field of :class:`Complexity`.
            input_size: Width and height of the input.

        Raises:
            LitePoseError: There is no such count.
        """
        if name not in Complexity._fields:
            raise LitePoseError(
                f'cost: expected one of {", ".join(Complexity._fields)}, or a table of latencies, '
                f'got {name!r}'
            )
        model = copy.deepcopy(model).to('meta').eval()
        blocks = model.backbone.mixed_blocks
        table = [[0] * len(block.settings) for block in blocks]
        known: dict[tuple, int] = {}
        for placed in placed_operations(model, input_size):
            key = signature(placed)
            if key not in known:
                known[key] = getattr(measure_complexity(placed.module, placed.shape), name)
            table[placed.block][placed.index] = known[key]
        if name == 'params':
            whole = sum(each.numel() for each in model.parameters())
            fixed = whole - sum(each.numel() for block in blocks for each in block.parameters())
        else:
            width, height = input_size
            whole = getattr(measure_complexity(model, (3, height, width)), name)
            fixed = whole - sum(row[0] for row in table)  # without values, the first is active
        return cls(
            name, fixed, tuple(map(tuple, table)), model.backbone.space.to_dict(), tuple(input_size)
        )

    def expected(self, blocks: Sequence[MixedBlock]) -> Tensor:
        """Return the expected cost of the network, which has a gradient.

        Args:
            blocks: The mixed blocks of the table.
        """
        total = blocks[0].alpha.new_tensor(self.fixed)
        for block, row in zip(blocks, self.table, strict=True):
            total = total + block.probabilities() @ block.alpha.new_tensor(row)
        return total

    def of(self, choices: Sequence[int]) -> float:
        """Return the cost of the network of an operation for each block."""
        return self.fixed + sum(row[index] for row, index in zip(self.table, choices, strict=True))

    @property
    def least(self) -> float:
        """The cost of the cheapest network."""
        return self.fixed + sum(map(min, self.table))

    def check_limit(self, limit: float) -> None:
        """Check that the space has a network under a limit.

        Raises:
            LitePoseError: It has none.
        """
        if not self.least <= limit:
            raise LitePoseError(
                f'search: expected a limit of {self.name} that the cheapest network of the space '
                f'meets, {self.least:g} or more, got {limit:g}'
            )

    def check(
        self,
        space: SearchSpace,
        input_size: Sequence[int],
        engine: str | None = None,
        threads: int | None = None,
    ) -> None:
        """Check that the table was made for a search.

        Args:
            space: The space that is searched.
            input_size: Width and height of the input.
            engine: The engine that the latency is to be that of; None accepts any.
            threads: Its number of threads; None accepts any.

        Raises:
            LitePoseError: The table is another one's.
        """
        for name, expected, got in (
            ('input size', tuple(input_size), self.input_size),
            ('engine', engine, self.conditions.get('engine')),
            ('threads', threads, self.conditions.get('threads')),
        ):
            if expected is not None and expected != got:
                raise LitePoseError(
                    f'table of costs: expected the {name} {expected}, got one of {got}; make one '
                    'with tools/nas/cost_table.py'
                )
        if json.dumps(self.space, sort_keys=True) != json.dumps(space.to_dict(), sort_keys=True):
            raise LitePoseError(
                'table of costs: expected one for the search space of this config, got one for '
                'another space; make one with tools/nas/cost_table.py'
            )

    def save(self, path: str | Path) -> None:
        """Save the table as JSON.

        Raises:
            LitePoseError: The file cannot be written.
        """
        write_json(path, asdict(self))

    @classmethod
    def load(cls, path: str | Path) -> OperationCosts:
        """Load the file that :meth:`save` wrote.

        Raises:
            LitePoseError: The file is missing or is no table.
        """
        try:
            content = json.loads(Path(path).read_text(encoding='utf-8'))
            table = tuple(tuple(map(float, row)) for row in content['table'])
            numbers = [float(content['fixed']), *(cost for row in table for cost in row)]
            if not all(0 <= number < float('inf') for number in numbers):
                raise ValueError('a cost is negative or not finite')
            return cls(
                name=str(content['name']),
                fixed=numbers[0],
                table=table,
                space=dict(content['space']),
                input_size=tuple(map(int, content['input_size'])),
                conditions=dict(content['conditions']),
            )
        except OSError as error:
            raise LitePoseError(f'{path}: {error.strerror}') from error
        except (ValueError, KeyError, TypeError) as error:
            raise LitePoseError(
                f'{path} is not a table of costs ({reason(error)}); make one with '
                'tools/nas/cost_table.py'
            ) from error


def placed_operations(model: nn.Module, input_size: Sequence[int]) -> Iterator[PlacedOperation]:
    """Yield all operations that compute something, with the shapes of their inputs.

    Args:
        model: A differentiable estimator.
        input_size: Width and height of the input.
    """
    shapes: list[tuple[int, int, int]] = []
    blocks = model.backbone.mixed_blocks
    handles = [
        block.register_forward_pre_hook(lambda _, inputs: shapes.append(tuple(inputs[0].shape[1:])))
        for block in blocks
    ]
    width, height = input_size
    try:
        with torch.no_grad():
            image = torch.zeros(1, 3, height, width, device=blocks[0].alpha.device)
            run_network(model, image)
    finally:
        for handle in handles:
            handle.remove()
    for number, (block, shape) in enumerate(zip(blocks, shapes, strict=True)):
        for index, module in enumerate(block.operations.values()):
            if not isinstance(module, nn.Identity):
                yield PlacedOperation(number, index, module, shape)


def signature(placed: PlacedOperation) -> tuple:
    """Return what two operations have in common if their cost is the same."""
    layers = tuple(
        (*layer.weight.shape, *layer.stride)
        for layer in placed.module.modules()
        if isinstance(layer, nn.Conv2d)
    )
    return placed.shape, layers, placed.module.with_residual
