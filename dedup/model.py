"""A matching model, as its TOML file describes it.

Belongs here: the shape of a model file and reading it strictly.
Lives elsewhere: what a comparison's levels mean (`compare/`), which columns a kind of records has (`prepare/`), what
is done with the points (`score.py`, `cluster.py`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar

from dedup.compare import COMPARERS
from dedup.prepare import PREPARERS

BUILT_IN = ("resident", "household", "person")


class ModelError(ValueError):
    """A model file that cannot be used: which key, and what is expected."""


@dataclass(frozen=True, slots=True)
class Level:
    """What one level of agreement is worth, in log2 odds, and the words a steward reads."""

    points: float
    zh: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison: which comparer, over which columns, and what each of its levels is worth."""

    name: str
    compares: str
    levels: Mapping[str, Level]
    columns: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def level_names(self) -> tuple[str, ...]:
        """Level names by code; the first is `missing`, worth nothing."""
        return COMPARERS[self.compares].levels

    def points(self) -> list[float]:
        """Points by level code."""
        return [0.0 if name == "missing" else self.levels[name].points for name in self.level_names]


@dataclass(frozen=True, slots=True)
class Cap:
    """A rule that no sum of points may break: pairs at all levels of `when` and none of `unless` are not linked."""

    when: Mapping[str, tuple[str, ...]]
    zh: str
    unless: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    band: Literal["review", "apart"] = "review"
    against: bool = True  # does it also count against the two being in one cluster
    conflict: str = "possible_match"  # how the task is called that a person gets


@dataclass(frozen=True, slots=True)
class BlockKey:
    """Two nodes meet when they agree on all columns; a block of more than `budget` pairs is cut and reported.

    `asks`: a fact of nodes; a pair is only wanted when it holds for one of the two.
    """

    columns: tuple[str, ...]
    budget: int
    asks: str = ""


