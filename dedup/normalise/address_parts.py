"""The eleven parts of an address.

Belongs here: what they are called and how they are written in a row.
Lives elsewhere: finding them in a text (`address_head.py`, `address_tail.py`).
"""

from __future__ import annotations

from typing import NamedTuple


class Parts(NamedTuple):
    """The parts of an address, each '' when unknown; a key is these, joined by "|"."""

    district: str = ""
    street: str = ""
    community: str = ""
    road: str = ""
    number: str = ""
    estate: str = ""
    phase: str = ""
    building: str = ""
    unit: str = ""
    floor: str = ""
    room: str = ""


def parts_of(key: str) -> Parts:
    """The parts of an address key.

    >>> parts_of("上城区|望江街道|||||||||").street
    '望江街道'
    """
    return Parts(*key.split("|"))
