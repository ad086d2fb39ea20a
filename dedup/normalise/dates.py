"""Dates as people and programs write them.

Belongs here: a stated date → ISO date, month or year.
Lives elsewhere: the birth date inside an identity number (`id_numbers.py`), comparing two dates (`dedup`).
"""

from __future__ import annotations

import re
from datetime import date as Day
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dedup.normalise.characters import plain, simplified
from dedup.normalise.distinct import Flags, Reads, each, themselves
from dedup.normalise.facts import facts
from dedup.normalise.nulls import absent
from dedup.normalise.quality import INVALID, Read

_FACTS = facts("dates")
_FIRST: int = _FACTS["first_year"]
_LAST: int = _FACTS["last_year"]
_PIVOT: int = _FACTS["pivot"]
_EPOCH = Day.fromisoformat(_FACTS["epoch"])
_PLACEHOLDERS = frozenset(tuple(map(int, text.split("-"))) for text in _FACTS["placeholders"])
_PLACEHOLDER_DAYS = pa.array(_FACTS["placeholders"])
_OTHER_CALENDAR = re.compile("|".join(_FACTS["other_calendars"]))
_PLACEHOLDER = Read(None, "placeholder")
_FUTURE = Read(None, "future")

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_DIGITS = re.compile(r"(\d+)(?:\.0*)?", re.ASCII)
_PARTS = re.compile(r"(\d{1,4})[-/.年](?:(\d{1,2})(?:[-/.月](?:(\d{1,4})[日号]?)?)?)?(?:出?生)?", re.ASCII)
_WHOLE = r"^(?:(\d{4})(\d\d)(\d\d)|(\d{4})[./年](\d\d)[./月](\d\d)日?)$"
_DECIMAL = re.compile(r"\d+\.\d+", re.ASCII)
_STAMP = re.compile(r"^(.*\d)[ T]+\d{1,2}:\d\d\S*.*$", re.ASCII)
_BETWEEN_DIGITS = re.compile(r"(?<=\d) (?=\d)", re.ASCII)
_CHINESE = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_TENS = re.compile("([一二三四五六七八九]?)十([一二三四五六七八九]?)")
_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

Numbers = npt.NDArray[np.int64]


def date(stated: str, *, numeric_cell: bool = False, night: Day | None = None) -> Read:
    """Read a date, keeping the precision that was stated.

    Qualities: ok (`YYYY-MM-DD`), month, year, placeholder (1900-01-00), future, invalid (30 February), empty, none.
    A two-digit year or a day order that could be meant in two ways is never guessed beyond `dates.toml`.

    >>> [date(text).key for text in ("19800101", "1980.1.1", "1980年1月1日", "80.1.1", "29221", "1980-01-01 00:00:00")]
    ['1980-01-01', '1980-01-01', '1980-01-01', '1980-01-01', '1980-01-01', '1980-01-01']
    >>> date("1980年1月"), date("1980"), date("01/02/1980")
    (Read(key='1980-01', quality='month'), Read(key='1980', quality='year'), Read(key='1980', quality='year'))
    >>> date("1980-02-30").quality, date("1900-01-00").quality, date("2099-01-01").quality
    ('invalid', 'placeholder', 'future')
    """
    iso = _ISO.fullmatch(stated)
    if iso is not None and not numeric_cell:
        return _day(int(iso[1]), int(iso[2]), int(iso[3]), night)
    if stated.isascii() and stated.isdigit():
        return _from_digits(stated, numeric_cell, night)
    with_time = _STAMP.match(stated.strip()) if ":" in stated else None
    text = _BETWEEN_DIGITS.sub("-", plain(with_time[1] if with_time else stated)).replace(" ", "")
    nothing = absent(text)
    if nothing is not None:
        return nothing
    digits = _DIGITS.fullmatch(text)
    if digits is not None:
        return _from_digits(digits[1], numeric_cell, night)
    text = _with_digits(simplified(text))
    parts = _PARTS.fullmatch(text)
    if parts is None:
        return INVALID
    if numeric_cell and _DECIMAL.fullmatch(
        text
    ):  # 1980.1 in a number cell: January or October, the zero is gone
        return _year(int(parts[1]), night) if len(parts[1]) == 4 else INVALID
    return _from_parts(parts[1], parts[2], parts[3], night)


def in_iso(dates: pa.StringArray) -> pa.StringArray:
    """A column of dates in which whole dates with two-digit months and days have one spelling; they read the same.

    >>> in_iso(pa.array(["19800101", "1980.01.01", "1980年01月01日", "1980-1-1", "80.1.1"])).to_pylist()
    ['1980-01-01', '1980-01-01', '1980-01-01', '1980-1-1', '80.1.1']
    """
    return pc.replace_substring_regex(dates, _WHOLE, r"\1\4-\2\5-\3\6")


def whole_days(dates: pa.StringArray, night: Day | None = None) -> Reads:
    """A column of dates from text cells: the ISO dates that any year before the night's has. No 29 February, then."""
    sure = pc.match_substring_regex(dates, r"^\d{4}-\d\d-\d\d$").to_numpy(zero_copy_only=False)
    whole = dates.filter(sure)
    last = _LAST if night is None else min(_LAST, night.year - 1)
    sure[sure] = (
        each(pc.utf8_slice_codeunits(whole, 0, 4), lambda year: _FIRST <= int(year) <= last)
        & each(pc.utf8_slice_codeunits(whole, 5), lambda day: exists(1, int(day[:2]), int(day[3:])))
        & ~pc.is_in(whole, _PLACEHOLDER_DAYS).to_numpy(zero_copy_only=False)
    )
    return themselves(dates, sure)


