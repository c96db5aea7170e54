"""Which layers stay in float32."""

import pytest

from litepose_mm import LitePoseError
from litepose_mm.deploy.quantization import AccuracyGoal
from litepose_mm.deploy.quantization.search import layers_for_goal, sensitive_layers
from litepose_mm.deploy.quantization.sensitivity import LayerError

ERRORS = [LayerError(str(i), {'heatmaps': 0.3 / 2**i, 'tags': 0.01}) for i in range(10)]


def goal_of(points, max_loss):
    """A goal whose AP is a table by the number of layers in float32."""

    class Goal(AccuracyGoal):
        def average_precision(self, folder):
            return points[folder]

    return Goal('', '', max_loss)


def test_sensitive_layers():
    assert sensitive_layers(ERRORS) == ['0', '1', '2']


@pytest.mark.parametrize('max_loss, count', [(9, 0), (2, 2), (1, 4), (0.4, 8)])
def test_as_few_layers_as_the_goal_asks_for(max_loss, count, capsys):
    exported = []

    def export(names):
        exported.append(list(names))
        return len(names)

    points = {0: 52, 2: 58, 4: 59, 8: 59.7}
    names, trials = layers_for_goal(goal_of(points, max_loss), ERRORS, 60, export)
    assert names == exported[-1] == [str(i) for i in range(count)]
    assert trials == [{'in_float': n, 'ap': ap} for n, ap in points.items() if n <= count]
    assert f'with {count} of 10 layers in float32 (60.00 with all)' in capsys.readouterr().out


def test_a_goal_that_cannot_be_reached():
    points = {0: 52, 2: 58, 4: 58.25, 8: 57}
    with pytest.raises(LitePoseError, match=r'within 1 points of 60\.00, 58\.25 at best'):
        layers_for_goal(goal_of(points, 1), ERRORS, 60, len)
    with pytest.raises(LitePoseError, match='max_loss: expected points of AP, 0 to 100, got -1'):
        AccuracyGoal('', '', -1)
