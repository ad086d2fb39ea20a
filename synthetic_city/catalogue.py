"""The catalogue of mistakes, as `mistakes.toml` states it: rates, stories, and tables of characters.

Belongs here: reading it, and how often one platform makes a mistake.
Lives elsewhere: making a mistake (`mistakes.py`, `misplaced.py`), whom it can happen to (`cases.py`).
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def catalogue() -> dict[str, Any]:
    """The catalogue, read once."""
    return tomllib.loads(
        resources.files("synthetic_city").joinpath("mistakes.toml").read_text(encoding="utf-8")
    )


def tables() -> dict[str, Any]:
    """Characters that look alike, surnames with two spellings, traditional forms and the like."""
    found: dict[str, Any] = catalogue()["tables"]
    return found


@cache
def alike(table: str) -> dict[str, str]:
    """Each character of a table with those it is mistaken for.

    >>> alike("surname_variants")["萧"]
    '肖'
    """
    return {one: group.replace(one, "") for group in tables()[table] for one in group}


def rate_of(field: str, name: str, careless: float, noise: float, own: dict[str, float]) -> float:
    """How often a platform makes a mistake."""
    line = catalogue()[field][name]
    rate: float = own.get(f"{field}.{name}", line["rate"] * careless)
    return min(rate if line.get("steady") else rate * noise, 0.9)
