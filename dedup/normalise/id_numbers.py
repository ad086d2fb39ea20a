"""Identity numbers, in grades.

Belongs here: a stated number → its 18 characters and how far it can be trusted; birth date and sex inside it.
Lives elsewhere: what two numbers say about two people (`dedup`), numbers of one platform (`texts.identifier`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import mul

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dedup.normalise.characters import compact, simplified
from dedup.normalise.dates import exist, exists
from dedup.normalise.distinct import Codes, Flags, Reads, each, graded
from dedup.normalise.facts import facts
from dedup.normalise.nulls import absent
from dedup.normalise.quality import INVALID, NONE, Read

_FACTS = facts("id_numbers")
_PLACEHOLDER_STARTS = frozenset(_FACTS["placeholder_starts"])
_NONE_YET = frozenset(_FACTS["none"])
_PROVINCES = frozenset(facts("provinces")["provinces"])
_PERMITS = frozenset(_FACTS["residence_permits"])
_DOCUMENTS = re.compile("|".join(_FACTS["documents"]), re.ASCII)
_LABEL = re.compile(f"(?:{'|'.join(_FACTS['labels'])})[:;]?")
_QUOTES = re.compile(r"[\s'\"`´‘’“”′″＇‐-―−\-]+")
_X = str.maketrans(dict.fromkeys(facts("characters")["x"], "X"))
_O_AND_L = str.maketrans("OQDLI|", "000111")

_CITIZEN = re.compile(r"\d{17}[\dX]", re.ASCII)
_CERTIFICATE = re.compile(r"(\d{17}[\dX])[1-7][1-4](?:B\d)?", re.ASCII)
_FLOAT = re.compile(r"(\d+)\.0+", re.ASCII)
_SCIENTIFIC = re.compile(r"(\d)\.?(\d*)E\+?(\d{1,2})", re.ASCII)
_MASKED = re.compile(r"(\d{0,17})([*X]{3,}|[*#●•■]+)(\d{0,16}[\dX*]?)", re.ASCII)
_HAS_BIRTH = re.compile(r"[0-9]{6}[^\n]{9}(?:[^\n]{3})?")
_HAS_SEX = re.compile(r"[^9\n][^\n]{15}[0-9][^\n]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_WEIGHT_OF_ZERO = ord("0") * sum(_WEIGHTS)  # digits are weighed as the bytes they are written with
_SHOWN_AT_LEAST = 4  # characters of a masked number, or it says nothing
_BIRTHS_KEPT = 131072
_FIRST_BORN, _LAST_BORN = 1850, 2049  # years
_KNOWN_DIGITS = 15  # what a spreadsheet's number keeps
_FOREIGNERS = "9"  # first digit of a permanent residence card
_CUT_OFF = "000"  # what it puts behind them
_SHAPED = ("masked", "truncated15", "checksum_fail", "foreign_doc", "ok", "ok_unknown_area")


def id_number(stated: str, *, numeric_cell: bool = False) -> Read:
    """Read an identity number; the key is the 18 characters in upper case.

    Qualities, from trustworthy to useless:
    ok; ok_unknown_area (check character right, no such province: a warning, codes come and go); len15 (the old
    number, key upgraded to 18); foreign_doc (another document's number: passport, permit, permanent residence);
    masked (key keeps the stars, 18 long); truncated15 (a spreadsheet kept 15 digits: the key is these);
    checksum_fail (18 characters that contradict themselves, key as stated: never repaired); placeholder, invalid,
    empty, none (no key). One truncated number in eleven passes the check, so a number from a number cell, or one
    that ends in 000, is never ok.

    >>> id_number("11010519491231002x"), id_number("'34052419800101001Ｘ")
    (Read(key='11010519491231002X', quality='ok'), Read(key='34052419800101001X', quality='ok'))
    >>> id_number("110105491231002"), id_number("110105194912310021")
    (Read(key='11010519491231002X', quality='len15'), Read(key='110105194912310021', quality='checksum_fail'))
    >>> id_number("330106198001011000", numeric_cell=True), id_number("3.30106E+17").quality
    (Read(key='330106198001011', quality='truncated15'), 'invalid')
    >>> id_number("330106********1234"), id_number("000000199801010000").quality, id_number("H12345678").quality
    (Read(key='330106********1234', quality='masked'), 'placeholder', 'foreign_doc')
    """
    if not numeric_cell and _CITIZEN.fullmatch(stated):
        return _graded(stated, False)
    text = compact(stated)
    nothing = absent(text)
    if nothing is not None:
        return nothing
    text = _LABEL.sub("", _QUOTES.sub("", simplified(text)), count=1).upper()
    if text in _NONE_YET:
        return NONE
    floated = _FLOAT.fullmatch(text)
    if floated is not None:
        text, numeric_cell = floated[1], True
    if not text.isascii():
        text = text.translate(_X)
    return _classified(text, numeric_cell)


def shaped_numbers(stated: pa.StringArray) -> Reads:
    """A column of identity numbers from text cells: those of 18 characters, whole or with eight stars for the birth date,
    also with a quote in front or a small x."""
    numbers = pc.ascii_upper(pc.utf8_ltrim(stated, "'‘’"))
    shaped = pc.match_substring_regex(numbers, r"^\d{6}(?:\d{8}|\*{8})\d{3}[\dX]$").to_numpy(
        zero_copy_only=False
    )
    grades = _grades(numbers.filter(shaped))
    cut = np.zeros(len(numbers), dtype=np.bool_)
    cut[shaped] = grades == _SHAPED.index("truncated15")
    keys = pc.if_else(cut, pc.utf8_slice_codeunits(numbers, 0, _KNOWN_DIGITS), numbers)
    return graded(keys, shaped, grades, _SHAPED)


def _grades(numbers: pa.StringArray) -> Codes:
    """The grades of `_SHAPED`, as codes, of numbers of these shapes; -1 where they give no key."""
    chars = np.frombuffer("".join(numbers.to_pylist()).encode("ascii"), dtype=np.uint8).reshape(-1, 18)
    regions = pc.utf8_slice_codeunits(numbers, 0, 6)
    check = np.frombuffer(_CHECK.encode(), dtype=np.uint8)
    right = check[(chars[:, :17] @ np.array(_WEIGHTS) - _WEIGHT_OF_ZERO) % 11] == chars[:, 17]
    masked = chars[:, 6] == ord("*")
    born = ~masked & _births(chars[:, 6:14])
    cut = ~masked & (chars[:, 15:] == np.frombuffer(_CUT_OFF.encode(), np.uint8)).all(axis=1)
    no_key = each(regions, lambda region: region in _PLACEHOLDER_STARTS) | (chars == chars[:, :1]).all(axis=1)
    no_key |= cut & (~born | (chars[:, 0] == ord("0")))
    first_that_holds = (
        no_key,
        masked,
        cut,
        ~born | ~right,
        chars[:, 0] == ord(_FOREIGNERS),
        each(regions, _known_area),
    )
    return np.select(first_that_holds, (-1, 0, 1, 2, 3, 4), default=5).astype(np.int64)


def _births(digits: npt.NDArray[np.uint8]) -> Flags:
    """`_born` of a table of eight digits a row."""
    values = digits.astype(np.int64) - ord("0")
    year, month, day = (values[:, at] @ 10 ** np.arange(len(at))[::-1] for at in (range(4), (4, 5), (6, 7)))
    born: Flags = (year >= _FIRST_BORN) & (year <= _LAST_BORN) & exist(year, month, day)
    return born


def check_character(first17: str) -> str:
    """The 18th character, by ISO 7064 MOD 11-2.

    >>> check_character("11010519491231002")
    'X'
    """
    return _CHECK[(sum(map(mul, _WEIGHTS, first17.encode())) - _WEIGHT_OF_ZERO) % 11]


def birth_date_of(key: str) -> str | None:
    """The birth date inside a citizen number or its first 15 digits, as ISO; None when it is not (fully) there.

    >>> birth_date_of("11010519491231002X"), birth_date_of("330106********1234")
    ('1949-12-31', None)
    """
    return _day(key[6:14]) if _HAS_BIRTH.fullmatch(key) else None


def birth_dates_of(keys: pa.StringArray) -> pa.StringArray:
    """The birth dates inside a column of numbers; each date is looked at once.

    >>> birth_dates_of(pa.array(["11010519491231002X", "330106********1234"])).to_pylist()
    ['1949-12-31', None]
    """
    has = pc.match_substring_regex(keys, f"^(?:{_HAS_BIRTH.pattern})$")
    digits = pc.if_else(has, pc.utf8_slice_codeunits(keys, 6, 14), pa.scalar(None, pa.string()))
    met = digits.dictionary_encode()
    days = pa.array([_day(one) for one in met.dictionary.to_pylist()], pa.string())
    return days.take(met.indices)


def sex_of(key: str) -> str | None:
    """The sex inside a citizen number: "1" man, "2" woman; None for other documents and cut numbers.

    >>> sex_of("11010519491231002X"), sex_of("330106198001011"), sex_of("330106********1234")
    ('2', None, '1')
    """
    if not _HAS_SEX.fullmatch(key):
        return None
    return "1" if key[16] in "13579" else "2"


def sexes_of(keys: pa.StringArray) -> pa.StringArray:
    """The sexes inside a column of numbers.

    >>> sexes_of(pa.array(["11010519491231002X", "330106198001011"])).to_pylist()
    ['2', None]
    """
    has = pc.match_substring_regex(keys, f"^(?:{_HAS_SEX.pattern})$")
    odd = pc.is_in(pc.utf8_slice_codeunits(keys, 16, 17), pa.array(list("13579")))
    return pc.if_else(has, pc.if_else(odd, "1", "2"), pa.scalar(None, pa.string()))


def _classified(text: str, numeric_cell: bool) -> Read:
    """The grade of a cleaned text by its shape."""
    if _placeholder(text):
        return Read(None, "placeholder")
    if _CITIZEN.fullmatch(text):
        return _graded(text, numeric_cell)
    certificate = _CERTIFICATE.fullmatch(text)
    if certificate is not None:
        return _graded(certificate[1], numeric_cell)
    if len(text) == _KNOWN_DIGITS and text.isascii() and text.isdigit():
        return _old_or_cut(text)
    scientific = _SCIENTIFIC.fullmatch(text)
    if scientific is not None:
        return _from_scientific(scientific[1] + scientific[2], int(scientific[3]))
    if _DOCUMENTS.fullmatch(text) and not (text.isdigit() and (numeric_cell or _born(text))):
        return Read(text, "foreign_doc")
    masked = _MASKED.fullmatch(text)
    if masked is not None and len(masked[1] + masked[3]) >= _SHOWN_AT_LEAST:
        return _masked(masked[1], masked[3], len(text))
    return _with_digits_for_letters(text, numeric_cell)


def _graded(number: str, numeric_cell: bool) -> Read:
    """The grade of 18 characters."""
    if _placeholder(number):
        return Read(None, "placeholder")
    born = _born(number[6:14])
    if numeric_cell or number.endswith(_CUT_OFF):
        return Read(number[:_KNOWN_DIGITS], "truncated15") if born and number[0] != "0" else INVALID
    if not born or check_character(number[:17]) != number[17]:
        return Read(number, "checksum_fail")
    if number[0] == _FOREIGNERS:
        return Read(number, "foreign_doc")
    return Read(number, "ok" if _known_area(number) else "ok_unknown_area")


def _known_area(number: str) -> bool:
    return number[:6] in _PERMITS if number[0] == "8" else number[:2] in _PROVINCES


def _old_or_cut(digits: str) -> Read:
    """15 digits: the old number, or the front of a new one.

    A new number's front shows the century: read as an old one it would belong to somebody born in 1919 or 1920.
    """
    if digits[6:8] in ("19", "20") and _born(digits[6:14]):
        return Read(digits, "truncated15")
    century = "18" if "996" <= digits[12:] <= "999" else "19"
    if not _born(century + digits[6:12]):
        return INVALID
    first17 = digits[:6] + century + digits[6:]
    return Read(first17 + check_character(first17), "len15")


def _from_scientific(digits: str, exponent: int) -> Read:
    """`3.301061980010112e+17` still shows 15 digits; `3.30106E+17` does not."""
    if exponent != 17 or len(digits) < _KNOWN_DIGITS - 2 or len(digits) > 18:
        return INVALID
    return _graded(digits.ljust(18, "0"), True)


def _masked(head: str, tail: str, size: int) -> Read:
    """Stars in the middle, spread to 18 characters; the old number's last three come before the check character."""
    if size == _KNOWN_DIGITS and len(head) >= 6 and tail and tail.isdigit():
        tail += "*"
    hidden = 18 - len(head) - len(tail)
    return Read(head + "*" * hidden + tail, "masked") if hidden > 0 else INVALID


def _with_digits_for_letters(text: str, numeric_cell: bool) -> Read:
    """O for 0 and l for 1, believed only when the whole number then agrees with its check character."""
    if len(text) != 18:
        return INVALID
    number = text[:17].translate(_O_AND_L) + text[17].translate(_O_AND_L)
    if not _CITIZEN.fullmatch(number):
        return INVALID
    read = _graded(number, numeric_cell)
    return read if read.quality in ("ok", "ok_unknown_area") else INVALID


def _placeholder(text: str) -> bool:
    return text[:6] in _PLACEHOLDER_STARTS or (len(text) in (15, 17, 18) and text == text[0] * len(text))


@lru_cache(maxsize=_BIRTHS_KEPT)
def _day(born: str) -> str | None:
    if not (born.isascii() and born.isdigit() and _born(born)):
        return None
    return f"{born[:4]}-{born[4:6]}-{born[6:]}"


@lru_cache(maxsize=_BIRTHS_KEPT)
def _born(digits: str) -> bool:
    return (
        len(digits) == 8
        and _FIRST_BORN <= int(digits[:4]) <= _LAST_BORN
        and exists(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    )
