"""The card of a model: all that a runtime has to know beside the network itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from ..decoding import decoder_from_dict
from ..decoding.base import LARGEST, Positive
from ..errors import LitePoseError
from ..structures import Skeleton
from ..utils.files import replacing, sha256

CARD_NAME = 'model.json'
FORMAT_VERSION = 2

Text = Annotated[str, msgspec.Meta(min_length=1)]
# Letters, digits and . _ + - only, so that a name cannot lead out of the folder on any system.
FileName = Annotated[str, msgspec.Meta(pattern=r'^(?!model\.json$)[A-Za-z0-9_][A-Za-z0-9_.+-]*$')]
Sha256 = Annotated[str, msgspec.Meta(pattern='^[0-9a-f]{64}$')]
Number = Annotated[float, msgspec.Meta(ge=-LARGEST, le=LARGEST)]
AboveZero = Annotated[float, msgspec.Meta(gt=0, le=LARGEST)]


class ModelCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``model.json`` says of the model beside it. Data only.

    Args:
        name: Of the model, e.g. ``'litepose-xs_crowdpose'``.
        engine: What runs it, see :func:`litepose_mm.inference.engines.engines`.
        precision: What the engine calculates in.
        files: Plain names of the model's files and the sha256 of each.
        flip_test: Whether the graph looks at the mirrored image too.
        input_shape: Height and width, for a model that takes no other; ``None``: any multiples of
            ``size_divisor``.
        input_size: The short side of the input that images are resized to, in pixels.
        size_divisor: Both sides of an input are multiples of it.
        box_padding: For top-down models, which look at one person at a time: what is shown is the
            box of the person, so many times as large. None for bottom-up models.
        batch_limit: Most inputs at once; ``None``: any number.
        channel_order: Of the input.
        mean: Subtracted from each channel of the input, 0 to 255.
        std: Divides each channel then.
        skeleton: The ``K`` keypoints.
        decoder: From the graph's outputs to people.
        versions: Of what wrote the model, for people to read.

    Raises:
        LitePoseError: Values do not go together.
    """

    name: Text
    engine: Text
    precision: Literal['fp32', 'fp16', 'bf16', 'int8']
    files: dict[FileName, Sha256]
    flip_test: bool
    input_shape: tuple[Positive, Positive] | None
    input_size: Positive
    size_divisor: Positive
    box_padding: AboveZero | None = None
    batch_limit: Positive | None
    channel_order: Literal['rgb', 'bgr']
    mean: tuple[Number, Number, Number]
    std: tuple[AboveZero, AboveZero, AboveZero]
    skeleton: Any  # a Skeleton and a Decoder, which from_dict makes
    decoder: Any
    versions: dict[Text, Text]

    def __post_init__(self) -> None:
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
        if self.box_padding is not None and self.input_shape is None:
            raise _error('input_shape', 'height and width, since the model is top-down', 'null')

    @property
    def num_keypoints(self) -> int:
        """Number of keypoints ``K``."""
        return self.skeleton.num_keypoints

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
        if not card.files:
            raise _error('files', 'names of files in the folder', 'none')
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
        own = {name: getattr(self, name) for name in self.__struct_fields__}
        own.update(skeleton=self.skeleton.to_dict(), decoder=self.decoder.to_dict())
        return {'format_version': FORMAT_VERSION, **msgspec.to_builtins(own)}

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
        try:
            for name, make in (('skeleton', Skeleton.from_dict), ('decoder', decoder_from_dict)):
                if name in own:
                    own[name] = make(own[name])
            return msgspec.convert(own, cls)
        except (LitePoseError, msgspec.ValidationError) as error:
            text = str(error).removeprefix('model card: ').removesuffix('; export again')
            raise LitePoseError(f'model card: {text}; export again') from error


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
