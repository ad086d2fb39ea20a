"""What each platform holds: which people, and what its clerks wrote about them, cell by cell.

Belongs here: a platform's store, filling it, and writing one person down or anew.
Lives elsewhere: rows → files (`files.py`), what a platform believes (`beliefs.py`), what it gets wrong (`mistakes.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from connectors.platform import Platform
from connectors.write.cell import Cell
from connectors.write.render import nearest, render
from connectors.write.shared import household_columns
from synthetic_city import misplaced
from synthetic_city.among import GROUPS
from synthetic_city.beliefs import BELIEFS, Place, View, address, registered_address
from synthetic_city.cases import Case
from synthetic_city.dice import Dice
from synthetic_city.habits import Habits, Hand, habits_of
from synthetic_city.mistakes import Mistake, menu, spoil
from synthetic_city.people import Person, Town
from synthetic_city.settling import residents
from warehouse.fields import fields

SPOILED = ("name", "id_number", "birth_date", "phone", "sex")
Household = tuple[str, int, int]


@dataclass(slots=True)
class Entry:
    """One person-row of a platform."""

    person: int
    key: str
    household: Household
    home: int | None  # where the platform thinks the person lives
    asleep: frozenset[str]  # fields in which it still shows last year's value
    updated: date
    cells: dict[str, Cell] = field(default_factory=dict)


class Store:
    """One platform's records of the city."""

    def __init__(self, platform: Platform, seed: int, noise: float) -> None:
        self.platform = platform
        self.shared = household_columns(platform)  # headers that are stated once for a household
        self.habits: Habits = habits_of(platform)
        self.dice = Dice(seed, platform.slug)
        self.entries: list[Entry] = []
        self.given = 0  # keys handed out
        self.numbers: dict[Household, int] = {}
        self._asleep: dict[int, bool] = {}
        self._hand = Hand(self.habits)
        own = self.habits
        self._meant = {name: self._menu(name, noise, typing=False) for name in SPOILED}
        self._typed = {name: self._menu(name, noise, typing=True) for name in SPOILED}
        self._places = misplaced.address_menu(own.careless, noise, own.rates)
        self._twice = min(own.twice * noise, 0.2)
        self._rendered: dict[tuple[str, str], str | None] = {}

    def _menu(self, name: str, noise: float, *, typing: bool) -> tuple[Mistake, ...]:
        own = self.habits
        return menu(name, typing=typing, careless=own.careless, noise=noise, own=own.rates)

    def fill(self, town: Town) -> None:
        """Take in the people this platform holds on its first night."""
        held: dict[int, bool] = {}
        for person in residents(town):
            if self._takes(town, person, held):
                self.admit(town, person, town.today - timedelta(days=self.dice.whole(1, 700)))
                if self.dice.chance(self._twice):
                    self._admit_again(town, person)

    def _takes(self, town: Town, person: Person, held: dict[int, bool]) -> bool:
        own, age = self.habits, person.age(town.today)
        if own.among == "over_60" and age < 60:
            return False
        if own.among == "adults" and (age < 22 or (person.sex == "2" and self.dice.chance(0.85))):
            return False
        if own.among == "families" and town.families[person.family].kind in ("dormitory", "shared_flat"):
            return False
        if own.among == "with_phone" and not person.phone:
            return False
        if own.among in GROUPS and not GROUPS[own.among](town, person):
            return False
        rate = own.coverage
        if own.unit == "household":
            family = person.family
            if family not in held:
                held[family] = self.dice.chance(rate)
            rate = 0.97 if held[family] else 0.0
        if own.among == "adults":
            rate *= 1.7
        if person.left is not None or person.died is not None:
            rate *= 0.6
        return self.dice.chance(rate * (0.5 if age == 0 else 1.0))

    def admit(self, town: Town, person: Person, day: date) -> Entry:
        """Write down one person for the first time."""
        asleep = self._sleeping(person)
        home = person.home
        if person.left is not None or ("home" in asleep and "home" in person.before):
            home = person.before.get("home", home)
        return self._enter(town, person, home, asleep, day)

    def register(self, town: Town, person: Person) -> Entry:
        """Write down somebody who stands at the counter today: nothing is last year's, least of all where they live."""
        entry = self._enter(town, person, person.home, frozenset(), town.today)
        if "address" in self.platform.fields and person.home is not None:
            self.put(entry, "address", self.placed(town.homes_at(person.home)))
        return entry

    def _admit_again(self, town: Town, person: Person) -> None:
        """The same person under a key of its own, with an address of the past."""
        elsewhere = person.before.get("home", town.books[person.book].home)
        if elsewhere is None or elsewhere == person.home:
            elsewhere = self.dice.whole(0, len(town.city.dwellings) - 1)
        asleep = frozenset(("phone", "marital", "home", "left", "death"))
        self._enter(town, person, elsewhere, asleep, town.today - timedelta(days=self.dice.whole(400, 900)))

    def _enter(
        self, town: Town, person: Person, home: int | None, asleep: frozenset[str], day: date
    ) -> Entry:
        self.given += 1
        key = self.habits.key.format(n=self.given)
        entry = Entry(person.number, key, self._household(person, home), home, asleep, day)
        self.entries.append(entry)
        self.write(town, entry, self.platform.fields)
        return entry

    def takes_newcomer(self, town: Town, person: Person) -> bool:
        """Whether this platform will come to hold somebody who was born or moved in."""
        return self._takes(town, person, {})

    def rehouse(self, entry: Entry, person: Person) -> None:
        """The platform learns that the person lives elsewhere."""
        entry.home = person.home
        entry.household = self._household(person, person.home)

    def set_right(self, town: Town, entry: Entry, name: str) -> str | None:
        """Replace what was mistyped in one field by the true value."""
        value = BELIEFS[name](self.view(town, entry))
        self.put(entry, name, self.rendered(name, value) if value else None)
        return value

    def put(self, entry: Entry, name: str, cell: Cell) -> None:
        """Let a cell state this and nothing else."""
        entry.cells[self.platform.fields[name].column] = cell

    def touch(self, town: Town, entry: Entry) -> None:
        """Let a record say that it was changed today."""
        entry.updated = town.today
        self.write(town, entry, self.platform.fields.keys() & {"updated_on"})

    def take_in(self, town: Town, person: Person, stated: Mapping[str, Cell]) -> Entry:
        """Make a record of a row that somebody else filled in: its cells as they are, and a number of the platform's own."""
        self.given += 1
        key = self.habits.key.format(n=self.given)
        household = self._household(person, person.home)
        entry = Entry(person.number, key, household, person.home, frozenset(), town.today)
        self.entries.append(entry)
        self.write(town, entry, self.platform.fields.keys() & {"household_number", "updated_on"})
        for name, cell in stated.items():
            self.put(entry, name, cell)
        return entry

    def by_key(self) -> dict[str, Entry]:
        """Its records by the platform's own key."""
        return {entry.key: entry for entry in self.entries}

    def households(self) -> dict[Household, list[Entry]]:
        """Its records by household, in the order in which they were written down."""
        found: dict[Household, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.household, []).append(entry)
        return found

    def in_one_cell(self, household: Household) -> bool:
        """Whether this household's people stand in one cell; a household keeps the habit from night to night."""
        share = self.habits.together
        return share > 0 and household[1] * 7919 % 1000 < share * 1000

    def _sleeping(self, person: Person) -> frozenset[str]:
        own = self.habits
        if person.family not in self._asleep:
            self._asleep[person.family] = self.dice.chance(own.stale.get("home", 0.0))
        names = {name for name in ("phone", "marital") if self.dice.chance(own.stale.get(name, 0.0))}
        if self._asleep[person.family]:
            names |= {"home", "left"}
        if self.dice.chance(own.stale.get("death", 0.5)):
            names.add("death")
        return frozenset(names)

    def _household(self, person: Person, home: int | None) -> Household:
        """Living together is living in one dwelling; who is filed under an address of the past stays with the family."""
        if self.habits.household == "registered":
            return ("registered", person.book, -1)
        return ("living", -1 if home is None else home, -1 if home == person.home else person.family)

    def _number(self, household: Household) -> str:
        """The household's number: the police book's own, or the platform's count."""
        if household[0] == "registered":
            count = household[1] + 1
        else:
            count = self.numbers.setdefault(household, len(self.numbers) + 1)
        return self.habits.number.format(n=count, n6=f"{count:06d}", n9=f"{100_000_000 + count}")

    def view(self, town: Town, entry: Entry) -> View:
        """The person as this platform sees it."""
        person = town.people[entry.person]
        if entry.household[0] == "registered":
            head = town.books[person.book].head
        elif entry.household[2] == -1 and entry.home is not None:
            head = town.heads.get(entry.home, -1)
        else:
            head = town.families[person.family].members[0]
        case = Case(self.dice, town, person, person.age(town.today))
        number = self._number(entry.household)
        chief = town.people[head] if head >= 0 else None
        return View(case, person, town, chief, number, entry.home, entry.asleep, entry.updated)

    def write(self, town: Town, entry: Entry, names: Iterable[str]) -> None:
        """Write these fields of a row, mistakes and all."""
        view = self.view(town, entry)
        for name in names:
            column = self.platform.fields[name]
            entry.cells[column.column] = self._cell(name, view)
        if self.platform.export.key is not None:
            entry.cells[self.platform.export.key] = entry.key

    def _cell(self, name: str, view: View) -> Cell:
        own = self.habits
        if self.dice.chance(own.blank.get(name, 0.0)):
            return own.null or None
        if name == "address":
            home = address(view)
            return self.placed(
                home if isinstance(home, str | None) else misplaced.misplace(home, view, self._places)
            )
        if name == "registered_address":
            return self.placed(registered_address(view))
        value = BELIEFS[name](view)
        if name in SPOILED and (value or name == "phone"):
            return self._spoiled(name, value or "", view.case)
        if name == "head_id_number" and self.dice.chance(0.12):
            return None
        return self.rendered(name, value) if value else None

    def _spoiled(self, name: str, value: str, case: Case) -> Cell:
        meant = spoil(value, case, self._meant[name])
        if not isinstance(meant, str) or not meant:
            return meant or None
        if name in ("birth_date", "sex"):
            return self.rendered(name, meant)
        return spoil(meant, case, self._typed[name])

    def placed(self, place: Place) -> Cell:
        """A dwelling as this platform writes an address."""
        return place if isinstance(place, str | None) else self._hand.address(self.dice, place)

    def rendered(self, name: str, value: str) -> str | None:
        """A value in the platform's own codes and formats; None where it has no way to say it."""
        if fields()[name].kind not in ("code", "flag", "date"):
            return value
        at = (name, value)
        if at not in self._rendered:
            column, facts = self.platform.fields[name], fields()[name]
            sayable = nearest(column, facts, value)
            self._rendered[at] = None if sayable is None else render(column, facts, sayable)
        return self._rendered[at]
