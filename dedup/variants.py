"""Records that state the same values are one variant: compare variants, not records.

Belongs here: turning person rows into nodes (distinct comparison values) and the columns that comparison needs.
Lives elsewhere: reading values into keys (`dedup/normalise`), which nodes meet (`blocking.py`), comparing them
(`compare.py`).

A variant that does not identify anybody by itself (a bare name) is not collapsed: each of its records is a node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dedup.identity import Home, home_of, name_class, read_id_number
from dedup.model import LEVELS, Model
from dedup.normalise.names import surname_of
from dedup.normalise.pinyin import pinyin

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

STATED = (
    "name", "name_quality", "id_number", "id_quality", "birth_date", "sex", "phone", "address", "registered_address",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as codes into its distinct values; -1 is missing. Codes follow the sorted order of the values."""

    codes: Ints
    values: npt.NDArray[np.object_]

    def map(self, read: Callable[[Any], Any]) -> Coded:
        """The column of what `read` makes of each distinct value (None is missing)."""
        made = [read(value) for value in self.values]
        kept = sorted({value for value in made if value is not None})
        place = {value: code for code, value in enumerate(kept)}
        table = np.array([-1 if value is None else place[value] for value in made] + [-1], dtype=np.int64)
        values = np.empty(len(kept), dtype=object)
        values[:] = kept
        return Coded(codes=table[self.codes], values=values)

    def lookup(self, read: Callable[[Any], Any], dtype: Any, missing: Any) -> npt.NDArray[Any]:
        """What `read` says of each row's value, as a plain array."""
        table = np.array([read(value) for value in self.values] + [missing], dtype=dtype)
        return table[self.codes]

    def take(self, rows: Ints) -> Coded:
        """The same column for some rows."""
        return Coded(codes=self.codes[rows], values=self.values)


def coded(column: Sequence[Any] | pa.ChunkedArray | pa.Array) -> Coded:
    """Code a column of strings (None or missing allowed)."""
    array = column if isinstance(column, pa.Array | pa.ChunkedArray) else pa.array(column, type=pa.string())
    encoded = pc.dictionary_encode(array)
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    values = np.array(encoded.dictionary.to_pylist(), dtype=object)
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    order = np.argsort(values) if len(values) else np.array([], dtype=np.int64)
    rank = np.empty(len(values) + 1, dtype=np.int64)
    rank[order] = np.arange(len(values))
    rank[-1] = -1
    return Coded(codes=rank[codes], values=values[order])


@dataclass(frozen=True, slots=True)
class Nodes:
    """What is compared: one row per variant (or per record, where the variant is too weak to stand for a person).

    `record_node` gives the node of each input record. Every other array has one row per node.
    """

    record_node: Ints
    records: Ints  # how many records the node stands for
    name: Coded
    name_kind: npt.NDArray[np.object_]
    name_class: Ints  # level code of an exact agreement
    pinyin: Coded
    surname: Coded
    id_number: Coded
    id_kind: npt.NDArray[np.object_]
    id_prefix: Coded
    id_ends: Coded
    id_sound: Bools  # the check digit holds
    id_trusted: Bools  # may veto
    birth: Coded
    birth_of_id: Coded  # only where it differs from `birth`
    sex: Coded
    phone: Coded
    home: Coded
    registered_home: Coded
    home_no_unit: Coded
    has_unit: Bools
    building: Coded
    estate: Coded

    def __len__(self) -> int:
        return len(self.records)


def collapse(persons: pa.Table, model: Model) -> Nodes:
    """Turn person rows (ordered by record id) into nodes.

    Args:
        persons: one row per record; string columns named in `STATED`, missing as null.
        model: says how much a node must say about a person to stand for several records.
    """
    frame = {name: coded(persons.column(name)) for name in STATED}
    group = _groups([frame[name].codes for name in STATED])
    first = _first_rows(group)
    nodes = _nodes({name: column.take(first) for name, column in frame.items()}, group)
    weak = _self_points(nodes, model) < model.link
    if not weak.any():
        return nodes
    own = np.where(weak[group], len(first) + np.arange(len(group)), group)
    regrouped = _groups([own])
    return _nodes({name: column.take(_first_rows(regrouped)) for name, column in frame.items()}, regrouped)


