"""Download files of weights."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import torch

from ..errors import LitePoseError, reason

_ADDRESS = re.compile(r'([\w:+.-]+)://', re.ASCII)


def local_file(source: str | Path) -> Path:
    """Return the path of a file, which is downloaded if ``source`` is an http(s) address.

    A downloaded file is kept in torch's cache, and is downloaded again only after its removal.

    Raises:
        LitePoseError: The address has another scheme, or its file cannot be downloaded.
    """
    address = str(source)
    scheme = _ADDRESS.match(address)
    if scheme is None:
        return Path(source)
    if scheme[1].lower() not in ('http', 'https'):
        raise LitePoseError(
            f'weights {address}: expected a file, or an address with http:// or https://; download '
            'the weights and give their path'
        )
    # The hash distinguishes files of the same name from different addresses.
    digest = hashlib.sha256(address.encode()).hexdigest()
    name = address.partition('?')[0].partition('#')[0].rpartition('/')[2]
    path = Path(torch.hub.get_dir(), 'checkpoints', f'{digest[:12]}-{name}')
    if not path.is_file():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(address, str(path))
        except Exception as error:  # urllib raises many kinds
            raise LitePoseError(f'weights {address}: cannot download ({reason(error)})') from None
    return path
