"""What the columns of a sample say of each other, row by row.

Belongs here: dates and codes that agree with the ID number, values that repeat for a household, columns filled for few.
Lives elsewhere: what a column says alone (`profile.py`, `headers.py`), how much it weighs (`weights.toml`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import pairwise

from connectors.draft.profile import Profile, Shape
from dedup.normalise.codes import code
from dedup.normalise.id_numbers import birth_date_of, sex_of
from dedup.normalise.read import read
from warehouse.fields import fields as known_fields

Together = dict[tuple[int, str], float]  # (column, field) -> log-odds
_FEWEST = 3  # rows that must state both columns before they can agree or differ
_LATE, _OF_LATE = "2015", 2  # a table of people is not about children only; years before the newest date
_MANY = 8  # rows among which some household has more than one
_BY_CHANCE, _FEWEST_EXACT = 12, 6  # rows below which two columns may agree by chance: in part, and wholly
_SCARCE = {"former_name": 0.4, "death_date": 0.4, "moved_out_date": 0.4}  # filled for at most so many
_DATES = tuple(name for name, facts in known_fields().items() if facts.kind == "date")
_SHARED = ("head_name", "head_id_number", "address", "registered_address")
_PAIRS: tuple[tuple[Shape, str], ...] = (("name", "head_name"), ("id_number", "head_id_number"))


def together(profiles: Sequence[Profile], place: Mapping[str, int]) -> Together:
    """Evidence for each column and field. `place`: the column of each field in a first guess."""
    found: Together = {}
    if "id_number" in place:
        _with_number(profiles, profiles[place["id_number"]], found)
    for own, heads in _PAIRS:
        if own in place:
            _with_heads(profiles, own, heads, found)
    shared = [profiles[place[field]] for field in _SHARED if field in place]
    for at, profile in enumerate(profiles):
        _by_filling(at, profile, found)
        if _is_grouped(profile, shared):
            _add(found, at, "household_number", "grouped")
        elif profile.count >= _MANY and profile.unique > 0.98:
            _add(found, at, "household_number", "alone")
    _newest(profiles, found)
    return found


@cache
def _weights() -> dict[str, float]:
    text = resources.files("connectors.draft").joinpath("weights.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text)["rows"])


def _add(found: Together, at: int, field: str, weight: str, times: float = 1.0) -> None:
    found[at, field] = found.get((at, field), 0.0) + times * _weights()[weight]


def _with_number(profiles: Sequence[Profile], numbers: Profile, found: Together) -> None:
    keys = [read("id_number", text, numeric_cell=numeric).key or "" for text, numeric in _cells(numbers)]
    born = [birth_date_of(key) or "" for key in keys]
    sexes = [sex_of(key) or "" for key in keys]
    for at, profile in enumerate(profiles):
        if profile is numbers or not profile.count:
            continue
        if profile.shapes["date"] > 0.3 and (share := _agree(born, profile.dates)) is not None:
            _add(found, at, "birth_date", "birth_agrees" if share > 0.5 else "birth_differs")
            if share > 0.5:
                for other in _DATES:
                    if other != "birth_date":
                        _add(found, at, other, "birth_differs")
        if len(profile.stated) <= 6 and (share := _sex_share(sexes, profile)) is not None:
            _add(found, at, "sex", "sex_agrees" if share > 0.85 else "sex_differs")


def _cells(profile: Profile) -> list[tuple[str, bool]]:
    return list(zip(profile.texts, profile.numeric, strict=True))


def _agree(left: Sequence[str], right: Sequence[str]) -> float | None:
    """Share of the rows with both that have the same; None when too few have both."""
    both = [(a, b) for a, b in zip(left, right, strict=True) if a and b]
    return sum(a == b for a, b in both) / len(both) if len(both) >= _FEWEST else None


def _sex_share(sexes: Sequence[str], profile: Profile) -> float | None:
    """How well two values go with the two sexes, whatever they are called; None when it cannot be told."""
    both = [(sex, text) for sex, text in zip(sexes, profile.texts, strict=True) if sex and text]
    by_value = {text: [sex for sex, one in both if one == text] for _, text in both}
    if len(both) < _FEWEST or len(by_value) < 2 or len({sex for sex, _ in both}) < 2:
        return None
    likelier = {text: max("12", key=of.count) for text, of in by_value.items()}
    right = sum(of.count(likelier[text]) for text, of in by_value.items()) / len(both)
    if len(both) < _BY_CHANCE and (right < 1 or len(both) < _FEWEST_EXACT):
        return right if all(code(text, "sex").key for text in by_value) else None
    return right if len(set(likelier.values())) == 2 else 0.0


def _with_heads(profiles: Sequence[Profile], field: Shape, heads: str, found: Together) -> None:
    """The head's name or number beside the person's own: it repeats, and is the person's where the person is the head."""
    like = [at for at, profile in enumerate(profiles) if profile.count and profile.shapes[field] > 0.5]
    if len(like) < 2:
        return
    varied = max(like, key=lambda at: profiles[at].unique * min(1.0, profiles[at].filled + 0.05))
    for at in like:
        if at == varied:
            _add(found, at, field, "main_person")
            continue
        share = _agree(profiles[varied].texts, profiles[at].texts)
        if share is not None and 0.05 < share < 1 and profiles[at].unique < profiles[varied].unique:
            _add(found, at, heads, "head_repeats")
            _add(found, at, field, "head_repeats", -0.5)


