"""The fields this project knows of a person, and of a named place, read from `fields.toml`.

Belongs here: what a field is called, which value parser reads it, its tier and its golden rule.
Lives elsewhere: which column of a platform carries it (`connectors/platforms/*.toml`), how a value is read
(`dedup/normalise`), how the golden value is chosen (`warehouse/sql/golden/value.sql`).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

Kind = Literal["name", "id_number", "date", "phone", "address", "code", "flag", "identifier", "text"]
GoldenRule = Literal["stable", "current", "none"]


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """One field of a person or of a place: its names, parser, tier and golden rule."""

    name: str
    zh: str
    en: str
    kind: Kind
    tier: str
    golden: GoldenRule
    table: str | None = None
    publish: bool = True
    household: Literal["registered", "living"] | None = None
    of: Literal["person", "place"] = "person"


@cache
def fields() -> dict[str, FieldFacts]:
    """All fields by name, in the order of `fields.toml`.

    >>> fields()["birth_date"].kind
    'date'
    """
    text = resources.files("warehouse").joinpath("fields.toml").read_text(encoding="utf-8")
    return {name: FieldFacts(name=name, **facts) for name, facts in tomllib.loads(text).items()}
