"""What the values of a column look like: shapes and shares, never the values themselves.

Belongs here: how many values of a column read as an ID number, a date, a word of a code table, and so on.
Lives elsewhere: what a value means (`dedup/normalise`), what the header says (`headers.py`), which list of codes a
column follows (`codes.py`), weighing it all (`guess.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from connectors.draft.codes import is_number_of
from connectors.stage.words import words
from dedup.normalise.address_parts import parts_of
from dedup.normalise.codes import TABLES, code, flag
from dedup.normalise.facts import facts
from dedup.normalise.id_numbers import birth_date_of
from dedup.normalise.names import COMPOUND
from dedup.normalise.nulls import absent
from dedup.normalise.read import read

Shape = Literal[
    "id_number",
    "disability_number",
    "phone",
    "name",
    "date",
    "address",
    "flag",
    "number",
    "account",
    "community",
    "grid",
    "organisation",
]
_MOST_DISTINCT = 600  # of a column's values are looked at; more do not change what it is
_LONGEST_FLAG = 5  # characters: 人户不一致
_SURNAMES = frozenset(facts("surnames")["single"]) | COMPOUND
_GOOD_NAMES = ("ok", "newborn", "maiden", "partial", "masked")
_GOOD_IDS = ("ok", "ok_unknown_area", "len15", "masked", "truncated15")
_GOOD_PHONES = ("ok", "landline", "masked", "placeholder")
_GOOD_DATES = ("ok", "month", "placeholder")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_CERTIFICATE = re.compile(r"\d{17}[\dXx][1-7][1-4](B\d)?")
_ACCOUNT = re.compile(r"62\d{14,17}")
_COMMUNITY = re.compile(r"[一-鿿]{2,14}(社区|村|居委会|村委会|居民委员会)")
_GRID = re.compile(r"网格|[0-9一二三四五六七八九十]+号?格")
_ORGANISATION = re.compile(
    r"(公司|厂|小学|中学|大学|学校|学院|医院|商店|超市|小吃店|商行|中心|集团|银行|事务所|协会|委员会|管理局|分局|经营部|工作室|合作社|公安局|教育局|饭店|酒店|门诊部|幼儿园)$"
)
_FORMS = (
    (re.compile(r"\d{8}"), "%Y%m%d"),
    (re.compile(r"\d{4}-\d{1,2}-\d{1,2}([ T].*)?"), "%Y-%m-%d"),
    (re.compile(r"\d{4}/\d{1,2}/\d{1,2}( .*)?"), "%Y/%m/%d"),
    (re.compile(r"\d{4}\.\d{1,2}\.\d{1,2}"), "%Y.%m.%d"),
    (re.compile(r"\d{4}年\d{1,2}月\d{1,2}日"), "%Y年%m月%d日"),
)
SERIAL = "serial"
_SERIAL = re.compile(r"\d{4,5}")
_BETWEEN_PHONES = re.compile(r"(?<=\d)\s*([;；,，、/ ])\s*(?=\d{6,})")


@dataclass(frozen=True)
class Profile:
    """One column: what each row states in it ("" where nothing), and what follows from that."""

    texts: tuple[str, ...] = field(repr=False)
    numeric: tuple[bool, ...] = field(repr=False)  # stood in a number cell

    @cached_property
    def stated(self) -> Counter[tuple[str, bool]]:
        """Each distinct value that says something, with the kind of its cell, and how often it stands."""
        pairs = zip(self.texts, self.numeric, strict=True)
        return Counter((text, numeric) for text, numeric in pairs if _says(text))

    @cached_property
    def count(self) -> int:
        """Rows that say something."""
        return self.stated.total()

    @property
    def filled(self) -> float:
        """Share of the rows that say something."""
        return self.count / max(len(self.texts), 1)

    @property
    def unique(self) -> float:
        """Distinct values for each one that is stated."""
        return len(self.stated) / max(self.count, 1)

    @cached_property
    def common(self) -> list[tuple[str, bool, int]]:
        """The commonest distinct values: text, whether from a number cell, times."""
        return [(text, numeric, times) for (text, numeric), times in self.stated.most_common(_MOST_DISTINCT)]

    @cached_property
    def shapes(self) -> Mapping[Shape, float]:
        """Share of the stated values that have each shape."""
        return {shape: self.share(looks) for shape, looks in _LOOKS.items()}

    @cached_property
    def labels(self) -> Mapping[str, float]:
        """Share of the stated values that are words of each code table."""
        return {table: self.share(lambda text, _, of=table: _is_word_of(text, of)) for table in TABLES}  # type: ignore[misc]

    @cached_property
    def numbers(self) -> Mapping[str, float]:
        """Share of the stated values that are numbers of each code table, or of a list used in its place."""
        return {table: self.share(lambda text, _, of=table: is_number_of(text, of)) for table in TABLES}  # type: ignore[misc]

    @cached_property
    def dates(self) -> tuple[str, ...]:
        """Each row's date as ISO text; "" where there is none."""
        read_once = {pair: _date(*pair) for pair in self.stated}
        return tuple(read_once.get(pair, "") for pair in zip(self.texts, self.numeric, strict=True))

    @cached_property
    def date_forms(self) -> Counter[str]:
        """How its dates are written: strftime patterns, and `SERIAL` for the day numbers of a spreadsheet."""
        return _tally((_form(text), times) for text, _, times in self.common)

    @cached_property
    def separators(self) -> Counter[str]:
        """What stands between two telephone numbers in one cell."""
        found = ((_BETWEEN_PHONES.search(text), times) for text, _, times in self.common)
        return _tally((match[1] if match else "", times) for match, times in found)

    @cached_property
    def longest(self) -> int:
        """Characters of the longest value."""
        return max((len(text) for text, _ in self.stated), default=0)

    def share(self, looks: Callable[[str, bool], bool]) -> float:
        """Share of the stated values that look so."""
        total = sum(times for _, _, times in self.common)
        return sum(times for text, numeric, times in self.common if looks(text, numeric)) / max(total, 1)


