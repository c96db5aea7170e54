"""The card of an exported model: all that a runtime has to know beside the model file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..decoding import AssociativeEmbeddingDecoder, check_decodes_candidates
from ..errors import LitePoseError
from ..files import replacing, sha256
from ..structures import Skeleton
from .engines import ENGINES
from .plain_values import (
    LARGEST,
    is_bool,
    is_list,
    is_number,
    is_one_of,
    is_positive,
    is_sha256,
    is_table,
    is_text,
    is_whole,
    or_null,
)

CARD_NAME = 'model.json'
FORMAT_VERSION = 1
PRECISIONS = ('fp32', 'fp16', 'bf16', 'int8')

#: The graph's outputs in order, by kind; see ``MultiScaleBottomupPoseEstimator.deploy_forward``.
OUTPUT_NAMES = {'maps': ('heatmaps', 'tags'), 'candidates': ('values', 'positions', 'tags')}

# Letters, digits and . _ + - only, so that a name cannot lead out of the folder on any system.
_PLAIN_NAME = re.compile(r'[A-Za-z0-9_][A-Za-z0-9_.+-]*')


@dataclass(frozen=True)
class ModelCard:
    """What ``model.json`` says of the model beside it. Data only.

    Args:
        name: Of the model, e.g. ``'litepose-xs_crowdpose'``.
        engine: ``'onnxruntime'``, ``'openvino'`` or ``'ncnn'``.
        precision: ``'fp32'``, ``'fp16'``, ``'bf16'`` or ``'int8'``: what the engine calculates in.
        files: Plain names of the model's files and the sha256 of each.
        outputs: ``'maps'`` or ``'candidates'``.
        flip_test: Whether the graph looks at the mirrored picture too.
        input_shape: Height and width, for a model that takes no other; ``None``: any multiples of
            ``size_divisor``.
        input_size: The short side of the input that pictures are resized to, in pixels.
        size_divisor: Both sides of an input are multiples of it.
        batch_limit: Most inputs at once; ``None``: any number.
        channel_order: Of the input, ``'rgb'`` or ``'bgr'``.
        mean: Subtracted from each channel of the input, 0 to 255.
        std: Divides each channel then.
        strides: Of each level of the head, coarse to fine.
        tag_dim: Tags of a keypoint in the graph's output, ``L``: with the flip in the graph, and
            for each level with tags, as many times more.
        skeleton: The ``K`` keypoints.
        decoder: From the graph's outputs to people. For candidates with ``missing='none'``.
        restore_heatmap_size: Whether people are looked for at the input's size, as the authors do,
            or at that of the finest level; candidates are always of the finest level.
        versions: Of what wrote the model, for people to read.

    Raises:
        LitePoseError: A value is of a wrong kind, or they do not go together.
    """

    name: str
    engine: str
    precision: str
    files: Mapping[str, str]
    outputs: str
    flip_test: bool
    input_shape: tuple[int, int] | None
    input_size: int
    size_divisor: int
    batch_limit: int | None
    channel_order: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    strides: tuple[int, ...]
    tag_dim: int
    skeleton: Skeleton
    decoder: AssociativeEmbeddingDecoder
    restore_heatmap_size: bool
    versions: Mapping[str, str]

    def __post_init__(self) -> None:
        for field, (expected, fits) in _FIELDS.items():
            value = getattr(self, field)
            if not fits(value):
                raise _error(field, expected, repr(value))
            if isinstance(value, list):
                object.__setattr__(self, field, tuple(value))
        self._check_together()

    def _check_together(self) -> None:
        if self.decoder.num_keypoints != self.num_keypoints:
            raise _error(
                'decoder',
                f"{self.num_keypoints} keypoints, as many as the skeleton's",
                str(self.decoder.num_keypoints),
            )
        if self.input_shape is not None and any(s % self.size_divisor for s in self.input_shape):
            raise _error(
                'input_shape',
                f'multiples of size_divisor {self.size_divisor}',
                str(self.input_shape),
            )
        if self.outputs == 'candidates':
            check_decodes_candidates(self.decoder)
            if self.restore_heatmap_size:
                expected = 'false, since candidates are of the finest level'
                raise _error('restore_heatmap_size', expected, 'true')

    @property
    def num_keypoints(self) -> int:
        """Number of keypoints ``K``."""
        return self.skeleton.num_keypoints

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the graph's outputs, in order."""
        return OUTPUT_NAMES[self.outputs]

    @property
    def comparable_outputs(self) -> tuple[str, ...]:
        """See :func:`comparable_outputs`."""
        return comparable_outputs(self.outputs)

    def file(self, folder: str | Path, suffix: str) -> Path:
        """The one model file of a suffix, e.g. ``'.onnx'``.

        Raises:
            LitePoseError: The card names none or several of it.
        """
        names = [name for name in self.files if name.endswith(suffix)]
        if len(names) != 1:
            raise _error(
                'files', f'one file *{suffix} for {self.engine}', ', '.join(self.files) or 'none'
            )
        return Path(folder) / names[0]

    @classmethod
    def load(cls, folder: str | Path) -> ModelCard:
        """Reads the card of an exported folder and checks the model's files against it.

        Every file is read once for its hash: about 1.5 ms a megabyte.

        Raises:
            LitePoseError: There is no such folder or card, it is not what :meth:`save` writes, or
                a file is missing or is not the one that the card is of.
        """
        folder = Path(folder)
        card = cls.from_dict(_read_json(folder / CARD_NAME))
        for name, expected in card.files.items():
            found = _hash(folder / name)
            if found != expected:
                raise LitePoseError(
                    f'{folder / name}: expected the sha256 {expected[:12]}… that {CARD_NAME} '
                    f'names, got {found[:12]}…: the file is cut short or damaged, or the card '
                    'belongs to another model; copy the whole folder again, or export again'
                )
        return card

    def save(self, folder: str | Path) -> None:
        """Writes the card beside the model's files; it is whole or not there.

        Raises:
            LitePoseError: It cannot be written.
        """
        text = json.dumps(self.to_dict(), indent=2, allow_nan=False)
        with replacing(Path(folder) / CARD_NAME) as part:
            part.write_text(text + '\n', encoding='utf-8')

    def to_dict(self) -> dict[str, Any]:
        """Returns the card as plain values that JSON can hold; see :meth:`from_dict`."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        plain = {
            name: list(value) if isinstance(value, tuple) else value for name, value in own.items()
        }
        return {
            'format_version': FORMAT_VERSION,
            **plain,
            'files': dict(self.files),
            'skeleton': self.skeleton.to_dict(),
            'decoder': _decoder_to_dict(self.decoder),
            'versions': dict(self.versions),
        }

    @classmethod
    def from_dict(cls, document: Any) -> ModelCard:
        """Makes a card from what :meth:`to_dict` returned.

        Raises:
            LitePoseError: The format's version is not known, or a field is missing, unknown or of
                a wrong kind.
        """
        if not isinstance(document, Mapping):
            raise LitePoseError(
                f'model card: expected a JSON object, got {type(document).__name__}; export again'
            )
        own = dict(document)
        version = own.pop('format_version', None)
        if version != FORMAT_VERSION or isinstance(version, bool):
            raise _error(
                'format_version',
                f'{FORMAT_VERSION}, the only one this litepose_mm knows',
                repr(version),
                'update litepose_mm or export again',
            )
        names = [field.name for field in fields(cls)]
        for problem, found in (
            ('is missing', [name for name in names if name not in own]),
            ('is not known', [name for name in own if name not in names]),
        ):
            if found:
                raise LitePoseError(
                    f'model card: {found[0]} {problem}; expected {", ".join(names)}: export again'
                )
        for name in ('skeleton', 'decoder'):
            if not isinstance(own[name], Mapping):
                raise _error(name, 'an object', repr(own[name]))
        own['skeleton'] = Skeleton.from_dict(own['skeleton'])
        own['decoder'] = _decoder_from_dict(own['decoder'], own['skeleton'].num_keypoints)
        return cls(**own)


def comparable_outputs(outputs: str) -> tuple[str, ...]:
    """Names of the first outputs that can be compared value by value with another runtime's.

    Positions and tags of candidates are in order of their values: two that are close to equal may
    change places.
    """
    return OUTPUT_NAMES[outputs] if outputs == 'maps' else OUTPUT_NAMES[outputs][:1]


def file_hashes(folder: str | Path, names: Iterable[str]) -> dict[str, str]:
    """The sha256 of files in a folder, as :class:`ModelCard` wants them.

    Raises:
        LitePoseError: A file cannot be read.
    """
    return {name: _hash(Path(folder) / name) for name in names}


def _error(field: str, expected: str, got: str, advice: str = 'export again') -> LitePoseError:
    got = got if len(got) <= 200 else f'{got[:200]} …'
    return LitePoseError(f'model card: {field}: expected {expected}, got {got}; {advice}')


def _hash(path: Path) -> str:
    if not path.exists():
        raise LitePoseError(
            f'expected the model file {path}, which its card names, but it is not there; copy the '
            'whole folder again'
        )
    return sha256(path, 'model file')


def _read_json(path: Path) -> Any:
    def refuse(text: str) -> None:
        raise ValueError(f'{text} is not a number of JSON')

    try:
        return json.loads(path.read_text(encoding='utf-8'), parse_constant=refuse)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise LitePoseError(
            f'expected a folder with an exported model, but there is no {path}; make one with '
            '`litepose export`'
        ) from error
    except OSError as error:
        raise LitePoseError(f'cannot read the model card {path}: {error.strerror}') from error
    except (ValueError, RecursionError) as error:
        raise LitePoseError(
            f'expected JSON in {path}, but it is broken: {error}; export again'
        ) from error


def _decoder_options() -> dict[str, Any]:
    """The decoder's options and their defaults."""
    options = {field.name: field.default for field in fields(AssociativeEmbeddingDecoder)}
    del options['num_keypoints']  # the skeleton tells
    return options


