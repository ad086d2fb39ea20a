"""The import gate: what is too different from what a platform sent before, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.platform import Severity
from connectors.platform_rules import CHECKS, LIMITED
from expectations.gate import Codes, Dates, Met, Place, accept, judge, rules
from expectations.suite import Language
from warehouse.habits import Backward, Fill, Usual

USUAL = {
    "name": Usual(1.0, 1.0),
    "id_number": Usual(0.95, 1.0),
    "key": Usual(1.0, 1.0),
    "phone": Usual(0.9, 0.95),
    "former_name": Usual(0.04, 1.0),
}
COLUMNS = {
    "name": "姓名",
    "id_number": "身份证号",
    "key": "人员编号",
    "phone": "联系电话",
    "former_name": "曾用名",
}


def fill(
    filled: float = 1.0, usable: float = 1.0, rows: int = 1000, **other: tuple[float, float]
) -> list[Fill]:
    """How full each column is; `other` says so of single ones."""
    shares = {name: (filled * usual.filled, usable) for name, usual in USUAL.items()} | other
    return [
        Fill(name, COLUMNS[name], rows, round(rows * full), round(rows * full * good))
        for name, (full, good) in shares.items()
    ]


def met(**facts: Any) -> Met:
    """An export of a thousand rows that is as usual, but for these facts."""
    usual = Met("grid", rows=1000, bounds=(1, 2000), before=1000, fills=fill(), usual=USUAL, known_keys=950)
    return replace(usual, **facts)


def found(export: Met, limit: dict[str, float] | None = None, severity: dict[str, str] | None = None):
    return [(one.check, one.severity) for one in judge(export, limit or {}, severity or {})]


CASES = {
    "as usual": ({}, []),
    "the first export of a platform": ({"before": None, "usual": {}, "known_keys": 0}, []),
    "a tenth fewer": ({"rows": 900}, []),
    "a quarter fewer": ({"rows": 750}, [("rows_fewer", "warning")]),
    "half": ({"rows": 500}, [("rows_shrunken", "critical")]),
    "two thirds more": ({"rows": 1700}, [("rows_more", "warning")]),
    "four times": ({"rows": 4000, "bounds": (1, 9000)}, [("rows_exploded", "critical")]),
    "four times of very few": ({"rows": 40, "before": 10}, [("rows_more", "warning")]),
    "more than the platform's file allows": ({"rows": 2001, "before": None}, [("rows_bounds", "critical")]),
    "nobody has a name": ({"fills": fill(name=(0.1, 1.0))}, [("identity_emptied", "critical")]),
    "nobody has a key": ({"fills": fill(key=(0.0, 0.0))}, [("identity_emptied", "critical")]),
    "the phones are gone": ({"fills": fill(phone=(0.1, 1.0))}, [("column_emptied", "warning")]),
    "a column that was nearly empty is empty": ({"fills": fill(former_name=(0.0, 0.0))}, []),
    "ID numbers are masked": ({"fills": fill(id_number=(0.95, 0.1))}, [("identity_unread", "critical")]),
    "phones stand in another column": ({"fills": fill(phone=(0.9, 0.0))}, [("column_unread", "warning")]),
    "dates change midway": (
        {"dates": [Dates("出生日期", Place("", 512), 3)]},
        [("date_changed", "warning")],
    ),
    "a new code": (
        {"codes": [Codes("marital", "婚姻状况", [("分居", 12)], 0)]},
        [("codes_new", "warning")],
    ),
    "three keys of somebody else": ({"reused": [Place("", 7)] * 3}, [("key_reused", "warning")]),
    "keys renumbered": ({"reused": [Place("", 7)] * 300}, [("keys_renumbered", "critical")]),
    "an export of last week": (
        {"dated": Backward(40, 0), "same_as": date(2026, 11, 1)},
        [("older_export", "critical")],
    ),
    "some rows were set back by hand": ({"dated": Backward(40, 30)}, []),
    "the very file of last week": ({"same_as": date(2026, 11, 1)}, [("same_as_earlier", "warning")]),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_found(case: str) -> None:
    facts, expected = CASES[case]
    assert found(met(**facts)) == expected


@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("case", CASES)
def test_every_finding_says_what_happened_and_what_to_do(case: str, language: Language) -> None:
    for one in judge(met(**CASES[case][0]), {}, {}):
        for sentence in (one.reason(language), one.next_move(language)):
            assert sentence and "{" not in sentence


def test_a_new_code_is_named_with_its_rows_and_the_line_to_add() -> None:
    (one,) = judge(met(codes=[Codes("marital", "婚姻状况", [("分居", 12)], 2)]), {}, {})
    for words in ("「婚姻状况」", "「分居」12 行", "另有 2 行"):
        assert words in one.reason("zh")
    for words in ("connectors/platforms/grid.toml", "[codes.marital]", '"分居" = "…"'):
        assert words in one.next_move("zh")


def test_the_checks_that_a_platform_may_set_are_the_checks_there_are() -> None:
    assert rules().keys() == CHECKS
    assert {name for name, rule in rules().items() if rule.limit is not None} == LIMITED
    assert {rule.severity for rule in rules().values()} <= set(get_args(Severity))


@given(st.sampled_from(sorted(CASES)), st.sampled_from(get_args(Severity)))
def test_a_platform_decides_how_a_check_weighs(case: str, weight: str) -> None:
    export = met(**CASES[case][0])
    usual = found(export)
    set_otherwise = found(export, severity=dict.fromkeys(CHECKS, weight))
    assert {kind for _, kind in set_otherwise} <= {weight}
    assert (weight == "off" and not set_otherwise) or [c for c, _ in usual] == [c for c, _ in set_otherwise]


@given(st.integers(1, 3000), st.floats(0.05, 0.95))
def test_a_limit_is_the_line_between_refused_and_taken_in(rows: int, limit: float) -> None:
    refused = ("rows_shrunken", "critical") in found(
        met(rows=rows, bounds=(1, 9000)), {"rows_shrunken": limit}
    )
    assert refused == (rows < limit * 1000)


@given(st.sampled_from(sorted(CASES)), st.frozensets(st.sampled_from(sorted(CHECKS))))
def test_accepting_takes_the_weight_from_what_was_accepted_and_from_nothing_else(
    case: str, checks: frozenset[str]
) -> None:
    before = judge(met(**CASES[case][0]), {}, {})
    for was, now in zip(before, accept(before, checks), strict=True):
        taken = was.severity == "critical" and was.check in checks
        assert now.severity == ("accepted" if taken else was.severity)
