import pytest

from litepose_mm.errors import LitePoseError
from litepose_mm.families.litepose import ARCHITECTURES
from litepose_mm.utils.paths import config_path
from litepose_mm.zoo import MODELS, get_model


@pytest.mark.parametrize('name', MODELS)
def test_entries_are_consistent(name):
    entry = get_model(name)
    assert entry.name == name
    assert ARCHITECTURES[entry.architecture].img_size == min(entry.input_size)
    assert config_path(entry.config).is_file()
    width, height = entry.input_size
    assert entry.config.endswith(f'-{width}x{height}.py')
    assert 0 < entry.ap < 100
    assert entry.macs < entry.paper_macs


def test_unknown_name_gives_the_nearest():
    with pytest.raises(LitePoseError, match='did you mean litepose-m_crowdpose'):
        get_model('litepose-m_crowdpos')
    with pytest.raises(LitePoseError, match='there are litepose-xs_crowdpose'):
        get_model('@')
