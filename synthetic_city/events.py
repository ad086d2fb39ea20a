"""What happens between two nights, to people and so to what platforms hold of them.

Belongs here: births, deaths, moves, marriages, divorces, new phones; and which platform hears of it when.
Lives elsewhere: the town as it is on the first night (`settling.py`), writing a record down (`exports.py`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from math import log

from synthetic_city import addresses, names
from synthetic_city.dice import Dice, Weighted
from synthetic_city.exports import Entry, Store
from synthetic_city.households import MAKERS, add_child, add_family, marry
from synthetic_city.people import (
    DIVORCED,
    MARRIED,
    SINGLE,
    Person,
    Town,
    facts,
    id_number,
    mobile,
    own_phone,
    settle,
)
from synthetic_city.settling import bury, name_heads, open_book, residents

WHERE = (
    "address",
    "community",
    "grid",
    "residence_flag",
    "household_number",
    "head_name",
    "head_id_number",
    "relation",
)
# Which of its beliefs a platform gives up when it hears of a field.
AWAKE = {
    "phone": "phone",
    "marital": "marital",
    "death_flag": "death",
    "death_date": "death",
    "moved_out_flag": "left",
    "moved_out_date": "left",
    "address": "home",
}


Rates = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one person."""

    night: date
    person: int
    event: str
    field: str | None
    before: str | None
    after: str | None
    platform: str | None = None  # a correction happens at one platform


@cache
def nightly_rates() -> Rates:
    """The rates of a night."""
    return tomllib.loads(
        resources.files("synthetic_city").joinpath("events.toml").read_text(encoding="utf-8")
    )


def live_a_night(dice: Dice, town: Town, pace: float = 1.0) -> list[Event]:
    """Everything that happens in one night, `pace` times as much of it as usual; the town is another afterwards."""
    town.today += timedelta(days=1)
    rates = {name: rate * pace for name, rate in nightly_rates().items()}
    happened = [*_persons(dice, town, rates), *_households(dice, town, rates), *_arrivals(dice, town, rates)]
    name_heads(town)
    return happened


def tell(
    stores: list[Store], town: Town, happened: list[Event], pending: list[tuple[date, Store, Event]]
) -> None:
    """Let each platform hear of each event in its own time, and write down what it has heard of by tonight."""
    for event in happened:
        for store in stores:
            if not store.dice.chance(store.habits.deaf):
                wait = int(-log(1 - store.dice.share()) * store.habits.delay)
                pending.append((town.today + timedelta(days=wait), store, event))
    for due, store, event in pending:
        if due <= town.today:
            _hear(store, town, event)
    pending[:] = [one for one in pending if one[0] > town.today]


def correct(store: Store, town: Town) -> list[Event]:
    """A clerk puts a few records right: what was mistyped becomes the true value."""
    done = []
    for entry in store.entries:
        if store.dice.chance(nightly_rates()["correction"]):
            name = store.dice.pick(
                [one for one in ("name", "id_number", "birth_date") if one in store.platform.fields]
            )
            after = store.set_right(town, entry, name)
            entry.updated = town.today
            store.write(town, entry, store.platform.fields.keys() & {"updated_on"})
            done.append(Event(town.today, entry.person, "correction", name, None, after, store.platform.slug))
    return done


def _event(
    town: Town, person: Person, kind: str, field: str | None, before: str | None, after: str | None
) -> Event:
    return Event(town.today, person.number, kind, field, before, after)


def _persons(dice: Dice, town: Town, rates: Rates) -> list[Event]:
    done = []
    for person in residents(town):
        if person.home is None or person.died is not None:
            continue
        age = person.age(town.today)
        if person.phone and dice.chance(rates["phone"]):
            person.before["phone"], person.phone = person.phone, mobile(dice, town)
            done.append(_event(town, person, "phone", "phone", person.before["phone"], person.phone))
        if age > 18 and "·" not in person.name and dice.chance(rates["name"]):
            person.former_name = person.name
            person.name = names.surname_of(person.name) + names.given_name(
                dice, person.birth.year, person.sex
            )
            done.append(_event(town, person, "name", "name", person.former_name, person.name))
        if age > 70 and dice.chance(rates["death"]):
            spouse = person.spouse
            bury(town, person, town.today)
            done.append(_event(town, person, "death", "death_flag", "0", "1"))
            if spouse is not None:
                done.append(_event(town, town.people[spouse], "widowed", "marital", MARRIED, "30"))
        if person.marital == MARRIED and person.spouse is not None and person.sex == "2":
            done += _couple(dice, town, rates, person, town.people[person.spouse], age)
    return done


