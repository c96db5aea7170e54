"""Every family that there is, and all of its variants and models."""

import subprocess
import sys

import families as checks
import pytest

from litepose_mm.errors import LitePoseError
from litepose_mm.families import families, get_family, rename
from litepose_mm.zoo import MODELS

FAMILIES = families()
VARIANTS = [(family, variant) for family in FAMILIES.values() for variant in family.variants]
IDS = [variant for _, variant in VARIANTS]


@pytest.mark.parametrize('name', FAMILIES)
def test_says_what_it_is(name):
    family = get_family(name)
    assert family.name == name and family.title and family.method
    assert family.paper.title and family.paper.url.startswith('https://')
    assert any(entry.family == name for entry in MODELS.values())


@pytest.mark.parametrize('family, variant', VARIANTS, ids=IDS)
@pytest.mark.parametrize('num_keypoints', [14, 17])
def test_weights_are_recognised(family, variant, num_keypoints):
    checks.check_recognised(family, variant, num_keypoints)


@pytest.mark.parametrize('family, variant', VARIANTS, ids=IDS)
def test_authors_names_lead_back(family, variant):
    checks.check_authors_names(family, variant)


@pytest.mark.parametrize('family, variant', VARIANTS, ids=IDS)
def test_deploy_form_computes_the_same(family, variant):
    checks.check_deploy_form(family, variant)


@pytest.mark.parametrize('entry', MODELS.values(), ids=MODELS)
def test_models_have_the_figures_of_the_zoo(entry):
    checks.check_entry(entry, get_family(entry.family))


def test_an_unknown_family():
    with pytest.raises(LitePoseError, match='expected one of .*litepose.*, got .resnet'):
        get_family('resnet')


def test_families_need_no_torch():
    code = (
        'import sys; from litepose_mm.families import families; families(); '
        'heavy = {"torch", "mmpose", "mmengine", "cv2", "numpy"} & set(sys.modules); '
        'assert not heavy, heavy'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_names_with_numbers():
    table = {'a.{i}.k{k}x{k}.': 'b.{k}.{i}.', 'a.': 'c.'}
    names = ['a.12.k3x3.weight', 'a.12.k3x5.weight', 'd.weight']
    assert rename(names, table) == {
        'a.12.k3x3.weight': 'b.3.12.weight',
        'a.12.k3x5.weight': 'c.12.k3x5.weight',
    }
