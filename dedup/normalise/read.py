"""Reading any stated value by its kind: the one door through which staging comes.

Belongs here: the closed list of kinds and which reader each has.
Lives elsewhere: the readers, one module per kind; which field has which kind (`warehouse/fields.toml`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date as Day
from types import MappingProxyType
from typing import Literal, assert_never

from dedup.normalise.addresses import address
from dedup.normalise.area import Area
from dedup.normalise.codes import code, flag
from dedup.normalise.dates import date
from dedup.normalise.id_numbers import id_number
from dedup.normalise.names import name
from dedup.normalise.phones import phone
from dedup.normalise.quality import INVALID
from dedup.normalise.quality import Read as Read
from dedup.normalise.texts import identifier, text

Kind = Literal["name", "id_number", "date", "phone", "address", "code", "flag", "identifier", "text"]
LONGEST = 400  # characters
NO_CODES: Mapping[str, str] = MappingProxyType({})


def read(
    kind: Kind,
    stated: str,
    *,
    numeric_cell: bool = False,
    area: Area | None = None,
    table: str | None = None,
    codes: Mapping[str, str] = NO_CODES,
    night: Day | None = None,
) -> Read:
    """Read a stated value of a kind; each reader's docstring tells its qualities.

    `numeric_cell`: the value stood in a number cell, so long numbers lost digits and short ones leading zeros.
    `area`: the site's own, to complete addresses and landlines. `table` and `codes`: of a coded value, the national
    table and the platform's own map. `night`: dates after it are `future`.

    A text longer than `LONGEST` is no value but somebody's notes: invalid, except as free text.

    >>> read("name", "張　偉").key, read("code", "女", table="sex").key, read("date", "29221", numeric_cell=True).key
    ('张伟', '2', '1980-01-01')
    """
    if len(stated) > LONGEST and kind != "text":
        return INVALID
    match kind:
        case "name":
            return name(stated)
        case "id_number":
            return id_number(stated, numeric_cell=numeric_cell)
        case "date":
            return date(stated, numeric_cell=numeric_cell, night=night)
        case "phone":
            return phone(stated, area)
        case "address":
            return address(stated, area)
        case "code":
            if table is None:
                raise ValueError("a coded value needs the name of its table")
            return code(stated, table, codes)
        case "flag":
            return flag(stated, codes)
        case "identifier":
            return identifier(stated)
        case "text":
            return text(stated)
        case _:
            assert_never(kind)
