"""Normalise a file of records once for the peers, who cannot read raw values: `python -m benchmarks.prepared IN OUT`.

Belongs here: the comparable columns Splink and the rules are given, all from `dedup.normalise`, and which ID numbers
nobody may doubt. The peers get every help: a birth date or sex that is missing is read off the ID number.
Lives elsewhere: what the peers do with them (`rules.py`, `splink_models.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.processes import Stages
from dedup.normalise.address_parts import parts_of
from dedup.normalise.id_numbers import birth_date_of, sex_of
from dedup.normalise.read import read

VALID = ("ok", "ok_unknown_area")
USELESS_NAMES = ("masked", "several", "invalid")
Keys = tuple[str | None, ...]


def prepare(stated: pa.Table) -> pa.Table:
    """One row per record: row, name, id, id_valid, dob, sex, phone, home, building, trusted (an ID number or null)."""
    (name,) = _columns(stated["name"], 1, _name)
    number, valid, born, man_or_woman = _columns(stated["id_number"], 4, _number)
    (dob,) = _columns(stated["birth_date"], 1, _whole_date)
    (sex,) = _columns(stated["sex"], 1, lambda text: (read("code", text, table="sex").key,))
    (phone,) = _columns(stated["phone"], 1, _phone)
    building, home = _columns(stated["address"], 2, _places)
    other_day = pc.fill_null(pc.not_equal(dob, born), False)
    other_sex = pc.fill_null(pc.not_equal(sex, man_or_woman), False)
    return pa.table(
        {
            "row": pa.array(range(len(stated)), pa.int64()),
            "name": name,
            "id": number,
            "id_valid": pc.is_valid(valid),
            "dob": pc.coalesce(dob, born),
            "sex": pc.coalesce(sex, man_or_woman),
            "phone": phone,
            "home": home,
            "building": building,
            "trusted": pc.if_else(pc.or_(other_day, other_sex), pa.scalar(None, pa.string()), valid),
        }
    )


def _columns(column: pa.ChunkedArray, width: int, keys_of: Callable[[str], Keys]) -> list[pa.ChunkedArray]:
    """The columns of keys that `keys_of` makes of each value, asked once per distinct value."""
    encoded = pc.dictionary_encode(column.combine_chunks())
    made = [keys_of(value) for value in encoded.dictionary.to_pylist()]
    return [
        pa.chunked_array([pa.array([keys[place] for keys in made], pa.string()).take(encoded.indices)])
        for place in range(width)
    ]


def _name(text: str) -> Keys:
    said = read("name", text)
    return (None if said.quality in USELESS_NAMES else said.key,)


def _number(text: str) -> Keys:
    """The number, the number if it is valid, and the birth date and sex in a valid one."""
    said = read("id_number", text)
    if said.key is None or said.quality not in VALID:
        return (None if said.quality == "masked" else said.key), None, None, None
    return said.key, said.key, birth_date_of(said.key), sex_of(said.key)


def _whole_date(text: str) -> Keys:
    said = read("date", text)
    return (said.key if said.quality == "ok" else None,)


def _phone(text: str) -> Keys:
    """The first of several phones."""
    key = read("phone", text).key
    return (key.split(";")[0] if key else None,)


def _places(text: str) -> Keys:
    """A building of an estate, or a door of a road; and the dwelling in it."""
    key = read("address", text).key
    if key is None:
        return None, None
    parts = parts_of(key)
    if parts.estate and parts.building:
        building = f"{parts.estate}{parts.phase}|{parts.building}"
    elif parts.road and parts.number:
        building = f"{parts.road}|{parts.number}|{parts.building}"
    else:
        return None, None
    return building, f"{building}|{parts.unit}|{parts.room}" if parts.room else None


def main() -> None:
    source, target = map(Path, sys.argv[1:3])
    stages = Stages()
    with stages("normalise"):
        prepared = prepare(pq.read_table(source))
    pq.write_table(prepared, target, compression="zstd")
    stages.report(records=prepared.num_rows)


if __name__ == "__main__":
    main()
