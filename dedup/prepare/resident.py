"""Person records of Chinese residents: what their names, ID numbers, birth dates, phones and addresses give to compare.

Belongs here: the columns of resident nodes. Lives elsewhere: what a single value says (`dedup/identity.py`), comparing
the columns (`dedup/compare`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow.compute as pc

from dedup.columns import Bools, Coded, either, first_rows, groups, unified
from dedup.identity import homes_of, name_classes, read_id_numbers
from dedup.nodes import Nodes
from dedup.normalise.names import split_names
from dedup.normalise.pinyin import pinyins
from dedup.prepare.preparer import Derived, Preparer, Rows, exploded, only, stacked

STATED = (
    "name", "name_quality", "former_name", "id_number", "id_quality", "birth_date", "sex", "phone", "address",
    "registered_address",
)  # fmt: skip

COLUMNS = {
    "name", "former_name", "pinyin", "surname", "id_number", "id_prefix", "id_ends", "birth", "birth_of_id", "birth_year", "sex",
    "phone", "home", "registered_home", "home_no_unit", "building", "estate",
}  # fmt: skip


def derive(stated: Mapping[str, Coded], _declared: Mapping[str, str]) -> Derived:
    """The columns of `COLUMNS`, beside them `name_class`, and the facts `name_kind`, `id_kind`, `id_sound`, `id_trusted`,
    `id_masked`, `has_unit`."""
    columns, facts = _identity(stated)
    living = stated["address"]
    name, former = _names(stated["name"], stated["former_name"])
    homes, has_unit = homes_of(living)
    registered, _ = homes_of(stated["registered_address"])
    kind = stated["name_quality"].lookup(lambda quality: quality, object, None)
    whole = Coded(np.where(kind == "ok", name.codes, -1), name.values)
    columns |= {
        "name": name,
        "name_class": name.map_all(name_classes),
        "former_name": former,
        "pinyin": whole.map_all(pinyins),
        "surname": name.map_all(lambda names: split_names(names)[0]),
        "birth_year": columns["birth"].map_all(lambda births: pc.utf8_slice_codeunits(births, 0, 4)),
        "phone": stated["phone"],
        "home": homes["dwelling"],
        "registered_home": registered["dwelling"],
        "home_no_unit": homes["no_unit"],
        "building": homes["building"],
        "estate": homes["estate"],
    }
    facts |= {"name_kind": kind, "has_unit": has_unit}
    return columns, facts


def _names(name: Coded, former: Coded) -> tuple[Coded, Coded]:
    """Both over one table of values, so that the name of one record compares with the former name of another."""
    return unified(name, former) if len(former.values) else (name, Coded(former.codes, name.values))


def _identity(stated: Mapping[str, Coded]) -> Derived:
    """The columns that the ID number has a say in, read once per distinct number, grade, birth date and sex."""
    columns = [stated[name] for name in ("id_number", "id_quality", "birth_date", "sex")]
    group = groups([column.codes for column in columns])
    number, quality, birth, sex = (column.take(first_rows(group)) for column in columns)
    said = read_id_numbers(number, quality, birth, sex)
    stated_birth, birth_of_id = unified(birth, said.birth)
    contradicts = (birth.codes >= 0) & (stated_birth.codes != birth_of_id.codes)
    return {
        "id_number": said.key.take(group),
        "id_prefix": said.prefix.take(group),
        "id_ends": said.ends.take(group),
        "birth": either(birth, said.birth).take(group),
        "birth_of_id": said.birth.where(contradicts).take(group),
        "sex": either(sex, said.sex).take(group),
    }, {
        "id_kind": said.kind[group],
        "id_sound": said.sound[group],
        "id_trusted": said.trusted[group],
        "id_masked": (said.kind == "masked")[group],
    }


def _names_borne(nodes: Nodes) -> Rows:
    """Block rows of whole names: who was renamed meets those who know only the former name."""
    name, former = nodes["name"], nodes["former_name"]
    now = np.flatnonzero((nodes.facts["name_kind"] == "ok") & (name.codes >= 0))
    before = np.flatnonzero((former.codes >= 0) & (former.codes != name.codes))
    node = np.concatenate([now, before])
    return node, np.concatenate([name.take(now).hashed(), former.take(before).hashed()])


def _full_number(nodes: Nodes) -> Bools:
    kind = nodes.facts["id_kind"]
    return np.asarray((kind == "full") | (kind == "foreign"))


PREPARER = Preparer(
    stated=lambda _declared: STATED,
    derive=derive,
    columns=lambda _declared: COLUMNS,
    rows={
        "name": _names_borne,
        "id_number": only("id_number", _full_number),
        "birth": stacked("birth", "birth_of_id"),
        "phone": exploded("phone"),
        "home": stacked("home", "registered_home"),
    },
    asking=frozenset({"id_masked"}),
)
