"""The history of what platforms stated: lines that begin and end, and laws of replay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.staged import NightOutOfOrder, Unbalanced, absorb, ages, in_force, note_missing, note_pull
from warehouse.store import NotUnique, rebuild

N1, N2, N3, N4 = (date(2026, 3, day) for day in (1, 2, 3, 4))
HISTORY = "select record_id, field, key, since::varchar, until::varchar from staged.claim order by all"
PRESENT = (
    "select record_id, present, first_night::varchar, last_night::varchar from staged.record order by all"
)


def test_a_value_that_returns_after_having_been_different_starts_a_new_line(world: Any) -> None:
    world.platforms(world.platform("grid"))
    for night, phone in ((N1, "13800000001"), (N2, "13800000002"), (N3, "13800000001"), (N4, "13800000001")):
        world.states("grid", {"a": {"phone": phone}}, night=night)
    assert world.rows(HISTORY) == [
        ("a", "phone", "13800000001", "2026-03-01", "2026-03-02"),
        ("a", "phone", "13800000001", "2026-03-03", None),
        ("a", "phone", "13800000002", "2026-03-02", "2026-03-03"),
    ]


def test_the_same_key_written_another_way_is_another_line(world: Any) -> None:
    world.platforms(world.platform("grid"))
    world.states("grid", {"a": {"name": ("张伟", "ok", "张伟")}}, night=N1)
    world.states("grid", {"a": {"name": ("张伟", "ok", "张 伟")}}, night=N2)
    assert world.rows("select stated, until is null from staged.claim order by since") == [
        ("张伟", False),
        ("张 伟", True),
    ]


def test_a_field_that_is_no_longer_stated_ends(world: Any) -> None:
    world.platforms(world.platform("grid"))
    world.states("grid", {"a": {"name": "张伟", "phone": "13800000001"}}, night=N1)
    world.states("grid", {"a": {"name": "张伟"}}, night=N2)
    assert world.rows("select field from staged.claim where until is null") == [("name",)]


def test_absence_is_not_deletion_unless_the_file_is_complete(world: Any) -> None:
    world.platforms(world.platform("grid"), world.platform("hukou", complete=True))
    for slug in ("grid", "hukou"):
        world.states(slug, {f"{slug}1": {"name": "张伟"}, f"{slug}2": {"name": "李娜"}}, night=N1)
        world.states(slug, {f"{slug}2": {"name": "李娜"}}, night=N2)
    assert world.rows(PRESENT) == [
        ("grid1", True, "2026-03-01", "2026-03-01"),
        ("grid2", True, "2026-03-01", "2026-03-02"),
        ("hukou1", False, "2026-03-01", "2026-03-01"),
        ("hukou2", True, "2026-03-01", "2026-03-02"),
    ]
    assert world.rows("select count(*) from staged.claim where until is null") == [(4,)]
    world.states("hukou", {"hukou1": {"name": "张伟"}}, night=N3)
    assert world.rows("select record_id from staged.record where not present") == [("hukou2",)]


def test_a_row_put_aside_is_not_absent_from_a_complete_file(world: Any) -> None:
    world.platforms(world.platform("hukou", complete=True))
    world.states("hukou", {"one": {"name": "张伟"}, "two": {"name": "李娜"}}, night=N1)
    staged = world.export({"one": {"name": "张伟"}}, quarantined=["mojibake"])
    aside = staged.quarantine.set_column(7, "source_key", pa.array(["TWO"], pa.string()))
    absorb(world.con, N2, "hukou", "second", "b.xlsx", replace(staged, quarantine=aside))
    assert world.rows("select record_id, present from staged.record order by 1") == [
        ("one", True),
        ("two", True),
    ]


def test_what_only_tells_changes_takes_nobody_away_and_keeps_what_waits_in_quarantine(world: Any) -> None:
    world.platforms(world.platform("hukou", complete=True))
    every = world.export({"a": {"name": "张伟"}, "b": {"name": "李娜"}}, quarantined=["没有姓名"])
    absorb(world.con, N1, "hukou", "s1", "一.json", every)
    absorb(world.con, N2, "hukou", "s2", "二.json", world.export({"b": {"name": "李敏"}}), whole=False)
    assert world.rows("select record_id, present from staged.record order by 1") == [("a", True), ("b", True)]
    assert world.rows("select key, until is null from staged.claim where record_id = 'b' order by 2") == [
        ("李娜", False),
        ("李敏", True),
    ]
    assert world.rows("select reason, until from staged.quarantine") == [("没有姓名", None)]
    standing = [in_force(world.con, "hukou", among=among) for among in (None, {"s1"}, {"s3"})]
    assert [one and one.sha256 for one in standing] == ["s2", "s1", None]


def test_an_export_grows_older_with_every_night_that_brings_none(world: Any) -> None:
    world.platforms(world.platform("grid"), world.platform("hukou"))
    assert ages(world.con, N1) == {}
    for night in (N1, N2, N4):
        note_missing(world.con, [(night, "hukou", "")])
    absorb(world.con, N1, "grid", "s1", "一.xlsx", world.export({"a": {"name": "张伟"}}))
    # The third was no night: nothing ran.
    assert [ages(world.con, night) for night in (N1, N2, N3, N4)] == [{"grid": age} for age in (0, 1, 1, 2)]
    note_pull(world.con, N4, "grid", "unchanged", sha256="s1")
    assert ages(world.con, N4) == {"grid": 0}


def test_of_whom_nothing_came_is_noted_once_a_night_in_its_last_turn(world: Any) -> None:
    world.platforms(world.platform("grid"), world.platform("hukou"))
    note_pull(world.con, N1, "grid", "unreadable", sha256="bad", message="打不开")
    for message in ("没有文件", "还是没有"):
        note_missing(world.con, [(N1, "grid", message), (N1, "hukou", message), (N2, "hukou", message)])
    assert world.rows("select platform, night, status, message, turn from landed.pull order by all") == [
        ("grid", N1, "missing", "还是没有", 2),
        ("grid", N1, "unreadable", "打不开", 1),
        ("hukou", N1, "missing", "还是没有", 1),
        ("hukou", N2, "missing", "还是没有", 1),
    ]


def test_as_of_is_the_date_of_the_row_and_else_the_night_first_stated(world: Any) -> None:
    world.platforms(world.platform("grid"))
    world.states("grid", {"a": {"name": "张伟"}, "b": {"name": "李娜", "on": date(2025, 1, 1)}}, night=N1)
    world.states("grid", {"a": {"name": "张伟"}, "b": {"name": "李娜", "on": date(2025, 6, 1)}}, night=N2)
    assert world.rows("select record_id, since, as_of from staged.claim order by 1") == [
        ("a", N1, N1),
        ("b", N1, date(2025, 6, 1)),
    ]


def test_rows_that_are_neither_staged_nor_in_quarantine_are_an_error_and_leave_nothing(world: Any) -> None:
    world.platforms(world.platform("grid"))
    lost = replace(world.export({"a": {"name": "张伟"}}), rows_in=2)
    with pytest.raises(Unbalanced, match=r"grid.*读入 2 行"):
        absorb(world.con, N1, "grid", "sha", "grid.xlsx", lost)
    assert world.rows("select count(*) from staged.record") == [(0,)]
    assert in_force(world.con, "grid") is None


def test_a_record_that_stands_twice_is_an_error_and_leaves_nothing(world: Any) -> None:
    world.platforms(world.platform("grid"))
    one = world.export({"a": {"name": "张伟"}})
    twice = replace(one, records=one.records.take([0, 0]))
    with pytest.raises(NotUnique):
        absorb(world.con, N1, "grid", "sha", "grid.xlsx", twice)
    assert world.rows("select count(*) from staged.claim") == [(0,)]
    assert absorb(world.con, N1, "grid", "sha", "grid.xlsx", one)


def test_quarantined_rows_keep_their_reason_until_the_next_file(world: Any) -> None:
    world.platforms(world.platform("grid"))
    absorb(
        world.con,
        N1,
        "grid",
        "s1",
        "一.xlsx",
        world.export({"a": {"name": "张伟"}}, quarantined=["没有姓名"]),
    )
    absorb(world.con, N2, "grid", "s2", "二.xlsx", world.export({"a": {"name": "张伟"}}))
    assert world.rows('select source, "row", reason, until from staged.quarantine') == [
        ("一.xlsx", 100, "没有姓名", N2)
    ]
    assert world.rows("select night, rows_in, staged, quarantined from landed.pull order by 1") == [
        (N1, 2, 1, 1),
        (N2, 1, 1, 0),
    ]


def test_an_earlier_night_is_refused(world: Any) -> None:
    world.platforms(world.platform("grid"))
    world.states("grid", {"a": {"name": "张伟"}}, night=N2)
    with pytest.raises(NightOutOfOrder, match="2026-03-01"):
        world.states("grid", {"a": {"name": "李娜"}}, night=N1)


def test_a_refused_pull_leaves_the_last_good_one_in_force(world: Any) -> None:
    world.platforms(world.platform("grid"))
    absorb(world.con, N1, "grid", "good", "grid.xlsx", world.export({"a": {"name": "张伟"}}))
    note_pull(world.con, N2, "grid", "refused", sha256="bad", source="half.xlsx", message="行数减半")
    note_pull(world.con, N2, "grid", "refused", sha256="bad", source="half.xlsx", message="行数减半")
    standing = in_force(world.con, "grid")
    assert standing is not None
    assert (standing.night, standing.sha256, standing.rows_in) == (N1, "good", 1)
    assert world.rows("select count(*) from landed.pull") == [(2,)]


def test_an_unchanged_file_was_seen_tonight_and_changes_no_claim(world: Any) -> None:
    world.platforms(world.platform("grid"))
    absorb(world.con, N1, "grid", "good", "grid.xlsx", world.export({"a": {"name": "张伟"}}))
    before = world.rows(HISTORY)
    note_pull(world.con, N2, "grid", "unchanged", sha256="good", source="grid.xlsx")
    assert world.rows(HISTORY) == before
    assert world.rows("select last_night from staged.record") == [(N2,)]
    assert world.rows("select rows_in, staged from landed.pull where night = '2026-03-02'") == [(1, 1)]


def test_a_second_file_of_the_same_night_replaces_the_first_without_a_trace_of_what_never_stood(
    world: Any,
) -> None:
    world.platforms(world.platform("grid"))
    world.states("grid", {"a": {"phone": "13800000001"}}, night=N1)
    world.states("grid", {"a": {"phone": "13800000009"}}, night=N2)
    world.states("grid", {"a": {"phone": "13800000002"}}, night=N2)
    assert [row[2:] for row in world.rows(HISTORY)] == [
        ("13800000001", "2026-03-01", "2026-03-02"),
        ("13800000002", "2026-03-02", None),
    ]


def test_a_person_is_one_row_per_record_with_current_keys(world: Any) -> None:
    world.platforms(world.platform("grid"), world.platform("hukou", complete=True))
    world.states("grid", {"a": {"name": "张炜", "phone": "13800000001"}}, night=N1)
    world.states("grid", {"a": {"name": "张伟", "id_number": ("3301", "truncated15")}}, night=N2)
    world.states("hukou", {"b": {"name": "李娜"}, "c": {"sex": (None, "unknown")}}, night=N1)
    world.states("hukou", {"c": {"sex": (None, "unknown")}}, night=N2)
    rebuild(world.con, "staged.person")
    assert world.rows(
        "select record_id, platform, present, name, name_quality, id_number, id_quality, phone, sex from staged.person"
    ) == [
        ("a", "grid", True, "张伟", "ok", "3301", "truncated15", None, None),
        ("b", "hukou", False, "李娜", "ok", None, None, None, None),
        ("c", "hukou", True, None, None, None, None, None, None),
    ]


ROWS = st.dictionaries(
    st.sampled_from("abc"),
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.sampled_from(["张伟", "张炜"]),
            "phone": st.sampled_from(["13800000001", (None, "none", "无")]),
            "on": st.sampled_from([date(2025, 1, 1), date(2025, 2, 1)]),
        },
    ),
)
NIGHTS = st.lists(st.fixed_dictionaries({}, optional={"grid": ROWS, "hukou": ROWS}), min_size=1, max_size=4)
TABLES = ("staged.record", "staged.claim", "staged.quarantine", "landed.pull")

Nights = list[dict[str, dict[str, Mapping[str, Any]]]]


def _replay(world: Any, nights: Nights, *, backwards: bool = False, twice: bool = False) -> dict[str, Any]:
    """Tell the nights; record ids carry their platform's name."""
    world.platforms(world.platform("grid"), world.platform("hukou", complete=True))
    for day, exports in enumerate(nights):
        for slug in sorted(exports, reverse=backwards):
            rows = {f"{slug}-{record}": row for record, row in exports[slug].items()}
            for _ in range(2 if twice else 1):
                world.states(slug, rows, night=N1 + timedelta(days=day))
    return {table: sorted(world.rows(f"select t::varchar from {table} as t")) for table in TABLES}


