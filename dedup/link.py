"""Linking records from a file: raw stated values in, clusters and explained pairs out.

Belongs here: stated values into keys, what a cluster is, and writing the results whole or not at all.
Lives elsewhere: reading the file (`records.py`), matching (`match.py`), the same work over a site's warehouse (`night.py`), the command line (`pipelines/commands`).
"""

from __future__ import annotations

import gc
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup.columns import Coded, Ints, coded, distinct, ordered
from dedup.estimates import Estimates, estimates
from dedup.fit import misfits, refuse
from dedup.match import Matched, match
from dedup.model import Model
from dedup.normalise.address_parts import parts_of
from dedup.normalise.area import Area
from dedup.normalise.bulk import read_many
from dedup.normalise.read import Kind, read
from dedup.prepare.resident import STATED
from dedup.records import read_records, refuse_outputs
from dedup.tables import pair_table


@dataclass(frozen=True, slots=True)
class Linked:
    """What linking did; wall and CPU seconds by step. `normalise` is reading values and collapsing records into nodes.
    `cpu_to_clusters`: of the whole process, its start and imports among it, until it had its clusters; writing them and
    estimating how good they are come after."""

    records: int
    variants: int
    pairs: int
    clusters: int
    seconds: Mapping[str, float]
    cpu: Mapping[str, float]
    cpu_seconds: float
    cpu_to_clusters: float
    peak_mb: int
    estimates: Estimates


def link(model: Model, records: Path, out: Path, pairs: Path | None = None) -> Linked:
    """Link a file of records.

    Args:
        model: which columns are compared, and how.
        records: csv (UTF-8) or parquet with `record_id` and any of the model's columns, raw as stated.
        out: parquet to write: record_id, cluster_id, one row per record; a cluster is named by its smallest record id.
        pairs: parquet to write: left, right, probability, points, reason, and level and points per comparison.

    Raises:
        RecordsError: what is wrong with the file, or with where to write; nothing is written then.
        ModelError: the model does not fit the records, and in what; nothing is written then.
    """
    with _uncollected():
        return _link(model, records, out, pairs)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let Python not look for garbage in rings, which linking does not make: looking takes a tenth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _link(model: Model, records: Path, out: Path, pairs: Path | None) -> Linked:
    start, cpu = time.perf_counter(), time.process_time()
    refuse_outputs([out, *([pairs] if pairs else [])], records)
    stated = read_records(records, model)
    ids = stated.column("record_id").combine_chunks()
    keys = KEYS[model.reads](stated, model)
    normalised, read_cpu = time.perf_counter() - start, time.process_time() - cpu
    matched = match(keys, model)
    refuse(misfits(matched.nodes, matched.pairs, matched.scored, model), model)
    label = GROUPS[model.groups](matched, keys, stated)
    to_clusters = time.process_time()
    _write({out: clusters_of(ids, label)} | ({pairs: pair_table(matched, ids, model)} if pairs else {}))
    clock = matched.clock
    expected = estimates(matched, keys, model)
    return Linked(
        records=len(ids),
        variants=len(matched.nodes),
        pairs=len(matched.pairs.left),
        clusters=len(distinct(label)),
        seconds={
            "normalise": round(normalised + clock.wall["normalise"], 3),
            **{step: round(clock.wall[step], 3) for step in ("block", "score", "cluster")},
            "total": round(time.perf_counter() - start, 3),
        },
        cpu={
            "normalise": round(read_cpu + clock.cpu["normalise"], 3),
            **{step: round(clock.cpu[step], 3) for step in ("block", "score", "cluster")},
        },
        cpu_seconds=round(time.process_time() - cpu, 3),
        cpu_to_clusters=round(to_clusters, 3),
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        estimates=expected,
    )


def clusters_of(ids: pa.StringArray, label: Ints) -> pa.Table:
    """Record ids with the cluster's name, which is its smallest record id; rows are in the order of record ids."""
    first = np.full(int(label.max()) + 1 if len(label) else 0, -1, dtype=np.int64)
    first[label[::-1]] = np.arange(len(label))[::-1]
    return pa.table({"record_id": ids, "cluster_id": ids.take(first[label])})


# --- stated values into keys -------------------------------------------------------------------------------------


def resident_keys(stated: pa.Table, _model: Model) -> pa.Table:
    """The columns that resident nodes are made of, each distinct stated value read once."""
    area = common_area(stated)
    name, name_quality = _keys(stated.column("name"), "name")
    number, number_quality = _keys(stated.column("id_number"), "id_number")
    former, former_quality = _keys(stated.column("former_name"), "name")
    columns = {
        "name": name,
        "name_quality": name_quality,
        "former_name": pc.if_else(pc.equal(former_quality.cast(pa.string()), "ok"), former, None),
        "id_number": number,
        "id_quality": number_quality,
        "birth_date": _keys(stated.column("birth_date"), "date")[0],
        "sex": _keys(stated.column("sex"), "code", table="sex")[0],
        "phone": _keys(stated.column("phone"), "phone", area)[0],
        "address": _keys(_with_community(stated).column("address"), "address", area)[0],
        "registered_address": pa.nulls(stated.num_rows, pa.string()),
    }
    return pa.table({one: columns[one] for one in STATED})


