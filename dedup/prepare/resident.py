"""Person records of Chinese residents: what their names, ID numbers, birth dates, phones and addresses give to compare.

Belongs here: the columns of resident nodes. Lives elsewhere: what a single value says (`dedup/identity.py`), comparing
the columns (`dedup/compare`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.columns import Bools, Coded, coded, first_rows, groups, texts
from dedup.identity import Home, home_of, name_class, read_id_number
from dedup.nodes import Nodes
from dedup.normalise.names import surname_of
from dedup.normalise.pinyin import pinyin
from dedup.prepare.preparer import Derived, Preparer, exploded, only, stacked

STATED = (
    "name", "name_quality", "id_number", "id_quality", "birth_date", "sex", "phone", "address", "registered_address",
)  # fmt: skip

COLUMNS = {
    "name", "pinyin", "surname", "id_number", "id_prefix", "id_ends", "birth", "birth_of_id", "birth_year", "sex",
    "phone", "home", "registered_home", "home_no_unit", "building", "estate",
}  # fmt: skip


def derive(stated: Mapping[str, Coded], _declared: Mapping[str, str]) -> Derived:
    """The columns of `COLUMNS`, and the facts `name_kind`, `name_class`, `id_kind`, `id_sound`, `id_trusted`, `id_masked`,
    `has_unit`."""
    columns, facts = _identity(stated)
    name, homes = stated["name"], stated["address"]

    def part(read: Callable[[Home], str | None]) -> Coded:
        return homes.map(lambda address: read(home_of(address)))

    kind = stated["name_quality"].lookup(lambda quality: quality, object, None)
    whole = Coded(np.where(kind == "ok", name.codes, -1), name.values)
    columns |= {
        "name": name,
        "pinyin": whole.map(lambda value: pinyin(value) or None),
        "surname": name.map(surname_of),
        "birth_year": columns["birth"].map(lambda birth: birth[:4]),
        "phone": stated["phone"],
        "home": part(lambda home: home.dwelling),
        "registered_home": stated["registered_address"].map(lambda address: home_of(address).dwelling),
        "home_no_unit": part(lambda home: home.no_unit),
        "building": part(lambda home: home.building),
        "estate": part(lambda home: home.estate),
    }
    facts |= {
        "name_kind": kind,
        "name_class": name.lookup(name_class, object, None),
        "has_unit": homes.lookup(lambda address: home_of(address).has_unit, np.bool_, False),
    }
    return columns, facts


def _identity(stated: Mapping[str, Coded]) -> Derived:
    """The columns that the ID number has a say in, read once per distinct number, grade, birth date and sex."""
    columns = [stated[name] for name in ("id_number", "id_quality", "birth_date", "sex")]
    group = groups([column.codes for column in columns])
    first = first_rows(group)
    number, quality, birth, sex = (texts(column.take(first)) for column in columns)
    read = [read_id_number(*values) for values in zip(number, quality, birth, sex, strict=True)]

    def column(values: Iterable[str | None]) -> Coded:
        return coded(list(values)).take(group)

    def fact(values: Iterable[Any], dtype: Any) -> npt.NDArray[Any]:
        return np.array(list(values), dtype=dtype)[group]

    return {
        "id_number": column(one.key for one in read),
        "id_prefix": column(one.prefix for one in read),
        "id_ends": column(one.ends for one in read),
        "birth": column(said or one.birth for said, one in zip(birth, read, strict=True)),
        "birth_of_id": column(
            one.birth if said and one.birth != said else None for said, one in zip(birth, read, strict=True)
        ),
        "sex": column(said or one.sex for said, one in zip(sex, read, strict=True)),
    }, {
        "id_kind": fact((one.kind for one in read), object),
        "id_sound": fact((one.sound for one in read), np.bool_),
        "id_trusted": fact((one.trusted for one in read), np.bool_),
        "id_masked": fact((one.kind == "masked" for one in read), np.bool_),
    }


def _whole_name(nodes: Nodes) -> Bools:
    return np.asarray(nodes.facts["name_kind"] == "ok")


def _full_number(nodes: Nodes) -> Bools:
    kind = nodes.facts["id_kind"]
    return np.asarray((kind == "full") | (kind == "foreign"))


PREPARER = Preparer(
    stated=lambda _declared: STATED,
    derive=derive,
    columns=lambda _declared: COLUMNS,
    rows={
        "name": only("name", _whole_name),
        "id_number": only("id_number", _full_number),
        "birth": stacked("birth", "birth_of_id"),
        "phone": exploded("phone"),
        "home": stacked("home", "registered_home"),
    },
    asking=frozenset({"id_masked"}),
)
