"""Which of our fields each column is: one best assignment over what headers, values and other columns say.

Belongs here: weighing the evidence, the assignment, the platform's own key, what is left out.
Lives elsewhere: the evidence of headers (`headers.py`) and of values (`profile.py`), what rows say together
(`rows.py`), the weights (`weights.toml`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import exp
from typing import Any, Literal

import numpy as np
from scipy.optimize import linear_sum_assignment

from connectors.draft.aliases import Knowledge, bare
from connectors.draft.headers import Said, owner_of, said
from connectors.draft.profile import Profile, Shape
from connectors.draft.rows import Together, together
from connectors.platform import TwoSheets
from warehouse.fields import fields as known_fields

Use = Literal["field", "key", "ignored", "forbidden"]
_STEEP = 0.6  # how fast a margin in log-odds becomes confidence: evidence is not independent
_NUMBERED = re.compile(r"(?=.*\d)[^\W\d_]{0,8}[\[(〔-]?[A-Za-z0-9\-〕)\]]{2,}(号|户)?")
_NEVER_KEYS = ("biometric", "account", "military", "offence")  # numbers that are restricted themselves
_KEY_UNIQUE, _KEY_FILLED, _KEY_ENOUGH = 0.99, 0.9, 3.0
_MOSTLY, _NOT_TEXT = 0.6, -4.0
_SECOND, _SAID = (
    2.0,
    3.5,
)  # a field this far behind the likeliest is not taken, unless the header says it outright
# Which shape the values of a field should have, by the field or by its kind.
_SHAPE_OF: Mapping[str, Shape] = {
    "id_number": "id_number",
    "date": "date",
    "phone": "phone",
    "address": "address",
    "disability_number": "disability_number",
    "community": "community",
    "grid": "grid",
    "employer": "organisation",
}


@dataclass(frozen=True)
class Column:
    """One column of the sample, and what its header says."""

    header: str
    profile: Profile
    said: Said


@dataclass(frozen=True, slots=True)
class Choice:
    """What becomes of a column, how sure that is (0 to 1), and why it is left out."""

    header: str
    use: Use
    field: str | None
    confidence: float
    kind: str = ""  # of the reason in aliases.toml; "" when nothing is known of the column


def first_person(columns: Sequence[Column], choices: Sequence[Choice], known: Knowledge) -> str:
    """Where no column is the person's name: the word that says whose the first name in a row is, such as 户主 or 女方."""
    if any(choice.field == "name" for choice in choices):
        return ""
    owners = (
        owner_of(bare(column.header.rpartition("/")[2]), known) or owner_of(bare(column.header), known)
        for column in columns
        if column.profile.shapes["name"] > _MOSTLY
    )
    return next(filter(None, owners), "")


def columns_of(profiles: Mapping[str, Profile], known: Knowledge, shown: Mapping[str, str]) -> list[Column]:
    """The columns with what their headers say. `shown`: the header as it stands on its sheet."""
    return [Column(name, profile, said(shown.get(name, name), known)) for name, profile in profiles.items()]


def guess(columns: Sequence[Column], two: TwoSheets | None = None) -> list[Choice]:
    """What each column is; no two are the same field. `two`: the sheets, where households have one of their own."""
    names = [name for name, facts in known_fields().items() if facts.of == "person"]
    alone = np.array([[_alone(column, name) for name in names] for column in columns])
    first = _assigned(alone, names)
    scores = alone + _rows(columns, names, first) + _link(columns, names, two)
    scores += _of_other_groups(columns, names, _assigned(scores, names))
    chosen = _first_choices(_assigned(scores, names), scores, columns, names)
    key = _key(columns, chosen, two)
    return [
        _choice(column, chosen[at], scores[at], names, is_key=at == key) for at, column in enumerate(columns)
    ]


@cache
def weights() -> dict[str, Any]:
    """All of `weights.toml`."""
    return tomllib.loads(
        resources.files("connectors.draft").joinpath("weights.toml").read_text(encoding="utf-8")
    )


def _alone(column: Column, field: str) -> float:
    """What a column says of a field by itself."""
    prior = weights()["prior"][field] * (1.0 if column.profile.count else weights()["blank"])
    return float(column.said.fields[field] + looks(column.profile, field) + prior)


def looks(profile: Profile, field: str) -> float:
    """What the values say of a field; 0 when there are none."""
    if not profile.count:
        return 0.0
    facts = known_fields()[field]
    if facts.table is not None:
        word = _weigh("label", profile.labels[facts.table])
        return max(word, _weigh("number", profile.numbers[facts.table]))
    if facts.kind == "name":
        return _weigh("name", profile.shapes["name"] - max(profile.labels.values()))
    if facts.kind == "flag":
        return _weigh("flag", max(profile.shapes["flag"], profile.share(_two_digits)))
    if field == "household_number":
        return _like_a_number(profile)
    shape = _SHAPE_OF[field if field in _SHAPE_OF else facts.kind]
    return _weigh(shape, profile.shapes[shape]) + (_of_free_text(profile) if facts.kind == "text" else 0.0)


def _of_free_text(profile: Profile) -> float:
    """An employer, a community or a grid is called as it likes, but not like a person, a day or a place to live."""
    other: tuple[Shape, ...] = ("name", "date", "phone", "id_number")
    worded = max(profile.labels.values()) > _MOSTLY
    return _NOT_TEXT if worded or any(profile.shapes[shape] > _MOSTLY for shape in other) else 0.0


def _two_digits(text: str, _numeric: bool) -> bool:
    return text in ("01", "02", "1", "2")


def _weigh(shape: str, share: float) -> float:
    weight = weights()["shape"][shape]
    if share >= weight["enough"]:
        return float(weight["fits"])
    return float(weight["against"]) if share < weight["few"] else -1.0


