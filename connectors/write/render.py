"""One value in one platform's own way: from the normal form to what stands in the cell.

Belongs here: codes by the platform's own list, dates by its format, phones by its separator, addresses written out;
which codes a platform can say at all.
The law: what is rendered, read again with the platform's codes, is the same key; what cannot be said is None.
Lives elsewhere: the way back (`dedup/normalise/read.py`), whether the platform accepts the cell (`preflight.py`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources

from connectors.platform import Column, Platform
from dedup.normalise.addresses import format_address
from dedup.normalise.codes import label
from dedup.normalise.facts import facts as standard
from dedup.normalise.read import read
from warehouse.fields import FieldFacts
from warehouse.fields import fields as known_fields

_ISO = "%Y-%m-%d"


def render(column: Column, facts: FieldFacts, key: str) -> str | None:
    """Write a key as this platform writes it; None if it has no way to say exactly that.

    >>> from warehouse.fields import fields
    >>> flag = Column("residence_flag", "是否人户分离", codes={"1": "0", "0": "1"})
    >>> render(flag, fields()["residence_flag"], "1")
    '0'
    >>> married = Column("marital", "HYZK", codes={"1": "10", "2": "20"})
    >>> render(married, fields()["marital"], "20"), render(married, fields()["marital"], "21")
    ('2', None)
    """
    match facts.kind:
        case "code" | "flag" | "date":
            return _checked(column, facts, key)
        case "phone":
            return column.separator.join(key.split(";"))
        case "address":
            return format_address(key)
        case _:
            return key


def nearest(column: Column, facts: FieldFacts, key: str) -> str | None:
    """The key itself where the platform can say it, else the broader code that is still true, else None.

    >>> from warehouse.fields import fields
    >>> married = Column("marital", "HYZK", codes={"1": "10", "2": "20"})
    >>> nearest(married, fields()["marital"], "21"), nearest(married, fields()["marital"], "30")
    ('20', None)
    """
    if render(column, facts, key) is not None:
        return key
    if facts.table is None:
        return None
    broad = _broader().get(facts.table, {}).get(key)
    return None if broad is None else nearest(column, facts, broad)


def expressible(platform: Platform) -> Iterator[tuple[str, str, str, str]]:
    """Platform, field, value, told: every standard code, of the fields it receives, that it can be told somehow."""
    for name in platform.receive.fields:
        facts, column = known_fields()[name], platform.fields[name]
        if facts.kind not in ("code", "flag"):
            continue
        for value in standard(f"codes/{facts.table or 'flag'}")["labels"]:
            if (told := nearest(column, facts, value)) is not None:
                yield platform.slug, name, value, told


def broader_codes() -> Iterator[tuple[str, str, str]]:
    """Field, code, and the broader code that is still true of everyone to whom the first applies.

    >>> ("marital", "21", "20") in set(broader_codes())
    True
    """
    for facts in known_fields().values():
        for code, broad in _broader().get(facts.table or "", {}).items():
            yield facts.name, code, broad


@lru_cache(maxsize=1 << 17)
def _checked(column: Column, facts: FieldFacts, key: str) -> str | None:
    """A rendering that was read back; one that comes back as something else would be a wrong value."""
    stated = _date(column, key) if facts.kind == "date" else _code(column, facts, key)
    if stated is None:
        return None
    return stated if read(facts.kind, stated, table=facts.table, codes=column.codes).key == key else None


def _code(column: Column, facts: FieldFacts, key: str) -> str | None:
    for theirs, ours in column.codes.items():
        if ours == key and theirs not in column.only_read:
            return theirs
    if facts.kind == "flag":
        return None if column.codes else key
    match column.style:
        case "code":
            return key
        case "label":
            return label(facts.table or "", key)
        case "none":
            return None


def _date(column: Column, key: str) -> str | None:
    """By the platform's format; a month or a year keeps only the part of the format that says as much.

    >>> _date(Column("birth_date", "CSRQ", format="%Y年%m月%d日"), "1980-01")
    '1980年01月'
    """
    parts = key.split("-")
    written = column.format or _ISO
    for code, part in zip(("%Y", "%m", "%d"), [*parts, None, None], strict=False):
        if part is None:
            before, _, _ = written.partition(code)
            return before.rstrip("-/. ") if len(parts) < 3 else None
        written = written.replace(code, part, 1)
    return written


@cache
def _broader() -> dict[str, dict[str, str]]:
    """Broader code by table and code."""
    stated = tomllib.loads(
        resources.files("connectors.write").joinpath("broader.toml").read_text(encoding="utf-8")
    )
    return {
        table: {narrow: broad for broad, codes in groups.items() for narrow in codes}
        for table, groups in stated.items()
    }