def _decoder_to_dict(decoder: AssociativeEmbeddingDecoder) -> dict[str, Any]:
    plain = {name: getattr(decoder, name) for name in _decoder_options()}
    return {**plain, 'keypoint_order': list(decoder.keypoint_order)}


def _decoder_from_dict(
    options: Mapping[str, Any], num_keypoints: int
) -> AssociativeEmbeddingDecoder:
    """Options that a card does not name, because it is older than they are, have their defaults."""
    defaults = _decoder_options()
    for name, value in options.items():
        if name not in defaults:
            raise _error('decoder', f'options among {", ".join(defaults)}', repr(name))
        default = defaults[name]
        if name == 'keypoint_order':
            expected, fits = 'a list of whole numbers', is_list(is_whole)(value)
        elif isinstance(default, str):
            expected, fits = 'a text', isinstance(value, str)
        elif isinstance(default, float):
            expected, fits = 'a number', is_number(value)
        else:
            nullable = name in ('max_people', 'keep_best') and value is None
            expected, fits = 'a whole number', nullable or is_whole(value)
        if not fits:
            raise _error(f'decoder.{name}', expected, repr(value))
    try:
        return AssociativeEmbeddingDecoder(num_keypoints, **options)
    except LitePoseError as error:
        raise LitePoseError(f'model card: decoder: {error}; export again') from error