@dataclass(frozen=True, slots=True)
class Trained:
    """What a learned model was learned from; a reasoned one has none of this.

    match_share: of all pairs of records, those of one person (the lambda of Fellegi-Sunter).
    counts: per comparison and level the pairs of one person, and of two people, that its points rest on. A level that
        few pairs back keeps the points of the model it began with.
    """

    base: str
    base_version: str
    records: int
    pairs: int
    rounds: int
    iterations: int
    match_share: float
    verdicts: int
    counts: Mapping[str, Mapping[str, tuple[int, int]]]
    precision_estimate: float
    recall_estimate: float | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A versioned set of weights, thresholds, caps and blocking keys for one kind of records."""

    name: str
    version: str
    reads: str
    prior: float
    link: float
    review: float
    comparisons: tuple[Comparison, ...]
    caps: tuple[Cap, ...]
    blocks: tuple[BlockKey, ...]
    columns: Mapping[str, str] = field(default_factory=dict)  # of plain records: each column and its kind
    groups: Literal["person", "home"] = "person"  # what a cluster is
    crowd: Mapping[str, int] = field(default_factory=dict)  # column: how many names may share a value of it
    redraw: float = (
        0.05  # the share of records that may change before what to expect of a night is estimated anew
    )
    trained: Trained | None = None

    def comparison(self, name: str) -> Comparison:
        """The comparison of that name."""
        return next(one for one in self.comparisons if one.name == name)


@cache
def built_in(name: str) -> Model:
    """A model that comes with the software: `resident`, `household` or `person`."""
    text = resources.files("dedup").joinpath(f"models/{name}.toml").read_text(encoding="utf-8")
    return parse_model(name, text)


def read_model(stated: str) -> Model:
    """A built-in model by name, or one from a TOML file by path.

    Raises:
        ModelError: no such name or file, or what is wrong with the file.
    """
    if stated in BUILT_IN:
        return built_in(stated)
    path = Path(stated)
    if not path.is_file():
        raise ModelError(f"{stated}：既不是内置模型（{'、'.join(BUILT_IN)}），也不是模型文件")
    return parse_model(path.stem, path.read_text(encoding="utf-8"))


T = TypeVar("T")


def parse_model(name: str, text: str) -> Model:
    """Read a model; an unknown key, comparer, level or column is an error.

    Raises:
        ModelError: names the key.
    """
    try:
        stated = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"{name}：不是有效的 TOML（{error}）") from error
    if "extends" in stated:
        base = resources.files("dedup").joinpath(f"models/{stated.pop('extends')}.toml")
        stated = tomllib.loads(base.read_text(encoding="utf-8")) | stated
    parts = {
        "comparisons": tuple(_comparison(name, spec) for spec in stated.pop("comparison", [])),
        "caps": tuple(_cap(name, spec) for spec in stated.pop("cap", [])),
        "blocks": tuple(_block(name, spec) for spec in stated.pop("block", [])),
        "trained": _trained(name, stated.pop("trained", None)),
    }
    model = _make(Model, name, "顶层", {"name": name, **stated, **parts})
    _check(model)
    return model


def _comparison(model: str, spec: Mapping[str, Any]) -> Comparison:
    levels = {
        name: _make(Level, model, f"comparison.levels.{name}", level)
        for name, level in spec.get("levels", {}).items()
    }
    return _make(
        Comparison, model, "comparison", {**spec, "levels": levels, "columns": tuple(spec.get("columns", ()))}
    )


def _cap(model: str, spec: Mapping[str, Any]) -> Cap:
    at = {
        side: {name: tuple(levels) for name, levels in spec.get(side, {}).items()}
        for side in ("when", "unless")
    }
    return _make(Cap, model, "cap", {**spec, **at})


def _block(model: str, spec: Mapping[str, Any]) -> BlockKey:
    return _make(BlockKey, model, "block", {**spec, "columns": tuple(spec.get("columns", ()))})


def _trained(model: str, spec: Mapping[str, Any] | None) -> Trained | None:
    if spec is None:
        return None
    try:
        counts = {
            name: {level: (int(of_one), int(of_two)) for level, (of_one, of_two) in levels.items()}
            for name, levels in spec.get("counts", {}).items()
        }
    except (AttributeError, TypeError, ValueError) as error:
        raise ModelError(f"模型 {model} 的 [trained.counts]：每个等级应为两个整数") from error
    return _make(Trained, model, "trained", {**spec, "counts": counts})


def _make(kind: type[T], model: str, place: str, stated: Mapping[str, Any]) -> T:
    try:
        return kind(**stated)
    except TypeError as error:
        raise ModelError(f"模型 {model} 的 [{place}]：有不认识的键，或缺少必需的键（{error}）") from error


def _check(model: Model) -> None:
    def refuse(problem: str) -> None:
        raise ModelError(f"模型 {model.name}：{problem}")

    if model.reads not in PREPARERS:
        refuse(f"reads = {model.reads} 不在 {'、'.join(PREPARERS)} 之中")
    if not model.review < model.link:
        refuse("review 须小于 link")
    if not 0 <= model.redraw <= 1:
        refuse("redraw 是比例，须在 0 与 1 之间")
    known = PREPARERS[model.reads].columns(model.columns)
    names = {one.name: one for one in model.comparisons}
    for one in model.comparisons:
        if one.compares not in COMPARERS:
            refuse(f"比较方式 {one.compares} 不在 {'、'.join(COMPARERS)} 之中")
        if odd := set(one.levels) ^ (set(one.level_names) - {"missing"}):
            refuse(f"比较 {one.name} 的等级 {'、'.join(sorted(odd))} 多余或缺失")
        if odd := set(one.columns) - known:
            refuse(f"比较 {one.name} 的列 {'、'.join(sorted(odd))} 不存在")
    for name, counts in (model.trained.counts if model.trained else {}).items():
        if name not in names or set(counts) - set(names[name].level_names):
            refuse(f"[trained.counts] 中的 {name} 不存在，或有不存在的等级")
    for cap in model.caps:
        for name, levels in (*cap.when.items(), *cap.unless.items()):
            if name not in names or set(levels) - set(names[name].level_names):
                refuse(f"[[cap]] 中的 {name} = {'、'.join(levels)} 不存在")
    for key in model.blocks:
        if odd := set(key.columns) - known:
            refuse(f"[[block]] 的列 {'、'.join(sorted(odd))} 不存在")
        if key.asks and key.asks not in PREPARERS[model.reads].asking:
            refuse(f"[[block]] 的 asks = {key.asks} 不存在")
    if odd := set(model.crowd) - known:
        refuse(f"[crowd] 的列 {'、'.join(sorted(odd))} 不存在")
