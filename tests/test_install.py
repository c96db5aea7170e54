"""The wheel, the requirement files and the Makefile: what a user installs."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from exported import RUN_WITHOUT_TORCH, export, tiny_estimator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from litepose_mm import __version__
from litepose_mm.errors import LitePoseError
from litepose_mm.runtime import PoseEstimator
from litepose_mm.utils.paths import config_path, mim_root

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / 'requirements'
FILES = sorted(REQUIREMENTS.rglob('*.txt'))
CONSTRAINTS = REQUIREMENTS / 'constraints.txt'
LIBRARY = 'litepose_mm/decoding/_compiled.so'
PYTHONS = ('3.10', '3.11', '3.12', '3.13')

needs_source = pytest.mark.skipif(
    not (ROOT / 'setup.py').is_file(), reason='the tests do not lie beside the source tree'
)
pytestmark = needs_source


def requirements(path: Path) -> list:
    lines = (re.split(r'(?:^|\s)#', line)[0].strip() for line in path.read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith('-')]


def requirements_on(python: str, path: Path) -> list:
    environment = {'python_version': python, 'python_full_version': f'{python}.0'}
    return [
        each
        for each in requirements(path)
        if each.marker is None or each.marker.evaluate(environment)
    ]


def pins(python: str) -> dict:
    found = {}
    for pin in requirements_on(python, CONSTRAINTS):
        name = canonicalize_name(pin.name)
        assert name not in found, f'{name} is pinned twice for Python {python}'
        found[name] = pin
    return found


@pytest.mark.parametrize('path', FILES, ids=lambda path: str(path.relative_to(REQUIREMENTS)))
def test_requirements_parse_and_are_in_order(path):
    names = [canonicalize_name(each.name) for each in requirements(path)]
    assert names == sorted(names)


@pytest.mark.parametrize('python', PYTHONS)
def test_every_requirement_has_a_pin_that_fits_it(python):
    known = pins(python)
    for path in FILES:
        if path == CONSTRAINTS:
            continue
        for wanted in requirements_on(python, path):
            pin = known.get(canonicalize_name(wanted.name))
            assert pin is not None, f'{path.name}: {wanted} has no pin in constraints.txt'
            version = str(pin.specifier).removeprefix('==')
            assert wanted.specifier.contains(version, prereleases=True), f'{wanted}, but {pin}'


def test_pins_are_exact():
    for pin in requirements(CONSTRAINTS):
        assert re.fullmatch(r'==[^*,]+', str(pin.specifier)), pin


def test_every_python_is_named_where_pythons_are_named():
    minors = [int(python.partition('.')[2]) for python in PYTHONS]
    first, last = f'3.{minors[0]}', f'3.{minors[-1]}'
    assert f'range({minors[0]}, {minors[-1] + 1})' in (ROOT / 'setup.py').read_text()
    makefile = (ROOT / 'Makefile').read_text()
    assert f'(3, {minors[0]}) <= sys.version_info[:2] <= (3, {minors[-1]})' in makefile
    assert all(f' python{python}' in makefile for python in PYTHONS)
    assert f'Python {first} to {last}' in (ROOT / 'docs' / 'install.md').read_text()
    assert f'on Python {first} to {last}' in CONSTRAINTS.read_text()


def test_base_needs_no_torch():
    names = {canonicalize_name(each.name) for each in requirements(REQUIREMENTS / 'runtime.txt')}
    assert names == {'msgspec', 'numpy', 'rich', 'scipy'}


def test_build_requirements_agree():
    text = (ROOT / 'pyproject.toml').read_text()
    listed = re.search(r'^requires = \[(.*)\]$', text, re.MULTILINE).group(1)
    listed = {str(Requirement(each.strip().strip('"'))) for each in re.findall(r'"[^"]*"', listed)}
    assert listed == {str(each) for each in requirements(REQUIREMENTS / 'build.txt')}


def test_configs_are_found_beside_the_source():
    assert mim_root() == ROOT


def test_config_names(tmp_path, monkeypatch):
    monkeypatch.setattr('litepose_mm.utils.paths._PACKAGE', tmp_path / 'litepose_mm')
    with pytest.raises(LitePoseError, match='pip install') as caught:
        mim_root()
    assert '\n' not in str(caught.value)

    folder = tmp_path / 'litepose_mm' / '.mim' / 'configs'
    for name in ('a/one_coco.py', 'b/one_coco.py', 'b/two_coco.py'):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text('')
    assert mim_root() == folder.parent
    for name in ('two_coco', 'two_coco.py', 'b/two_coco', 'configs/b/two_coco.py'):
        assert config_path(name) == folder / 'b' / 'two_coco.py'
    with pytest.raises(LitePoseError, match='several configs.*a/one_coco.py, b/one_coco.py'):
        config_path('one_coco')
    with pytest.raises(LitePoseError, match='did you mean two_coco'):
        config_path('two_cocoo')


def run(*args, **options):
    done = subprocess.run(list(map(str, args)), capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build_wheel(folder: Path, **environment: str) -> Path:
    """Builds the wheel of a copy of the source tree, so that the tree stays as it is."""
    kept = ('litepose_mm', 'configs', 'tools', 'demo', 'projects', 'requirements')
    kept += ('setup.py', 'pyproject.toml', 'MANIFEST.in', 'LICENSE', 'README.md', 'model-index.yml')
    (folder / 'source').mkdir()
    for part in kept:
        if (ROOT / part).exists():
            run('cp', '-r', ROOT / part, folder / 'source' / part)
    (folder / 'source' / LIBRARY).unlink(missing_ok=True)
    options = ('--quiet', '--no-deps', '--no-build-isolation', '--no-index')
    command = [sys.executable, '-m', 'pip', 'wheel', *options, '-w', folder, '.']
    run(*command, cwd=folder / 'source', env={**os.environ, **environment})
    (path,) = folder.glob('*.whl')
    return path


@pytest.fixture(scope='module')
def wheel(tmp_path_factory) -> Path:
    return build_wheel(tmp_path_factory.mktemp('wheel'))


@pytest.mark.slow
def test_wheel_has_the_compiled_decoder(wheel):
    """One wheel serves every Python of a system."""
    if shutil.which('g++') is None:
        pytest.skip('g++ is missing: apt-get install g++')
    assert LIBRARY in zipfile.ZipFile(wheel).namelist()
    assert re.fullmatch(rf'litepose_mm-{__version__}-py3-none-linux_\w+\.whl', wheel.name)


@pytest.mark.slow
def test_wheel_without_a_compiler(tmp_path):
    wheel = build_wheel(tmp_path, CC='/absent/cc', CXX='/absent/c++')
    assert wheel.name == f'litepose_mm-{__version__}-py3-none-any.whl'
    assert LIBRARY not in zipfile.ZipFile(wheel).namelist()


@pytest.mark.slow
def test_wheel_is_complete(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for part in ('configs', 'tools', 'demo', 'projects'):
        for path in (ROOT / part).rglob('*'):
            if path.is_file() and '__pycache__' not in path.parts:
                assert f'litepose_mm/.mim/{path.relative_to(ROOT)}' in names
    kinds = ('.py', '.json', '.onnx', '.bin', '.cpp', '.h')
    for path in (ROOT / 'litepose_mm').rglob('*'):
        if path.suffix in kinds and '.mim' not in path.parts:
            assert str(path.relative_to(ROOT)) in names
    if (ROOT / 'model-index.yml').is_file():
        assert 'litepose_mm/.mim/model-index.yml' in names
    tops = {name.split('/')[0] for name in names}
    assert tops == {'litepose_mm', f'litepose_mm-{__version__}.dist-info'}
    assert not any('__pycache__' in name for name in names)


@pytest.mark.slow
def test_wheel_metadata(wheel):
    archive, folder = zipfile.ZipFile(wheel), f'litepose_mm-{__version__}.dist-info'
    text = archive.read(f'{folder}/METADATA').decode()
    assert 'Requires-Python: >=3.10' in text and 'Apache-2.0' in text
    base = re.findall(r'^Requires-Dist: ([\w.-]+)(?![^\n]*extra ==)', text, re.MULTILINE)
    assert sorted(base) == ['msgspec', 'numpy', 'rich', 'scipy']
    extras = set(re.findall(r'^Provides-Extra: (\S+)', text, re.MULTILINE))
    files = (ROOT / 'requirements/optional').glob('*.txt')
    assert extras == {'all', 'mmpose', *(path.stem for path in files)} > {'int8', 'runtime'}
    assert 'litepose = litepose_mm.cli:main' in archive.read(f'{folder}/entry_points.txt').decode()


@pytest.mark.slow
def test_installed_package_finds_its_configs(wheel, tmp_path):
    target = tmp_path / 'site'
    options = ('--quiet', '--no-deps', '--no-index', '--target', target)
    run(sys.executable, '-m', 'pip', 'install', *options, wheel)
    code = (
        'from litepose_mm.utils import paths, __file__\n'
        'root = paths.mim_root()\n'
        'configs = sorted(str(p.relative_to(root)) for p in root.glob("configs/**/*.py"))\n'
        'print(root, *configs, sep="\\n")'
    )
    env = {**os.environ, 'PYTHONPATH': str(target)}
    root, *configs = run(sys.executable, '-c', code, env=env, cwd=tmp_path).splitlines()
    assert Path(root) == target / 'litepose_mm' / '.mim'
    assert configs == sorted(str(p.relative_to(ROOT)) for p in ROOT.glob('configs/**/*.py'))


@pytest.mark.slow
def test_runtime_in_an_environment_without_torch(wheel, tmp_path):
    folder, image = tmp_path / 'model', tmp_path / 'x.png'
    export(tiny_estimator(), folder)
    cv2.imwrite(str(image), np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8))
    expected = PoseEstimator(folder, threads=1)(image)
    run(sys.executable, '-m', 'venv', tmp_path / 'venv')
    python = tmp_path / 'venv' / 'bin' / 'python'
    command = [python, '-m', 'pip', 'install', '--quiet', '--only-binary', ':all:']
    command += ['-c', CONSTRAINTS, f'{wheel}[runtime]']
    installed = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if installed.returncode:
        pytest.skip(f'pip finds no packages to install: {installed.stderr.strip()[-200:]}')
    packages = run(python, '-m', 'pip', 'list', '--format=freeze').lower()
    assert 'onnxruntime' in packages and 'torch' not in packages and 'mmengine' not in packages
    environment = {k: v for k, v in os.environ.items() if k != 'PYTHONPATH'}
    people, score = run(
        python, '-c', RUN_WITHOUT_TORCH, folder, image, cwd=tmp_path, env=environment
    ).split()
    assert int(people) == len(expected) > 0
    options = ('--model', folder, '--min-score', 0, '--out-dir', tmp_path / 'out')
    text = run(python, '-m', 'litepose_mm.cli', 'predict', image, *options, env=environment)
    assert text.startswith(f'{people} people on 1 image')
    assert float(score) == pytest.approx(float(expected.scores.sum()), abs=1e-4)
    arguments = ('predict', image, '--out-dir', tmp_path / 'bundled')
    text = run(python, '-m', 'litepose_mm.cli', *arguments, env=environment)
    assert 'people on 1 image' in text
