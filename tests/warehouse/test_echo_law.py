"""Twenty nights on which all platforms publish to each other: nothing swings, no value lives on its own copies, and what is
put right once at its owner is right everywhere."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.sabotage import sabotaged
from warehouse.approvals import Said, say_of_cells, set_mode
from warehouse.batches import note
from warehouse.golden import build_golden, choose_values
from warehouse.ledger import Cell, Ledger, open_ledger
from warehouse.publish import decide, find_wanted, note_prepared
from warehouse.staged import in_force, note_pull
from warehouse.store import STAGED_TABLES, rebuild
from warehouse.told import load_told

FIRST = date(2026, 3, 1)
ME = Said("wang", "核对过")
OWNER, OTHERS = "owner", ("p1", "p2", "p3", "p4")
NIGHTS, QUIET = 20, 4  # nobody enters anything on the last nights


@dataclass
class Ring:
    """One resident at five platforms, four of which receive the phone; each holds what was keyed or imported last."""

    world: Any
    ledger: Ledger
    held: dict[str, tuple[str, date]]
    own: dict[str, str] = field(default_factory=dict)  # what the platform's own clerks keyed last
    exported: dict[str, tuple[str, date]] = field(default_factory=dict)
    seen: list[dict[str, str]] = field(default_factory=list)

    def enter(self, platform: str, phone: str, night: date) -> None:
        self.held[platform] = phone, night
        self.own[platform] = phone

    def run(self, night: date) -> None:
        """A night and the imports of the next morning. A person agrees to whatever is asked."""
        con = self.world.con
        for platform, (phone, on) in self.held.items():
            if self.exported.get(platform) == (phone, on):
                note_pull(con, night, platform, "unchanged", sha256=in_force(con, platform).sha256)
                continue
            row = {"birth_date": "1980-01-01", "phone": phone, "on": on}
            self.world.states(platform, {platform: row}, night=night)
            self.exported[platform] = phone, on
        load_told(con, self.ledger, night)
        for table in STAGED_TABLES:
            rebuild(con, table)
        self.world.people(R1=list(self.held))
        choose_values(con)
        build_golden(con)
        find_wanted(con, night)
        asked = decide(con, self.ledger, night)
        waiting = self.world.rows("select platform, digest from outbox.decision where decision = 'approval'")
        for platform, digest in waiting:
            say_of_cells(self.ledger, "approved", platform, night, [Cell(platform, "phone", digest)], ME)
        if waiting:
            asked = decide(con, self.ledger, night)
        files = {one: [change for change in asked if change.platform == one] for one in OTHERS}
        prepared = note_prepared(con, self.ledger, night, files)
        for platform, changes in files.items():
            if changes:
                note(self.ledger, "sent", prepared.batches[platform], route="by_hand")
                self.held[platform] = changes[0].told, night
        self.seen.append({platform: phone for platform, (phone, _) in self.held.items()})

    def golden(self) -> tuple[str, int]:
        (row,) = self.world.rows("select value, sources from golden.value where field = 'phone'")
        return row


entries = st.lists(
    st.tuples(st.integers(0, NIGHTS - QUIET - 1), st.sampled_from(OTHERS), st.sampled_from("12345")),
    max_size=8,
)


@settings(max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=entries, owner=st.booleans())
def test_with_all_platforms_publishing_to_each_other_nothing_swings(
    open_world: Callable[[], AbstractContextManager[Any]], entries: list[tuple[int, str, str]], owner: bool
) -> None:
    with open_world() as world, open_ledger(world.site) as ledger:
        authority = ("phone",) if owner else ()
        world.platforms(
            world.platform(OWNER, authority=authority, trust=90),
            *(world.platform(slug, receives=["phone"]) for slug in OTHERS),
        )
        for slug in OTHERS:
            set_mode(ledger, "live", slug, FIRST, ME)
        ring = Ring(world, ledger, {})
        for place, slug in enumerate((OWNER, *OTHERS)):
            ring.enter(slug, f"1380000000{place}", FIRST - timedelta(days=40 - place))
        for turn in range(NIGHTS):
            night = FIRST + timedelta(days=turn)
            for when, slug, digit in entries:
                if when == turn:
                    ring.enter(slug, f"1390000000{digit}", night)
            ring.run(night)
            value, sources = ring.golden()
            assert sources <= sum(phone == value for phone in ring.own.values())
        assert ring.seen[-1] == ring.seen[-2] == ring.seen[-3]
        correct = FIRST + timedelta(days=NIGHTS)
        ring.enter(OWNER, "13700000000", correct)
        for turn in range(2):
            ring.run(correct + timedelta(days=turn))
        assert set(ring.seen[-1].values()) == {"13700000000"}


def test_without_the_safeguard_a_value_gains_the_voices_of_its_copies(
    open_world: Callable[[], AbstractContextManager[Any]],
) -> None:
    def voices() -> int:
        with open_world() as world, open_ledger(world.site) as ledger:
            world.platforms(
                world.platform(OWNER), *(world.platform(slug, receives=["phone"]) for slug in OTHERS)
            )
            for slug in OTHERS:
                set_mode(ledger, "live", slug, FIRST, ME)
            ring = Ring(world, ledger, {})
            for place, slug in enumerate((OWNER, *OTHERS)):
                ring.enter(slug, f"1380000000{place}", FIRST - timedelta(days=40 - place))
            ring.run(FIRST)
            ring.enter(OWNER, "13700000000", FIRST + timedelta(days=1))
            for turn in (1, 2):
                ring.run(FIRST + timedelta(days=turn))
            return ring.golden()[1]

    assert voices() == 1
    with sabotaged("echo"):
        assert voices() > 1