def exists(year: int, month: int, day: int) -> bool:
    """Whether the calendar has this day.

    >>> exists(2000, 2, 29), exists(1900, 2, 29)
    (True, False)
    """
    if not 1 <= month <= 12 or not 1 <= day <= _DAYS[month]:
        return False
    return not (month == 2 and day == 29) or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))


def exist(year: Numbers, month: Numbers, day: Numbers) -> Flags:
    """`exists` of many days.

    >>> exist(*np.array([(2000, 2, 29), (1900, 2, 29), (1980, 13, 1)]).T).tolist()
    [True, False, False]
    """
    known = (month >= 1) & (month <= 12)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    last = np.array(_DAYS)[np.where(known, month, 0)]
    found: Flags = known & (day >= 1) & (day <= last) & ((month != 2) | (day != 29) | leap)
    return found


def _from_digits(digits: str, numeric_cell: bool, night: Day | None) -> Read:
    """Only digits: YYYYMMDD, YYYYMMDDhhmmss, YYYYMM, YYMMDD, YYYY, or a spreadsheet serial."""
    size = len(digits)
    if size == 8 or (size == 14 and not numeric_cell):
        return _day(int(digits[:4]), int(digits[4:6]), int(digits[6:8]), night)
    if size == 6:
        year, month = int(digits[:4]), int(digits[4:])
        if _FIRST <= year <= _LAST and 1 <= month <= 12:
            return _month(year, month, night)
        return INVALID if numeric_cell else _two_digit(digits[:2], int(digits[2:4]), int(digits[4:]), night)
    if size == 4 and _FIRST <= int(digits) <= _FACTS["future_until"]:
        return _year(int(digits), night)
    return (
        _from_serial(int(digits), numeric_cell, night)
        if size <= 5 and (digits[0] != "0" or size == 1)
        else INVALID
    )


def _from_serial(serial: int, numeric_cell: bool, night: Day | None) -> Read:
    if numeric_cell and serial < _FACTS["first_serial"]:
        return _PLACEHOLDER
    first = _FACTS["first_serial" if numeric_cell else "first_serial_in_text"]
    if not first <= serial <= _FACTS["last_serial"]:
        return INVALID
    day = _EPOCH + timedelta(days=serial)
    return _day(day.year, day.month, day.day, night)


def _from_parts(first: str, second: str | None, third: str | None, night: Day | None) -> Read:
    """Two or three numbers with separators: year first, or (1/2/1980) year last."""
    if len(first) == 3 or (third is not None and len(third) == 3):
        return INVALID
    if third is not None and len(third) == 4:
        return _year_last(int(first), int(second or 0), int(third), night) if len(first) < 3 else INVALID
    if len(first) < 4:
        if second is None or third is None or len(first) < 2:
            return INVALID
        return _two_digit(first, int(second), int(third), night)
    year = int(first)
    if second is None or int(second) == 0:
        if (year, 0, int(third or 0)) in _PLACEHOLDERS:
            return _PLACEHOLDER
        return _year(year, night) if int(third or 0) == 0 else INVALID
    return _month(year, int(second), night) if third is None else _day(year, int(second), int(third), night)


def _year_last(first: int, second: int, year: int, night: Day | None) -> Read:
    if first > 12 and 1 <= second <= 12:
        return _day(year, second, first, night)
    if second > 12 and 1 <= first <= 12:
        return _day(year, first, second, night)
    if first == second:
        return _day(year, first, second, night)
    return _year(year, night) if 1 <= first <= 12 and 1 <= second <= 12 else INVALID


def _two_digit(digits: str, month: int, day: int, night: Day | None) -> Read:
    year = int(digits) + (2000 if int(digits) <= _PIVOT else 1900)
    if night is not None and year > night.year:
        year -= 100
    return _day(year, month, day, night)


def _day(year: int, month: int, day: int, night: Day | None) -> Read:
    if (year, month, day) in _PLACEHOLDERS:
        return _PLACEHOLDER
    if day == 0:  # a database's way to say that the day, or day and month, are not known
        return _month(year, month, night) if month else _year(year, night)
    if year < _FIRST or not exists(year, month, day):
        return INVALID
    if year > _LAST or (night is not None and (year, month, day) > (night.year, night.month, night.day)):
        return _FUTURE
    return Read(f"{year:04}-{month:02}-{day:02}", "ok")


def _month(year: int, month: int, night: Day | None) -> Read:
    if year < _FIRST or not 1 <= month <= 12:
        return INVALID
    if year > _LAST or (night is not None and (year, month) > (night.year, night.month)):
        return _FUTURE
    return Read(f"{year:04}-{month:02}", "month")


def _year(year: int, night: Day | None) -> Read:
    if year < _FIRST:
        return INVALID
    if year > _LAST or (night is not None and year > night.year):
        return _FUTURE
    return Read(f"{year:04}", "year")


def _with_digits(text: str) -> str:
    """Chinese numerals as digits: 一九八〇年十二月二十一日 → 1980年12月21日. Other calendars are left as they stand."""
    if text.isascii() or _OTHER_CALENDAR.search(text):
        return text
    text = _TENS.sub(lambda ten: (ten[1] or "一") + (ten[2] or "〇"), text)
    return text.translate(_CHINESE)
