"""People whom a platform does not have: who is taken in, told once, recognised in its next export, and never twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from warehouse.approvals import Said, say_of_cells, set_mode
from warehouse.batches import note, note_answers, read_batches
from warehouse.golden import build_golden, choose_values
from warehouse.ledger import Cell, Ledger, open_ledger
from warehouse.newcomers import settle_newcomers
from warehouse.publish import decide, find_wanted, note_prepared
from warehouse.site import Site
from warehouse.store import STAGED_TABLES, rebuild
from warehouse.told import load_told

FIRST = date(2026, 3, 1)
ME = Said("wang", "核对过")
HOME, ELSEWHERE = "近江家园|1||101||||||||", "近江家园|2||202||||||||"
LI = {
    "name": "李明",
    "id_number": "330102198001010011",
    "birth_date": "1980-01-01",
    "sex": "1",
    "address": HOME,
}
WU = {
    "name": "吴芳",
    "id_number": "330102199001010022",
    "birth_date": "1990-01-01",
    "sex": "2",
    "address": ELSEWHERE,
}
ROW = {"name": "insert", "id_number": "insert", "address": "insert"}


@dataclass
class Story:
    """`grid` takes in everybody; what each platform states from a night on, and who is who: record → resident."""

    world: Any
    ledger: Ledger
    people: dict[str, str] = field(default_factory=dict)
    night: date = FIRST - timedelta(days=1)

    def run(self, who: Mapping[str, str] | None = None, **states: Mapping[str, Any]) -> dict[str, str]:
        """A night: what becomes of each newcomer's row at grid, by resident."""
        con, self.night = self.world.con, self.night + timedelta(days=1)
        self.people.update(who or {})
        for slug, rows in states.items():
            self.world.states(slug, rows, night=self.night)
        load_told(con, self.ledger, self.night)
        for table in STAGED_TABLES:
            rebuild(con, table)
        residents: dict[str, list[str]] = {}
        for record, resident in self.people.items():
            residents.setdefault(resident, []).append(record)
        self.world.people(**residents)
        settle_newcomers(con)
        choose_values(con)
        build_golden(con)
        find_wanted(con, self.night)
        asked = [change for change in decide(con, self.ledger, self.night) if change.platform == "grid"]
        prepared = note_prepared(con, self.ledger, self.night, {"grid": asked})
        if asked and prepared.batches["grid"].live:
            note(self.ledger, "sent", prepared.batches["grid"], route="by_hand")
        rows = self.world.rows(
            "select distinct resident_id, decision from outbox.decision where kind = 'insert'"
        )
        assert len(rows) == len(dict(rows)), "a row goes as a whole or not at all"
        return dict(rows)

    def sent(self) -> list[tuple[str, str]]:
        """Record and field of everything that grid was ever told."""
        return [place for one in read_batches(self.ledger, self.night).values() for place in one.cells]


@pytest.fixture
def story(world: Any, site: Site) -> Iterator[Story]:
    world.platforms(
        world.platform("grid", receives=["phone", "sex"], admits={}),
        world.platform("police", authority=("id_number", "name"), trust=90),
        world.platform("clinic"),
    )
    with open_ledger(site) as ledger:
        set_mode(ledger, "live", "grid", FIRST, ME)
        one = Story(world, ledger)
        one.run({"g0": "R0"}, grid={"g0": {"name": "何静", "phone": "13800000009"}})
        yield one


def test_somebody_an_owner_vouches_for_is_told_of_at_once_and_recognised_when_the_platform_shows_them(
    story: Story,
) -> None:
    assert story.run({"p1": "R1"}, police={"p1": LI}) == {"R1": "release"}
    assert sorted(story.sent()) == [("+p1", name) for name in ("address", "id_number", "name", "sex")]
    assert story.run() == {"R1": "awaiting"}  # grid has not exported: nobody tells it a second time
    assert story.run(grid={"g0": {"name": "何静"}, "g1": LI}) == {}
    assert story.world.rows("select newcomer, record_id from staged.adopted") == [("+p1", "g1")]
    assert story.world.rows("select resident_id from resolved.record where record_id = 'g1'") == [("R1",)]
    assert story.world.rows("select distinct receipt from outbox.receipt") == [("confirmed",)]


