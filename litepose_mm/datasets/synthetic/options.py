"""Options of scenes."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import LitePoseError

_MAX_LAYERS = 120


@dataclass(frozen=True)
class SceneOptions:
    """Options of scenes.

    Args:
        image_size: Width and height in pixels.
        people: Smallest and largest number of people in a scene.
        stature: Smallest and largest height of an adult as a share of the image's height.
        crowding: Share of people who stand close to somebody else.
        occluders: Smallest and largest number of objects in front of people.

    Raises:
        LitePoseError: A range or size is out of its bounds.
    """

    image_size: tuple[int, int] = (256, 256)
    people: tuple[int, int] = (1, 5)
    stature: tuple[float, float] = (0.28, 1.15)
    crowding: float = 0.45
    occluders: tuple[int, int] = (0, 2)

    def __post_init__(self) -> None:
        for name, low, high in (('people', 0, _MAX_LAYERS), ('occluders', 0, _MAX_LAYERS),
                                ('stature', 0.01, 100.0)):  # fmt: skip
            bounds = tuple(getattr(self, name))
            if len(bounds) != 2 or not low <= bounds[0] <= bounds[1] <= high:
                raise LitePoseError(
                    f'{name}: expected the smallest and the largest value, both from {low} to '
                    f'{high}, got {bounds}'
                )
            object.__setattr__(self, name, bounds)
        size = tuple(self.image_size)
        if len(size) != 2 or not all(isinstance(s, int) and 16 <= s <= 8192 for s in size):
            raise LitePoseError(
                f'image_size: expected width and height from 16 to 8192 pixels, got {size}'
            )
        object.__setattr__(self, 'image_size', size)
