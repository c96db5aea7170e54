"""The card of a model: everything that a runtime must know besides the network itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from ..decoding import Decoder
from ..errors import LitePoseError
from ..preprocessing.rules import ResizeRule
from ..structures import Skeleton
from ..utils.files import replacing, sha256
from ..utils.tagged import LARGEST, AboveZero, Positive

CARD_NAME = 'model.json'
FORMAT_VERSION = 5

Text = Annotated[str, msgspec.Meta(min_length=1)]
# Only letters, digits and . _ + - are allowed, so that no name can lead out of the folder.
FileName = Annotated[str, msgspec.Meta(pattern=r'^(?!model\.json$)[A-Za-z0-9_][A-Za-z0-9_.+-]*$')]
Sha256 = Annotated[str, msgspec.Meta(pattern='^[0-9a-f]{64}$')]
Number = Annotated[float, msgspec.Meta(ge=-LARGEST, le=LARGEST)]

# Fields whose values have classes of their own.
_VALUES: dict[str, Any] = dict(resize=ResizeRule, skeleton=Skeleton, decoder=Decoder)


class ModelCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contents of ``model.json``, which describes the model beside it. Data only.

    Args:
        name: Name of the model, e.g. ``'litepose-xs_crowdpose'``.
        engine: The engine that runs the model, see :func:`litepose_mm.inference.engines.engines`.
        precision: Precision of the engine's computation.
        files: Plain names of the model's files and the sha256 of each.
        flip_test: Whether the graph includes a flip test.
        input_shape: Height and width, if the model accepts only inputs of this shape. None means
            any multiples of the rule's ``divisor``.
        resize: The rule by which images are resized.
        batch_limit: Maximum batch size; None means any.
        input_type: What the graph takes: ``'uint8'``, BGR images ``(B, H, W, 3)``, or
            ``'float32'``, normalised images ``(B, 3, H, W)``.
        channel_order: Channel order of normalised images.
        mean: Subtracted from each channel of an image, 0 to 255.
        std: Then divides each channel.
        skeleton: The ``K`` keypoints.
        decoder: Turns the graph's outputs into people.
        versions: Versions of the software that wrote the model, for information.
        build: What the engine's converter tells about the files.

    Raises:
        LitePoseError: Values contradict each other.
    """

    name: Text
    engine: Text
    precision: Literal['fp32', 'fp16', 'bf16', 'int8']
    files: dict[FileName, Sha256]
    flip_test: bool
    input_shape: tuple[Positive, Positive] | None
    resize: Any  # a ResizeRule, which from_dict creates, like the Skeleton and the Decoder
    batch_limit: Positive | None
    input_type: Literal['uint8', 'float32']
    channel_order: Literal['rgb', 'bgr']
    mean: tuple[Number, Number, Number]
    std: tuple[AboveZero, AboveZero, AboveZero]
    skeleton: Any
    decoder: Any
    versions: dict[Text, Text]
    build: dict[Text, Any] = {}

    def __post_init__(self) -> None:
        if self.decoder.num_keypoints != self.num_keypoints:
            raise _error(
                'decoder',
                f"{self.num_keypoints} keypoints, as many as the skeleton's",
                str(self.decoder.num_keypoints),
            )
        shape, divisor = self.input_shape, self.resize.divisor
        if shape is not None and any(side % divisor for side in shape):
            raise _error('input_shape', f'multiples of {divisor} pixels', str(shape))
        if shape is None and self.resize.takes_boxes:
            raise _error('input_shape', 'height and width, because the model is top-down', 'null')

    @property
    def num_keypoints(self) -> int:
        """Number of keypoints ``K``."""
        return self.skeleton.num_keypoints

    def file(self, folder: str | Path, suffix: str) -> Path:
        """Returns the only model file with a suffix, e.g. ``'.onnx'``.

        Raises:
            LitePoseError: The card names none or several.
        """
        names = [name for name in self.files if name.endswith(suffix)]
        if len(names) != 1:
            raise _error(
                'files', f'one file *{suffix} for {self.engine}', ', '.join(self.files) or 'none'
            )
        return Path(folder) / names[0]

    @classmethod
    def load(cls, folder: str | Path, name: str = CARD_NAME) -> ModelCard:
        """Reads the card of an exported folder and checks the model's files against it.

        Every file is hashed, which takes about 1.5 ms per megabyte.

        Args:
            folder: The folder.
            name: Name of the card's file.

        Raises:
            LitePoseError: There is no such folder or card, the card is invalid, or a file is
                missing or does not match the card.
        """
        folder = Path(folder)
        card = cls.from_dict(_read_json(folder / name))
        if not card.files:
            raise _error('files', 'names of files in the folder', 'none')
        for file, expected in card.files.items():
            found = _hash(folder / file)
            if found != expected:
                raise LitePoseError(
                    f'{folder / file}: expected the sha256 {expected[:12]}… given in {name}, '
                    f'got {found[:12]}…: the file is truncated or damaged, or the card belongs to '
                    'another model; copy the whole folder again, or export again'
                )
        return card

    def save(self, folder: str | Path, name: str = CARD_NAME) -> None:
        """Writes the card beside the model's files, atomically.

        Raises:
            LitePoseError: The card cannot be written.
        """
        text = json.dumps(self.to_dict(), indent=2, allow_nan=False)
        with replacing(Path(folder) / name) as part:
            part.write_text(text + '\n', encoding='utf-8')

    def to_dict(self) -> dict[str, Any]:
        """Returns the card as JSON-compatible values; see :meth:`from_dict`."""
        own = {name: getattr(self, name) for name in self.__struct_fields__}
        own.update({name: own[name].to_dict() for name in _VALUES})
        return {'format_version': FORMAT_VERSION, **msgspec.to_builtins(own)}

    @classmethod
    def from_dict(cls, document: Any) -> ModelCard:
        """Creates a card from the values that :meth:`to_dict` returned.

        Raises:
            LitePoseError: The format's version is unknown, or a field is missing, unknown or of
                the wrong type.
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
                f'{FORMAT_VERSION}, the only version that this litepose_mm supports',
                repr(version),
                'update litepose_mm or export again',
            )
        try:
            own.update(
                {name: _VALUES[name].from_dict(own[name]) for name in _VALUES if name in own}
            )
            return msgspec.convert(own, cls)
        except (LitePoseError, msgspec.ValidationError) as error:
            text = str(error).removeprefix('model card: ').removesuffix('; export again')
            raise LitePoseError(f'model card: {text}; export again') from error


def file_hashes(folder: str | Path, names: Iterable[str]) -> dict[str, str]:
    """Returns the sha256 of files in a folder, for :class:`ModelCard`.

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
            f'expected the model file {path}, which its card names, but it does not exist; copy '
            'the whole folder again'
        )
    return sha256(path, 'model file')


def _read_json(path: Path) -> Any:
    def refuse(text: str) -> None:
        raise ValueError(f'{text} is not a valid JSON number')

    try:
        return json.loads(path.read_text(encoding='utf-8'), parse_constant=refuse)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise LitePoseError(
            f'expected a folder with an exported model, but {path} does not exist; create one with '
            '`litepose export`'
        ) from error
    except OSError as error:
        raise LitePoseError(f'cannot read the model card {path}: {error.strerror}') from error
    except (ValueError, RecursionError) as error:
        raise LitePoseError(
            f'expected JSON in {path}, but it is invalid: {error}; export again'
        ) from error
