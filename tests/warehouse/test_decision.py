"""What becomes of a wanted cell at a live platform, night after night: told once, read back, never blindly again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from warehouse.approvals import (
    Said,
    Word,
    approvals,
    live_platforms,
    say_of_cells,
    set_mode,
)
from warehouse.batches import note, note_answers, read_batches
from warehouse.golden import build_golden, choose_values
from warehouse.ledger import Cell, Ledger, open_ledger
from warehouse.pins import load_pins, pin, unpin
from warehouse.publish import Prepared, decide, find_wanted, note_prepared
from warehouse.site import Site
from warehouse.store import STAGED_TABLES, rebuild, select
from warehouse.told import load_told

FIRST = date(2026, 3, 1)
LATELY = date(2026, 2, 20)  # before any export came: a date that the row itself states
ME = Said("wang", "核对过")
ADULT = {"birth_date": "1980-01-01"}
OLD, NEW, OTHER = "13800000001", "13912345672", "13787654323"


@pytest.fixture
def ledger(site: Site) -> Iterator[Ledger]:
    with open_ledger(site) as opened:
        yield opened


@dataclass
class Story:
    """One resident at civil (which receives phones) and at other platforms; `say` is what each states from now on."""

    world: Any
    ledger: Ledger
    night: date = FIRST - timedelta(days=1)

    def run(self, *, sends: bool = True, files: bool = True, **states: Any) -> dict[str, str]:
        """A night: the exports that come, and what becomes of each cell wanted at civil, by field."""
        con, self.night = self.world.con, self.night + timedelta(days=1)
        for slug, row in states.items():
            self.world.states(slug, {slug: {**ADULT, **row}}, night=self.night)
        load_told(con, self.ledger, self.night)
        for table in STAGED_TABLES:
            rebuild(con, table)
        known = [row[0] for row in con.execute("select record_id from staged.record").fetchall()]
        self.world.people(R1=known)
        load_pins(con, self.ledger, self.night)
        choose_values(con)
        build_golden(con)
        find_wanted(con, self.night)
        asked = [change for change in decide(con, self.ledger, self.night) if change.platform == "civil"]
        if files:
            prepared = note_prepared(con, self.ledger, self.night, {"civil": asked})
            if sends and asked:
                self.send(prepared)
        return dict(self.world.rows("select field, decision from outbox.decision where platform = 'civil'"))

    def send(self, prepared: Prepared) -> None:
        batch = prepared.batches["civil"]
        if batch.live:
            note(self.ledger, "sent", batch, route="by_hand")

    def say(self, word: Word, value: str) -> None:
        cell = Cell("civil", "phone", self.ledger.digests([value])[0])
        say_of_cells(self.ledger, word, "civil", self.night, [cell], ME)

    def golden(self) -> list[tuple[Any, ...]]:
        return self.world.rows("select value, sources, rule, as_of from golden.value where field = 'phone'")

    def receipts(self) -> list[tuple[Any, ...]]:
        load_told(self.world.con, self.ledger, self.night)
        rebuild(self.world.con, "outbox.receipt")
        return self.world.rows("select receipt, times from outbox.receipt")


@pytest.fixture
def story(world: Any, ledger: Ledger) -> Story:
    world.platforms(
        world.platform("civil", receives=["phone", "death_flag", "name"]),
        world.platform("registry", authority=("phone",), share=("phone", "death_flag"), trust=90),
        world.platform("police", authority=("name",)),
        world.platform("grid"),
        world.platform("card"),
        world.platform("copier", feeds={"civil": ("phone",)}),
    )
    set_mode(ledger, "live", "civil", FIRST, ME)
    return Story(world, ledger)


def test_a_platform_in_shadow_is_shown_and_never_told(story: Story) -> None:
    set_mode(story.ledger, "shadow", "civil", FIRST, ME)
    assert live_platforms(story.ledger) == frozenset()
    assert story.run(civil={}, registry={"phone": NEW}) == {"phone": "shown"}
    assert story.run(civil={}) == {"phone": "noted"}
    assert story.receipts() == []
    set_mode(story.ledger, "live", "civil", FIRST, ME)
    assert story.run(civil={}) == {"phone": "release"}  # what was only shown it has not been told


def test_what_was_told_waits_for_the_next_export_and_is_confirmed_by_it(story: Story) -> None:
    assert story.run(civil={}, registry={"phone": NEW}) == {"phone": "release"}
    assert story.receipts() == [("awaiting", 1)]
    assert story.run(registry={"phone": NEW}) == {
        "phone": "awaiting"
    }  # civil is down: no export, no second telling
    assert story.run(civil={"phone": NEW}) == {}
    assert story.receipts() == [("confirmed", 1)]


def test_a_value_that_the_next_export_does_not_show_is_told_again_but_not_for_ever(story: Story) -> None:
    assert story.run(civil={"phone": OLD}, registry={"phone": NEW}) == {"phone": "release"}
    for _ in range(2):
        assert story.run(civil={"phone": OLD}) == {"phone": "release"}
    assert story.receipts() == [("awaiting", 3)]
    assert story.run(civil={"phone": OLD}) == {"phone": "stuck"}
    assert story.receipts() == [("still_old", 3)]
    assert story.run(civil={"phone": OLD}, registry={"phone": OTHER}) == {"phone": "release"}  # another value


def test_a_refused_value_is_not_told_again_and_the_platforms_words_are_kept(story: Story) -> None:
    story.run(civil={}, registry={"phone": NEW})
    (batch,) = read_batches(story.ledger, story.night).values()
    note_answers(story.ledger, "refused", batch, [("civil", f"号码 {NEW} 已停机")])
    assert story.run(civil={}) == {"phone": "refused"}
    assert story.world.rows("select words from outbox.receipt") == [(f"号码 {NEW} 已停机",)]
    assert NEW not in "".join(str(line) for line in story.ledger.lines())
    assert story.run(civil={}, registry={"phone": OTHER}) == {"phone": "release"}


def test_one_sources_word_overwrites_only_what_a_person_lets_it(story: Story) -> None:
    grid = {"phone": NEW, "on": LATELY}
    assert story.run(civil={"phone": OLD}, grid=grid) == {"phone": "approval"}
    assert story.world.rows("select why from outbox.decision where platform = 'civil'") == [("one_source",)]
    story.say("declined", NEW)
    assert story.run(civil={"phone": OLD}) == {"phone": "declined"}
    story.say("approved", NEW)
    assert story.run(civil={"phone": OLD}) == {"phone": "release"}
    assert [one.word for one in approvals(story.ledger)] == ["approved"]


def test_a_phone_that_is_one_digit_off_is_said_to_be_one(story: Story) -> None:
    slip = {"phone": OLD[:-1] + "9", "on": LATELY}
    assert story.run(civil={"phone": OLD}, grid=slip) == {"phone": "approval"}
    assert story.world.rows("select why from outbox.decision where platform = 'civil'") == [("near",)]


def test_two_independent_sources_need_nobody(story: Story) -> None:
    said = {"phone": NEW, "on": LATELY}
    assert story.run(civil={"phone": OLD}, grid=said, card=said) == {"phone": "release"}


def test_what_others_confirm_not_even_the_owner_overwrites_without_a_person(story: Story) -> None:
    held = {"phone": OLD}
    assert story.run(civil=held, grid=held, card=held, registry={"phone": NEW}) == {"phone": "approval"}
    assert story.world.rows("select why from outbox.decision where platform = 'civil'") == [
        ("confirmed_there",)
    ]
    # Entered after all the others: they are late, and nobody has to be asked.
    assert story.run(registry={"phone": OTHER}) == {"phone": "release"}


def test_a_name_with_which_a_record_begins_is_no_news_not_even_at_the_owner(story: Story) -> None:
    others = {"name": "齐祖明"}
    story.run(civil=others, grid=others, card=others)
    story.run(police={"name": "齐祖鸣"})
    assert story.world.rows("select decision, why from outbox.decision where platform = 'civil'") == [
        ("approval", "confirmed_there")
    ]
    story.run(police=others)
    story.run(police={"name": "齐小鸣"})  # which the owner said otherwise before
    assert story.world.rows("select decision, why from outbox.decision where platform = 'civil'") == [
        ("release", None)
    ]


def test_one_that_copies_confirms_nothing(story: Story) -> None:
    held = {"phone": OLD}
    assert story.run(civil=held, copier=held, registry={"phone": NEW}) == {"phone": "release"}


def test_a_list_that_names_both_phones_confirms_the_one_that_would_be_lost(story: Story) -> None:
    both = {"phone": f"{OLD};{NEW}"}
    assert story.run(civil={"phone": OLD}, grid=both, registry={"phone": NEW}) == {"phone": "approval"}
    assert story.run(registry={"phone": OTHER}) == {"phone": "release"}  # entered after the list


def test_two_platforms_that_lately_entered_different_values_ask_a_person_and_a_pin_is_the_answer(
    story: Story,
) -> None:
    story.run(civil={"phone": OLD}, grid={"phone": OLD}, card={"phone": OLD})
    assert story.run(grid={"phone": NEW}, card={"phone": OTHER}) == {"phone": "approval"}
    assert story.world.rows("select why, told from outbox.decision") == [("contested", OTHER)]
    line = pin(
        story.ledger, "grid", "phone", NEW, by="wang", because="打过电话", until=FIRST + timedelta(days=9)
    )
    assert story.run() == {"phone": "release"}
    assert story.golden() == [(NEW, 1, "pin", FIRST + timedelta(days=1))]
    unpin(story.ledger, line, by="wang", because="看错了")
    assert story.run() == {"phone": "approval"}


def test_a_word_that_was_given_before_others_spoke_does_not_settle_what_they_say(story: Story) -> None:
    story.run(civil={"phone": OLD}, grid={"phone": OLD}, card={"phone": OLD})
    assert story.run(card={"phone": OTHER, "on": FIRST + timedelta(days=2)}) == {"phone": "approval"}
    story.say("approved", OTHER)
    assert story.run(grid={"phone": NEW, "on": FIRST}) == {"phone": "approval"}
    assert story.world.rows("select why, told from outbox.decision") == [("contested", OTHER)]
    story.say("approved", OTHER)
    assert story.run() == {"phone": "release"}


def test_what_somebody_confirms_to_be_otherwise_on_the_day_of_the_news_asks_a_person(story: Story) -> None:
    story.run(
        civil={"phone": OLD}, grid={"phone": OLD}, card={"phone": OLD, "on": FIRST - timedelta(days=90)}
    )
    news = {"phone": NEW, "on": FIRST + timedelta(days=1)}
    assert story.run(grid=news) == {"phone": "approval"}
    assert story.world.rows("select why from outbox.decision") == [("one_source",)]
    story.run(card={"phone": OLD, "on": FIRST + timedelta(days=1)})
    assert story.world.rows("select distinct value, rival from golden.conflict") in (
        [(NEW, OLD)],
        [(OLD, NEW)],
    )


def test_what_the_platform_itself_entered_lately_is_not_overwritten_by_what_another_did(story: Story) -> None:
    story.run(civil={"phone": OLD}, grid={"phone": OLD}, card={"phone": OLD})
    assert story.run(civil={"phone": NEW}, card={"phone": OTHER}) == {"phone": "approval"}
    assert story.world.rows("select why, told from outbox.decision") == [("contested", OTHER)]


def test_the_owners_word_settles_what_others_enter(story: Story) -> None:
    story.run(civil={"phone": OLD}, grid={"phone": OLD}, registry={"phone": OLD})
    assert story.run(grid={"phone": OTHER}, registry={"phone": NEW}) == {"phone": "release"}


def test_a_closing_always_needs_a_person_also_on_the_owners_word(story: Story) -> None:
    assert story.run(civil={}, registry={"death_flag": "1"}) == {"death_flag": "approval"}
    cell = Cell("civil", "death_flag", story.ledger.digests(["1"])[0])
    say_of_cells(story.ledger, "approved", "civil", story.night, [cell], ME)
    assert story.run(civil={}) == {"death_flag": "release"}


def test_what_somebody_changes_there_after_us_is_not_overwritten_without_a_person(story: Story) -> None:
    story.run(civil={"phone": OLD}, registry={"phone": NEW})
    assert story.run(civil={"phone": OTHER}) == {"phone": "approval"}
    assert story.receipts() == [("changed_there", 1)]
    story.say("approved", NEW)
    assert story.run(civil={"phone": OTHER}) == {"phone": "release"}


def test_an_echo_has_no_voice_and_no_date_and_what_we_overwrote_keeps_its_own(story: Story) -> None:
    grid = {"phone": NEW, "on": LATELY}
    story.run(civil={"phone": OLD, "on": date(2020, 1, 1)}, grid=grid)
    before = story.golden()
    story.say("approved", NEW)
    story.run()
    assert story.run(civil={"phone": NEW, "on": FIRST + timedelta(days=2)}) == {}
    assert story.golden() == before == [(NEW, 1, "newest", LATELY)]
    assert story.world.rows("select key from staged.own where record_id = 'civil' and field = 'phone'") == [
        (OLD,)
    ]
    assert story.world.rows("select record_id, field from staged.echo") == [("civil", "phone")]


def test_what_comes_back_by_one_that_copies_from_whom_we_told_is_our_own_word(story: Story) -> None:
    held, taken = ({"name": "王芳", "phone": phone} for phone in (OLD, NEW))
    story.run(civil=held, copier=held, grid={"phone": NEW, "on": LATELY})
    story.say("approved", NEW)
    story.run()
    assert story.run(civil=taken, copier=taken) == {}
    assert story.world.rows("select record_id from staged.echo") == [("civil",), ("copier",)]
    one, other = ({**taken, "id_number": number} for number in ("330102195206032655", "330102198406180022"))
    story.run(civil=one, copier=other)  # a namesake, who says it as news
    assert story.world.rows("select record_id from staged.echo") == [("civil",)]
    story.run(civil=taken, copier=taken)
    assert story.golden() == [(NEW, 1, "newest", LATELY)]
    story.run(copier={"name": "王芳", "phone": OTHER})
    assert story.world.rows("select record_id from staged.echo") == [("civil",)]


def test_what_we_said_earlier_is_no_change_that_somebody_made_there(story: Story) -> None:
    story.run(civil={"phone": OLD}, registry={"phone": OTHER})
    assert story.run(registry={"phone": NEW}) == {
        "phone": "release"
    }  # civil was away, and took the first file only
    assert story.run(civil={"phone": OTHER}) == {"phone": "release"}
    assert story.receipts() == [("awaiting", 2)]


def test_an_echo_ends_when_the_platform_states_what_it_was_never_told(story: Story) -> None:
    story.run(civil={"phone": OLD}, registry={"phone": NEW})
    story.run(civil={"phone": NEW})
    assert story.world.rows("select count(*) from staged.echo") == [(1,)]
    story.run(civil={"phone": OTHER})
    assert story.world.rows("select count(*) from staged.echo") == [(0,)]
    story.run(civil={"phone": NEW})  # its own word now
    assert story.world.rows("select count(*) from staged.echo") == [(0,)]


def test_a_value_lost_and_found_again_is_still_an_echo(story: Story) -> None:
    story.run(civil={}, registry={"phone": NEW})
    story.run(civil={"phone": NEW})
    story.run(civil={"phone": (None, "empty", "")})
    story.run(civil={"phone": NEW})
    assert story.world.rows("select record_id from staged.echo") == [("civil",)]


def test_a_night_killed_before_it_sent_does_not_send_later_what_a_later_night_knows_better(
    story: Story,
) -> None:
    assert story.run(civil={}, registry={"phone": NEW}, sends=False) == {"phone": "release"}
    assert story.run(registry={"phone": OTHER}) == {"phone": "release"}
    states = {name: (b.state, len(b.cells)) for name, b in read_batches(story.ledger, story.night).items()}
    assert states == {"civil-20260301-1": ("prepared", 0), "civil-20260302-1": ("sent", 1)}


def test_a_batch_of_which_nobody_knows_counts_as_told_until_the_next_export(story: Story) -> None:
    story.run(civil={}, registry={"phone": NEW}, sends=False)
    (batch,) = read_batches(story.ledger, story.night).values()
    note(story.ledger, "sending", batch)
    assert story.run() == {"phone": "awaiting"}
    assert story.run(civil={}) == {"phone": "release"}


def test_a_second_run_of_a_night_that_has_sent_writes_another_batch_and_not_the_same_cells(
    story: Story,
) -> None:
    story.run(civil={}, registry={"phone": NEW})
    story.night -= timedelta(days=1)
    assert story.run() == {"phone": "awaiting"}
    story.night -= timedelta(days=1)
    assert story.run(registry={"phone": OTHER}) == {"phone": "release"}
    batches = read_batches(story.ledger, story.night)
    assert [(b.name, b.folder, len(b.cells)) for b in batches.values()] == [
        ("civil-20260301-1", "civil", 1),
        ("civil-20260301-2", "civil.2", 1),
    ]


@pytest.mark.parametrize(
    ("own", "told", "said"),
    [(OLD, OLD, "different"), (None, "", "same"), (("138****0001", "masked"), "", "number")],
    ids=[
        "what it said itself comes back, by a verdict",
        "a blank is to be emptied, by an undo",
        "what nobody may write is to be emptied, by two numbers",
    ],
)
def test_what_was_taken_from_somebody_else_is_recalled_once_that_is_known_and_till_then_a_person_is_asked(
    world: Any, ledger: Ledger, own: Any, told: str, said: Any
) -> None:
    world.platforms(
        # Its own word is its own: nobody may pass it on, but it may have it back.
        world.platform("civil", receives=["phone"], share=[]),
        world.platform("registry", authority=("phone",)),
    )
    set_mode(ledger, "live", "civil", FIRST, ME)
    days = [FIRST + timedelta(days=n) for n in range(3)]

    def night(on: date, **people: list[str]) -> list[tuple[Any, ...]]:
        load_told(world.con, ledger, on)
        for table in STAGED_TABLES:
            rebuild(world.con, table)
        world.people(**people)
        choose_values(world.con)
        build_golden(world.con)
        find_wanted(world.con, on)
        asked = decide(world.con, ledger, on)
        prepared = note_prepared(world.con, ledger, on, {"civil": [one for one in asked if one.told]})
        if any(one.told for one in asked):
            note(ledger, "sent", prepared.batches["civil"])
        return [(one.kind, one.told) for one in asked]

    world.states("civil", {"c": {**ADULT, "phone": own}}, night=days[0])
    world.states("registry", {"r": {**ADULT, "phone": NEW}}, night=days[0])
    (first,) = night(days[0], R1=["c", "r"])
    assert first == ("correct" if own == OLD else "fill", NEW)
    world.states("civil", {"c": {**ADULT, "phone": NEW}}, night=days[1])
    assert night(days[1], R1=["c", "r"]) == []
    assert night(days[2], R1=["c"], R2=["r"]) == []
    assert world.rows("select kind, why, decision from outbox.decision") == [("recall", "parted", "approval")]
    if said == "number":
        world.states(
            "civil", {"c": {**ADULT, "phone": NEW, "id_number": "330102195206032655"}}, night=days[2]
        )
        world.states(
            "registry", {"r": {**ADULT, "phone": NEW, "id_number": "330102198406180022"}}, night=days[2]
        )
    else:
        line = ledger.judge("c", "r", said, by="wang", because="", seen="")
        if said == "same":
            assert night(days[2], R1=["c"], R2=["r"]) == []
            ledger.undo(line, by="wang", because="看错了")
    assert night(days[2], R1=["c"], R2=["r"]) == [("recall", told)]


def test_a_community_goes_to_whoever_has_another_address_only_together_with_the_address(
    world: Any, ledger: Ledger
) -> None:
    here, there = ("|".join(["上城区", "望江街道", "", "近江路", one, *[""] * 6]) for one in ("12", "30"))
    fields = ("address", "community")
    world.platforms(
        world.platform("civil", receives=fields), world.platform("police", authority=fields, share=fields)
    )
    set_mode(ledger, "live", "civil", FIRST, ME)
    world.states("civil", {"c": {**ADULT, "address": there}})
    world.states("police", {"p": {"address": here, "community": "近江社区"}})
    world.people(R1=["c", "p"])
    choose_values(world.con)
    build_golden(world.con)
    find_wanted(world.con, FIRST)
    decide(world.con, ledger, FIRST)
    made = "select field, decision, why from outbox.decision order by field"
    assert world.rows(made) == [("address", "release", None), ("community", "release", None)]
    [seen] = world.rows("select record_id, field, digest from outbox.decision where field = 'address'")
    say_of_cells(ledger, "declined", "civil", FIRST, [Cell(*seen)], ME)
    decide(world.con, ledger, FIRST)
    assert world.rows(made) == [("address", "declined", None), ("community", "approval", "follows")]


def test_what_follows_from_an_address_that_others_contradict_is_overwritten_only_by_a_person(
    world: Any, ledger: Ledger
) -> None:
    here, there = ("|".join(["上城区", "望江街道", "", "近江路", one, *[""] * 6]) for one in ("12", "30"))
    world.platforms(
        world.platform("civil", receives=("community",)),
        world.platform("police", authority=("address", "community"), share=("address", "community")),
        world.platform("clinic"),
    )
    set_mode(ledger, "live", "civil", FIRST, ME)
    world.states("civil", {"c": {**ADULT, "community": "清泰门社区"}})
    world.states("police", {"p": {"address": here, "community": "近江社区"}})
    world.people(R1=["c", "p"])
    made = "select decision, why from outbox.decision where field = 'community'"

    def decided() -> list[tuple[Any, ...]]:
        choose_values(world.con)
        build_golden(world.con)
        find_wanted(world.con, FIRST)
        decide(world.con, ledger, FIRST)
        rows: list[tuple[Any, ...]] = world.rows(made)
        return rows

    assert decided() == [("release", None)]
    world.states("clinic", {"k": {"address": there}})
    world.people(R1=["c", "p", "k"])
    assert decided() == [("approval", "lives_elsewhere")]


def test_a_flood_stops_and_asks(world: Any, ledger: Ledger) -> None:
    people = range(60)
    world.platforms(
        world.platform("civil", receives=["phone"]), world.platform("registry", authority=("phone",))
    )
    world.states("civil", {f"c{n}": ADULT for n in people})
    world.states("registry", {f"r{n}": {"phone": f"138{n:08d}"} for n in people})
    world.people(**{f"R{n}": [f"c{n}", f"r{n}"] for n in people})
    choose_values(world.con)
    build_golden(world.con)
    set_mode(ledger, "live", "civil", FIRST, ME)
    find_wanted(world.con, FIRST)
    assert decide(world.con, ledger, FIRST) == []
    assert world.rows("select distinct decision from outbox.decision") == [("flood",)]
    seen = [Cell(*row) for row in world.rows("select record_id, field, digest from outbox.decision limit 30")]
    say_of_cells(ledger, "approved", "civil", FIRST, seen, ME)
    assert len(decide(world.con, ledger, FIRST)) == 60  # the other thirty are no flood


def test_the_files_of_the_tables_say_what_they_are() -> None:
    for table in ("staged.echo", "outbox.receipt", "outbox.decision"):
        assert select(table).startswith("-- ")
