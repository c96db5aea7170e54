"""Exported folders of a small network for tests, and the torch estimator that they stand for."""

import subprocess
from dataclasses import replace

import numpy as np
import pytest
import torch
from networks import TINY

from litepose_mm import PoseEstimator
from litepose_mm.deploy.onnx_export import export_onnx
from litepose_mm.runtime import ModelCard, file_hashes

ENGINES = ('onnxruntime', 'openvino', 'ncnn')

#: A program that runs a folder on a picture and prints the number of people and their scores' sum.
RUN_WITHOUT_TORCH = """
import sys

FORBIDDEN = ('torch', 'mmengine', 'mmcv', 'mmpose', 'mmdet', 'mmdeploy', 'onnx')

class Forbid:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in FORBIDDEN:
            raise ImportError(f'{name} is forbidden here')

sys.meta_path.insert(0, Forbid())
from litepose_mm.runtime import PoseEstimator

estimator = PoseEstimator(sys.argv[1], threads=1)
result = estimator(sys.argv[2])
result.draw()
assert not set(FORBIDDEN) & set(sys.modules)
print(len(result), float(result.scores.sum()))
"""


def tiny_estimator(flip_test=False, batch_size=1, input_size=64):
    """The torch estimator of a random network whose heatmaps reach 1, so that it finds people."""
    torch.manual_seed(0)
    arch = TINY.to_dict()
    with pytest.warns(UserWarning, match='the network is random'):
        estimator = PoseEstimator(
            'litepose-xs_crowdpose',
            device='cpu',
            flip_test=flip_test,
            batch_size=batch_size,
            input_size=input_size,
            cfg_options={
                'model.backbone.arch': dict(arch, _delete_=True),
                'model.head.arch': dict(arch, _delete_=True),
            },
        )
    model = estimator.model
    with torch.no_grad():
        levels = model.head(model.extract_feat(torch.randn(1, 3, 128, 128)))
        for level, output in zip(levels, model.head.outputs):
            for branch in (output.refined, output.raw):
                if branch is not None:
                    branch.pointwise.weight /= level.abs().max()
    return estimator


def card_of(estimator, folder, engine='onnxruntime', **options):
    """A card for the files of ``folder``; ``options`` are further fields."""
    model = estimator.model
    head, preprocessor = model.head, model.data_preprocessor
    flip_test = bool(model.test_cfg.flip_test)
    own = dict(
        name='tiny',
        engine=engine,
        precision='fp32',
        files=file_hashes(folder, sorted(path.name for path in folder.iterdir())),
        outputs='maps',
        flip_test=flip_test,
        input_shape=None,
        input_size=64,
        size_divisor=64,
        batch_limit=None,
        channel_order='rgb',
        mean=preprocessor.mean.flatten().tolist(),
        std=preprocessor.std.flatten().tolist(),
        strides=(4, 2),
        tag_dim=2 if flip_test else 1,
        skeleton=estimator.skeleton,
        decoder=head.decoder.decoder(head.num_keypoints),
        restore_heatmap_size=True,
        versions={'torch': torch.__version__},
    )
    own.update(options)
    if own['outputs'] == 'candidates':
        own['decoder'] = replace(own['decoder'], missing='none')
        own['restore_heatmap_size'] = False
    return ModelCard(**own)


def export(estimator, folder, engine='onnxruntime', shape=None, **options):
    """Exports for an engine; ``shape`` (height, width) makes it static. Returns the folder."""
    pytest.importorskip('onnx')
    pytest.importorskip(engine)
    folder.mkdir(parents=True)
    model = estimator.model
    scratch = folder.parent / f'{folder.name}-scratch'
    target = folder / 'model.onnx' if engine == 'onnxruntime' else scratch / 'model.onnx'
    export_onnx(
        model,
        target,
        input_shape=(1, 3, *(shape or (64, 64))),
        dynamic=shape is None,
        outputs=options.get('outputs', 'maps'),
        flip_test=bool(model.test_cfg.flip_test),
        flip_indices=estimator.skeleton.flip_indices,
    )
    if engine == 'openvino':
        import openvino

        openvino.save_model(
            openvino.convert_model(target), folder / 'model.xml', compress_to_fp16=False
        )
    elif engine == 'ncnn':
        pnnx = pytest.importorskip('pnnx')
        inputs = f'inputshape=[1,3,{shape[0]},{shape[1]}]'
        command = [pnnx.EXEC_PATH, 'model.onnx', inputs, 'fp16=0']
        subprocess.run(command, cwd=scratch, capture_output=True, check=True)
        for suffix in ('param', 'bin'):
            (scratch / f'model.ncnn.{suffix}').rename(folder / f'model.ncnn.{suffix}')
    if shape is not None:
        options = dict(input_shape=shape, batch_limit=1, **options)
    card_of(estimator, folder, engine, **options).save(folder)
    return folder


def torch_batch(estimator, images):
    """The network's inputs for pictures, through MMPose's pipeline and preprocessor."""
    data = [estimator._prepare(image) for image in images]
    return estimator.model.data_preprocessor(
        dict(
            inputs=[each['inputs'] for each in data],
            data_samples=[each['data_samples'] for each in data],
        )
    )['inputs']


def assert_same_people(one, other, pixels=0.1):
    """Whether two results agree: order, scores, and keypoints to ``pixels``."""
    assert len(one) == len(other)
    assert one.image_size == other.image_size and one.skeleton == other.skeleton
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-4)
    np.testing.assert_allclose(one.keypoint_scores, other.keypoint_scores, atol=1e-3)
    np.testing.assert_allclose(one.keypoints, other.keypoints, atol=pixels)
    np.testing.assert_allclose(one.tags, other.tags, atol=1e-3)
