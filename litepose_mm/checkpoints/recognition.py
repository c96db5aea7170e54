"""The family and the network that weights belong to: every family is asked."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from ..errors import LitePoseError
from ..families import Family, Recognised, families


def authors_family(state: Mapping[str, Tensor]) -> Family | None:
    """The family whose authors' code gives tensors these names; None if it is none's."""
    shares = {family: family.authors_share(state) for family in families().values()}
    family = max(shares, key=shares.get)
    # A few names may be foreign, or be like those of another family: most are not.
    return family if shares[family] > 0.5 else None


def recognise(state: Mapping[str, Tensor]) -> Recognised:
    """The network that weights with our names belong to, from their names and shapes.

    Raises:
        LitePoseError: No family knows them.
    """
    known = families().values()
    for family in known:
        found = family.recognise(state)
        if found is not None:
            return found
    titles = ', '.join(family.title for family in known)
    raise LitePoseError(f'not the weights of a network of a known family: {titles}')
