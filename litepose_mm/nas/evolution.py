"""Evolutionary search for the best network of a space under constraints.

LitePose (CVPR 2022), section 5.1, and the released ``EvolutionFinder``, whose numbers are the
defaults. Other than there, the last generation's children can win, every gene is crossed over, and
no network is evaluated twice: one that is known is drawn again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np

from ..errors import LitePoseError
from ..families.litepose import Architecture, scaled
from .search_spaces import Genotype, SearchSpace

#: Scores of some networks, the higher the better.
Evaluate = Callable[[Sequence[Architecture]], Sequence[float]]

# So many draws outside of the constraints before a network is made smaller instead.
_DRAWS = 100
# So many draws of networks that are known, of a kind, before another kind is drawn, and then before
# the generation has one less to evaluate. Much alike parents have no other children.
_REDRAWS = 20


@dataclass(frozen=True)
class EvolutionSettings:
    """How a search runs.

    Attributes:
        population: Networks of a generation, besides the parents that go on.
        parents: How many of the best go on and have children.
        mutation_share: Share of the children that are mutated parents; the others are crossed.
        mutation_prob: Probability that a gene of a mutated child is drawn anew.
        generations: Generations after the first, which is drawn at random.
        seed: Of all that is drawn.
        pareto: Whether parents are the networks that no other beats in score and costs at once,
            for a front rather than one best network.

    Raises:
        LitePoseError: A number is out of its range.
    """

    population: int = 40
    parents: int = 10
    mutation_share: float = 0.5
    mutation_prob: float = 0.1
    generations: int = 40
    seed: int = 0
    pareto: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.parents <= self.population or self.generations < 0 or self.seed < 0:
            raise LitePoseError(
                'search: expected 0 < parents <= population, generations >= 0 and seed >= 0, got '
                f'{self.parents}, {self.population}, {self.generations} and {self.seed}'
            )
        if not (0 <= self.mutation_share <= 1 and 0 < self.mutation_prob <= 1):
            raise LitePoseError(
                'search: expected mutation_share in [0, 1] and mutation_prob in (0, 1], got '
                f'{self.mutation_share} and {self.mutation_prob}'
            )


class Constraint(NamedTuple):
    """A cost that must not exceed a limit.

    Attributes:
        name: Of the cost, with its unit, e.g. ``'paper_macs'``.
        cost: Cost of a network; smaller widths, depths and resolutions should not cost more.
        limit: The most that is allowed, above 0.
    """

    name: str
    cost: Callable[[Architecture], float]
    limit: float


class Candidate(NamedTuple):
    """A network with its costs, by the constraints' names, and its score once it is known."""

    genotype: Genotype
    costs: Mapping[str, float]
    score: float = float('nan')


