"""Find the family and the network of weights by asking every family."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from ..errors import LitePoseError
from ..families import Family, Recognised, families


def authors_family(state: Mapping[str, Tensor]) -> Family | None:
    """Return the family whose authors' code uses these names of tensors, or None."""
    shares = {family: family.authors_share(state) for family in families().values()}
    family = max(shares, key=shares.get)
    # A few names may be unknown, or equal those of another family, but not most of them.
    return family if shares[family] > 0.5 else None


def recognise(state: Mapping[str, Tensor]) -> Recognised:
    """Recognise the network of weights with our names from their names and shapes.

    Raises:
        LitePoseError: The weights belong to no family.
    """
    known = families().values()
    for family in known:
        found = family.recognise(state)
        if found is not None:
            return found
    titles = ', '.join(family.title for family in known)
    raise LitePoseError(f'weights: expected those of a network of {titles}, got others')
