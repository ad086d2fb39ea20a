"""Which cases are the same question, so that one answer may do for many of them.

Belongs here: the pattern of a case, and which cases have none because they are always asked by themselves.
Lives elsewhere: asking a sample of the cases of one pattern, and answering the rest (`groups.py`), what a case is (`cases.py`).

A pattern is everything that the comparison said, level by level, why a person is asked, and the two platforms: a keyed digest of
it. No pattern has a case

    of a kind in which something contradicts: only a possible match has one;
    in which who somebody is speaks against it (name, number, birth date or sex);
    that is for two people, also at a site where one does;
    about somebody whom another case is about, too: there one answer would bear on the other;
    whose two people may be family: the same household number, household, door or birth date.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import duckdb

from stewardship.cases import Case, Sheet
from stewardship.four_eyes import tier
from stewardship.sql import select

_WHO = ("name", "id_number", "birth_date", "sex")


def patterned(
    con: duckdb.DuckDBPyConnection, key: bytes, found: Sequence[tuple[Case, Sheet]]
) -> list[tuple[Case, Sheet]]:
    """All cases of a snapshot, each with its pattern, if it has one. Right after `find_cases`, whose `sitting` this reads."""
    kin = {case for (case,) in con.execute(select("kin")).fetchall()}
    asked_of = Counter(resident for case, _ in found for resident in {*case.residents})
    return [
        (replace(case, pattern=_pattern(key, case, sheet)), sheet)
        if case.id not in kin and all(asked_of[one] == 1 for one in case.residents) and _alone(case, sheet)
        else (case, sheet)
        for case, sheet in found
    ]


def _alone(case: Case, sheet: Sheet) -> bool:
    """Whether nothing contradicts, and little is at stake."""
    against = any(one.points < 0 for one in sheet.grounds if one.comparison in _WHO)
    return case.kind == "possible_match" and not against and not tier().holds(case.platforms, case.cells)


def _pattern(key: bytes, case: Case, sheet: Sheet) -> str:
    levels = "\x1e".join(f"{one.comparison}\x1f{one.level}" for one in sheet.grounds)
    told = "\x1d".join([case.kind, case.reason, levels, *sorted(judged_platforms(sheet))])
    return hmac.digest(key, f"pattern\x1d{told}".encode(), "sha256").hex()[:24]


def judged_platforms(sheet: Sheet) -> tuple[str, str]:
    """The platforms of the two records that are judged."""
    left, right = (
        next(one.platform for one in sheet.records if one.side == side) for side in ("left", "right")
    )
    return left, right
