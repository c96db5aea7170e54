"""Exported folders of a small network for tests, and the torch estimator that they stand for."""

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from networks import TINY

from litepose_mm import PoseEstimator
from litepose_mm.apis.description import deploy_graph, describe
from litepose_mm.apis.mmpose_estimator import MMPoseEstimator
from litepose_mm.deploy import export_model
from litepose_mm.inference.engines import engines, get_engine
from litepose_mm.inference.preprocessing import Normaliser

ENGINES = tuple(name for name, each in engines().items() if each.runs_onnx and each.runs_here())

#: The start of a program that can import neither torch nor OpenMMLab.
FORBID_TORCH = """
import sys

FORBIDDEN = ('torch', 'mmengine', 'mmcv', 'mmpose', 'mmdet', 'mmdeploy', 'onnx')

class Forbid:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in FORBIDDEN:
            raise ImportError(f'{name} is forbidden here')

sys.meta_path.insert(0, Forbid())
"""

#: A program that runs a folder on an image and prints the number of people and their scores' sum.
RUN_WITHOUT_TORCH = f"""{FORBID_TORCH}
from litepose_mm.runtime import PoseEstimator

estimator = PoseEstimator(sys.argv[1], threads=1)
result = estimator(sys.argv[2])
result.draw()
assert not set(FORBIDDEN) & set(sys.modules)
print(len(result), float(result.scores.sum()))
"""


def tiny_estimator(flip_test=False, batch_size=1, short_side=64):
    """The torch estimator of a random network whose heatmaps reach 1, so that it finds people."""
    torch.manual_seed(0)
    arch = TINY.to_dict()
    with pytest.warns(UserWarning, match='the network is random'):
        estimator = PoseEstimator(
            'litepose-xs_crowdpose',
            device='cpu',
            flip_test=flip_test,
            batch_size=batch_size,
            short_side=short_side,
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


def card_of(estimator, input_shape=None, **options):
    """The card of a model that was not exported; ``options`` are further fields."""
    card = describe(estimator.model, input_shape)
    return replace(card, engine='onnxruntime', files={'model.onnx': '0' * 64}, **options)


@torch.no_grad()
def torch_outputs(model, inputs, **options):
    """What torch gives for images or normalised inputs; ``options`` as of :func:`describe`."""
    card = describe(model, **options)
    if getattr(inputs, 'dtype', None) == np.uint8:
        inputs = Normaliser(card)(inputs)
    return [output.numpy() for output in deploy_graph(model, card)(torch.as_tensor(inputs))]


def need(engine):
    """Skips a test where the engine cannot be exported for."""
    kind = get_engine(engine)
    for package in ('onnx', kind.library or kind.name, *kind.packages):
        pytest.importorskip(package)


def export(estimator, folder, engine='onnxruntime', shape=None, **options):
    """Exports for an engine; ``shape`` (height, width) makes it static. Returns the folder."""
    need(engine)
    if engine == 'tvm':  # tuning takes minutes
        own = options.get('engine_options') or {}
        options['engine_options'] = {'allow_untuned': True, **own}
    export_model(estimator.model, None, folder, engine=engine, input_shape=shape, **options)
    return folder


def torch_batch(estimator, images):
    """The network's inputs for images, through MMPose's pipeline and preprocessor."""
    data = [MMPoseEstimator(estimator.model)._prepare(image, None)[0] for image in images]
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
