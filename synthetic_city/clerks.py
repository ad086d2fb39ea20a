"""What clerks enter: each change once, at one platform that has the field, its owner where there is one.

Belongs here: which fields an event changes, at which platform each is entered, the slips, and putting them right later.
Lives elsewhere: what happens to people (`events.py`), writing a cell (`exports.py`), how often (`live.toml`).

Unlike `tell` in `events.py`, no other platform hears of a change by itself: it has to get it from us.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

from connectors.write.cell import Cell
from dedup.normalise.facts import facts as standard
from synthetic_city import names
from synthetic_city.among import GROUPS
from synthetic_city.beliefs import BELIEFS, address
from synthetic_city.dice import Dice
from synthetic_city.events import AWAKE, Event
from synthetic_city.exports import Entry, Store
from synthetic_city.people import Person, Town
from warehouse.fields import fields

# What a clerk enters of an event. What the platform derives from it (户号, 户主) follows by itself.
TOUCHED = {
    "phone": ("phone",),
    "name": ("name", "former_name"),
    "death": ("death_flag", "death_date"),
    "move_out": ("moved_out_flag", "moved_out_date"),
    "move": ("address", "community", "grid"),
    "marriage": ("marital",),
    "divorce": ("marital",),
    "widowed": ("marital",),
}
_MOST = 0.5  # of what is entered is mistyped at the very most
# Whoever enters one of these has the new home before them, and files the person under it.
MOVES = TOUCHED["move"]
# What the platform itself works out when somebody is filed under another address.
FOLLOWS = ("residence_flag", "household_number", "head_name", "head_id_number", "relation")


@dataclass(frozen=True, slots=True)
class Entered:
    """One cell that a clerk keyed."""

    night: date
    platform: str
    key: str  # the platform's own, of the record
    person: int
    field: str
    cell: Cell
    right: bool
    corrects: bool = False  # an earlier slip


@dataclass(slots=True)
class Desk:
    """All clerks of the city, and the slips that somebody will notice."""

    dice: Dice
    town: Town
    stores: dict[str, Store]
    noise: float = 1.0  # how much more often than `live.toml` says a hand slips, as everywhere in the city
    noticed: list[tuple[date, str, Entry, str]] = field(default_factory=list)
    _held: dict[str, dict[int, Entry]] = field(default_factory=dict)  # platform -> person -> record

    def enter(self, happened: Iterable[Event]) -> list[Entered]:
        """Tonight's changes, and the corrections that are due."""
        self._held = {
            slug: {entry.person: entry for entry in reversed(store.entries)}
            for slug, store in self.stores.items()
        }
        done = self._put_right()
        for event in happened:
            person = self.town.people[event.person]
            if event.event in ("birth", "move_in"):
                self._admit_newcomer(person)
                continue
            used: list[str] = []
            touched = TOUCHED[event.event]
            for name in touched:
                done += self._once(person, name, touched, used)
        return done

    def _once(self, person: Person, name: str, touched: Sequence[str], used: list[str]) -> list[Entered]:
        """One field of one person, at one platform; now and then at a second one, with a slip."""
        places = self._places(person, name, touched)
        if not places:
            return []
        first = places[0]
        if name not in first[0].platform.authority:
            first = next((place for place in places if place[0].platform.slug in used), first)
        used.append(first[0].platform.slug)
        rates, done = live()["entering"], []
        slip = self.dice.chance(min(_MOST, rates["slip"] * self.noise))
        if (one := self._key(*first, name, slip=slip)) is not None:
            done.append(one)
            if not one.right:
                due = self.town.today + timedelta(days=rates["noticed"])
                self.noticed.append((due, one.platform, first[1], name))
        others = [place for place in places if place[0] is not first[0]]
        if done and others and self.dice.chance(min(_MOST, rates["twice"] * self.noise)):
            second = self._key(*self.dice.pick(others), name, slip=True)
            done += [second] if second is not None else []
        return done

    def _places(self, person: Person, name: str, touched: Sequence[str]) -> list[tuple[Store, Entry]]:
        """Where it can be entered, best first: the field's owner, who may take the person in for it; then a platform
        that may pass it on; within each, where most of what the event touches is owned, and by chance."""
        found: list[tuple[bool, bool, int, float, Store, Entry]] = []
        for slug, store in self.stores.items():
            platform = store.platform
            needed = {name, "address"} if name in MOVES else {name}
            if name not in platform.fields or any(needed & set(fed) for fed in platform.feeds.values()):
                continue  # what is copied from elsewhere nobody enters, nor a move where addresses are copied
            owner = name in platform.authority
            entry = self._held[slug].get(person.number)
            if entry is None and owner and _belongs(store, self.town, person):
                entry = self._held[slug][person.number] = store.register(self.town, person)
            # Where several people stand in one cell, nobody can say whose a value is.
            if entry is not None and not store.in_one_cell(entry.household):
                elsewhere = len({*touched} - {*platform.authority})
                found.append(
                    (not owner, name not in platform.share, elsewhere, self.dice.share(), store, entry)
                )
        return [(store, entry) for *_, store, entry in sorted(found, key=lambda one: one[:4])]

    def _admit_newcomer(self, person: Person) -> None:
        """One platform takes in who was born or moved in; the others do not know of them."""
        for store in self.stores.values():
            if "name" in store.platform.authority and store.takes_newcomer(self.town, person):
                store.register(self.town, person)
                return

    def _key(
        self, store: Store, entry: Entry, name: str, *, slip: bool, corrects: bool = False
    ) -> Entered | None:
        """Key one cell; None where the platform has no word for the value, or states it already."""
        entry.asleep -= {AWAKE.get(name, "")}
        if name in MOVES:
            self._rehouse(store, entry)
        true = true_cell(store, self.town, entry, name)
        known = (
            name != "address"
            and entry.updated < self.town.today
            and true == entry.cells.get(store.platform.fields[name].column)
        )
        if known and not corrects:
            return None  # it stands there already: who moves within a grid gives its officer nothing to enter
        cell = slipped(self.dice, store, self.town, entry, name, true) if slip else true
        if cell is None:
            return None
        store.put(entry, name, cell)
        store.touch(self.town, entry)
        return Entered(
            self.town.today,
            store.platform.slug,
            entry.key,
            entry.person,
            name,
            cell,
            cell == true,
            corrects,
        )

    def _rehouse(self, store: Store, entry: Entry) -> None:
        """File somebody under the new home, and write down what the form asks for beside what is being entered."""
        person = self.town.people[entry.person]
        moved = entry.home != person.home
        store.rehouse(entry, person)
        held = store.platform.fields.keys()
        store.write(self.town, entry, [one for one in FOLLOWS if one in held])
        if moved and "address" in held and person.home is not None:
            store.put(entry, "address", store.placed(self.town.homes_at(person.home)))

    def _put_right(self) -> list[Entered]:
        due = [one for one in self.noticed if one[0] <= self.town.today]
        self.noticed = [one for one in self.noticed if one[0] > self.town.today]
        done = [
            self._key(self.stores[slug], entry, name, slip=False, corrects=True)
            for _, slug, entry, name in due
        ]
        return [one for one in done if one is not None]