def test_the_row_is_no_evidence_until_the_platform_states_something_of_its_own(story: Story) -> None:
    story.run({"p1": "R1"}, police={"p1": LI})
    story.run(grid={"g1": LI})
    assert story.world.rows("select * from staged.person where record_id = 'g1'") == []
    told = "select field from staged.own where record_id = 'g1' order by field"
    assert story.world.rows(told) == [("birth_date",)]  # it was not told when the person was born
    sources = "select sources from golden.value where resident_id = 'R1' and field = 'name'"
    assert story.world.rows(sources) == [(1,)]
    story.run(grid={"g1": {**LI, "address": ELSEWHERE}})
    assert ("address",) in story.world.rows(told)
    assert story.world.rows("select * from staged.person where record_id = 'g1'") == []


def test_the_row_follows_its_resident_through_a_merge_and_a_split(story: Story) -> None:
    story.run({"p1": "R1"}, police={"p1": LI})
    story.run({"c1": "R9"}, grid={"g1": LI}, clinic={"c1": {"name": "李明"}})
    whose = "select resident_id from resolved.record where record_id = 'g1'"
    assert story.world.rows(whose) == [("R1",)]
    story.run({"p1": "R9"})
    assert story.world.rows(whose) == [("R9",)]
    story.run({"p1": "R2"})
    assert story.world.rows(whose) == [("R2",)]


def test_what_was_taken_from_somebody_else_is_recalled_when_the_merge_is_undone(story: Story) -> None:
    phone = {"phone": ("13800000001", "ok")}
    story.run({"p1": "R1", "c1": "R1"}, police={"p1": LI}, clinic={"c1": phone})
    assert (
        "+p1",
        "phone",
    ) in story.sent()  # named after the record whose number is told, not after the first one
    story.run(grid={"g1": {**LI, **phone}})
    story.run({"c1": "R5"})
    wanted = "select field, kind, told from outbox.wanted where record_id = 'g1' and kind = 'recall'"
    assert story.world.rows(wanted) == [("phone", "recall", "")]


def test_somebody_for_whom_nobody_vouches_waits_until_a_wrong_merge_could_be_noticed(story: Story) -> None:
    assert story.run({"c1": "R1"}, clinic={"c1": LI}) == {"R1": "embargo"}
    assert [story.run() for _ in range(3)] == [{"R1": "embargo"}, {"R1": "embargo"}, {"R1": "release"}]


def test_whom_everybody_knew_before_the_platform_came_a_person_lets_in_or_not(world: Any, site: Site) -> None:
    world.platforms(
        world.platform("grid", receives=["phone"], admits={}),
        world.platform("police", authority=("id_number",)),
    )
    with open_ledger(site) as ledger:
        set_mode(ledger, "live", "grid", FIRST, ME)
        story = Story(world, ledger)
        states = {"grid": {"g0": {"name": "何静"}}, "police": {"p1": LI, "p2": WU}}
        nobody_asks = {"R1": "backlog", "R2": "backlog"}
        assert story.run({"g0": "R0", "p1": "R1", "p2": "R2"}, **states) == nobody_asks
        cells = [
            Cell("+p1", name, ledger.digests([told])[0])
            for name, told in world.rows("select field, told from outbox.wanted where record_id = '+p1'")
        ]
        say_of_cells(ledger, "approved", "grid", story.night, cells[:1], ME)
        assert story.run() == nobody_asks  # a word on one cell is none on the row
        say_of_cells(ledger, "approved", "grid", story.night, cells, ME)
        assert story.run() == {"R1": "release", "R2": "backlog"}


ALIKE = {
    "of the same name": {"name": "李明"},
    "born on the same day with the same phone": {
        "name": "李铭",
        "birth_date": "1980-01-01",
        "phone": "13800000001",
    },
    "born on the same day in the same home": {"name": "李铭", "birth_date": "1980-01-01", "address": HOME},
    "of the same number": {"name": "王伟", "id_number": "330102198001010011"},
}


@pytest.mark.parametrize("row", ALIKE.values(), ids=ALIKE)
def test_a_record_that_may_be_the_same_person_asks_for_a_person(story: Story, row: Mapping[str, str]) -> None:
    newcomer = {**LI, "phone": "13800000001"}
    assert story.run({"p1": "R1", "g2": "R2"}, police={"p1": newcomer}, grid={"g2": row}) == {
        "R1": "approval"
    }
    assert set(story.world.rows("select why from outbox.decision where kind = 'insert'")) == {("namesake",)}