def _is_plain_name(value: Any) -> bool:
    return isinstance(value, str) and value != CARD_NAME and bool(_PLAIN_NAME.fullmatch(value))


def _choices(names: Iterable[str]) -> str:
    return f'one of {", ".join(names)}'


_POSITIVE = f'a whole number from 1 to {LARGEST}'

# What each field holds, in words and as a test.
_FIELDS = {
    'name': ('a text', is_text),
    'engine': (_choices(ENGINES), is_one_of(ENGINES)),
    'precision': (_choices(PRECISIONS), is_one_of(PRECISIONS)),
    'files': (
        'plain names of files in the folder and the sha256 of each',
        lambda value: bool(value) and is_table(_is_plain_name, is_sha256)(value),
    ),
    'outputs': (_choices(OUTPUT_NAMES), is_one_of(OUTPUT_NAMES)),
    'flip_test': ('true or false', is_bool),
    'input_shape': ('[height, width] or null', or_null(is_list(is_positive, 2))),
    'input_size': (_POSITIVE, is_positive),
    'size_divisor': (_POSITIVE, is_positive),
    'batch_limit': (f'{_POSITIVE} or null', or_null(is_positive)),
    'channel_order': ('one of rgb, bgr', is_one_of(('rgb', 'bgr'))),
    'mean': ('3 numbers', is_list(is_number, 3)),
    'std': ('3 numbers above 0', is_list(lambda value: is_number(value) and value > 0, 3)),
    'strides': ('positive whole numbers, at least one', is_list(is_positive)),
    'tag_dim': (_POSITIVE, is_positive),
    'skeleton': ('a Skeleton', lambda value: isinstance(value, Skeleton)),
    'decoder': (
        'an AssociativeEmbeddingDecoder',
        lambda value: isinstance(value, AssociativeEmbeddingDecoder),
    ),
    'restore_heatmap_size': ('true or false', is_bool),
    'versions': ('names and versions, all texts', is_table(is_text, is_text)),
}
