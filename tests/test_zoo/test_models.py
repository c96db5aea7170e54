import pytest

from litepose_mm.errors import LitePoseError
from litepose_mm.families import get_family
from litepose_mm.utils.paths import config_path
from litepose_mm.zoo import MODELS, get_model
from litepose_mm.zoo.shipped_weights import shipped_weights, weights_of


@pytest.mark.parametrize('name', MODELS)
def test_entries_are_consistent(name):
    entry = get_model(name)
    assert entry.name == name
    assert entry.variant in get_family(entry.family).variants
    assert config_path(entry.config).is_file()
    width, height = entry.input_size
    # top-down configs name the height first, as in MMPose
    assert entry.config.endswith((f'-{width}x{height}.py', f'-{height}x{width}.py'))
    assert entry.ap is None or 0 < entry.ap < 100
    assert all(card.model == name for card in weights_of(name))


def test_all_weights_belong_to_a_model():
    named = [weights for entry in MODELS.values() for weights in entry.weights]
    assert sorted(named) == sorted(shipped_weights())


def test_unknown_name_gives_the_nearest():
    with pytest.raises(LitePoseError, match='did you mean litepose-m_crowdpose'):
        get_model('litepose-m_crowdpos')
    with pytest.raises(LitePoseError, match='expected one of litepose-xs_crowdpose'):
        get_model('@')
