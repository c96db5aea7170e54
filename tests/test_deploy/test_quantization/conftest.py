import cv2
import numpy as np
import pytest
from exported import tiny_estimator

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')


@pytest.fixture(scope='session')
def tiny():
    return tiny_estimator()


@pytest.fixture(scope='session')
def images(tmp_path_factory):
    """A folder with ten images, of two shapes."""
    folder, random = tmp_path_factory.mktemp('images'), np.random.default_rng(0)
    for number in range(10):
        small = random.integers(0, 256, (16, 16 if number % 2 else 32, 3), np.uint8)
        image = cv2.resize(small, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f'{number}.png'), image)
    return folder


@pytest.fixture(scope='session')
def graph(tiny, tmp_path_factory):
    """The network as ONNX with maps."""
    from litepose_mm.apis.description import deploy_graph, describe
    from litepose_mm.deploy import export_onnx

    graph = deploy_graph(tiny.model, describe(tiny.model))
    return export_onnx(graph, tmp_path_factory.mktemp('graph') / 'model.onnx')
