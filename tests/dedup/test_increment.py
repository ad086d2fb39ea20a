"""One night equals ten: what a warehouse holds after many nights of changes is what one matching of everything finds."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import duckdb
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup import memory
from dedup.blocking import BlockRows
from dedup.changes import find_changed, find_neighbours, look_around
from dedup.model import Model, built_in
from dedup.night import match_night
from dedup.normalise.id_numbers import check_character
from tests.dedup.warehouses import FIRST, KEY, SECOND, Said, state, warehouse

RESIDENT = built_in("resident")
# Bounds so tight that a handful of records crosses them: crowds of two names, blocks of three pairs.
TIGHT = replace(
    RESIDENT,
    version="tight",
    crowd=dict.fromkeys(RESIDENT.crowd, 2),
    blocks=tuple(replace(key, budget=3) for key in RESIDENT.blocks),
)
HOME = "上城区|望江街道|近江社区|近江路|12|近江家园||5|2||301"
OTHER_HOME = "上城区|望江街道|近江社区|近江路|12|近江家园||6|1||502"
NUMBERS = ["33010219850307122", "33010219850307124", "33010219561120453"]

# A record's own number, masked, cut off by a spreadsheet, or whole.
numbers = st.sampled_from(NUMBERS).map(lambda head: head + check_character(head))
identities = st.one_of(
    st.just({}),
    numbers.map(lambda number: {"id_number": number}),
    numbers.map(lambda number: {"id_number": number[:6] + "*" * 8 + number[-4:], "id_quality": "masked"}),
    numbers.map(lambda number: {"id_number": number[:15] + "000", "id_quality": "truncated15"}),
)


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    said: dict[str, Any] = {
        "name": draw(st.sampled_from(["王伟", "王玮珺", "李静", "欧阳明", "陈晓东", "陈小东"]))
    }
    for field, values in {
        "birth_date": ["1985-03-07", "1985-07-03", "1956-11-20"],
        "sex": ["1", "2"],
        "phone": ["13812345601", "13812345602", "13812345601;13812345602"],
        "address": [HOME, OTHER_HOME],
        "registered_address": [HOME],
    }.items():
        if draw(st.booleans()):
            said[field] = draw(st.sampled_from(values))
    return said | draw(identities)


RECORDS = "abcdefghij"
verdicts = st.lists(
    st.builds(
        Said, st.sampled_from(RECORDS), st.sampled_from(RECORDS), st.sampled_from(["same", "different"])
    ),
    max_size=2,
)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[dict[str, dict[str, Any] | None], list[Said]]]:
    """Nights of changes and verdicts, in which records often state exactly what others do."""
    shared = st.sampled_from(draw(st.lists(statements(), min_size=1, max_size=3)))
    changes = st.dictionaries(
        st.sampled_from(RECORDS), st.none() | shared | statements(), min_size=1, max_size=6
    )
    return draw(st.lists(st.tuples(changes, verdicts), min_size=2, max_size=5))


def apply(con: duckdb.DuckDBPyConnection, night: dict[str, dict[str, Any] | None], turn: int) -> None:
    for record, said in night.items():
        if said is None:
            con.execute("delete from staged.person where record_id = ?", [record])
        else:
            state(con, record, FIRST if turn == 0 else SECOND, **said)


def held(con: duckdb.DuckDBPyConnection, said: list[Said], model: Model) -> dict[str, Any]:
    """All that readers see of matching."""
    summary = match_night(con, key=KEY, verdicts=said, model=model)
    tables = {
        name: con.execute(f"select * from {name} order by all").fetchall()
        for name in (
            "resolved.record",
            "matched.pair",
            "matched.conflict",
            "matched.block_cut",
            "matched.crowd",
        )
    }
    return tables | {"counts": (summary.records, summary.variants, summary.pairs, summary.clusters)}


def consistent(said: list[Said]) -> list[Said]:
    """Verdicts as a ledger hands them over: the last word on a pair of two records."""
    latest = {frozenset((one.left, one.right)): one for one in said if one.left != one.right}
    return list(latest.values())


def assert_kept_apart(con: duckdb.DuckDBPyConnection, said: list[Said]) -> None:
    resident = dict(con.execute("select record_id, resident_id from resolved.record").fetchall())
    kept_apart = [one for one in said if one.verdict == "different"]
    present = [one for one in kept_apart if one.left in resident and one.right in resident]
    assert all(resident[one.left] != resident[one.right] for one in present)


@settings(max_examples=30)
@given(histories(), st.sampled_from([RESIDENT, TIGHT]), st.sampled_from([memory.MOST_GONE, 100.0]))
def test_many_nights_of_changes_end_where_one_matching_of_everything_does(history, model, most_gone):
    """Also where rows of dissolved nodes are never taken out of the blocks. And whom a steward keeps apart are apart every
    night, also when they state the same."""
    swept = patch.object(memory, "MOST_GONE", most_gone)
    with warehouse() as by_night, warehouse() as at_once, swept:
        for turn, (night, said) in enumerate(history):
            for con in (by_night, at_once):
                apply(con, night, turn)
            found = held(by_night, consistent(said), model)
            assert_kept_apart(by_night, consistent(said))
        assert found == held(at_once, consistent(history[-1][1]), model)


ONE, OTHER, THIRD = "330102199005061116", "330102199005061132", "330102199005061159"
NUMBERED = {
    at: {"name": "李建国", "birth_date": "1990-05-06", "sex": "1", "id_number": number}
    for at, number in {"a": ONE, "b": OTHER, "c": THIRD, "d": None}.items()
}
PAIRS = st.lists(st.sampled_from([(ONE, OTHER), (OTHER, THIRD), (ONE, THIRD)]), unique=True, max_size=3)
SAME = [Said("a", "b", "same"), Said("b", "c", "same")]


def residents(con: duckdb.DuckDBPyConnection) -> list[set[str]]:
    rows = con.execute("select list(record_id) from resolved.record group by resident_id").fetchall()
    return sorted(({*records} for (records,) in rows), key=min)


@settings(max_examples=20)
@given(st.lists(PAIRS, min_size=1, max_size=4))
def test_numbers_that_are_declared_or_taken_back_night_by_night_end_where_one_matching_of_everything_does(
    nights,
):
    with warehouse() as by_night, warehouse() as at_once:
        for con in (by_night, at_once):
            for record, said in NUMBERED.items():
                state(con, record, **said)
        for declared in nights:
            match_night(by_night, key=KEY, verdicts=SAME, one_person=declared)
        match_night(at_once, key=KEY, verdicts=SAME, one_person=nights[-1])
        found = residents(by_night)
        assert found == residents(at_once)
        for low, high in [(ONE, OTHER), (OTHER, THIRD), (ONE, THIRD)]:
            if (low, high) not in nights[-1]:
                bearers = [
                    {at for at, one in NUMBERED.items() if one["id_number"] == each} for each in (low, high)
                ]
                assert not any(bearers[0] & people and bearers[1] & people for people in found)


def test_a_declaration_lets_a_stewards_word_join_two_and_no_third_and_the_veto_is_back_once_it_is_taken_back():
    with warehouse() as con:
        for record, said in NUMBERED.items():
            if record != "d":
                state(con, record, **said)
        for declared, expected in (
            ([], [{"a"}, {"b"}, {"c"}]),
            ([(OTHER, ONE)], [{"a", "b"}, {"c"}]),
            ([], [{"a"}, {"b"}, {"c"}]),
        ):
            match_night(con, key=KEY, verdicts=SAME, one_person=declared)
            assert residents(con) == expected
        assert match_night(con, key=KEY, verdicts=SAME).skipped


def test_a_node_falls_apart_by_a_verdict_and_is_whole_again_when_it_is_undone():
    shared = {"name": "王玮珺", "phone": "13812345601", "birth_date": "1985-03-07"}
    verdict = [Said("a", "b", "different")]
    with warehouse() as con:
        for record in "abc":
            state(con, record, **shared)
        counts = []
        for said in ([], verdict, verdict, []):
            counts.append(held(con, said, RESIDENT)["counts"])
        assert [(variants, clusters) for _, variants, _, clusters in counts] == [
            (1, 1),
            (3, 3),  # who fits both alike stands alone
            (3, 3),
            (1, 1),
        ]


def test_nobody_joins_a_record_that_is_kept_apart():
    shared = {"name": "王玮珺", "phone": "13812345601", "birth_date": "1985-03-07"}
    verdict = [Said("a", "b", "different")]
    with warehouse() as by_night, warehouse() as at_once:
        for record in "ab":
            state(by_night, record, **shared)
        held(by_night, verdict, RESIDENT)
        state(by_night, "c", **shared)
        for record in "abc":
            state(at_once, record, **shared)
        assert held(by_night, verdict, RESIDENT) == held(at_once, verdict, RESIDENT)
        state(by_night, "a", **shared, sex="2")  # who is left states it with nobody he is kept apart from
        state(at_once, "a", **shared, sex="2")
        at_once.execute("delete from matched.run")
        assert held(by_night, verdict, RESIDENT) == held(at_once, verdict, RESIDENT)


def test_a_block_that_crosses_its_budget_both_ways_and_is_told():
    """Three of one name and birth date are within the tight budget, four are not, three are again."""
    born = {"name": "王玮珺", "birth_date": "1985-03-07"}
    nights: list[dict[str, dict[str, Any] | None]] = [
        {record: born | {"phone": f"1381234560{place}"} for place, record in enumerate("abc")},
        {"d": born | {"phone": "13812345604"}},
        {"e": {"name": "李静", "birth_date": "1985-07-03"}, "d": born | {"phone": "13812345605"}},
        {"d": None},
    ]
    with warehouse() as by_night:
        cut = []
        for turn, night in enumerate(nights):
            apply(by_night, night, turn)
            found = held(by_night, [], TIGHT)
            cut.append([pairs for _, _, pairs in found["matched.block_cut"]])
            with warehouse() as at_once:
                for earlier in nights[: turn + 1]:
                    apply(at_once, earlier, turn)
                again = held(at_once, [], TIGHT)
            assert {**found, "resolved.record": 0} == {**again, "resolved.record": 0}
    assert (bool(cut[0]), bool(cut[1]), bool(cut[2]), bool(cut[3])) == (False, True, True, False)


def test_who_states_no_name_is_looked_at_anew_when_the_phone_becomes_crowded():
    born = {"phone": "13812345601", "birth_date": "1985-03-07"}
    others = {
        record: {"name": name, "phone": "13812345601"}
        for record, name in (("c", "李静"), ("d", "欧阳明"), ("e", "王伟"))
    }
    with warehouse() as by_night, warehouse() as at_once:
        for con in (by_night, at_once):
            state(con, "a", **born)
            state(con, "b", sex="2", **born)
        before = held(by_night, [], TIGHT)["matched.pair"]
        for con in (by_night, at_once):
            for record, said in others.items():
                state(con, record, **said)
        after = held(by_night, [], TIGHT)
        assert before != after["matched.pair"]
        assert after == held(at_once, [], TIGHT)


def test_only_what_changed_is_looked_at():
    with warehouse() as con:
        for place in range(40):
            head = f"3301021985{place % 12 + 1:02}{place % 28 + 1:02}{place:03}"
            state(con, f"r{place:02}", name="王玮珺", id_number=head + check_character(head))
        match_night(con, key=KEY)
        state(con, "r07", name="王玮珺", phone="13812345601")
        again = match_night(con, key=KEY)
    assert (again.records, again.fresh) == (40, 1)


def test_a_node_stands_while_a_record_states_it_whoever_leaves_or_joins():
    shared = {"name": "王玮珺", "phone": "13812345601", "birth_date": "1985-03-07"}
    with warehouse() as con:
        for record in "abc":
            state(con, record, **shared)
        match_night(con, key=KEY)
        state(
            con, "a", **shared, sex="2"
        )  # the first of the three leaves: only what it states now is looked at
        left = match_night(con, key=KEY)
        state(con, "a", **shared)  # and comes back: the node is there
        joined = match_night(con, key=KEY)
        assert [(night.fresh, night.variants) for night in (left, joined)] == [(1, 2), (0, 1)]
        assert con.execute("select first_record from matched.node").fetchall() == [("a",)]
        assert con.execute(
            "select count(distinct resident_id), count(*) from resolved.record"
        ).fetchall() == [(1, 3)]


def test_a_dissolved_node_leaves_its_rows_and_its_number_until_there_are_many_of_them():
    gone = "select count(*), count(*) filter (node in (select node from matched.node)) from matched.gone"
    rows = "select count(*) from matched.block anti join matched.node using (node)"
    with warehouse() as con:
        for place in range(30):
            state(con, f"r{place:02}", name="王玮珺", birth_date=f"19{place + 40}-03-07")
        counted = []
        for night in range(5):
            state(con, "r29", name="王玮珺", birth_date=f"19{night + 80}-03-07")
            match_night(con, key=KEY)
            counted.append((con.execute(gone).fetchall()[0], con.execute(rows).fetchall()[0][0] > 0))
    assert counted == [((night, 0), night > 0) for night in range(4)] + [((0, 0), False)]


def test_what_an_altered_node_is_compared_by_is_what_it_states_not_what_its_first_record_now_does():
    shared = {"name": "王玮珺", "phone": "13812345601", "birth_date": "1985-03-07"}
    stranger = {"name": "李静", "phone": "13812345602", "birth_date": "1956-11-20"}
    with warehouse() as by_night, warehouse() as at_once:
        for record in "ab":
            state(by_night, record, **shared)
        match_night(by_night, key=KEY)
        for con in (by_night, at_once):
            state(con, "a", **stranger)
            state(con, "b", **shared)
            state(con, "c", **shared, sex="2")
        assert held(by_night, [], RESIDENT) == held(at_once, [], RESIDENT)


def test_a_night_that_dies_leaves_what_was_remembered_whole(monkeypatch):
    with warehouse() as con:
        state(con, "a", name="王玮珺", phone="13812345601")
        before = held(con, [], RESIDENT)
        state(con, "b", name="王玮珺", phone="13812345601", sex="2")

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("dedup.reach.remember_residents", die)
        with contextlib.suppress(KeyboardInterrupt):
            match_night(con, key=KEY)
        monkeypatch.undo()
        assert con.execute("select count(*) from matched.record").fetchall() == [(1,)]
        assert len(held(con, [], RESIDENT)["resolved.record"]) == len(before["resolved.record"]) + 1


def test_more_fresh_blocks_than_a_row_group_are_all_there():
    many = 130_000
    rows = BlockRows(
        np.zeros(many, np.int8), np.arange(many, dtype=np.uint64), np.arange(many), np.ones(many, np.bool_)
    )
    with warehouse() as con:
        match_night(con, key=KEY)
        con.execute("begin")
        find_changed(con)
        look_around(con)
        find_neighbours(con, rows)
        assert con.execute("select count(*) from fresh_block").fetchall() == [(many,)]
