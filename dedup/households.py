"""Households and dwellings of resolved residents: who is in one book (户籍), and who lives behind one door (居住).

Belongs here: grouping residents and naming the groups. Lives elsewhere: who is one resident (`match.py`), which
address of a resident holds (`warehouse/sql/golden/value.sql`).

The two households are two things: a third of city people live away from their book. A living household is everybody
whose golden living address is one dwelling; its id stays with the dwelling when people move. A registered household
is a book: the household number that a registering platform gives, the most trusted platform first; a book of another
platform is the same household when most of its residents are already in it. Its id stays with the book. A book that a
person settled for a resident (a pin) is the only one that this resident stands in.

A dwelling is there also where a register of addresses lists it and nobody says to live in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter

import duckdb
import pandas as pd

from dedup.columns import coded
from dedup.identity import homes_of
from warehouse.ids import potential_ids


def resolve_households(con: duckdb.DuckDBPyConnection, *, key: bytes) -> None:
    """Fill the household and dwelling columns of `resolved.record` from golden addresses and stated books, and `resolved.place`
    from the addresses that are listed without anybody."""
    addresses, listed = _addresses(con, "address"), con.execute(_LISTED).df()
    doors = _doors(pd.concat([addresses["value"], listed["value"]]).dropna().unique())
    living, places = _named(addresses, doors), _named(listed, doors)
    registered_at = _addresses(con, "registered_address")
    registered = _registered(con, key, _named(registered_at, _doors(registered_at["value"].unique())))
    homes = sorted(set(doors.values()))
    dwelling_ids = dict(zip(homes, potential_ids(key, "dwelling", homes), strict=True))
    for one in (living, places):
        one["dwelling_id"] = one["dwelling"].map(dwelling_ids)
    living["household_living_id"] = potential_ids(key, "household", living["dwelling_id"])
    con.register("incoming_living", living[["resident_id", "dwelling_id", "household_living_id"]])
    con.register("incoming_registered", registered)
    con.register("incoming_places", places[["record_id", "dwelling_id"]])
    con.execute(
        """
        create or replace table resolved.record as
        select
            r.platform, r.source_key, r.record_id, r.resident_id,
            l.household_living_id, g.household_registered_id, l.dwelling_id
        from resolved.record as r
        left join incoming_living as l using (resident_id)
        left join incoming_registered as g using (resident_id)
        order by r.record_id
        """
    )
    con.execute(
        """
        create or replace table resolved.place as
        select s.platform, s.source_key, s.record_id, p.dwelling_id
        from staged.place as s
        left join incoming_places as p using (record_id)
        order by s.record_id
        """
    )
    for name in ("incoming_living", "incoming_registered", "incoming_places"):
        con.unregister(name)


def _addresses(con: duckdb.DuckDBPyConnection, field: str) -> pd.DataFrame:
    """Residents with their golden address."""
    query = "select resident_id, value from golden.value where field = ? order by resident_id"
    return con.execute(query, [field]).df()


# What is listed without anybody, and still is.
_LISTED = """
    select c.record_id, c."key" as value
    from staged.own as c
    join staged.place as s on s.record_id = c.record_id
    where c.field = 'address' and c."key" is not null and s.present
    order by c.record_id
"""


def _named(rows: pd.DataFrame, doors: Mapping[str, str]) -> pd.DataFrame:
    """The rows whose address names a dwelling, with its name."""
    return rows.assign(dwelling=rows["value"].map(doors)).dropna(subset=["dwelling"]).reset_index(drop=True)


def _doors(addresses: Sequence[str]) -> dict[str, str]:
    """The dwelling that each address names, where it goes as far as a room. One that leaves out the unit is the only door of
    that building and room that anybody names with a unit; where there are several, it stays a dwelling of its own."""
    homes, has_unit = homes_of(coded(addresses))
    dwellings, numbers = (homes[name].lookup(str, object, None) for name in ("dwelling", "no_unit"))
    named = [one for one in zip(addresses, dwellings, numbers, has_unit, strict=True) if one[2] is not None]
    units: dict[str, set[str]] = {}
    for _, dwelling, number, whole in named:
        if whole:
            units.setdefault(number, set()).add(dwelling)
    return {
        address: next(iter(units[number])) if not whole and len(units.get(number, ())) == 1 else dwelling
        for address, dwelling, number, whole in named
    }


BOOKS = """
    select c.platform, c.key as number, r.resident_id, c.record_id
    from staged.own as c
    join staged.record as s using (record_id)
    join resolved.record as r using (record_id)
    join facts.platform as p on p.slug = c.platform
    left join golden.pin as pin on pin.record_id = c.record_id and pin.field = c.field and pin.value = c.key
    where c.field = 'household_number' and c.key is not null
        and s.present and p.household = 'registered'
    qualify (pin.record_id is not null) = bool_or(pin.record_id is not null) over (partition by r.resident_id)
    order by p.trust desc, c.platform, c.key, s.first_night, c.record_id
"""


def _registered(con: duckdb.DuckDBPyConnection, key: bytes, homes: pd.DataFrame) -> pd.DataFrame:
    """Residents with the id of their registered household; who is in no book goes by the registered dwelling."""
    household_of: dict[str, str] = {}
    rows = con.execute(BOOKS).fetchall()
    for _, book in groupby(rows, key=itemgetter(0, 1)):
        _enter(list(book), household_of)
    lived_at: dict[str, list[str]] = {}
    for resident, dwelling in homes[["resident_id", "dwelling"]].itertuples(index=False):
        lived_at.setdefault(dwelling, []).append(resident)
    for residents in lived_at.values():
        known = [household_of[resident] for resident in residents if resident in household_of]
        name = _most_common(known) if known else residents[0]
        for resident in residents:
            household_of.setdefault(resident, name)
    residents = sorted(household_of)
    names = [household_of[resident] for resident in residents]
    return pd.DataFrame(
        {"resident_id": residents, "household_registered_id": potential_ids(key, "household", names)}
    )


def _enter(book: list[tuple[str, str, str, str]], household_of: dict[str, str]) -> None:
    """Put the residents of a book into the household that the book is.

    It is the one that most of its residents are already in, else a new one named after the book's first record.
    """
    residents = [resident for _, _, resident, _ in book]
    known = [household_of[resident] for resident in residents if resident in household_of]
    name = _most_common(known) if known else ""
    if 2 * known.count(name) < len(book) or not known:
        name = book[0][3]
    for resident in residents:
        household_of.setdefault(resident, name)


def _most_common(names: list[str]) -> str:
    counts = Counter(names)
    most = max(counts.values())
    return min(name for name, count in counts.items() if count == most)
