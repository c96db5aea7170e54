"""One small network and what was exported of it, made once."""

import pytest
from exported import export, tiny_estimator


@pytest.fixture(scope='session')
def tiny():
    """The torch estimator."""
    return tiny_estimator()


@pytest.fixture(scope='session')
def exported(tiny, tmp_path_factory):
    """``exported(engine, shape, outputs=…)``: a folder that tests must leave as it is."""
    folders = {}

    def find(engine='onnxruntime', shape=None, **options):
        key = (engine, shape, *options.items())
        if key not in folders:
            name = tmp_path_factory.mktemp('exported') / 'model'
            folders[key] = export(tiny, name, engine, shape, **options)
        return folders[key]

    return find
