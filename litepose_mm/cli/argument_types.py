"""Parse the values of command-line arguments."""

from __future__ import annotations

import argparse
import ast
from typing import Any
from urllib.parse import urlsplit

_WORDS = {'true': True, 'false': False, 'none': None}


def positive_int(text: str) -> int:
    """Reads a whole number above 0."""
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f'expected a whole number above 0, got {text!r}')


def positive_float(text: str) -> float:
    """Reads a number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if 0 < value < float('inf'):
        return value
    raise argparse.ArgumentTypeError(f'expected a number above 0, got {text!r}')


def width_height(text: str) -> tuple[int, int]:
    """Reads ``WIDTHxHEIGHT``."""
    width, _, height = text.lower().partition('x')
    if not all(side.isascii() and side.isdigit() and int(side) for side in (width, height)):
        raise argparse.ArgumentTypeError(f'expected WIDTHxHEIGHT, e.g. 640x448, got {text!r}')
    return int(width), int(height)


def share(text: str) -> float:
    """Reads a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if 0 <= value <= 1:
        return value
    raise argparse.ArgumentTypeError(f'expected a number from 0 to 1, got {text!r}')


def host_and_port(text: str) -> str:
    """Reads ``pose.example.org`` or ``pose.example.org:8443``, in the form that browsers send."""
    try:
        parts = urlsplit(f'//{text}')
        if parts.hostname and parts.netloc == text and not {'@', '*'} & {*text} and parts.port != 0:
            return text.lower() if text.isascii() else text.lower().encode('idna').decode()
    except ValueError:  # includes invalid ports
        pass
    raise argparse.ArgumentTypeError(f'expected a host, e.g. pose.example.org, got {text!r}')


def key_value(text: str) -> tuple[str, Any]:
    """Reads ``key=value``, where the value is a Python literal, true, false, none or other text."""
    key, equals, value = text.partition('=')
    if not key or not equals:
        raise argparse.ArgumentTypeError(f'expected KEY=VALUE, got {text!r}')
    if value.lower() in _WORDS:
        return key, _WORDS[value.lower()]
    try:
        return key, ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return key, value