def _groups(columns: list[Ints]) -> Ints:
    """Number the distinct rows in order of first appearance."""
    frame = pd.DataFrame(dict(enumerate(columns)))
    return np.asarray(frame.groupby(list(frame.columns), sort=False).ngroup(), dtype=np.int64)


def _first_rows(group: Ints) -> Ints:
    first = np.full(int(group.max()) + 1 if len(group) else 0, -1, dtype=np.int64)
    first[group[::-1]] = np.arange(len(group))[::-1]
    return first


def _nodes(stated: dict[str, Coded], record_node: Ints) -> Nodes:
    name, homes = stated["name"], stated["address"]

    def part(read: Callable[[Home], str | None]) -> Coded:
        return homes.map(lambda address: read(home_of(address)))

    return Nodes(
        record_node=record_node,
        records=np.bincount(record_node, minlength=len(name.codes)),
        name=name,
        name_kind=stated["name_quality"].lookup(lambda quality: quality, object, None),
        name_class=name.lookup(lambda value: LEVELS["name"].index(name_class(value)), np.int64, 0),
        pinyin=name.map(lambda value: pinyin(value) or None),
        surname=name.map(surname_of),
        phone=stated["phone"],
        home=part(lambda home: home.dwelling),
        registered_home=stated["registered_address"].map(lambda address: home_of(address).dwelling),
        home_no_unit=part(lambda home: home.no_unit),
        has_unit=homes.lookup(lambda address: home_of(address).has_unit, np.bool_, False),
        building=part(lambda home: home.building),
        estate=part(lambda home: home.estate),
        **_identity(stated),
    )


def _identity(stated: dict[str, Coded]) -> dict[str, Any]:
    """The columns that the ID number has a say in, read once per distinct number, grade, birth date and sex."""
    columns = [stated[name] for name in ("id_number", "id_quality", "birth_date", "sex")]
    group = _groups([column.codes for column in columns])
    first = _first_rows(group)
    number, quality, birth, sex = (_text(column.take(first)) for column in columns)
    read = [read_id_number(*values) for values in zip(number, quality, birth, sex, strict=True)]
    masked_ends = {one.ends for one in read if one.kind == "masked" and one.ends}

    def column(values: Iterable[str | None]) -> Coded:
        return coded(list(values)).take(group)

    return {
        "id_number": column(one.key for one in read),
        "id_kind": np.array([one.kind for one in read], dtype=object)[group],
        "id_prefix": column(one.prefix for one in read),
        "id_ends": column(one.ends if one.ends in masked_ends else None for one in read),
        "id_sound": np.array([one.sound for one in read], dtype=np.bool_)[group],
        "id_trusted": np.array([one.trusted for one in read], dtype=np.bool_)[group],
        "birth": column(said or one.birth for said, one in zip(birth, read, strict=True)),
        "birth_of_id": column(
            one.birth if said and one.birth != said else None for said, one in zip(birth, read, strict=True)
        ),
        "sex": column(said or one.sex for said, one in zip(sex, read, strict=True)),
    }


def _text(column: Coded) -> list[str | None]:
    values = [*column.values, None]
    return [values[code] for code in column.codes]


def _self_points(nodes: Nodes, model: Model) -> npt.NDArray[np.float64]:
    """What a node would score against itself: how well it names one person."""
    name = np.array(model.points("name"))
    exact = np.where(nodes.name_kind == "ok", name[nodes.name_class], 0.0)
    full_id = np.isin(nodes.id_kind, ("full", "foreign"))
    phone, home = nodes.phone.codes >= 0, nodes.home.codes >= 0
    contact = model.levels["contact"]
    return (
        model.prior
        + exact
        + np.where(full_id, model.levels["id_number"]["equal"].points, 0.0)
        + np.where(nodes.birth.codes >= 0, model.levels["birth_date"]["equal"].points, 0.0)
        + np.where(
            phone & home,
            contact["phone_and_dwelling"].points,
            np.where(phone, contact["phone"].points, np.where(home, contact["dwelling"].points, 0.0)),
        )
    )