class Evolution:
    """A search, generation by generation.

    Args:
        space: The space.
        constraints: What every network keeps; at least one.
        settings: How the search runs.

    Raises:
        LitePoseError: A limit is no positive number, or the smallest network is beyond one.

    Attributes:
        generation: How many generations were evaluated.
        parents: The best so far, the best first.
        evaluated: All candidates so far, by genotype.
        uniform: What the search has to beat, see :meth:`uniform_archs`, with scores; evaluated with
            the first generation.
    """

    def __init__(
        self,
        space: SearchSpace,
        constraints: Sequence[Constraint],
        settings: EvolutionSettings | None = None,
    ) -> None:
        if not constraints:
            raise LitePoseError('search: expected at least one constraint, got none')
        self.space = space
        self.constraints = tuple(constraints)
        self.settings = settings or EvolutionSettings()
        for name, cost, limit in self.constraints:
            if not 0 < limit < float('inf'):
                raise LitePoseError(f'search: expected a positive limit of {name}, got {limit:g}')
            least = cost(space.smallest)
            if least > limit:
                raise LitePoseError(
                    f'search: {name} of at most {limit:g} is out of reach: the smallest network '
                    f'of the space has {least:g}'
                )
        self.rng = np.random.default_rng(self.settings.seed)
        self.generation = 0
        self.parents: list[Candidate] = []
        self.evaluated: dict[Genotype, Candidate] = {}
        self.uniform: list[tuple[Architecture, float]] = []

    @property
    def is_finished(self) -> bool:
        """Whether all generations were evaluated."""
        return self.generation > self.settings.generations

    def step(self, evaluate: Evaluate) -> None:
        """Draws and evaluates a generation.

        Args:
            evaluate: Called once, with the networks that have no score yet, in an order that only
                depends on the seed.

        Raises:
            LitePoseError: A score is not finite, or there are fewer than networks.
        """
        children = self._children()
        new = {child.genotype: child for child in children if child.genotype not in self.evaluated}
        archs = [self.space.decode(genotype) for genotype in new]
        uniform = [] if self.generation else self.uniform_archs()
        known = dict(self.uniform)
        unknown = [arch for arch in dict.fromkeys(archs + uniform) if arch not in known]
        scores = [float(score) for score in evaluate(unknown)] if unknown else []
        if len(scores) != len(unknown) or not np.isfinite(scores).all():
            raise LitePoseError(
                f'search: expected {len(unknown)} finite scores, got {scores}; is the supernet '
                'sound?'
            )
        known.update(zip(unknown, scores))
        for child, arch in zip(new.values(), archs):
            self.evaluated[child.genotype] = child._replace(score=known[arch])
        self.uniform += [(arch, known[arch]) for arch in uniform]
        pool = [*self.parents, *(self.evaluated[child.genotype] for child in children)]
        self.parents = self._select({each.genotype: each for each in pool}.values())
        self.generation += 1

    def draw(self) -> Candidate:
        """A network at random that keeps the constraints, as in the first generation."""
        return self._keeping(self._sampled)

    @property
    def best(self) -> Candidate:
        """The candidate of the highest score; of equals, the cheapest."""
        return min(self.evaluated.values(), key=self._rank)

    def front(self) -> list[Candidate]:
        """The candidates that no other beats, the cheapest first."""
        candidates = list(self.evaluated.values())
        front = [candidates[index] for index in _fronts(self._objectives(candidates))[0]]
        return sorted(front, key=lambda each: tuple(each.costs.values()))

    def uniform_archs(self) -> list[Architecture]:
        """What a search has to beat: of each resolution, the largest uniformly scaled network.

        All widths are at one ratio, a multiple of 1/64 that need not be one of the space. A ratio
        whose cost is not known, as of layers without a measured latency, is passed over.
        """
        networks = []
        for size in sorted(set(self.space.img_sizes), reverse=True):
            fitting = (
                arch
                for step in range(64, 0, -1)
                if self._is_known_to_keep(arch := scaled(self.space.largest, step / 64, size))
            )
            networks += islice(fitting, 1)
        return networks

    def _is_known_to_keep(self, arch: Architecture) -> bool:
        try:
            return self._keeps(self.costs(arch))
        except LitePoseError:
            return False

    def _children(self) -> list[Candidate]:
        """The next generation, of other networks than were evaluated where enough are found."""
        fresh = self._mutated if self.parents else self._sampled
        makers = [fresh] * self.settings.population
        if self.parents:
            mutated = round(self.settings.population * self.settings.mutation_share)
            makers[mutated:] = [self._crossed] * (self.settings.population - mutated)
        children: dict[Genotype, Candidate] = {}
        for maker in makers:
            for make in [maker] * _REDRAWS + [fresh] * _REDRAWS:
                child = self._keeping(make)
                if child.genotype not in self.evaluated and child.genotype not in children:
                    break
            children[child.genotype] = child
        return list(children.values())

    def _sampled(self) -> Genotype:
        return self.space.sample(self.rng)

    def _mutated(self) -> Genotype:
        parent = self.parents[int(self.rng.integers(len(self.parents)))].genotype
        fresh = self.space.sample(self.rng)
        again = self.rng.random(len(parent)) < self.settings.mutation_prob
        return tuple(new if own else old for old, new, own in zip(parent, fresh, again))

    def _crossed(self) -> Genotype:
        pair = self.rng.choice(len(self.parents), 2, replace=len(self.parents) == 1)
        one, other = (self.parents[index].genotype for index in pair)
        first = self.rng.random(len(one)) < 0.5
        return tuple(a if own else b for a, b, own in zip(one, other, first))

    def _keeping(self, make: Callable[[], Genotype]) -> Candidate:
        """A network that keeps the constraints; after many draws, a larger one made smaller."""
        for _ in range(_DRAWS):
            # One genotype for each network: genes of blocks that it has not make none.
            arch = self.space.decode(make())
            genotype, costs = self.space.encode(arch), self.costs(arch)
            if self._keeps(costs):
                return Candidate(genotype, costs)
        while not self._keeps(costs):
            genes = self.space.genes
            can = [i for i, gene in enumerate(genes) if genotype[i] + 1 < len(gene.choices)]
            index = can[int(self.rng.integers(len(can)))]
            smaller = (*genotype[:index], genotype[index] + 1, *genotype[index + 1 :])
            arch = self.space.decode(smaller)
            genotype, costs = self.space.encode(arch), self.costs(arch)
        return Candidate(genotype, costs)

    def costs(self, arch: Architecture) -> dict[str, float]:
        """Costs of a network by the constraints' names."""
        return {constraint.name: float(constraint.cost(arch)) for constraint in self.constraints}

    def _keeps(self, costs: Mapping[str, float]) -> bool:
        return all(costs[each.name] <= each.limit for each in self.constraints)

    def _select(self, candidates) -> list[Candidate]:
        """The next parents, the best first."""
        ranked = sorted(candidates, key=self._rank)
        if self.settings.pareto:
            order = _by_dominance(self._objectives(ranked))
            ranked = [ranked[index] for index in order]
        return ranked[: self.settings.parents]

    @staticmethod
    def _rank(candidate: Candidate) -> tuple:
        return (-candidate.score, *candidate.costs.values(), candidate.genotype)

    def _objectives(self, candidates: Sequence[Candidate]) -> np.ndarray:
        """What to make small, ``(candidates, 1 + constraints)``."""
        return np.array([[-each.score, *each.costs.values()] for each in candidates])


def _fronts(objectives: np.ndarray) -> list[list[int]]:
    """Indices of what nothing beats, then of what only these beat, and so on."""
    better = (objectives[:, None] <= objectives[None]).all(-1)
    better &= (objectives[:, None] < objectives[None]).any(-1)
    left = np.arange(len(objectives))
    fronts = []
    while len(left):
        beaten = better[np.ix_(left, left)].any(0)
        fronts.append(left[~beaten].tolist())
        left = left[beaten]
    return fronts


def _by_dominance(objectives: np.ndarray) -> list[int]:
    """Indices front by front, in each the loneliest first (NSGA-II, Deb et al., 2002)."""
    order: list[int] = []
    for front in _fronts(objectives):
        values = objectives[front]
        distance = np.zeros(len(front))
        for column in values.T:
            rank = column.argsort(kind='stable')
            spread = column[rank[-1]] - column[rank[0]]
            distance[rank[[0, -1]]] = np.inf
            if spread > 0 and len(front) > 2:
                distance[rank[1:-1]] += (column[rank[2:]] - column[rank[:-2]]) / spread
        order += [front[index] for index in np.argsort(-distance, kind='stable')]
    return order
