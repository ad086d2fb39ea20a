"""Several sheets of one workbook brought together: the same table in pieces, or households beside their members.

Belongs here: choosing the sheets a draft is about, and one row per person over both kinds of sheet.
Lives elsewhere: finding the table in one sheet (`shape.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.draft.profile import Profile
from connectors.draft.shape import Table
from connectors.platform import TwoSheets
from connectors.read.layout import plain

_LINKED = 0.6  # of the members' numbers must stand on the sheet of households
_PEOPLE = 0.5  # share of names or ID numbers in some column of a sheet about people


@dataclass(frozen=True)
class Together:
    """What the draft is about: columns as the platform file will name them, and the header of each on its sheet."""

    tables: tuple[Table, ...]
    columns: dict[str, Profile]
    shown: dict[str, str]
    two: TwoSheets | None
    left_out: tuple[str, ...]  # sheets that are about something else

    @property
    def main(self) -> Table:
        """The table with one row per person."""
        return self.tables[0]

    @property
    def rows(self) -> int:
        """Rows of data of all its sheets."""
        return sum(table.rows for table in self.tables)


def bring_together(tables: Sequence[Table]) -> Together:
    """The sheets that belong together, people first."""
    linked = _linked(tables)
    if linked is not None:
        members, households, link = linked
        left_out = [table.sheet for table in tables if table not in (members, households)]
        return _with_households(members, households, link, left_out)
    main = max(tables, key=lambda table: (about_people(table), table.rows))
    same = [table for table in tables if list(map(plain, table.headers)) == list(map(plain, main.headers))]
    columns = {
        name: _joined([list(table.columns.values())[at] for table in same])
        for at, name in enumerate(main.headers)
    }
    left_out = [table.sheet for table in tables if table not in same]
    ordered = (main, *(table for table in same if table is not main))
    return Together(ordered, columns, {name: name for name in columns}, None, tuple(left_out))


def about_people(table: Table) -> bool:
    """Whether some column of the table holds names or ID numbers of people, one for most of the rows."""
    return any(
        profile.filled > _PEOPLE and max(profile.shapes["id_number"], profile.shapes["name"]) > _PEOPLE
        for profile in table.columns.values()
    )


def _linked(tables: Sequence[Table]) -> tuple[Table, Table, str] | None:
    """Members, households and the header both share, where one value on the one sheet stands for several on the other."""
    found = [
        (share, -place, members, households, link)
        for members in tables
        for place, households in enumerate(tables)
        for link, share in _links(members, households)
    ]
    if not found:
        return None
    *_, members, households, link = max(found, key=lambda one: one[:2])
    return members, households, link


def _links(members: Table, households: Table) -> Iterator[tuple[str, float]]:
    if members is households or members.headers == households.headers:
        return
    for name in set(members.headers) & set(households.headers):
        many, one = members.columns[name], households.columns[name]
        known = set(one.texts) - {""}
        if one.unique < 0.95 or one.filled < 0.9 or not many.count:
            continue
        share = sum(text in known for text in many.texts) / len(many.texts)
        if share >= _LINKED and many.unique <= one.unique and not many.shapes["name"] > _PEOPLE:
            yield name, share


def _with_households(members: Table, households: Table, link: str, left_out: Sequence[str]) -> Together:
    place: dict[str, int] = {}
    for at, text in enumerate(households.columns[link].texts):
        place.setdefault(text, at)
    partners = [place.get(text, -1) for text in members.columns[link].texts]
    columns = {
        f"{households.sheet}/{name}": _dealt(profile, partners)
        for name, profile in households.columns.items()
    } | {f"{members.sheet}/{name}": profile for name, profile in members.columns.items()}
    return Together(
        (members, households),
        columns,
        {name: name.partition("/")[2] for name in columns},
        TwoSheets(households.sheet, members.sheet, link),
        tuple(left_out),
    )


def _dealt(profile: Profile, partners: Sequence[int]) -> Profile:
    """A household's values, for each of its members."""
    return Profile(
        tuple(profile.texts[at] if at >= 0 else "" for at in partners),
        tuple(at >= 0 and profile.numeric[at] for at in partners),
    )


def _joined(profiles: Sequence[Profile]) -> Profile:
    if len(profiles) == 1:
        return profiles[0]
    return Profile(
        tuple(text for profile in profiles for text in profile.texts),
        tuple(number for profile in profiles for number in profile.numeric),
    )
