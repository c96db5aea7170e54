"""Ignore warnings of other packages that a user cannot act on."""

import warnings

# Warnings of MMEngine and MMPose.
_NOTICES = (
    'pkg_resources is deprecated',
    "'pkgutil.find_loader' is deprecated",
    'The metainfo config file .* does not exist',
)


def ignore_notices() -> None:
    """Add filters that ignore warnings that a user cannot act on."""
    for message in _NOTICES:
        warnings.filterwarnings('ignore', message=message)
