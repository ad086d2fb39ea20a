"""A matching model, as its TOML file describes it.

Belongs here: the shape of a model file and reading it strictly.
Lives elsewhere: how two values are compared (`compare.py`), which pairs meet (`blocking.py`), what is done with the
points (`score.py`, `cluster.py`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

LEVELS: Mapping[str, tuple[str, ...]] = {
    "name": (
        "missing", "exact_long", "exact_short", "exact_common", "homophone", "lookalike", "one_char", "compatible",
        "newborn", "differ",
    ),
    "id_number": (
        "missing", "equal", "equal_bad", "prefix", "masked_agree", "near", "near_two", "far", "conflict",
    ),
    "birth_date": ("missing", "equal", "compatible", "swapped", "slip", "lunar", "same_year", "differ"),
    "sex": ("missing", "equal", "differ"),
    "contact": (
        "missing", "phone_and_dwelling", "phone", "dwelling", "dwelling_no_unit", "building", "estate", "differ",
    ),
}  # fmt: skip
"""Every comparison and its levels; the position of a level is its code in pattern columns. `missing` is worth 0."""

BLOCK_COLUMNS = (
    "id_number", "id_prefix", "id_ends", "name", "pinyin", "surname", "birth", "birth_year", "phone", "home",
    "home_no_unit", "building",
)  # fmt: skip


class ModelError(ValueError):
    """A model file that cannot be used: which key, and what is expected."""


@dataclass(frozen=True, slots=True)
class Level:
    """What one level of agreement is worth, in log2 odds, and the words a steward reads."""

    points: float
    zh: str


@dataclass(frozen=True, slots=True)
class BlockKey:
    """Two variants meet when they agree on all columns; a block of more than `budget` pairs is cut."""

    columns: tuple[str, ...]
    budget: int


@dataclass(frozen=True, slots=True)
class Model:
    """A versioned set of weights, thresholds and blocking keys."""

    version: str
    prior: float
    link: float
    review: float
    levels: Mapping[str, Mapping[str, Level]]
    blocks: tuple[BlockKey, ...]
    names_per_phone: int
    names_per_dwelling: int

    def points(self, comparison: str) -> list[float]:
        """Points by level code; `missing` is 0."""
        stated = self.levels[comparison]
        return [0.0 if name == "missing" else stated[name].points for name in LEVELS[comparison]]


@cache
def built_in(name: str) -> Model:
    """The model that comes with the software, such as `resident`."""
    return parse_model(resources.files("dedup").joinpath(f"models/{name}.toml").read_text(encoding="utf-8"))


def parse_model(text: str) -> Model:
    """Read a model; an unknown key, comparison, level or block column is an error.

    Raises:
        ModelError: names the key.
    """
    try:
        stated = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"the model is not valid TOML: {error}") from error
    levels = {comparison: _levels(comparison, stated.pop(comparison, {})) for comparison in LEVELS}
    blocks = tuple(_block(spec) for spec in stated.pop("block", []))
    shared = stated.pop("shared", {})
    try:
        return Model(levels=levels, blocks=blocks, **stated, **shared)
    except TypeError as error:
        raise ModelError(f"unknown or missing key at the top of the model: {error}") from error


def _levels(comparison: str, stated: Mapping[str, Any]) -> dict[str, Level]:
    known = set(LEVELS[comparison]) - {"missing"}
    if stated.keys() != known:
        odd = sorted(stated.keys() ^ known)
        raise ModelError(f"[{comparison}]: levels {', '.join(odd)} are unknown or missing")
    return {name: Level(**level) for name, level in stated.items()}


def _block(spec: Mapping[str, Any]) -> BlockKey:
    unknown = set(spec["columns"]) - set(BLOCK_COLUMNS)
    if unknown:
        raise ModelError(f"[[block]]: unknown column {', '.join(sorted(unknown))}")
    return BlockKey(columns=tuple(spec["columns"]), budget=int(spec["budget"]))
