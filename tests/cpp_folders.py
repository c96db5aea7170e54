"""Folders for demo/cpp: a network with fixed outputs, and what is wrong in folders."""

import json
import platform
import subprocess
import tempfile
from pathlib import Path

from msgspec.structs import replace

from litepose_mm.inference.card import file_hashes


def write_fixed_network(folder, card, outputs, shape):
    """Writes a model whose network ignores its input and gives these outputs."""
    import tvm
    from tvm import relax

    builder = relax.BlockBuilder()
    inputs = relax.Var('inputs', relax.TensorType((1, 3, *shape), 'float32'))
    with builder.function('main', [inputs]):
        builder.emit_func_output(relax.Tuple([relax.const(each) for each in outputs]))
    folder.mkdir()
    tvm.compile(builder.get(), target='llvm').export_library(str(folder / 'model.so'))
    files = file_hashes(folder, ['model.so'])
    replace(card, files=files, input_shape=shape).save(folder)


def change_card(**fields):
    def change(folder):
        path = folder / 'model.json'
        path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))

    return change


def change_decoder(**fields):
    def change(folder):
        document = json.loads((folder / 'model.json').read_text())
        change_card(decoder={**document['decoder'], **fields})(folder)

    return change


def change_library(content):
    """Replaces the library, and its hash in the card."""

    def change(folder):
        (folder / 'model.so').write_bytes(content((folder / 'model.so').read_bytes()))
        change_card(files=file_hashes(folder, ['model.so']))(folder)

    return change


def for_another_processor(content):
    other = {'x86_64': b'\xb7', 'aarch64': b'\x3e'}[platform.machine()]
    return content[:18] + other + content[19:]


def empty_library(_):
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, 'empty.so')
        subprocess.run(['g++', '-shared', '-x', 'c++', '/dev/null', '-o', library], check=True)
        return library.read_bytes()


def without_its_instructions(content):
    """The library with an undefined instruction at the start of every kernel."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, 'model.so')
        library.write_bytes(content)
        listed = subprocess.run(['nm', library], capture_output=True, text=True, check=True)
    code = bytearray(content)
    undefined = {'x86_64': b'\x0f\x0b', 'aarch64': bytes(4)}[platform.machine()]
    for address, kind, name in (
        line.split() for line in listed.stdout.splitlines() if line[0] != ' '
    ):
        if kind in 'tT' and name.startswith('__tvm_ffi_fused'):
            place = int(address, 16)  # code is at its address in the file
            code[place : place + len(undefined)] = undefined
    return bytes(code)
