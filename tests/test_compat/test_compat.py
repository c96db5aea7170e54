"""The work-arounds, each in a fresh interpreter: what is missing is stood in for, what is there
is left alone."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).resolve().parents[2]


def python(*args, path=(), cwd=None):
    """Runs this interpreter with ``path`` before everything else on ``sys.path``."""
    env = {**os.environ, 'PYTHONPATH': os.pathsep.join(map(str, [*path, ROOT]))}
    return subprocess.run(
        [sys.executable, *map(str, args)], env=env, cwd=cwd, capture_output=True, text=True
    )


def check(code: str, path=()) -> str:
    """Runs ``code`` and returns what it printed; fails with its traceback."""
    done = python('-W', 'ignore::DeprecationWarning', '-c', dedent(code), path=path)
    assert done.returncode == 0, done.stderr
    return done.stdout


def write(root: Path, files: dict) -> Path:
    for name, text in files.items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text))
    return root


# Just enough of each package for MMPose to import; mmcv._ext goes beside the installed mmcv.
TORCHVISION = {
    'torchvision/__init__.py': "__version__ = '0.99'\n",
    'torchvision/transforms.py': 'class ToPILImage: pass\n',
}
MMDET = {
    'mmdet/__init__.py': '',
    'mmdet/utils.py': 'ConfigType = dict\ndef reduce_mean(x): return x\n',
    'mmdet/apis/__init__.py': '',
    'mmdet/apis/det_inferencer.py': 'class DetInferencer: pass\n',
}
MMCV_EXT = {
    'mmcv_part/_ext.py': """\
        def __getattr__(name):
            if name.startswith('__'):
                raise AttributeError(name)
            return lambda *args, **kwargs: 'the real one'
        """,
}
ADD_MMCV_EXT = 'import mmcv; mmcv.__path__.append({!r})'


@pytest.fixture
def lite():
    """Skips where the installation is a full one, which has nothing to stand in for."""
    found = check("""
        from importlib.util import find_spec
        print([m for m in ('torchvision', 'mmdet', 'mmcv._ext') if find_spec(m)])
        """)
    if found.strip() != '[]':
        pytest.skip(f'installed here: {found.strip()}')


def test_package_is_torch_free():
    check("""
        import sys
        import litepose_mm, litepose_mm.compat, litepose_mm.errors, litepose_mm.utils.paths
        heavy = {'torch', 'cv2', 'mmengine', 'mmcv', 'mmpose'} & set(sys.modules)
        assert not heavy, heavy
        """)


def test_everything_imports_and_nothing_is_pretended(lite):
    check("""
        import sys
        from litepose_mm import compat
        from litepose_mm.errors import LitePoseError

        names = compat.apply()
        assert {'mmcv._ext', 'torchvision', 'mmdet'} <= set(names), names
        assert compat.apply() == names
        import mmpose.apis, mmpose.codecs, mmpose.datasets, mmpose.engine, mmpose.evaluation
        import mmpose.models, mmpose.utils.config_utils, mmpose.visualization

        # every question about the installation gets the true answer
        from mmcv.utils.ext_loader import check_ops_exist
        from mmengine.utils.dl_utils import collect_env, mmcv_full_available
        from importlib.util import find_spec
        assert not check_ops_exist() and not mmcv_full_available()
        assert find_spec('mmdet') is None and find_spec('torchvision') is None
        assert 'TorchVision' not in collect_env()
        assert mmpose.apis.inferencers.base_mmpose_inferencer.has_mmdet is False
        left = [m for m in sys.modules if m.split('.')[0] in ('torchvision', 'mmdet')]
        assert not left and 'mmcv._ext' not in sys.modules, left

        # a use of what is missing says in one line what to install
        from mmcv.ops.info import get_compiler_version
        from mmpose.models.heads.hybrid_heads.rtmo_head import reduce_mean
        from mmpose.visualization.simcc_vis import ToPILImage
        for use, word in (get_compiler_version, '`mmcv`'), (ToPILImage, 'torchvision'), (
                lambda: reduce_mean(1), 'pip install "mmdet'):
            try:
                use()
            except LitePoseError as error:
                assert word in str(error) and chr(10) not in str(error), error
            else:
                raise AssertionError(word)
        """)


@pytest.mark.parametrize(
    'name', ['codecs', 'datasets.synthetic', 'engine', 'evaluation', 'models', 'nas']
)
def test_every_part_can_be_imported_first(name):
    check(f'import litepose_mm.{name}')


# Fixes that packages of any completeness may need.
EVERYWHERE = {
    'numpy-scalar-radius',
    'xtcocotools',
    'config-prefix',
    'image-decoding',
    'downloaded-weights',
}


def test_full_installation_is_left_alone(tmp_path):
    write(tmp_path, {**TORCHVISION, **MMDET, **MMCV_EXT})
    add = ADD_MMCV_EXT.format(str(tmp_path / 'mmcv_part'))
    check(
        f"""
        {add}
        import sys
        import numpy
        from litepose_mm import compat
        names = compat.apply()
        assert set(names) <= {EVERYWHERE}, names
        if 'numpy-scalar-radius' not in names:
            assert 'mmpose.models' not in sys.modules  # not even imported
        import mmcv._ext, mmdet.utils, torchvision, mmpose.apis, mmpose.models
        assert mmcv._ext.__file__ and torchvision.__version__ == '0.99'
        assert not any(isinstance(m, compat.StandIn) for m in list(sys.modules.values()))
        from mmcv.ops.info import get_compiler_version
        from mmengine.utils.dl_utils import mmcv_full_available
        assert get_compiler_version() == 'the real one' and mmcv_full_available()
        assert mmpose.apis.inferencers.base_mmpose_inferencer.has_mmdet is True
        """,
        path=[tmp_path],
    )


@pytest.mark.parametrize(
    'files, there', [(TORCHVISION, 'torchvision'), (MMDET, 'mmdet'), (MMCV_EXT, 'mmcv._ext')]
)
def test_only_what_is_missing_is_stood_in_for(lite, tmp_path, files, there):
    write(tmp_path, files)
    add = ADD_MMCV_EXT.format(str(tmp_path / 'mmcv_part')) if files is MMCV_EXT else ''
    check(
        f"""
        {add}
        import importlib
        from litepose_mm import compat
        names = compat.apply()
        missing = {{'mmcv._ext', 'torchvision', 'mmdet'}} - {{{there!r}}}
        assert set(names) - {EVERYWHERE} == missing, names
        assert importlib.import_module({there!r}).__file__.startswith({str(tmp_path)!r})
        """,
        path=[tmp_path],
    )


@pytest.mark.parametrize(
    'module, raised',
    [
        ('torchvision', "RuntimeError('operator torchvision::nms does not exist')"),
        ('mmdet', "AssertionError('MMCV==9 is used but incompatible')"),
    ],
)
def test_broken_package_counts_as_absent(tmp_path, module, raised):
    write(tmp_path, {f'{module}/__init__.py': f'raise {raised}\n', f'{module}/utils.py': ''})
    check(
        f"""
        import warnings
        from litepose_mm import compat
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always')
            assert {module!r} in compat.apply()
        (said,) = [str(w.message) for w in caught if 'treated as absent' in str(w.message)]
        assert {module!r} in said and {raised.split("'")[1]!r} in said, said
        import mmpose.apis, mmpose.models
        from mmengine.utils.dl_utils import collect_env
        collect_env()
        try:
            import {module}
        except ModuleNotFoundError:
            pass
        else:
            raise AssertionError('still importable')
        """,
        path=[tmp_path],
    )


@pytest.mark.parametrize(
    'module, remedy',
    [
        ('torch', 'PyTorch'),
        ('cv2', 'pip install opencv-python-headless'),
        ('pkg_resources', 'setuptools<81'),
        ('mmengine', 'pip install --no-deps mmengine'),
        ('mmcv', 'pip install --no-deps mmengine'),
        ('mmpose', 'pip install --no-deps mmengine'),
        ('munkres', 'litepose_mm[mmpose]'),
    ],
)
def test_missing_requirement_is_said_in_one_line(module, remedy):
    said = check(f"""
        import sys
        sys.modules[{module!r}] = None
        from litepose_mm.compat import apply
        from litepose_mm.errors import LitePoseError
        try:
            apply()
        except LitePoseError as error:
            print(error)
        """)
    if module == 'munkres' and not said:
        pytest.skip('a full installation imports MMPose later')
    assert said.count('\n') == 1 and module in said and remedy in said, said


# as with wheels for numpy 1 beside numpy 2: the package itself imports, its compiled part does not
BROKEN_XTCOCOTOOLS = {
    'xtcocotools/__init__.py': '',
    'xtcocotools/mask.py': "raise ValueError('numpy.dtype size changed')\n",
    'xtcocotools/coco.py': 'from . import mask\n',
}


def test_pycocotools_stands_in_for_xtcocotools(tmp_path):
    write(tmp_path, BROKEN_XTCOCOTOOLS)
    check(
        """
        import numpy as np
        from litepose_mm import compat
        from litepose_mm.compat.xtcocotools import COCO, COCOeval
        assert 'xtcocotools' in compat.apply()
        from mmpose.datasets import CocoDataset
        from mmpose.evaluation.metrics import coco_metric
        assert coco_metric.COCO is COCO and coco_metric.COCOeval is COCOeval
        from mmpose.datasets.transforms.bottomup_transforms import cocomask
        mask = np.asfortranarray(np.eye(3, dtype=np.uint8))
        assert (cocomask.decode(cocomask.encode(mask)) == mask).all()
        """,
        path=[tmp_path],
    )


def test_neither_of_them(tmp_path):
    absent = "raise ModuleNotFoundError('no pycocotools', name='pycocotools')\n"
    write(tmp_path, {**BROKEN_XTCOCOTOOLS, 'pycocotools/__init__.py': absent})
    said = check(
        """
        from litepose_mm import LitePoseError, compat
        try:
            compat.apply()
        except LitePoseError as error:
            print(error)
        """,
        path=[tmp_path],
    )
    assert 'pip install pycocotools' in said and said.count('\n') == 1


def test_what_fails_inside_mmpose_is_said_in_one_line(tmp_path):
    """Also where numpy is new enough for MMPose's visualizer to be mended."""
    write(tmp_path, {'matplotlib/__init__.py': "raise ValueError('numpy.dtype size changed')\n"})
    said = check(
        """
        from dataclasses import replace
        from litepose_mm import LitePoseError, compat
        compat.FIXES = [
            replace(fix, needed=lambda: True) if fix.name == 'numpy-scalar-radius' else fix
            for fix in compat.FIXES
        ]
        try:
            compat.apply()
        except LitePoseError as error:
            print(error)
        """,
        path=[tmp_path],
    )
    assert said.count('\n') == 1 and 'numpy.dtype size changed' in said, said


