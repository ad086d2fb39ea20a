"""The words of `words.toml`, ready for use.

Belongs here: reading that file once. Lives elsewhere: what is done with the words (the other modules here).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Words:
    """Patterns and word lists by which staging knows what a row or a cell is."""

    total: re.Pattern[str]
    footer: re.Pattern[str]
    ditto: frozenset[str]
    mojibake: str  # an expression for Arrow
    together: re.Pattern[str]
    double_surnames: frozenset[str]
    shared: frozenset[str]
    reasons: Mapping[str, Mapping[str, str]]


@cache
def words() -> Words:
    """All of `words.toml`."""
    text = resources.files("connectors.stage").joinpath("words.toml").read_text(encoding="utf-8")
    stated = tomllib.loads(text)
    return Words(
        total=re.compile(stated["total"]),
        footer=re.compile("|".join(f"(?:{pattern})" for pattern in stated["footer"])),
        ditto=frozenset(stated["ditto"]),
        mojibake="|".join(stated["mojibake"]),
        together=re.compile(stated["together"]),
        double_surnames=frozenset(stated["double_surnames"]),
        shared=frozenset(stated["shared"]),
        reasons=stated["reasons"],
    )
