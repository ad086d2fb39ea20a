"""The import gate: whether an export is too different from what its platform sent before.

Belongs here: the checks and their rules (`gate.toml`), and the sentences that tell what was found.
Lives elsewhere: measuring an export (`connectors/stage/profile.py`), what is usual (`warehouse/habits.py`), letting an
export wait (`pipelines/intake.py`), the doors that look at the whole night (`door.py`).

Great Expectations has no expectation for "half of what is usual here, in this column, at this platform", nor one that
names the column and the codes; so these checks are ours, and the landed door counts what they found.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, Literal, NamedTuple

from expectations.suite import Severity
from warehouse.habits import Backward, Fill, Usual
from warehouse.speech import Language

Weight = Literal["critical", "warning", "accepted"]

_IDENTITY = ("name", "id_number", "key")
_LEAST_USUAL = 0.2  # a column that is mostly empty anyway says nothing when it is emptier
_LEAST_MORE = 100  # rows: three times of very few is few
_LEAST_FILLED = 5  # cells, to speak of how well a column can be read
_LEAST_REUSED = 5  # keys, to speak of a renumbering
_LEAST_BACK = 3  # rows, to speak of an older export
_KEYS = {"severity", "owner", "reason", "next_move"}
_PLACES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """One check: how it weighs, its limit if it has one, whom it concerns, what is said."""

    severity: Severity
    owner: str
    reason: Mapping[Language, str]
    next_move: Mapping[Language, str]
    limit: float | None = None


class Place(NamedTuple):
    """A row of an export."""

    sheet: str
    row: int


@dataclass(frozen=True, slots=True)
class Codes:
    """Code values of a column that were never met before; `others` counts rows whose value is better not shown."""

    field: str
    column: str
    values: Sequence[tuple[str, int]]
    others: int


@dataclass(frozen=True, slots=True)
class Dates:
    """A date column that is written in another way from a row on."""

    column: str
    place: Place
    ambiguous: int


@dataclass(frozen=True, slots=True)
class Met:
    """One export beside what its platform sent before."""

    slug: str
    rows: int
    bounds: tuple[int, int]
    before: int | None = None  # rows of the last good one
    fills: Sequence[Fill] = ()
    usual: Mapping[str, Usual] = field(default_factory=dict)
    codes: Sequence[Codes] = ()
    dates: Sequence[Dates] = ()
    known_keys: int = 0
    reused: Sequence[Place] = ()
    dated: Backward = field(default_factory=Backward)
    same_as: date | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: its words hold no personal value."""

    check: str
    severity: Weight
    words: Mapping[str, Any]

    def reason(self, language: Language) -> str:
        """What is odd, as one sentence without its full stop."""
        return rules()[self.check].reason[language].format(**_in(language, self.words))

    def next_move(self, language: Language) -> str:
        """What to do about it."""
        return rules()[self.check].next_move[language].format(**_in(language, self.words))


@cache
def rules() -> Mapping[str, Rule]:
    """The rules of `gate.toml` by check.

    >>> rules()["rows_shrunken"].severity, rules()["rows_shrunken"].limit
    ('critical', 0.67)
    """
    text = resources.files("expectations").joinpath("gate.toml").read_text(encoding="utf-8")
    stated = tomllib.loads(text)
    wrong = [name for name, rule in stated.items() if rule.keys() - {"limit"} != _KEYS]
    if wrong:
        raise ValueError(
            f"expectations/gate.toml：{'、'.join(wrong)} 的键不对，应为 {'、'.join(sorted(_KEYS))}"
        )
    return {name: Rule(**rule) for name, rule in stated.items()}


def judge(met: Met, limit: Mapping[str, float], severity: Mapping[str, str]) -> list[Finding]:
    """What is odd about an export, critical findings first. `limit`, `severity`: where its platform differs by check."""
    found = []
    for check, rule in rules().items():
        weight = severity.get(check, rule.severity)
        if weight != "off":
            words = _CHECKS[check](met, limit.get(check, rule.limit or 0.0))
            found += [Finding(check, weight, {"slug": met.slug, **one}) for one in words]  # type: ignore[arg-type]
    return sorted(_without_lesser(found), key=lambda finding: finding.severity)


def accept(findings: Sequence[Finding], checks: frozenset[str]) -> list[Finding]:
    """The findings, those of these checks accepted by a person."""
    return [
        replace(one, severity="accepted") if one.severity == "critical" and one.check in checks else one
        for one in findings
    ]


Words = Iterator[dict[str, Any]]


def _bounds(met: Met, _: float) -> Words:
    fewest, most = met.bounds
    if not fewest <= met.rows <= most:
        yield {"rows": met.rows, "fewest": fewest, "most": most, "before": met.before}


def _fewer(met: Met, limit: float) -> Words:
    if met.before and met.rows < limit * met.before:
        yield _rows(met, limit)


def _more(met: Met, limit: float) -> Words:
    if met.before and met.rows > limit * met.before:
        yield _rows(met, limit)


def _exploded(met: Met, limit: float) -> Words:
    if met.before and met.rows - met.before > _LEAST_MORE:
        yield from _more(met, limit)