def test_a_namesake_with_a_good_number_of_their_own_is_somebody_else(story: Story) -> None:
    other = {"name": "李明", "id_number": "330102197001010033"}
    assert story.run({"p1": "R1", "g2": "R2"}, police={"p1": LI}, grid={"g2": other}) == {"R1": "release"}


def test_a_row_that_the_next_export_does_not_show_is_never_told_again(story: Story) -> None:
    story.run({"p1": "R1"}, police={"p1": LI})
    sent = story.sent()
    for phone in ("13800000001", "13800000002", "13800000003", "13800000004"):
        # Also not when something else has become known of the person in between.
        known = {"grid": {"g0": {"name": "何静"}}, "police": {"p1": {**LI, "phone": phone}}}
        assert story.run(**known) == {"R1": "stuck"}
    assert story.sent() == sent


def test_a_refused_row_waits_for_a_person_with_the_platforms_words(story: Story) -> None:
    story.run({"p1": "R1"}, police={"p1": LI})
    (batch,) = read_batches(story.ledger, story.night).values()
    note_answers(story.ledger, "refused", batch, [("+p1", "此人已存在")])
    assert story.run(grid={"g0": {"name": "何静"}}) == {"R1": "refused"}


def test_whom_the_platform_ever_had_is_not_brought_back(story: Story) -> None:
    story.run({"p1": "R1", "g1": "R1"}, grid={"g1": LI}, police={"p1": LI})
    story.world.con.execute("update staged.record set present = false where record_id = 'g1'")
    assert story.run() == {}


RULES: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "of the age": ({"ages": (46, 60)}, {}, True),
    "a day too young": ({"ages": (47, 60)}, {}, False),
    "whose birth date nobody knows": ({"ages": (0, 150)}, {"birth_date": None, "id_number": None}, False),
    "of the sex": ({"sex": "1"}, {}, True),
    "of the other sex": ({"sex": "2"}, {}, False),
    "holding a certificate": ({"holding": ("marital",)}, {"marital": "20"}, True),
    "holding none": ({"holding": ("marital",)}, {}, False),
    "without a number": ({}, {"id_number": None}, False),
    "whose number is cut off": ({}, {"id_number": ("330102198001010011", "len15")}, False),
    "without a home": ({}, {"address": None}, False),
    "who died": ({}, {"death_flag": "1"}, False),
    "who moved out": ({}, {"moved_out_flag": "1"}, False),
}


@pytest.mark.parametrize(("rule", "states", "taken"), RULES.values(), ids=RULES)
def test_somebody_is_taken_in_by_the_platforms_own_rule_or_not_at_all(
    world: Any, site: Site, rule: dict[str, Any], states: dict[str, Any], taken: bool
) -> None:
    police = ("name", "id_number", "sex", "birth_date", "address", "marital", "death_flag", "moved_out_flag")
    world.platforms(
        world.platform("grid", receives=["phone"], admits=rule),
        world.platform("police", authority=("id_number",), share=police),
    )
    with open_ledger(site) as ledger:
        story = Story(world, ledger)
        story.run({"g0": "R0"}, grid={"g0": {"name": "何静"}})
        told = story.run(
            {"p1": "R1"}, police={"p1": {name: value for name, value in {**LI, **states}.items() if value}}
        )
    assert told == ({"R1": "shown"} if taken else {})


def test_a_child_is_told_of_to_the_departments_of_children_only(world: Any, site: Site) -> None:
    for department, taken in (("政法委", False), ("民政", True)):
        world.platforms(
            world.platform("grid", department=department, receives=["sex"], admits={}),
            world.platform("police", authority=("id_number",)),
        )
        with open_ledger(site) as ledger:
            story = Story(world, ledger)
            story.run({"g0": "R0"}, grid={"g0": {"name": "何静"}})
            child = {**LI, "birth_date": "2020-01-01", "id_number": ("330102202001010011", "ok")}
            assert story.run({"p1": "R1"}, police={"p1": child}) == ({"R1": "shown"} if taken else {})
