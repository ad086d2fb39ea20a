"""Secrets of a platform's connection; one that cannot be had is this platform's trouble, and nobody else's.

Belongs here: saying so in the connectors' own error. Lives elsewhere: looking one up (`warehouse/secrets.py`).
"""

from __future__ import annotations

from pathlib import Path

from connectors.errors import Unreadable
from warehouse import secrets


def reveal(reference: str, root: Path) -> str:
    """The secret behind a reference; '' for none.

    Raises:
        Unreadable: it is not there, is empty, or others may read it; names the reference only.
    """
    try:
        return secrets.reveal(reference, root)
    except secrets.NoSecret as error:
        raise Unreadable(error.problem, error.next_move) from None


def referred_file(reference: str, root: Path, *, private: bool = True) -> Path:
    """The file that a reference names.

    Raises:
        Unreadable: it is not there, or others may read what is private.
    """
    try:
        return secrets.referred_file(reference, root, private=private)
    except secrets.NoSecret as error:
        raise Unreadable(error.problem, error.next_move) from None
