"""Evolutionary search for the best network of a space under constraints.

The search is that of LitePose (CVPR 2022), section 5.1, with the numbers of the released
``EvolutionFinder`` as defaults. Unlike there, the last generation's children can win, every gene is
crossed over, and no network is evaluated twice: a known one is sampled again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np

from ..errors import LitePoseError
from .search_spaces import Architecture, Genotype, SearchSpace

#: Scores of networks, the higher the better.
Evaluate = Callable[[Sequence[Architecture]], Sequence[float]]

# After this many samples that violate a constraint, the network is made smaller instead.
_DRAWS = 100
# After this many samples of known networks, another kind of child is sampled, and after as many
# more, the generation gets one network less, because very similar parents have few children.
_REDRAWS = 20


@dataclass(frozen=True)
class EvolutionSettings:
    """Settings of a search.

    Attributes:
        population: Number of networks in a generation, besides the surviving parents.
        parents: Number of the best networks, which survive and have children.
        mutation_share: Fraction of children that are mutated parents; the others are crossed.
        mutation_prob: Probability that a gene of a mutated child is sampled again.
        generations: Number of generations after the first, which is sampled at random.
        seed: Random seed, not negative.

    Raises:
        LitePoseError: A number is out of its range.
    """

    population: int = 40
    parents: int = 10
    mutation_share: float = 0.5
    mutation_prob: float = 0.1
    generations: int = 40
    seed: int = 0

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
        name: Name of the cost, e.g. ``'paper_macs'``.
        cost: Function that returns the cost of a network. Smaller networks should not cost more.
        limit: The largest cost allowed, above 0.
    """

    name: str
    cost: Callable[[Architecture], float]
    limit: float


class Candidate(NamedTuple):
    """A network with its costs, by the names of the constraints, and its score, if known."""

    genotype: Genotype
    costs: Mapping[str, float]
    score: float = float('nan')


class Evolution:
    """A search that proceeds generation by generation.

    Args:
        space: The search space.
        constraints: Constraints that every network has to meet; at least one.
        settings: Settings of the search.

    Raises:
        LitePoseError: A limit is not a positive number, or even the smallest network exceeds it.

    Attributes:
        generation: Number of generations that were evaluated.
        parents: The best candidates so far, the best first.
        evaluated: All candidates so far, by genotype.
        uniform: The baselines of :meth:`uniform_archs` with their scores, which are evaluated with
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
                    f'search: expected a limit of {name} that the smallest network of the space '
                    f'meets, {least:g} or more, got {limit:g}'
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
        """Sample and evaluate a generation.

        Args:
            evaluate: Called once with the networks that have no score yet, in an order that depends
                only on the seed.

        Raises:
            LitePoseError: A score is not finite, or there are fewer scores than networks.
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
                f'search: expected {len(unknown)} finite scores, got {scores}; check the weights '
                'of the supernet'
            )
        known.update(zip(unknown, scores))
        for child, arch in zip(new.values(), archs):
            self.evaluated[child.genotype] = child._replace(score=known[arch])
        self.uniform += [(arch, known[arch]) for arch in uniform]
        pool = [*self.parents, *(self.evaluated[child.genotype] for child in children)]
        self.parents = self._select({each.genotype: each for each in pool}.values())
        self.generation += 1

    def draw(self) -> Candidate:
        """Sample a random network that meets the constraints, as in the first generation."""
        return self._keeping(self._sampled)

    @property
    def best(self) -> Candidate:
        """The candidate with the highest score, and of equals the cheapest."""
        return min(self.evaluated.values(), key=self._rank)

    def front(self) -> list[Candidate]:
        """Return the Pareto front of score and costs, the cheapest candidate first."""
        candidates = list(self.evaluated.values())
        # Values to minimise, (candidates, 1 + constraints).
        values = np.array([[-each.score, *each.costs.values()] for each in candidates])
        beaten = [((values <= own).all(1) & (values < own).any(1)).any() for own in values]
        front = [each for each, is_beaten in zip(candidates, beaten) if not is_beaten]
        return sorted(front, key=lambda each: tuple(each.costs.values()))

    def uniform_archs(self) -> list[Architecture]:
        """Return the first network of each of the space's baselines that meets the constraints."""
        allowed = (
            (arch for arch in archs if self._keeps(self.costs(arch)))
            for archs in self.space.baselines()
        )
        return [arch for archs in allowed for arch in islice(archs, 1)]

    def _children(self) -> list[Candidate]:
        """Sample the next generation, avoiding networks that were already evaluated."""
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
        """Sample a network that meets the constraints; after many failures, shrink the last one."""
        for _ in range(_DRAWS):
            # Genes of skipped blocks are normalised so that each network has one genotype.
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
        """Return the costs of a network by the names of the constraints."""
        return {constraint.name: float(constraint.cost(arch)) for constraint in self.constraints}

    def _keeps(self, costs: Mapping[str, float]) -> bool:
        return all(costs[each.name] <= each.limit for each in self.constraints)

    def _select(self, candidates) -> list[Candidate]:
        """Select the next parents, the best first."""
        return sorted(candidates, key=self._rank)[: self.settings.parents]

    @staticmethod
    def _rank(candidate: Candidate) -> tuple:
        return (-candidate.score, *candidate.costs.values(), candidate.genotype)