@cache
def live() -> dict[str, Any]:
    """The page of the loop, read once."""
    return tomllib.loads(resources.files("synthetic_city").joinpath("live.toml").read_text(encoding="utf-8"))


def true_cell(store: Store, town: Town, entry: Entry, name: str) -> Cell:
    """What is true, as this platform writes it; None where it has no word for it or nothing is true."""
    view = store.view(town, entry)
    if name == "address":
        return store.placed(address(view))
    value = BELIEFS[name](view)
    return store.rendered(name, value) if value else None


def slipped(dice: Dice, store: Store, town: Town, entry: Entry, name: str, true: Cell) -> Cell:
    """What a hand in a hurry keys instead; the true cell where nothing else looks like it."""
    if true is None:
        return None
    kind = fields()[name].kind
    if name == "address":
        return store.placed(town.homes_at(dice.whole(0, len(town.city.dwellings) - 1)))
    if kind == "code":
        return _other_code(dice, store, name, true)
    if kind == "date":
        day = BELIEFS[name](store.view(town, entry)) or town.today.isoformat()
        return store.rendered(name, (date.fromisoformat(day) - timedelta(days=1)).isoformat())
    if kind == "name":
        return names.homophone_name(dice, str(true))
    if kind in ("phone", "id_number"):
        return _other_digit(dice, str(true))
    return true


def _other_code(dice: Dice, store: Store, name: str, true: Cell) -> Cell:
    said = [store.rendered(name, code) for code in standard(f"codes/{fields()[name].table}")["labels"]]
    others = [cell for cell in said if cell not in (None, true)]
    return dice.pick(others) if others else true


def _other_digit(dice: Dice, text: str) -> str:
    """The same with one of its last four digits replaced."""
    place = len(text) - dice.whole(1, min(4, len(text)))
    return text[:place] + dice.pick([one for one in "0123456789" if one != text[place]]) + text[place + 1 :]


def _belongs(store: Store, town: Town, person: Person) -> bool:
    """Whether a platform that does not hold the person yet is about such people."""
    among = store.habits.among
    return among == "all" or (among in GROUPS and GROUPS[among](town, person))
