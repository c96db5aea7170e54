"""Packaging. The version and the requirements are read from their files, never imported."""

import re
import shutil
from pathlib import Path

from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:  # before setuptools 70.1
    from wheel.bdist_wheel import bdist_wheel

ROOT = Path(__file__).resolve().parent
# As in every OpenMMLab package; the demo draws the people of a project.
MIM_PARTS = ('configs', 'tools', 'demo', 'projects', 'model-index.yml')
# The decoder's costly steps (litepose_mm/decoding/compiled.py). Without a compiler, the package
# does without.
DECODER = Extension(
    'litepose_mm.decoding._compiled',
    sorted(str(path.relative_to(ROOT)) for path in ROOT.glob('litepose_mm/decoding/cpp/*.cpp')),
    depends=sorted(
        str(path.relative_to(ROOT)) for path in ROOT.glob('litepose_mm/decoding/cpp/*.h')
    ),
    language='c++',
    # Floats are rounded as in NumPy, whatever the environment says.
    extra_compile_args=[
        *('-std=c++17', '-O3', '-g0', '-fvisibility=hidden'),
        *('-fno-fast-math', '-ffp-contract=off', '-fno-math-errno'),
    ],
    optional=True,
)


def requirements(name: str) -> list:
    """The requirements of ``requirements/NAME.txt``, comments and ``-r`` lines left out."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text(encoding='utf-8').splitlines()
    lines = (re.split(r'(?:^|\s)#', line)[0].strip() for line in lines)
    return [line for line in lines if line and not line.startswith('-')]


def version() -> str:
    text = (ROOT / 'litepose_mm' / 'version.py').read_text(encoding='utf-8')
    return re.search(r"""^__version__ = ['"]([^'"]+)""", text, re.MULTILINE).group(1)


def extras() -> dict:
    """One extra a file of ``requirements/optional/``, ``all`` of them, and ``mmpose``.

    ``mmpose`` is what MMPose and this package need beside the OpenMMLab packages themselves, which
    pip cannot install with their own requirements (requirements/mminstall.txt).
    """
    found = {
        path.stem: requirements(f'optional/{path.stem}')
        for path in sorted((ROOT / 'requirements' / 'optional').glob('*.txt'))
    }
    found['all'] = sorted({line for lines in found.values() for line in lines})
    found['mmpose'] = requirements('mmpose')
    return found


class BuildWithMim(build_py):
    """Puts configs, tools, demo and projects into ``litepose_mm/.mim`` of the wheel.

    An editable installation needs none of it: ``litepose_mm.utils.paths`` finds the
    folders beside the package. Nothing is written into the source tree.
    """

    def run(self):
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / 'litepose_mm' / '.mim'
        shutil.rmtree(target, ignore_errors=True)  # an earlier build may have left removed files
        for part in MIM_PARTS:
            source = ROOT / part
            if source.is_dir():
                ignore = shutil.ignore_patterns('__pycache__', '*.py[cod]')
                shutil.copytree(source, target / part, ignore=ignore)
            elif source.is_file():
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target / part)


class BuildLibrary(build_ext):
    """Compiles a plain library, which every version of Python loads through ctypes."""

    def get_ext_filename(self, fullname):
        return str(Path(*fullname.split('.')).with_suffix('.so'))

    def get_export_symbols(self, ext):
        return []  # it is not a module


class Wheel(bdist_wheel):
    """Names the wheel by what is in it: for any system, or for this one and any Python."""

    def get_tag(self):
        outputs = self.get_finalized_command('build_ext').get_outputs()
        is_compiled = any(Path(path).is_file() for path in outputs)
        return 'py3', 'none', super().get_tag()[2] if is_compiled else 'any'


def readme() -> str:
    path = ROOT / 'README.md'
    return path.read_text(encoding='utf-8') if path.is_file() else ''


setup(
    name='litepose_mm',
    version=version(),
    description='LitePose and its peers for MMPose: efficient bottom-up human pose estimation',
    long_description=readme(),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    license_files=['LICENSE'],
    keywords='pose estimation, bottom-up, associative embedding, OpenMMLab, MMPose',
    classifiers=[
        'Intended Audience :: Developers',
        'Intended Audience :: Science/Research',
        'Operating System :: OS Independent',
        *(f'Programming Language :: Python :: 3.{minor}' for minor in range(10, 14)),
        'Topic :: Scientific/Engineering :: Image Recognition',
    ],
    packages=find_packages(include=['litepose_mm', 'litepose_mm.*']),
    package_data={
        'litepose_mm': [
            *('**/*.json', '**/*.safetensors', 'tvm/databases/*.zip', 'serve/page/*'),
            *('decoding/cpp/*', 'zoo/exports/*/*'),
        ]
    },
    ext_modules=[DECODER],
    python_requires='>=3.10',
    install_requires=requirements('runtime'),
    extras_require=extras(),
    entry_points={'console_scripts': ['litepose = litepose_mm.cli:main']},
    cmdclass={'build_py': BuildWithMim, 'build_ext': BuildLibrary, 'bdist_wheel': Wheel},
    zip_safe=False,
)