def _says(text: str) -> bool:
    return bool(text) and absent(text) is None and text not in words().ditto


def _tally(pairs: Iterable[tuple[str, int]]) -> Counter[str]:
    tally: Counter[str] = Counter()
    for name, times in pairs:
        if name:
            tally[name] += times
    return tally


def _form(text: str) -> str:
    written = next((pattern for shape, pattern in _FORMS if shape.fullmatch(text)), "")
    return written or (SERIAL if _SERIAL.fullmatch(text) and 3000 < int(text) < 60000 else "")


def _date(text: str, numeric: bool) -> str:
    """A whole date between people's births and today, else ""."""
    found = read("date", text, numeric_cell=numeric or bool(_SERIAL.fullmatch(text)))
    return found.key if found.key and found.quality == "ok" and len(found.key) == 10 else ""


def _is_date(text: str, _numeric: bool) -> bool:
    """A date with at least its month; an age alone is none."""
    if _form(text) == SERIAL:
        return _date(text, True) > "1900"
    return len(text) >= 6 and read("date", text).quality in _GOOD_DATES


def may_be_name(text: str, _numeric: bool = False) -> bool:
    """Whether a text reads as the name of a person, by its surname; or as those of several people.

    >>> may_be_name("王伟"), may_be_name("阿卜杜热合曼·买买提"), may_be_name("自动关联")
    (True, True, False)
    """
    found = read("name", text)
    if found.quality == "several":
        return True
    name = found.key or ""
    long = "·" in name and len(name) <= 20
    short = 2 <= len(name) <= 4 and (name[0] in _SURNAMES or name[:2] in _SURNAMES)
    return found.quality in _GOOD_NAMES and (long or short)


def _is_id_number(text: str, numeric: bool) -> bool:
    """Also one that contradicts itself, if there is a birth date in it: 18 digits alone may be any code."""
    found = read("id_number", text, numeric_cell=numeric)
    if found.key is None or len(text) < 15:
        return found.quality == "placeholder" and len(text) == 18
    born = birth_date_of(found.key)
    return found.quality in _GOOD_IDS or (found.quality == "checksum_fail" and born is not None)


def _is_address(text: str, _numeric: bool) -> bool:
    """A place with a road and number, an estate and building, or a village: not just any words."""
    found = read("address", text)
    if found.key is None or len(text) < 5 or _form(text):
        return False
    parts = parts_of(found.key)
    return bool(parts.number or parts.room or parts.building) or (
        found.quality == "outside" and bool(parts.road)
    )


def _is_word_of(text: str, table: str) -> bool:
    return not text.isascii() and code(text, table).quality in ("ok", "empty")


_LOOKS: Mapping[Shape, Callable[[str, bool], bool]] = {
    "id_number": _is_id_number,
    "disability_number": lambda text, _: bool(_CERTIFICATE.fullmatch(text)),
    "phone": lambda text, _: (
        len(text) >= 7 and not _form(text) and read("phone", text).quality in _GOOD_PHONES
    ),
    "name": may_be_name,
    "date": _is_date,
    "address": _is_address,
    "flag": lambda text, _: len(text) <= _LONGEST_FLAG and flag(text).quality == "ok",
    "number": lambda text, _: bool(_NUMBER.fullmatch(text)),
    "account": lambda text, _: bool(_ACCOUNT.fullmatch(text)),
    "community": lambda text, _: bool(_COMMUNITY.fullmatch(text)),
    "grid": lambda text, _: bool(_GRID.search(text)),
    "organisation": lambda text, _: bool(_ORGANISATION.search(text)),
}