@settings(max_examples=12)
@given(NIGHTS)
def test_the_order_of_platforms_and_absorbing_twice_change_nothing(
    open_world: Callable[[], AbstractContextManager[Any]], nights: Nights
) -> None:
    with open_world() as plain, open_world() as turned, open_world() as doubled:
        told = _replay(plain, nights)
        assert _replay(turned, nights, backwards=True) == told
        assert _replay(doubled, nights, twice=True) == told


@settings(max_examples=12)
@given(NIGHTS)
def test_history_is_what_each_night_said_and_at_most_one_line_stands(
    open_world: Callable[[], AbstractContextManager[Any]], nights: Nights
) -> None:
    """Read back night by night, the lines give every file's own values: nothing is lost, nothing is added."""
    with open_world() as world:
        _replay(world, nights)
        for day, exports in enumerate(nights):
            night = N1 + timedelta(days=day)
            for slug, rows in exports.items():
                stood = world.con.execute(
                    "select record_id, field, key, quality from staged.claim where platform = ? and since <= ?"
                    " and (until is null or until > ?)",
                    [slug, night, night],
                ).fetchall()
                said = world.export(
                    {f"{slug}-{record}": row for record, row in rows.items()}
                ).claims.to_pylist()
                here = {f"{slug}-{record}" for record in rows}
                assert sorted(map(str, (row for row in stood if row[0] in here))) == sorted(
                    str((c["record_id"], c["field"], c["key"], c["quality"])) for c in said
                )


