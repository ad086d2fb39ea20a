"""The outbox: what a platform lacks, who may be told what, and that nothing is prepared twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

import pytest

from warehouse.golden import build_golden, choose_values
from warehouse.ledger import Ledger, open_ledger
from warehouse.publish import Change, changes, decide, find_wanted, note_prepared, true_of_households
from warehouse.site import Site
from warehouse.store import open_store

N1, N2, N3 = (date(2026, 3, day) for day in (1, 2, 3))
ADULT = {"birth_date": "1980-01-01"}
FULL = "上城区|望江街道|近江社区|近江路|12号|近江家园||5幢|2单元||301室"
NO_ROOM = "上城区|望江街道|近江社区|近江路|12号|近江家园||5幢|2单元||"


@pytest.fixture
def ledger(site: Site) -> Iterator[Ledger]:
    with open_ledger(site) as opened:
        yield opened


def new_changes(con: Any, ledger: Ledger, night: date, left_out: Sequence[str] = ()) -> list[Change]:
    """The cells newly prepared tonight, when every cell can stand in a file but those of some records."""
    find_wanted(con, night)
    asked = decide(con, ledger, night)
    receivers = [row[0] for row in con.execute("select slug from facts.platform where receives").fetchall()]
    files = {
        slug: [c for c in asked if c.platform == slug and c.record_id not in left_out] for slug in receivers
    }
    reasons = [(c.platform, c.record_id, c.field, "超长") for c in asked if c.record_id in left_out]
    return note_prepared(con, ledger, night, files, reasons).new


def told(
    world: Any,
    ledger: Ledger,
    held: dict[str, Any],
    known: dict[str, Any],
    *,
    receives: Sequence[str] = (
        "name",
        "sex",
        "birth_date",
        "phone",
        "address",
        "marital",
        "political",
        "id_number",
    ),
    **facts: Any,
) -> dict[str, tuple[str, str]]:
    """One resident: what civil holds and what the owning registry knows; field → (kind, value) told to civil."""
    world.platforms(
        world.platform("civil", receives=receives, **facts),
        world.platform("registry", authority=tuple(known), trust=90),
    )
    world.states("civil", {"c": held})
    world.states("registry", {"r": known})
    world.people(R1=["c", "r"])
    choose_values(world.con)
    build_golden(world.con)
    return {c.field: (c.kind, c.value) for c in new_changes(world.con, ledger, N1) if c.platform == "civil"}


def test_a_blank_is_filled_and_a_different_value_corrected(world: Any, ledger: Ledger) -> None:
    known = {**ADULT, "name": "张伟", "sex": "1", "phone": "13800000001", "marital": "20"}
    held = {
        **ADULT, "name": "张伟", "sex": ("2", "ok", "女"), "phone": (None, "none", "无"), "marital": (None, "empty", ""),
    }  # fmt: skip
    assert told(world, ledger, held, known) == {
        "sex": ("correct", "1"),
        "phone": ("fill", "13800000001"),
        "marital": ("fill", "20"),
    }
    assert changes(world.con, "civil")[-1] == Change(
        N1, "civil", "c", "C", "R1", "sex", "sex", "correct", "女", "2", "1", "1", "r", "authority"
    )


def test_a_masked_value_there_is_filled_and_never_sent(world: Any, ledger: Ledger) -> None:
    masked = ("33010219******1001X", "masked")
    full = {**ADULT, "id_number": "33010219800101001X"}
    receives = ["id_number"]
    sent = told(world, ledger, {**ADULT, "id_number": masked}, full, receives=receives)
    assert sent == {"id_number": ("fill", full["id_number"])}
    unknown = {**ADULT, "id_number": (None, "empty")}
    assert told(world, ledger, unknown, {**ADULT, "id_number": masked}, receives=receives) == {}


STORIES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], set[str]]] = [
    # story, what civil holds, what the registry knows, facts of civil, fields told
    ("a field that is not on the allow-list", {}, {"phone": "1", "sex": "1"}, {"receives": ("sex",)}, {"sex"}),
    ("a platform that receives nothing", {}, {"sex": "1"}, {"receives": ()}, set()),
    ("the platform's own field", {}, {"sex": "1"}, {"authority": ("sex",)}, set()),
    ("a month never replaces a day", {"birth_date": "1980-01-01"}, {"birth_date": ("1980-01", "month")}, {}, set()),
    ("an address without a room does not replace one with it", {"address": FULL.replace("5幢", "6幢")},
     {"address": (NO_ROOM, "ok")}, {}, set()),
    ("a full address replaces one without a room", {"address": (NO_ROOM, "building")}, {"address": FULL}, {}, {"address"}),
    ("one phone is already in the list held", {"phone": "13800000001;0571-88881234"}, {"phone": "13800000001"}, {}, set()),
    ("a landline does not replace a mobile", {"phone": "13800000001"}, {"phone": ("0571-88881234", "landline")}, {}, set()),
    ("a name with a lost character is not sent", {}, {"name": ("王□", "partial")}, {}, set()),
    ("political status goes to civil affairs", {}, {"political": "13"}, {}, {"political"}),
    ("political status does not go to the schools", {}, {"political": "13"}, {"department": "教育"}, set()),
    ("the dead are left alone", {}, {"sex": "1", "death_flag": "1"}, {}, set()),
    ("who moved out is left alone", {}, {"sex": "1", "moved_out_flag": "1"}, {}, set()),
    ("who moved out once and is back is not", {}, {"sex": "1", "moved_out_flag": "0", "moved_out_date": "2020-01-01"}, {}, {"sex"}),
    ("a child of 13 and civil affairs", {}, {"sex": "1", "birth_date": "2012-03-02"}, {}, {"sex", "birth_date"}),
    ("a child of 13 and the grid", {}, {"sex": "1", "birth_date": "2012-03-02"}, {"department": "政法委"}, set()),
    ("a fourteenth birthday tonight", {}, {"sex": "1", "birth_date": "2012-03-01"}, {"department": "政法委"}, {"sex", "birth_date"}),
    ("several departments, one of which may", {}, {"sex": "1", "birth_date": "2020-01-01"},
     {"department": "公安/民政"}, {"sex", "birth_date"}),
    ("nobody knows the birth date", {}, {"sex": "1", "birth_date": (None, "empty")}, {"department": "政法委"}, set()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("held", "known", "facts", "fields"), [s[1:] for s in STORIES], ids=[s[0] for s in STORIES]
)
def test_who_may_be_told_what(
    world: Any,
    ledger: Ledger,
    held: dict[str, Any],
    known: dict[str, Any],
    facts: dict[str, Any],
    fields: set[str],
) -> None:
    birth = {} if "birth_date" in known or "birth_date" in held else ADULT
    assert set(told(world, ledger, {**birth, **held}, {**birth, **known}, **facts)) == fields


def test_a_platform_is_told_only_of_residents_it_has_now(world: Any, ledger: Ledger) -> None:
    world.platforms(world.platform("civil", complete=True, receives=["sex"]), world.platform("registry"))
    world.states("civil", {"here": ADULT, "gone": ADULT})
    world.states("civil", {"here": ADULT}, night=N2)
    world.states("registry", {f"r{n}": {**ADULT, "sex": "1"} for n in (1, 2, 3)})
    world.people(R1=["here", "r1"], R2=["gone", "r2"], R3=["r3"])
    choose_values(world.con)
    build_golden(world.con)
    assert [c.record_id for c in new_changes(world.con, ledger, N2)] == ["here"]


def test_what_a_platform_copies_from_another_it_is_told_only_where_the_other_can_have_said_nothing(
    world: Any, ledger: Ledger
) -> None:
    world.platforms(
        world.platform("hub", receives=["phone", "marital"], feeds={"grid": ("phone",)}),
        world.platform("grid"),
        world.platform("registry", authority=("phone", "marital"), share=("phone", "marital")),
    )
    world.states(
        "hub",
        {
            "h1": ADULT,
            "h2": {**ADULT, "phone": "13800000001"},
            "h3": {**ADULT, "marital": "20"},
            "h4": {**ADULT, "phone": "13800000005", "name": "李明"},
            "h5": {**ADULT, "phone": "13800000005", "name": "王芳"},
        },
    )
    world.states("grid", {"g1": {**ADULT, "phone": "13800000001", "name": "王芳"}})
    new = {"phone": "13800000002", "marital": "20"}
    others = {f"r{one}": {"phone": f"1380000001{one}"} for one in (4, 5)}
    others |= {"r2": {**new, "phone": "13800000003"}, "r3": {**new, "phone": "13800000004"}}
    world.states("registry", {"r1": new, **others})
    world.people(R1=["h1", "g1", "r1"], R2=["h2", "r2"], R3=["h3", "r3"], R4=["h4", "r4"], R5=["h5", "r5"])
    choose_values(world.con)
    build_golden(world.con)
    asked = {(c.record_id, c.field) for c in new_changes(world.con, ledger, N1)}
    # h1: its source has this resident. h2: it may have: somebody there has that phone. h5: somebody of that name there
    # has another phone, from whom nobody copied.
    assert asked == {("h1", "marital"), ("h2", "marital"), *((one, "phone") for one in ("h3", "h4", "h5"))}


def test_what_may_be_copied_from_a_record_of_an_old_name_is_known_by_the_number(
    world: Any, ledger: Ledger
) -> None:
    number = {"id_number": "330102194210019432"}
    world.platforms(
        world.platform("hub", receives=["phone"], feeds={"grid": ("phone",)}),
        world.platform("grid"),
        world.platform("registry", authority=("phone",), share=("phone", "id_number")),
    )
    world.states("hub", {"h": {**ADULT, "name": "张发生", "phone": "13800000001"}})
    world.states("registry", {"r": {**number, "phone": "13800000002"}})
    world.states("grid", {"g": {**ADULT, **number, "name": "张忠良", "phone": "13800000001"}})
    world.people(R1=["h", "r"], R2=["g"])
    choose_values(world.con)
    build_golden(world.con)
    assert new_changes(world.con, ledger, N1) == []


def test_what_may_be_copied_from_a_newborn_without_a_name_is_known_by_the_birth_date(
    world: Any, ledger: Ledger
) -> None:
    day = {"birth_date": "2000-03-01"}
    world.platforms(
        world.platform("hub", receives=["phone"], feeds={"grid": ("phone",)}),
        world.platform("grid"),
        world.platform("registry", authority=("phone",), share=("phone",)),
    )
    world.states("hub", {"h": {**day, "name": "庞屹钧", "phone": "13800000001"}})
    world.states("registry", {"r": {"phone": "13800000002"}})
    world.states("grid", {"g": {**day, "name": "庞东之子", "phone": "13800000001"}})
    world.people(R1=["h", "r"], R2=["g"])
    choose_values(world.con)
    build_golden(world.con)
    assert [c.field for c in new_changes(world.con, ledger, N1)] == ["phone"]  # a name like any other
    world.con.execute("update staged.person set name_quality = 'newborn' where name = '庞东之子'")
    assert new_changes(world.con, ledger, N1) == []


def test_a_value_nobody_may_pass_on_stays_where_it_is(world: Any, ledger: Ledger) -> None:
    world.platforms(
        world.platform("civil", receives=["sex", "marital"]), world.platform("secret", share=["sex"])
    )
    world.states("civil", {"c": ADULT})
    world.states("secret", {"s": {**ADULT, "sex": "1", "marital": "20"}})
    world.people(R1=["c", "s"])
    choose_values(world.con)
    build_golden(world.con)
    assert [c.field for c in new_changes(world.con, ledger, N1)] == ["sex"]


def test_a_grid_is_told_only_on_the_word_of_a_record_that_does_not_live_elsewhere(
    world: Any, ledger: Ledger
) -> None:
    elsewhere = FULL.replace("5幢", "9幢")
    for own, said in (
        (FULL, {"community"}),
        (NO_ROOM, {"community"}),
        (elsewhere, set()),
        (None, {"community"}),
    ):
        world.platforms(
            world.platform("civil", receives=["community"]),
            world.platform("police", authority=("address",)),
            world.platform("grid", share=("community",)),
        )
        home = {} if own is None else {"address": own}
        world.states("civil", {"c": ADULT})
        world.states("police", {"p": {"address": FULL}})
        world.states("grid", {"g": {"community": "近江社区", **home}})
        world.people(R1=["c", "p", "g"])
        choose_values(world.con)
        build_golden(world.con)
        find_wanted(world.con, N1)
        assert {row[0] for row in world.rows("select field from outbox.wanted where record_id = 'c'")} == said


def test_a_grid_named_after_a_community_goes_only_with_an_address_in_it(world: Any, ledger: Ledger) -> None:
    world.platforms(
        world.platform("civil", receives=["grid"]),
        world.platform("police", authority=("address",)),
        world.platform("grid", authority=("grid",), share=("grid",)),
    )
    there = FULL.replace("近江社区", "海潮社区")
    for mine, said in (("近江社区第3网格", {"grid"}), ("海潮社区第3网格", set()), ("三网格", {"grid"})):
        world.states("civil", {"c": ADULT, "d": ADULT})
        world.states("police", {"p": {"address": FULL}, "q": {"address": there}})
        world.states("grid", {"g": {"grid": mine}})
        world.people(R1=["c", "p", "g"], R2=["d", "q"])
        choose_values(world.con)
        build_golden(world.con)
        find_wanted(world.con, N1)
        assert {row[0] for row in world.rows("select field from outbox.wanted where record_id = 'c'")} == said


def test_a_grid_in_the_community_of_the_golden_address_is_told_though_its_own_row_states_another_one(
    world: Any, ledger: Ledger
) -> None:
    world.platforms(
        world.platform("civil", receives=["grid"]),
        world.platform("police", authority=("address",)),
        world.platform("grid", authority=("grid",), share=("grid",)),
    )
    there, next_door = FULL.replace("近江社区", "海潮社区"), FULL.replace("5幢", "9幢")
    for own, mine, said in (
        (
            there,
            "近江社区第3网格",
            {"grid"},
        ),  # a slip in the address: the grid is where the owner says that they live
        (there, "海潮社区第3网格", set()),
        (there, "三网格", set()),
        (next_door, "近江社区第3网格", set()),  # either of the two may have moved
    ):
        world.states("civil", {"c": ADULT})
        world.states("police", {"p": {"address": FULL}})
        world.states("grid", {"g": {"grid": mine, "address": own}})
        world.people(R1=["c", "p", "g"])
        choose_values(world.con)
        build_golden(world.con)
        find_wanted(world.con, N1)
        assert {row[0] for row in world.rows("select field from outbox.wanted where record_id = 'c'")} == said


def test_a_grid_that_was_entered_after_an_address_that_is_late_is_told(world: Any, ledger: Ledger) -> None:
    old = {"address": FULL.replace("5幢", "9幢")}
    world.platforms(
        world.platform("civil", receives=["community"]),
        world.platform("police", authority=("address",)),
        world.platform("grid", share=("community",)),
    )
    world.states("civil", {"c": ADULT}, night=N1)
    world.states("police", {"p": {"address": FULL}}, night=N1)
    world.states("grid", {"g": {"community": "海潮社区", **old}}, night=N1)
    world.states("grid", {"g": {"community": "近江社区", **old}}, night=N2)
    world.people(R1=["c", "p", "g"])
    choose_values(world.con)
    build_golden(world.con)
    find_wanted(world.con, N2)
    assert world.rows("select told from outbox.wanted where record_id = 'c'") == [("近江社区",)]


AGREE = [
    ("phone", "1;2", "2", True),
    ("phone", "1", "2", False),
    ("date", "1980-01", "1980-01-03", True),
    ("date", "1980-01-03", "1980-01-04", False),
    ("address", FULL, NO_ROOM, True),
    ("address", FULL, FULL.replace("301", "302"), False),
    ("code", "10", "10", True),
    ("code", "10", "20", False),
]


@pytest.mark.parametrize(("kind", "one", "other", "both"), AGREE)
def test_two_values_agree_when_both_can_be_true(
    world: Any, kind: str, one: str, other: str, both: bool
) -> None:
    for pair in ((one, other), (other, one)):
        assert world.con.execute("select facts.agree(?, ?, ?)", [kind, *pair]).fetchall() == [(both,)]


def test_a_familys_phone_is_nobodys_own(world: Any, ledger: Ledger) -> None:
    world.platforms(world.platform("civil", receives=["phone"]), world.platform("registry"))
    world.states("civil", {"c1": ADULT, "c2": ADULT, "c3": ADULT})
    world.states(
        "registry",
        {
            "r1": {"phone": "13800000001;0571-88881234"},
            "r2": {"phone": "13800000001"},
            "r3": {"phone": "13800000003"},
        },
    )
    world.people(R1=["c1", "r1"], R2=["c2", "r2"], R3=["c3", "r3"])
    choose_values(world.con)
    build_golden(world.con)
    assert [c.record_id for c in new_changes(world.con, ledger, N1)] == ["c3"]


def _tell(world: Any, phones: dict[str, str], night: date) -> None:
    world.platforms(
        world.platform("civil", receives=["phone"]), world.platform("registry", authority=("phone",))
    )
    if night == N1:
        world.states("civil", {record.replace("r", "c"): ADULT for record in phones}, night=night)
    world.states("registry", {record: {"phone": phone} for record, phone in phones.items()}, night=night)
    world.people(**{f"R{record}": [record, record.replace("r", "c")] for record in phones})
    choose_values(world.con)
    build_golden(world.con)


def test_a_second_run_prepares_nothing_and_a_later_night_only_what_changed(
    world: Any, ledger: Ledger
) -> None:
    _tell(world, {"r1": "13800000001", "r2": "13800000002"}, N1)
    assert len(new_changes(world.con, ledger, N1)) == 2
    assert new_changes(world.con, ledger, N1) == []
    _tell(world, {"r1": "13800000001", "r2": "13800000009"}, N2)
    assert [(c.night, c.value) for c in new_changes(world.con, ledger, N2)] == [(N2, "13800000009")]
    assert [(c.night, c.value) for c in changes(world.con)] == [(N1, "13800000001"), (N2, "13800000009")]
    assert len(ledger.lines("prepared")) == 2
    assert ledger.verify() is None


def test_a_value_that_comes_back_after_another_was_prepared_is_prepared_again(
    world: Any, ledger: Ledger
) -> None:
    for night, phone in ((N1, "13800000001"), (N2, "13800000002"), (N3, "13800000001")):
        _tell(world, {"r1": phone}, night)
        assert [c.night for c in new_changes(world.con, ledger, night)] == [night]


@pytest.mark.parametrize(
    ("held", "golden", "says", "told_to_civil"),
    [
        (("20", "ok", "已婚"), "21", "20", None),
        (("10", "ok", "未婚"), "21", "20", "20"),
        ((None, "empty"), "21", "20", "20"),
        ((None, "empty"), "21", None, None),
        (("10", "ok"), "21", None, None),
        (("21", "ok"), "20", "20", None),
        (("10", "ok"), "21", "21", "21"),
    ],
    ids=[
        "its only word for it is there already",
        "another word is corrected to its only word for it",
        "a blank is filled by its only word for it",
        "a blank that it has no word for",
        "a value for which it has no word",
        "the narrower code is never replaced by the broader",
        "a platform that knows the code itself",
    ],
)
def test_a_platform_is_told_a_code_in_its_own_words_or_not_at_all(
    world: Any, ledger: Ledger, held: Any, golden: str, says: str | None, told_to_civil: str | None
) -> None:
    world.platforms(
        world.platform("civil", receives=["marital"]),
        world.platform("registry", authority=("marital",)),
        says={("marital", golden): says},
    )
    world.states("civil", {"c": {**ADULT, "marital": held}})
    world.states("registry", {"r": {**ADULT, "marital": golden}})
    world.people(R1=["c", "r"])
    choose_values(world.con)
    build_golden(world.con)
    found = [(c.value, c.told) for c in new_changes(world.con, ledger, N1)]
    assert found == ([] if told_to_civil is None else [(golden, told_to_civil)])


def test_a_cell_that_no_file_can_hold_is_not_prepared_and_comes_back_when_it_can(
    world: Any, ledger: Ledger
) -> None:
    phones = {"r1": "13800000001", "r2": "13800000002"}
    _tell(world, phones, N1)
    assert [c.record_id for c in new_changes(world.con, ledger, N1, left_out=["c2"])] == ["c1"]
    assert [c.record_id for c in changes(world.con)] == ["c1"]
    left = "select platform, record_id, field, reason from outbox.left_out"
    assert world.rows(left) == [("civil", "c2", "phone", "超长")]
    assert set(world.rows("select record_id from outbox.told")) == {("c1",)}
    _tell(world, phones, N2)
    assert [(c.record_id, c.night) for c in new_changes(world.con, ledger, N2)] == [("c2", N2)]
    assert world.rows(left) == []
    assert {c.record_id: c.night for c in changes(world.con)} == {"c1": N1, "c2": N2}


def test_a_cell_that_a_second_run_of_the_night_takes_out_of_its_file_comes_back_later(
    world: Any, ledger: Ledger
) -> None:
    phones = {"r1": "13800000001", "r2": "13800000002"}
    _tell(world, phones, N1)
    assert len(new_changes(world.con, ledger, N1)) == 2
    assert new_changes(world.con, ledger, N1, left_out=["c2"]) == []
    assert [c.record_id for c in changes(world.con)] == ["c1"]
    _tell(world, phones, N2)
    assert [c.record_id for c in new_changes(world.con, ledger, N2)] == ["c2"]
    assert ledger.verify() is None


def test_without_its_warehouse_a_night_gives_the_same_outbox_and_prepares_nothing(
    open_world: Callable[[], AbstractContextManager[Any]],
) -> None:
    first = {f"r{n}": f"1380000000{n}" for n in range(5)}
    second = first | {"r1": "13900000000"}
    with open_world() as world, open_ledger(world.site) as ledger:
        for night, phones in ((N1, first), (N2, second)):
            _tell(world, phones, night)
            new_changes(world.con, ledger, night)
        before = changes(world.con)
    world.site.warehouse.unlink()
    with open_store(world.site) as con, open_ledger(world.site) as ledger:
        again = type(world)(world.site, con)
        _tell(again, first, N1)
        _tell(again, second, N2)
        assert new_changes(con, ledger, N2) == []
        assert changes(con) == before
        assert {change.night for change in before} == {N1, N2}


def test_of_a_household_everybody_is_told_of_and_lives_where_the_address_says(world: Any) -> None:
    world.platforms(
        world.platform("forms", household="living"),
        world.platform("police", authority=("address",)),
        world.platform("club", share=("community",)),
    )
    moved = FULL.replace("近江社区", "海潮社区")
    world.states("forms", {name: {"household_number": "H1"} for name in ("a", "b", "c")})
    world.states("police", {"p": {"address": moved}})
    world.states("club", {"k": {"community": "近江社区"}, "l": {"community": "近江社区"}})
    world.people(R1=["a", "p", "k"], R2=["b", "l"], R3=["c"])
    choose_values(world.con)
    build_golden(world.con)
    assert true_of_households(world.con, "forms", ["community"], ["H1"]) == {
        "H1": {"a": {"community": "海潮社区"}, "b": {"community": "近江社区"}, "c": {}}
    }
    assert true_of_households(world.con, "forms", ["community"], ["H2"]) == {}