def test_broken_opencv_names_the_headless_build(tmp_path):
    write(tmp_path, {'cv2.py': "raise ImportError('libGL.so.1: cannot open shared object file')\n"})
    said = check(
        """
        from litepose_mm import LitePoseError, compat
        try:
            compat.apply()
        except LitePoseError as error:
            print(error)
        """,
        path=[tmp_path],
    )
    assert 'libGL.so.1' in said and 'pip install opencv-python-headless' in said


def test_scalar_radius_draws_the_same():
    check("""
        import numpy as np
        from litepose_mm import compat
        compat.apply()
        from mmpose.visualization import PoseLocalVisualizer

        def drawn(radius):
            visualizer = PoseLocalVisualizer(backend='opencv')
            visualizer.set_image(np.zeros((20, 20, 3), np.uint8))
            visualizer.draw_circles(np.array([9.0, 9.0]), radius=radius, face_colors=(255, 0, 0))
            return visualizer.get_image()

        plain = drawn(4)
        compat.patches.put_scalar_radius()
        assert plain.any()
        assert (drawn(np.array([4])) == plain).all() and (drawn(4) == plain).all()
        """)


def test_configs_load_where_mmpose_is_installed_editable(tmp_path):
    """Its package has no .mim then; the configs lie beside it."""
    import mmpose

    package = Path(mmpose.__file__).parent
    (tmp_path / 'configs').symlink_to(package / '.mim' / 'configs')
    (tmp_path / 'mmpose').mkdir()
    for path in package.iterdir():
        if path.name not in ('.mim', '__pycache__'):
            (tmp_path / 'mmpose' / path.name).symlink_to(path)
    check(
        f"""
        from litepose_mm import compat
        assert 'metainfo-files' in compat.apply()
        import litepose_mm.modules, mmpose
        assert mmpose.__file__.startswith({str(tmp_path)!r})
        from mmengine.config import Config
        from mmpose.apis import init_model
        from litepose_mm.utils.paths import mim_root

        for path in sorted((mim_root() / 'configs/body_2d_keypoint').rglob('*.py')):
            Config.fromfile(path)
        for stem in ('ae_litepose-xs_8xb16-500e_crowdpose', 'td-hm_litepose-s_8xb64-210e_coco'):
            (path,) = (mim_root() / 'configs').rglob(stem + '-*.py')
            assert init_model(str(path), device='cpu').dataset_meta['num_keypoints'] in (14, 17)
        config = 'mmpose::body_2d_keypoint/simcc/coco/simcc_mobilenetv2_wo-deconv-8xb64-210e_coco'
        text = f"_base_ = ['{{config}}-256x192.py']"
        assert Config.fromstring(text, '.py').codec.type == 'SimCCLabel'
        """,
        path=[tmp_path],
    )