def _like_a_number(profile: Profile) -> float:
    """A household's number: letters and digits, and neither a date, a telephone nor an ID number."""
    shapes = profile.shapes
    other = max(shapes["date"], shapes["phone"], shapes["id_number"], shapes["flag"])
    numbered = profile.share(lambda text, _: bool(_NUMBERED.fullmatch(text)))
    return _NOT_TEXT if numbered < 0.8 or other > _MOSTLY else 0.0


def _assigned(scores: Any, names: Sequence[str]) -> list[str | None]:
    """The field of each column in the assignment with the highest sum; None where no field is likely."""
    rows = len(scores)
    padded = np.hstack([scores, np.zeros((rows, rows))])
    at, to = linear_sum_assignment(padded, maximize=True)
    found: list[str | None] = [None] * rows
    for row, column in zip(at, to, strict=True):
        if column < len(names) and scores[row][column] > 0:
            found[row] = names[column]
    return found


def _rows(columns: Sequence[Column], names: Sequence[str], first: Sequence[str | None]) -> Any:
    """What the columns say of each other, given a first guess."""
    place = {field: at for at, field in enumerate(first) if field}
    seen: Together = together([column.profile for column in columns], place)
    return np.array([[seen.get((at, name), 0.0) for name in names] for at in range(len(columns))])


def _link(columns: Sequence[Column], names: Sequence[str], two: TwoSheets | None) -> Any:
    """The number that joins two sheets is the household's, once."""
    found = np.zeros((len(columns), len(names)))
    if two is not None:
        for at, column in enumerate(columns):
            if column.header == f"{two.members}/{two.link}":
                found[at, names.index("household_number")] = weights()["rows"]["link"]
            elif column.header == f"{two.household}/{two.link}":
                found[at, :] = weights()["rows"]["link_again"]
    return found


def _of_other_groups(columns: Sequence[Column], names: Sequence[str], chosen: Sequence[str | None]) -> Any:
    """Under a group with a name of its own (妈妈/姓名), number and phone are that person's as well."""
    found = np.zeros((len(columns), len(names)))
    groups = [column.header.rpartition("/")[0] for column in columns]
    named = {
        group
        for group, column, field in zip(groups, columns, chosen, strict=True)
        if group and field != "name" and column.profile.shapes["name"] > _MOSTLY
    }
    own = groups[chosen.index("name")] if "name" in chosen else ""
    for at, group in enumerate(groups):
        if group in named and group != own:
            for field in ("name", "id_number", "phone", "birth_date", "sex"):
                found[at, names.index(field)] = _NOT_TEXT
    return found


def _first_choices(
    chosen: Sequence[str | None], scores: Any, columns: Sequence[Column], names: Sequence[str]
) -> list[str | None]:
    """Without what a column was given only because the field it looks like went to another one."""
    kept: list[str | None] = []
    for at, field in enumerate(chosen):
        second = field is not None and scores[at][names.index(field)] < scores[at].max() - _SECOND
        kept.append(None if second and columns[at].said.fields[field or ""] < _SAID else field)
    return kept


def _key(columns: Sequence[Column], chosen: Sequence[str | None], two: TwoSheets | None) -> int | None:
    """The column by which the platform knows a row: its own number, another for each row."""
    of_people = f"{two.members}/" if two else ""
    marks = {
        at: _key_score(column)
        for at, column in enumerate(columns)
        if chosen[at] in (None, "disability_number") and column.header.startswith(of_people)
    }
    best = max(marks, key=lambda at: marks[at], default=None)
    return best if best is not None and marks[best] >= _KEY_ENOUGH else None


def _key_score(column: Column) -> float:
    profile = column.profile
    if not profile.count or profile.unique < _KEY_UNIQUE or profile.filled < _KEY_FILLED:
        return 0.0
    texts = [text for text in profile.texts if text]
    plain_number = profile.share(lambda text, _: text.isascii() and len(text) <= 40) > 0.95
    if (
        not plain_number
        or texts == [str(n) for n in range(1, len(texts) + 1)]
        or profile.shapes["date"] > 0.5
    ):
        return 0.0
    if (
        profile.shapes["phone"] > 0.5
        or profile.shapes["account"] > 0.5
        or column.said.forbidden in _NEVER_KEYS
    ):
        return 0.0
    alike = len({len(text) for text in texts}) == 1
    return column.said.key + 1.5 + (0.5 if profile.longest >= 5 else 0.0) + (1.0 if alike else 0.0)


def _choice(column: Column, field: str | None, scores: Any, names: Sequence[str], *, is_key: bool) -> Choice:
    by_name = dict(zip(names, (float(score) for score in scores), strict=True))
    own = by_name[field] if field else 0.0
    rival = max(0.0 if field else -99.0, *(score for name, score in by_name.items() if name != field))
    confidence = 1 / (1 + exp(-_STEEP * (own - rival)))
    if field:
        return Choice(column.header, "field", field, round(confidence, 2), "key" if is_key else "")
    if is_key:
        return Choice(column.header, "key", None, round(confidence, 2))
    forbidden = column.said.forbidden or ("account" if column.profile.shapes["account"] > 0.6 else "")
    if forbidden:
        return Choice(column.header, "forbidden", None, round(confidence, 2), forbidden)
    return Choice(column.header, "ignored", None, round(confidence, 2), _reason(column))


def _reason(column: Column) -> str:
    owners = column.said.owners
    if owners and "self" not in owners:
        return "other_person"
    return column.said.ignored or ("row_number" if _counts(column.profile) else "")


def _counts(profile: Profile) -> bool:
    texts = [text for text in profile.texts if text]
    return bool(texts) and texts == [str(number) for number in range(1, len(texts) + 1)]
