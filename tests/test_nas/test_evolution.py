"""The search, on scores that need no network."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from mmengine.config import Config
from supernets import SPACE, build_supernet, supernet_config

from litepose_mm.errors import LitePoseError
from litepose_mm.families.litepose import get_architecture, scaled
from litepose_mm.nas import NetworkCosts, search_spaces
from litepose_mm.nas.evolution import Constraint, Evolution, EvolutionSettings
from litepose_mm.nas.search_report import write_report
from litepose_mm.nas.search_state import resume, save_generation

PLAIN = replace(SPACE, kernel_sizes=(), depths=())
SETTINGS = EvolutionSettings(population=12, parents=4, generations=6)


COSTS = NetworkCosts(build_supernet())


def paper_macs(arch):
    return COSTS.complexity(arch).paper_macs


def area(arch):
    """For spaces that are too large for the small supernet."""
    return arch.img_size**2 * sum(stage.channel for stage in arch.stages)


def score(arch):
    """Wants wide early stages and a high resolution, so that the constraint hurts."""
    weights = (3, 2, 1, 0.5)
    return arch.img_size / 8 + sum(w * s.channel for w, s in zip(weights, arch.stages))


def scores(architectures):
    return [score(arch) for arch in architectures]


def search(space=PLAIN, limit=0.6, settings=SETTINGS, cost=paper_macs, **more):
    constraint = Constraint('paper_macs', cost, limit * cost(space.largest))
    return Evolution(space, [constraint, *more.get('constraints', [])], settings)


def run(evolution, evaluate=scores):
    while not evolution.is_finished:
        evolution.step(evaluate)
    return evolution


def test_paper_settings_are_the_defaults():
    settings = EvolutionSettings()
    assert (settings.population, settings.parents, settings.generations) == (40, 10, 40)
    assert (settings.mutation_share, settings.mutation_prob) == (0.5, 0.1)


def test_it_finds_the_best_that_keeps_the_constraint():
    evolution = run(search(settings=replace(SETTINGS, population=30, generations=25)))
    limit = evolution.constraints[0].limit
    genotypes = itertools.product(*(range(len(gene.choices)) for gene in PLAIN.genes))
    members = (PLAIN.decode(genotype) for genotype in genotypes)
    best = max(score(arch) for arch in members if paper_macs(arch) <= limit)
    assert evolution.best.score == best
    assert len(evolution.evaluated) < PLAIN.size / 3
    assert all(each.costs['paper_macs'] <= limit for each in evolution.evaluated.values())


@pytest.mark.parametrize('limit', [1, 0.15])
def test_networks_are_evaluated_once(limit):
    seen = []

    def evaluate(architectures):
        seen.extend(architectures)
        return scores(architectures)

    evolution = run(search(space=SPACE, limit=limit), evaluate)
    searched = {evolution.space.decode(genotype) for genotype in evolution.evaluated}
    uniform = {arch for arch, _ in evolution.uniform}
    assert len(seen) == len(set(seen)) and set(seen) == searched | uniform
    for arch, score in evolution.uniform:
        assert score == scores([arch])[0]


def test_a_generation_is_new_while_there_is_something_new():
    evolution = search(space=search_spaces()['litepose-xs'], limit=0.3, cost=area)
    for generation in range(1, 6):
        evolution.step(scores)
        assert len(evolution.evaluated) == generation * SETTINGS.population


def test_a_seed_says_everything():
    one, same = run(search()), run(search())
    other = run(search(settings=replace(SETTINGS, seed=1)))
    assert list(one.evaluated) == list(same.evaluated) != list(other.evaluated)


def test_several_constraints():
    small = Constraint('img_size', lambda arch: arch.img_size, 32)
    evolution = run(search(constraints=[small]))
    assert {PLAIN.decode(g).img_size for g in evolution.evaluated} == {32}
    assert set(evolution.best.costs) == {'paper_macs', 'img_size'}


def test_a_tight_constraint_is_kept():
    space = search_spaces()['litepose-xs']
    limit = 1.05 * area(space.smallest)
    evolution = Evolution(space, [Constraint('area', area, limit)], SETTINGS)
    evolution.step(scores)
    assert all(each.costs['area'] <= limit for each in evolution.evaluated.values())


def test_a_constraint_that_nothing_keeps_is_told_at_once():
    with pytest.raises(LitePoseError, match='limit of paper_macs .* got 1'):
        Evolution(PLAIN, [Constraint('paper_macs', paper_macs, 1)])


@pytest.mark.parametrize('limit', [0, -1, float('nan'), float('inf')])
def test_a_limit_that_is_none_is_refused(limit):
    with pytest.raises(LitePoseError, match='expected a positive limit of paper_macs, got'):
        Evolution(PLAIN, [Constraint('paper_macs', paper_macs, limit)])


@pytest.mark.parametrize('found', [[1.0], [float('nan')] * 12])
def test_scores_that_are_none_are_refused(found):
    with pytest.raises(LitePoseError, match='finite scores'):
        search().step(lambda architectures: found)


@pytest.mark.parametrize(
    'change', [dict(parents=0), dict(parents=13), dict(mutation_prob=0), dict(mutation_share=2)]
)
def test_impossible_settings_are_refused(change):
    with pytest.raises(LitePoseError, match='search: expected'):
        replace(SETTINGS, **change)


def test_the_front_is_what_no_other_beats():
    evolution = run(search(limit=1))
    front = evolution.front()
    costs = [each.costs['paper_macs'] for each in front]
    assert costs == sorted(costs) and np.diff([each.score for each in front]).min() > 0
    for each in evolution.evaluated.values():
        assert any(
            f.score >= each.score and f.costs['paper_macs'] <= each.costs['paper_macs']
            for f in front
        )


def test_report_has_the_front_and_nothing_older(tmp_path):
    evolution = run(search())
    (tmp_path / 'front').mkdir()
    (tmp_path / 'front/99.json').write_text('of a longer front')
    config = Config(dict(model=supernet_config(evolution.space.largest)))
    write_report(evolution, tmp_path, config)
    files = sorted((tmp_path / 'front').glob('*.json'))
    assert len(list((tmp_path / 'front').iterdir())) == 2 * len(files)
    space = evolution.space
    assert [get_architecture(str(path)) for path in files] == [
        space.decode(each.genotype) for each in evolution.front()
    ]
    for arch, score in evolution.uniform:
        assert score == scores([arch])[0]
        assert get_architecture(str(tmp_path / f'uniform/{arch.img_size}.json')) == arch
        ratios = [step / 64 for step in range(1, 65)]
        costs = [paper_macs(scaled(space.largest, ratio, arch.img_size)) for ratio in ratios]
        limit = evolution.constraints[0].limit
        assert paper_macs(arch) == max(cost for cost in costs if cost <= limit)
    best = space.decode(evolution.best.genotype)
    assert get_architecture(str(tmp_path / 'best.json')) == best
    assert Config.fromfile(tmp_path / 'best.py').model.backbone.arch == best.to_dict()
    report = (tmp_path / 'search.md').read_text()
    assert report.count('**best**') == 1 and report.count('uniform/') == len(evolution.uniform) > 0
    assert 'better than' not in report
    arch, _ = evolution.uniform[0]
    evolution.uniform[0] = arch, evolution.best.score + 1
    write_report(evolution, tmp_path, config)
    assert '**better than the best**' in (tmp_path / 'search.md').read_text()


@pytest.mark.parametrize('stop', [1, 3, 7])
def test_a_search_that_was_stopped_goes_on(tmp_path, stop):
    whole = run(search())
    stopped = search()
    for _ in range(stop):
        stopped.step(scores)
        save_generation(stopped, tmp_path)
    resumed = search()
    assert resume(resumed, tmp_path).name == f'generation_{stop:04}.json'
    assert run(resumed).parents == whole.parents
    assert list(resumed.evaluated) == list(whole.evaluated)
    assert resumed.uniform == whole.uniform != []


@pytest.mark.parametrize('harm', ['cut', 'changed', 'empty'])
def test_a_broken_state_is_passed_over(tmp_path, harm):
    evolution = search()
    for _ in range(3):
        evolution.step(scores)
        path = save_generation(evolution, tmp_path)
    text = path.read_text()
    path.write_text({'cut': text[:-20], 'changed': text.replace('64', '65', 1), 'empty': ''}[harm])
    resumed = search()
    with pytest.warns(UserWarning, match='generation_0003.json .*not used'):
        assert resume(resumed, tmp_path).name == 'generation_0002.json'
    assert run(resumed).parents == run(search()).parents


def test_a_state_of_another_search_is_refused(tmp_path):
    evolution = search()
    evolution.step(scores)
    save_generation(evolution, tmp_path)
    with pytest.raises(LitePoseError, match=r'another \(paper_macs .*, not '):
        resume(search(limit=0.7), tmp_path)
    with pytest.raises(LitePoseError, match=r'another \(seed \d, not 3\)'):
        resume(search(settings=replace(SETTINGS, seed=3)), tmp_path)
    with pytest.raises(LitePoseError, match='checkpoint differs'):
        resume(search(), tmp_path, dict(checkpoint='other'))
    more = search(settings=replace(SETTINGS, generations=9))
    assert resume(more, tmp_path) is not None
    assert resume(search(), tmp_path / 'nothing') is None