def _by_filling(at: int, profile: Profile, found: Together) -> None:
    for field, most in _SCARCE.items():
        if profile.filled > most:
            _add(found, at, field, "full")
        elif profile.count:
            _add(found, at, field, "scarce")
    if 0 < profile.filled < 0.3:
        _add(found, at, "birth_date", "full")
        _add(found, at, "updated_on", "full", 0.5)


def _is_grouped(profile: Profile, shared: Sequence[Profile]) -> bool:
    """One value for several rows that stand together, or that also share a head or a dwelling."""
    texts = [text for text in profile.texts if text]
    if len(texts) < 4 or len(set(texts)) < 2 or not 0.1 < profile.unique < 0.95:
        return False
    changes = sum(a != b for a, b in pairwise(texts)) + 1
    if changes <= 1.1 * len(set(texts)):
        return True
    return any(_goes_with(profile, other) for other in shared if other is not profile)


def _goes_with(profile: Profile, other: Profile) -> bool:
    """Whether rows with one value have, nearly always, one value of the other too, and not all the same one."""
    groups: dict[str, list[str]] = {}
    for text, theirs in zip(profile.texts, other.texts, strict=True):
        if text and theirs:
            groups.setdefault(text, []).append(theirs)
    several = [theirs for theirs in groups.values() if len(theirs) > 1]
    if len(several) < 2 or len({theirs[0] for theirs in several}) < len(several) / 2:
        return False
    agreeing = sum(max(map(theirs.count, theirs)) - 1 for theirs in several)
    return agreeing >= 0.7 * sum(len(theirs) - 1 for theirs in several)


def _newest(profiles: Sequence[Profile], found: Together) -> None:
    """The date of the last change is the newest of all, stated for nearly every row and of late for most of them."""
    newest: dict[int, str] = {}
    for at, profile in enumerate(profiles):
        days = sorted(day for day in profile.dates if day) if profile.shapes["date"] > 0.6 else []
        if days and profile.filled > 0.7:
            newest[at] = days[len(days) // 2]
            if newest[at] >= _LATE:
                _add(found, at, "birth_date", "full")
    if not newest:
        return
    last = max(newest.values())
    for at, day in newest.items():
        if day == last and int(max(profiles[at].dates)[:4]) - int(day[:4]) <= _OF_LATE:
            _add(found, at, "updated_on", "newest")
