"""Warnings of other packages about which a user can do nothing."""

import warnings

# What MMEngine and MMPose say of themselves, about which a user can do nothing.
_NOTICES = (
    'pkg_resources is deprecated',
    "'pkgutil.find_loader' is deprecated",
    'The metainfo config file .* does not exist',
)


def ignore_notices() -> None:
    """Adds filters for warnings about which a user can do nothing."""
    for message in _NOTICES:
        warnings.filterwarnings('ignore', message=message)
