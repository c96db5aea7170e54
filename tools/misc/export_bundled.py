"""Export the models with bundled weights in the form that the package carries.

Without torch, ``litepose predict``, ``webcam`` and ``serve`` find people with these files. Graphs
with and without a flip test share one file of weights in half precision.

Example::

    python tools/misc/export_bundled.py
"""

import sys
import tempfile
from pathlib import Path

import onnx
from msgspec.structs import replace

from litepose_mm.cli.programs import run_tool
from litepose_mm.deploy import export_model
from litepose_mm.deploy.half_weights import save_with_half_weights
from litepose_mm.inference.bundled import FOLDER, card_name
from litepose_mm.runtime import file_hashes
from litepose_mm.zoo.shipped_weights import WeightsCard, shipped_weights

_WEIGHTS = 'weights.bin'


def export(weights: WeightsCard) -> None:
    """Export a model, with and without a flip test."""
    target, cards, graphs = FOLDER / weights.model, {}, {}
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for flip_test in (False, True):
            folder, file = Path(scratch) / str(flip_test), Path(card_name(flip_test))
            card = export_model(weights.model, weights.name, folder, flip_test=flip_test)
            graphs[target / file.with_suffix('.onnx')] = onnx.load(folder / 'model.onnx')
            cards[file] = replace(card, build={'weights': weights.sha256})
    save_with_half_weights(graphs, target / _WEIGHTS)
    for file, card in cards.items():
        names = [file.with_suffix('.onnx').name, _WEIGHTS]
        replace(card, files=file_hashes(target, names)).save(target, file.name)
    size = sum(path.stat().st_size for path in target.iterdir())
    print(f'{target}: {size / 1e6:.1f} MB')


def main() -> None:
    for weights in shipped_weights().values():
        export(weights)


if __name__ == '__main__':
    sys.exit(run_tool(main))