def _keys(
    column: pa.ChunkedArray, kind: Kind, area: Area | None = None, table: str | None = None
) -> tuple[pa.Array, pa.Array]:
    """Keys and qualities of one column; what gives no key has no quality either."""
    keys, qualities = read_many(kind, column, area=area, table=table)
    codes = pc.if_else(keys.is_valid(), qualities.indices, pa.scalar(None, pa.int32()))
    return keys, pa.DictionaryArray.from_arrays(codes, qualities.dictionary)


def _with_community(stated: pa.Table) -> pa.Table:
    """Addresses that begin at the building, completed by the community that the record states beside them."""
    address, community = stated.column("address").combine_chunks(), stated.column("community")
    bare = pc.fill_null(
        pc.match_substring_regex(address, r"^\s*[0-9０-９一二三四五六七八九十]+\s*(幢|栋|号楼|-)"), False
    )
    if not pc.any(bare).as_py():
        return stated
    before = pc.fill_null(community.filter(bare), "").combine_chunks()
    whole = pc.binary_join_element_wise(before, address.filter(bare), "")
    place = stated.column_names.index("address")
    return stated.set_column(place, "address", pc.replace_with_mask(address, bare, whole))


def common_area(stated: pa.Table, sample: int = 500) -> Area | None:
    """The district that most of some addresses name, where most name one: then a bare address is meant to be there too."""
    some = pa.array(np.arange(0, stated.num_rows, max(stated.num_rows // sample, 1)))
    said = [value for value in stated.column("address").take(some).to_pylist() if value]
    named = Counter(parts_of(key).district for key in (read("address", one).key for one in said) if key)
    named.pop("", None)
    if not named:
        return None
    district, times = named.most_common(1)[0]
    if 2 * times < sum(named.values()):
        return None
    city, mark, rest = district.partition("市")
    return Area("", city + mark, rest, "", "", "") if mark and rest else Area("", "", district, "", "", "")


def text_keys(stated: pa.Table, model: Model) -> pa.Table:
    """Plain columns are read by their preparer."""
    return stated.select(list(model.columns))


KEYS: Mapping[str, Callable[[pa.Table, Model], pa.Table]] = {"resident": resident_keys, "text": text_keys}


# --- what a cluster is -------------------------------------------------------------------------------------------


def one_person(matched: Matched, _keys: pa.Table, _stated: pa.Table) -> Ints:
    """A cluster is the records of one person."""
    return matched.record_label


def one_home(matched: Matched, _keys: pa.Table, stated: pa.Table) -> Ints:
    """A cluster is the records of everybody who lives in one dwelling.

    A person lives where most of their records say; people whom no record gives a home live with those who share
    their household number at the same source; who has neither is alone.
    """
    person = matched.record_label
    homes = _usual(person, ordered(matched.nodes["home"]).take(matched.nodes.record_node))
    books = _usual(person, _books(stated))
    home_of_book: dict[int, int] = {}
    for who, home in homes.items():
        if who in books:
            home_of_book.setdefault(books[who], home)

    def place(who: int) -> tuple[str, int]:
        book = books.get(who, -1)
        if who in homes or book in home_of_book:
            return "home", homes.get(who, home_of_book.get(book, -1))
        return ("book", book) if who in books else ("alone", who)

    people, row = np.unique(person, return_inverse=True)
    places = [place(who) for who in people.tolist()]
    number = {one: code for code, one in enumerate(sorted(set(places)))}
    return np.array([number[one] for one in places], dtype=np.int64)[row]


def _books(stated: pa.Table) -> Coded:
    both = pc.binary_join_element_wise(stated.column("source"), stated.column("household_number"), "\x1f")
    return ordered(coded(both))


def _usual(person: Ints, place: Coded) -> dict[int, int]:
    """For each person the place that most of their records name; ties fall to the smaller code."""
    known = place.codes >= 0
    pairs, times = np.unique(np.stack([person[known], place.codes[known]]), axis=1, return_counts=True)
    order = np.lexsort((pairs[1], -times, pairs[0]))
    usual: dict[int, int] = {}
    for who, where in pairs[:, order].T.tolist():
        usual.setdefault(who, where)
    return usual


GROUPS: Mapping[str, Callable[[Matched, pa.Table, pa.Table], Ints]] = {"person": one_person, "home": one_home}


def _write(tables: Mapping[Path, pa.Table]) -> None:
    """Write all files or none: each beside its name first, then all renamed."""
    beside = {path: path.with_name(path.name + ".tmp") for path in tables}
    try:
        for path, table in tables.items():
            pq.write_table(table, beside[path], compression="zstd")
        for path, temporary in beside.items():
            temporary.replace(path)
    finally:
        for temporary in beside.values():
            temporary.unlink(missing_ok=True)
