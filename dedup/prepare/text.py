"""Records of plain text columns, such as people outside China: what a model declares is what is compared.

Belongs here: the columns of such nodes. Lives elsewhere: comparing them (`dedup/compare`).

A model declares its columns with a kind each: `text` (letters and digits, without case and marks), `digits`, `date`
(eight digits, year first, or ISO). Beside each text column `x` stand `x_head`, its first four characters, and
`x_sound`, its consonants.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from dedup.columns import Coded
from dedup.prepare.preparer import Derived, Preparer

_NOT_WORD = re.compile(r"[^0-9a-z]+")
_VOWELS = re.compile(r"(?<!^)[aeiouyhw]")


def plain(stated: str) -> str | None:
    """A text without case, marks and punctuation.

    >>> plain(" O'Neill-Šmid ")
    'oneillsmid'
    """
    letters = unicodedata.normalize("NFKD", stated).casefold()
    return _NOT_WORD.sub("", "".join(c for c in letters if not unicodedata.combining(c))) or None


def iso(stated: str) -> str | None:
    """A date as ISO; None when it is not eight digits.

    >>> iso("19720205"), iso("1972-02-05"), iso("197202")
    ('1972-02-05', '1972-02-05', None)
    """
    digits = re.sub(r"\D", "", stated)
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 8 else None


def sound(text: str) -> str:
    """The first letter and the consonants that follow, doubled ones once.

    >>> sound("matthews"), sound("mathews")
    ('mts', 'mts')
    """
    return re.sub(r"(.)\1+", r"\1", _VOWELS.sub("", text))[:6]


_READ = {"text": plain, "digits": lambda stated: re.sub(r"\D", "", stated) or None, "date": iso}


def derive(stated: Mapping[str, Coded], declared: Mapping[str, str]) -> Derived:
    """Each declared column as its kind says, and heads and sounds of the text columns."""
    columns: dict[str, Coded] = {}
    for name, kind in declared.items():
        columns[name] = stated[name].map(_READ[kind])
        if kind == "text":
            columns[f"{name}_head"] = columns[name].map(lambda text: text[:4])
            columns[f"{name}_sound"] = columns[name].map(sound)
    return columns, {}


def _columns(declared: Mapping[str, str]) -> set[str]:
    made = {
        f"{name}_{part}" for name, kind in declared.items() if kind == "text" for part in ("head", "sound")
    }
    return set(declared) | made


PREPARER = Preparer(stated=lambda declared: tuple(declared), derive=derive, columns=_columns)
