"""The SELECTs by which the desk reads a snapshot, each in a file of its name.

Belongs here: finding one. Lives elsewhere: what is made of their rows (`stewardship/cases.py`, `residents.py`).
"""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def select(name: str) -> str:
    """The text of one of them."""
    return resources.files("stewardship.sql").joinpath(f"{name}.sql").read_text(encoding="utf-8")