def _couple(dice: Dice, town: Town, rates: Rates, wife: Person, husband: Person, age: int) -> list[Event]:
    """What happens to a couple: a child, or the end."""
    if husband.home != wife.home or husband.died is not None:
        return []
    if 20 <= age < 42 and dice.chance(rates["birth"]):
        child = add_child(dice, town, husband, wife, 1)
        child.family, child.home, child.book = wife.family, wife.home, wife.book
        town.families[wife.family].members.append(child.number)
        settle(dice, town, child)
        return [_event(town, child, "birth", None, None, None)]
    if age < 60 and dice.chance(rates["divorce"]):
        for one in (wife, husband):
            one.spouse, one.marital = None, DIVORCED
            one.before["marital"] = MARRIED
        return [
            *(_event(town, one, "divorce", "marital", MARRIED, DIVORCED) for one in (wife, husband)),
            *_move(dice, town, [husband]),
        ]
    return []


def _households(dice: Dice, town: Town, rates: Rates) -> list[Event]:
    done: list[Event] = []
    for family in list(town.families):
        members = [
            town.people[n]
            for n in family.members
            if town.people[n].home is not None and not town.people[n].died
        ]
        if not members or family.kind == "dormitory":
            continue
        if dice.chance(rates["move_within"]):
            done += _move(dice, town, members)
        elif dice.chance(rates["move_out"]):
            for person in members:
                person.before["home"], person.home, person.left = person.home, None, town.today
                done.append(_event(town, person, "move_out", "moved_out_flag", "0", "1"))
    return done


def _move(dice: Dice, town: Town, members: list[Person]) -> list[Event]:
    """These people move to an empty dwelling of the street."""
    taken = {person.home for person in residents(town)}
    free = [home for home in range(len(town.city.dwellings)) if home not in taken]
    if not free:
        return []
    home, done = dice.pick(free), []
    for person in members:
        before = addresses.full_address(town.homes_at(person.home)) if person.home is not None else None
        person.before["home"], person.home = person.home, home
        after = addresses.full_address(town.homes_at(home))
        done.append(_event(town, person, "move", "address", before, after))
    return done


def _arrivals(dice: Dice, town: Town, rates: Rates) -> list[Event]:
    """New households, and weddings of people who lived alone."""
    done: list[Event] = []
    kinds = Weighted({kind: share for kind, share in facts()["kinds"].items() if kind != "divorced_parent"})
    for _ in range(sum(dice.chance(rates["move_in"]) for _ in town.families)):
        kind = kinds.pick(dice)
        members = [town.people[n] for n in add_family(dice, town, kind, MAKERS[kind]).members]
        if not _move(dice, town, members):
            break
        book = open_book(town, members[0].home)
        for person in members:
            person.before.clear()
            person.book = book
            person.id_number = id_number(dice, town, person)
            person.phone = own_phone(dice, town, person)
            settle(dice, town, person)
            done.append(_event(town, person, "move_in", None, None, None))
    return done + _weddings(dice, town, rates)


def _weddings(dice: Dice, town: Town, rates: Rates) -> list[Event]:
    done: list[Event] = []
    single = [
        one
        for one in residents(town)
        if one.marital == SINGLE and one.home is not None and 24 <= one.age(town.today) <= 38
    ]
    grooms = [one for one in single if one.sex == "1" and dice.chance(rates["marriage"])]
    brides = [one for one in single if one.sex == "2"]
    for groom in grooms:
        near = [
            one for one in brides if one.family != groom.family and abs(one.birth.year - groom.birth.year) < 6
        ]
        if not near:
            continue
        bride = dice.pick(near)
        brides.remove(bride)
        marry(groom, bride)
        done += [_event(town, one, "marriage", "marital", SINGLE, MARRIED) for one in (groom, bride)]
        done += _move(dice, town, [groom, bride])
    return done


def _hear(store: Store, town: Town, event: Event) -> None:
    person = town.people[event.person]
    mine = [entry for entry in store.entries if entry.person == event.person]
    if event.event in ("birth", "move_in"):
        if not mine and store.takes_newcomer(town, person):
            store.admit(town, person, town.today)
        return
    for entry in mine:
        if event.event in ("death", "move_out") and _drops(store, event):
            store.entries.remove(entry)
            continue
        _rewrite(store, town, entry, event)


def _drops(store: Store, event: Event) -> bool:
    flag = "death_flag" if event.event == "death" else "moved_out_flag"
    return flag not in store.platform.fields and store.dice.chance(nightly_rates()["dropped"])


def _rewrite(store: Store, town: Town, entry: Entry, event: Event) -> None:
    """Write the fields anew that the event touches."""
    person = town.people[entry.person]
    touched: tuple[str, ...] = (event.field or "name",)
    if event.event == "move" and person.home is not None:
        store.rehouse(entry, person)
        touched = WHERE
    elif event.event in ("death", "move_out"):
        touched = ("death_flag", "death_date", "moved_out_flag", "moved_out_date")
    elif event.event == "name":
        touched = ("name", "former_name")
    entry.asleep -= {AWAKE.get(event.field or "", "")}
    entry.updated = town.today
    store.write(town, entry, [one for one in (*touched, "updated_on") if one in store.platform.fields])