def _rows(met: Met, limit: float) -> dict[str, Any]:
    assert met.before
    return {
        "rows": met.rows,
        "before": met.before,
        "share": _share(met.rows / met.before),
        "limit": _share(limit),
    }


def _emptied(identity: bool) -> Callable[[Met, float], Words]:
    def check(met: Met, limit: float) -> Words:
        for fill in _of(met.fills, identity):
            usual = met.usual.get(fill.field)
            share = fill.filled / fill.rows if fill.rows else 0.0
            if usual is not None and usual.filled >= _LEAST_USUAL and share < limit * usual.filled:
                yield {"column": fill.column, "before": _share(usual.filled), "share": _share(share)}

    return check


def _unread(identity: bool) -> Callable[[Met, float], Words]:
    def check(met: Met, limit: float) -> Words:
        for fill in _of(met.fills, identity):
            usual = met.usual.get(fill.field)
            if usual is None or not usual.usable or fill.filled < _LEAST_FILLED:
                continue
            share = fill.usable / fill.filled
            if usual.usable >= _LEAST_USUAL and share < limit * usual.usable:
                yield {"column": fill.column, "before": _share(usual.usable), "share": _share(share)}

    return check


def _of(fills: Sequence[Fill], identity: bool) -> list[Fill]:
    return [fill for fill in fills if (fill.field in _IDENTITY) == identity]


def _dates(met: Met, _: float) -> Words:
    for one in met.dates:
        yield {"column": one.column, "places": [one.place], "ambiguous": one.ambiguous}


def _codes(met: Met, _: float) -> Words:
    for one in met.codes:
        example = one.values[0][0] if one.values else ""
        yield {
            "column": one.column,
            "field": one.field,
            "values": [list(value) for value in one.values],
            "others": one.others,
            "first": example,
        }


def _reused(met: Met, _: float) -> Words:
    if met.reused:
        yield {"count": len(met.reused), "places": list(met.reused[:_PLACES_SHOWN])}


def _renumbered(met: Met, limit: float) -> Words:
    count = len(met.reused)
    if count >= _LEAST_REUSED and count > limit * met.known_keys:
        yield {"count": count, "before": met.known_keys, "share": _share(count / met.known_keys)}


def _older(met: Met, _: float) -> Words:
    back, ahead = met.dated.back, met.dated.ahead
    if back >= _LEAST_BACK and back > 10 * ahead and back * 100 >= met.rows:
        yield {"back": back, "ahead": ahead}


def _same(met: Met, _: float) -> Words:
    if met.same_as is not None:
        yield {"night": met.same_as.isoformat()}


_CHECKS: Mapping[str, Callable[[Met, float], Words]] = {
    "rows_bounds": _bounds,
    "rows_shrunken": _fewer,
    "rows_fewer": _fewer,
    "rows_exploded": _exploded,
    "rows_more": _more,
    "identity_emptied": _emptied(True),
    "column_emptied": _emptied(False),
    "identity_unread": _unread(True),
    "column_unread": _unread(False),
    "date_changed": _dates,
    "codes_new": _codes,
    "key_reused": _reused,
    "keys_renumbered": _renumbered,
    "older_export": _older,
    "same_as_earlier": _same,
}

# With the first, the second says nothing more.
_GREATER = {
    "rows_fewer": "rows_shrunken",
    "rows_more": "rows_exploded",
    "key_reused": "keys_renumbered",
    "same_as_earlier": "older_export",
}


def _without_lesser(found: Sequence[Finding]) -> list[Finding]:
    checks = {one.check for one in found}
    return [one for one in found if _GREATER.get(one.check) not in checks]


def _share(share: float) -> str:
    return f"{share:.0%}"


def _in(language: Language, words: Mapping[str, Any]) -> dict[str, Any]:
    """The words of a finding as a sentence of this language needs them."""
    told = dict(words)
    if "places" in words:
        told["places"] = _places(words["places"], language)
        told["place"] = told["places"]
    if "values" in words:
        told["codes"] = _code_list(words, language)
        told["example"] = f'"{words["first"] or "…"}" = "…"'
    return {name: f"{word:,}" if isinstance(word, int) else word for name, word in told.items()}


def _places(places: Sequence[Sequence[Any]], language: Language) -> str:
    rows = (
        "、".join(str(row) for _, row in places)
        if language == "zh"
        else ", ".join(str(row) for _, row in places)
    )
    sheet = places[0][0]
    if language == "zh":
        return (f"工作表「{sheet}」" if sheet else "") + f"第 {rows} 行"
    return (f"sheet {sheet}, " if sheet else "") + f"row {rows}"


def _code_list(words: Mapping[str, Any], language: Language) -> str:
    zh = language == "zh"
    told = [
        f"「{value}」{times} 行" if zh else f'"{value}" in {times} rows' for value, times in words["values"]
    ]
    if words["others"]:
        others = words["others"]
        told.append(
            f"另有 {others} 行的写法不在此列出（可能是别列的内容）"
            if zh
            else f"{others} rows with values that may belong to another column and are not shown"
        )
    return ("、" if zh else ", ").join(told)