def test_configs_of_this_package_are_bases_of_others():
    check("""
        from litepose_mm import LitePoseError, compat
        compat.apply()
        from mmengine.config import Config

        name = 'ae_litepose-xs_8xb16-500e_crowdpose-256x256.py'
        folder = 'body_2d_keypoint/associative_embedding/crowdpose/'
        for path in (folder + name, name):
            config = Config.fromstring(f"_base_ = ['litepose_mm::{path}']", '.py')
            assert config.model.backbone.type == 'LitePose' and '_scope_' not in config.model
        try:
            Config.fromstring("_base_ = ['litepose_mm::ae_litepose-xxs.py']", '.py')
        except LitePoseError as error:
            assert 'did you mean' in str(error)
        else:
            raise AssertionError
        """)


def test_every_fix_says_why_and_until_when():
    from litepose_mm.compat import FIXES

    assert len({fix.name for fix in FIXES}) == len(FIXES)
    for fix in FIXES:
        assert fix.cause and fix.retires.startswith('when ')


@pytest.mark.slow
def test_mmpose_inferencer_runs_bottom_up_without_mmdet(lite):
    check("""
        from pathlib import Path
        import numpy as np
        from litepose_mm import compat
        compat.apply()
        import mmpose
        from mmpose.apis import MMPoseInferencer

        folder = Path(mmpose.__file__).parent / '.mim/configs/body_2d_keypoint'
        config = next(folder.rglob('associative_embedding/**/ae_hrnet-w32*.py'))
        inferencer = MMPoseInferencer(pose2d=str(config), device='cpu')
        image = np.full((64, 64, 3), 127, np.uint8)
        result = next(inferencer(image, return_vis=True))
        assert len(result['predictions']) == 1 and result['visualization'][0].shape == (64, 64, 3)
        """)


def test_script_runs_as_if_python_ran_it(tmp_path):
    write(
        tmp_path,
        {
            'beside.py': 'VALUE = 7\n',
            'script.py': """\
                import sys
                import mmpose.apis
                from beside import VALUE
                assert __name__ == '__main__'
                print(VALUE, sys.argv[0].endswith('script.py'), sys.argv[1:])
                sys.exit(3)
                """,
        },
    )
    done = python('-m', 'litepose_mm.compat', tmp_path / 'script.py', 'a', '--b=c', cwd=ROOT.parent)
    assert done.returncode == 3, done.stderr
    assert done.stdout.splitlines()[-1] == "7 True ['a', '--b=c']"


def test_script_entry_explains_itself(tmp_path):
    assert 'usage' in python('-m', 'litepose_mm.compat', '--help').stdout
    assert python('-m', 'litepose_mm.compat').returncode == 2
    done = python('-m', 'litepose_mm.compat', tmp_path / 'none.py')
    assert done.returncode == 2
    assert (
        done.stderr.startswith('litepose_mm.compat: no such script')
        and len(done.stderr.splitlines()) == 1
    )