def test_a_date_that_moved_with_another_cell_confirms_nothing(world: Any) -> None:
    world.platforms(world.platform("grid"))
    world.states("grid", {"a": {"phone": "1", "address": "x", "on": date(2025, 1, 1)}}, night=N1)
    moved = {"phone": "2", "address": "x", "on": date(2025, 6, 1)}
    world.states("grid", {"a": moved}, night=N2)
    standing = "select field, as_of from staged.claim where until is null order by 1"
    assert world.rows(standing) == [("address", date(2025, 1, 1)), ("phone", date(2025, 6, 1))]
    world.states(
        "grid", {"a": {**moved, "on": date(2025, 7, 1)}}, night=N3
    )  # looked at again, nothing changed
    assert world.rows(standing) == [("address", date(2025, 7, 1)), ("phone", date(2025, 7, 1))]


def test_who_bears_the_number_and_the_name_of_somebody_renamed_was_renamed(world: Any) -> None:
    number = "330102195206032655"
    world.platforms(*(world.platform(slug) for slug in ("registry", "cloud", "tenancy", "points")))
    now = {"name": "黄初", "id_number": number}
    world.states("registry", {"r": now | {"former_name": "黄建国"}})
    world.states(
        "cloud",
        {"c": now, "another": {"name": "黄初", "id_number": "330102198406180022"}, "none": {"name": "黄初"}},
    )
    world.states(
        "tenancy", {"t": now | {"id_number": (number, "checksum_fail")}, "old": now | {"name": "黄建国"}}
    )
    phone = {"phone": "13800000001"}
    world.states(
        "points", {"p": now | phone, "p1": {"name": "黄初"} | phone, "p2": {"name": "黄建国"} | phone}
    )
    rebuild(world.con, "staged.person")
    told = dict(world.rows("select record_id, former_name from staged.person where former_name is not null"))
    assert told == dict.fromkeys(("r", "c", "t", "p", "p1"), "黄建国")
