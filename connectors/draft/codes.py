"""Which list of codes a column follows: the national table, or one that platforms use in its place.

Belongs here: the lists of `codes.toml`, choosing one by the values and by what the same rows say elsewhere, and the
map that goes into the platform's page.
Lives elsewhere: the national tables and their words (`dedup/normalise/codes`).
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from dedup.normalise.codes import code, flag, label
from dedup.normalise.facts import facts

NATIONAL = "national"
_FITS = 0.9  # of the numbers that are stated, so many must be in a list for it to be thought of
_LONGEST_LIST = 30  # words of a list that a page states
_PRINTED = 2  # characters of an unknown code that may be shown: no name or number of a person is so short


@dataclass(frozen=True, slots=True)
class CodeMap:
    """How a coded column is read: their code or word -> ours, the list it follows, and what is not understood."""

    codes: Mapping[str, str] = field(default_factory=dict)
    scheme: str = NATIONAL
    style: str = "label"  # how the column writes: "label" or "code"
    unknown: tuple[str, ...] = ()  # shown only when short and plain, else their shape
    sure: bool = True


@cache
def schemes(table: str) -> Mapping[str, Mapping[str, str]]:
    """The lists that platforms use in place of a table, by name.

    >>> schemes("sex")
    {'zero_woman': {'1': '1', '0': '2'}}
    """
    text = resources.files("connectors.draft").joinpath("codes.toml").read_text(encoding="utf-8")
    found: dict[str, dict[str, dict[str, str]]] = tomllib.loads(text)
    return found.get(table, {})


@cache
def national(table: str) -> Mapping[str, str]:
    """A national table as a list of codes that stand for themselves."""
    return {ours: ours for ours in facts(f"codes/{table}")["labels"]}


def is_number_of(text: str, table: str) -> bool:
    """Whether a bare number is a code of the table or of a list used in its place.

    >>> is_number_of("2", "marital"), is_number_of("20", "marital"), is_number_of("77", "marital")
    (True, True, False)
    """
    if not (text.isascii() and text.isdigit()):
        return False
    return any(text in codes or text.zfill(2) in codes for codes in _lists(table).values())


def code_map(
    table: str | None,
    stated: Counter[str],
    *,
    inverted: bool = False,
    agreeing: Sequence[tuple[str, str]] = (),
) -> CodeMap:
    """How a column of these values is read. `table`: None for yes and no.

    `inverted`: the column asks the opposite of our field. `agreeing`: values beside what our code must be, as the same
    rows show elsewhere (the sex in an ID number); the list that agrees most is chosen.
    """
    name = table or "flag"
    numbers = [text for text in stated if text.isascii() and text.isdigit()]
    if not numbers or sum(stated[text] for text in numbers) * 2 < stated.total():
        return _of_words(name, stated, inverted)
    found = {
        scheme: {text: ours for text in stated if (ours := _through(text, codes)) is not None}
        for scheme, codes in _lists(name).items()
    }
    scheme = max(
        found, key=lambda one: (_covers(found[one], stated), _agrees(found[one], agreeing), one == NATIONAL)
    )
    codes = found[scheme]
    rivals = [one for one in found if _covers(found[one], stated) and found[one] != codes]
    return CodeMap(
        codes=_flipped(codes) if inverted else codes,
        scheme=scheme,
        style="code",
        unknown=_shown(text for text in stated if text not in codes),
        sure=not rivals or _agrees(codes, agreeing) > max(_agrees(found[one], agreeing) for one in rivals),
    )


def _lists(name: str) -> Mapping[str, Mapping[str, str]]:
    return {NATIONAL: national(name), **schemes(name)}


def _through(text: str, codes: Mapping[str, str]) -> str | None:
    found = codes.get(text)
    return found if found is not None or not text.isdigit() else codes.get(text.zfill(2))


def _covers(codes: Mapping[str, str], stated: Counter[str]) -> bool:
    return sum(stated[text] for text in codes) >= _FITS * stated.total()


def _agrees(codes: Mapping[str, str], agreeing: Sequence[tuple[str, str]]) -> float:
    return sum(codes.get(text, "").startswith(ours) for text, ours in agreeing) / max(len(agreeing), 1)


def _of_words(name: str, stated: Counter[str], inverted: bool) -> CodeMap:
    """A column of words: those that the tables understand."""
    found = {
        text: ours
        for text in stated
        if (ours := (flag(text) if name == "flag" else code(text, name)).key) is not None
    }
    unknown = _shown(
        text
        for text in stated
        if text not in found and (name == "flag" or code(text, name).quality == "unknown")
    )
    return CodeMap(_flipped(found) if inverted else found, unknown=unknown, sure=not inverted)


def _flipped(codes: Mapping[str, str]) -> dict[str, str]:
    """Yes for no; a word that says itself which it is (人户分离) stays."""
    other = {"1": "0", "0": "1"}
    return {theirs: other[ours] if len(theirs) <= _PRINTED else ours for theirs, ours in codes.items()}


def _shown(texts: Iterable[str]) -> tuple[str, ...]:
    """What may be shown of values that are not understood: a short plain code as it is, anything else by its length.

    >>> _shown(["7", "张三丰", "X1"])
    ('7', 'X1', '（3 个字符）')
    """
    shown = {
        text if text.isascii() and len(text) <= _PRINTED else f"（{len(text)} 个字符）" for text in texts
    }
    return tuple(sorted(shown))


def stated_codes(table: str | None, found: CodeMap) -> dict[str, str]:
    """The part of a map that the page must state: what would not be read, or not be written, in the same way."""
    name = table or "flag"
    codes = dict(found.codes)
    if found.style == "code" and table:
        own = found.scheme == NATIONAL and (not codes or not codes.keys().isdisjoint(national(name)))
        return {} if own else codes
    if name == "flag" or any(label(name, ours) != text for text, ours in codes.items()):
        return codes if len(codes) <= _LONGEST_LIST else {}
    return {}
