"""Records that hold an ID number, thinned to what records without one state: what would have become of them?

Belongs here: making thinned copies, and holding them against their own person and against somebody else.
Lives elsewhere: what is estimated of it (`estimates.py`).

Who is who is known of two records that hold trustworthy numbers: with one number they are one person, with two they are
two. Records without a number are the hard ones, and of them nobody knows. So records with a number are copied, the
number and all that was read from it taken out, and every column emptied that a record without a number, drawn by chance,
leaves empty; a masked name masks the copy's. Then the model is asked. What it finds of the copies it finds of the
records that they were made to look like; where it takes a copy for somebody else, it takes those for somebody else too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.chance import LOOKS_AT, READ_FROM_NUMBER, column_rows, share_value
from dedup.columns import Bools, Coded, Ints, coded, texts
from dedup.counts import Floats, records_of
from dedup.model import Model
from dedup.nodes import Nodes
from dedup.score import score_pairs

COPIES = 2_000
FEWEST = 100  # records that share a number: with fewer nothing is said
NUMBERS = "id_number"  # the comparer whose numbers are trusted to tell who is who
NEVER = -np.inf


@dataclass(frozen=True, slots=True)
class Case:
    """Nodes and who is with whom: of a whole data set, or of some people, each with all their records.

    stated: of the columns that can be read from a number, which nodes state them themselves.
    """

    nodes: Nodes
    label: Ints
    stated: dict[str, Bools]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The nodes that a trial is made with.

    copied: nodes whose trustworthy number another record of their cluster holds. like: as many without a number.
    one, other: pairs of nodes with two trustworthy numbers; it is the first that is thinned.
    stranger_pairs: how many pairs of records, one of them without a number, each of these pairs stands for.
    """

    copied: Ints
    like: Ints
    one: Ints
    other: Ints
    stranger_pairs: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of thinned copies.

    own: per copy the most points with another record of its person, `NEVER` where no key brings the two together or a
        rule forbids the link.
    stranger: the same per copy held against one record of somebody else.
    stranger_pairs: how many pairs of records each of those stands for.
    """

    own: Floats
    stranger: Floats
    stranger_pairs: float


def trial(case: Case, drawn: Drawn, model: Model) -> Trial:
    """Thin what was drawn and see."""
    like = np.resize(drawn.like, len(drawn.one))
    stranger = _held_against(case, drawn.one, like, np.arange(len(like)), drawn.other, model)
    return Trial(_own(case, drawn, model), stranger, drawn.stranger_pairs)


def stated_by(persons: pa.Table, first: Ints) -> dict[str, Bools]:
    """Which nodes state themselves what can be read from a number; `first`: the row of each node."""
    known = {
        name: np.asarray(pc.is_valid(persons.column(name)))[first] for name in set(READ_FROM_NUMBER.values())
    }
    return {column: known[source] for column, source in READ_FROM_NUMBER.items()}


def _own(case: Case, drawn: Drawn, model: Model) -> Floats:
    """Each copy against all other records of its person; its own node too, where that stands for several records."""
    records, asked = records_of(case.nodes), np.isin(case.label, case.label[drawn.copied])
    order = np.flatnonzero(asked)
    order = order[np.argsort(case.label[order], kind="stable")]  # the clusters that copies are of, one by one
    start, end = (
        np.searchsorted(case.label[order], case.label[drawn.copied], side=side) for side in ("left", "right")
    )
    count = end - start
    copy = np.repeat(np.arange(len(count)), count)
    other = order[np.repeat(start, count) + np.arange(len(copy)) - np.repeat(np.cumsum(count) - count, count)]
    another = (other != drawn.copied[copy]) | (records[other] > 1)
    copy, other = copy[another], other[another]
    best = np.full(len(count), NEVER)
    np.maximum.at(best, copy, _held_against(case, drawn.copied, drawn.like, copy, other, model))
    return best


def _held_against(case: Case, copied: Ints, like: Ints, copy: Ints, other: Ints, model: Model) -> Floats:
    """The points of pairs (copy, node), or `NEVER`."""
    if not len(copy):
        return np.array([])
    whole, place = np.unique(other, return_inverse=True)
    nodes = _thinned(case, copied, like, whole)
    left, right = copy, len(copied) + place
    found = score_pairs(nodes, left, right, model)
    points = np.where(found.cap == 0, found.points, NEVER)[found.pattern]
    return np.where(_met(nodes, left, right, model), points, NEVER)


def _met(nodes: Nodes, left: Ints, right: Ints, model: Model) -> Bools:
    keys = [key.columns for key in model.blocks if not set(key.columns) & set(LOOKS_AT[NUMBERS])]
    share = {
        name: share_value(column_rows(nodes, model, name), left, right, len(nodes))
        for name in {name for key in keys for name in key}
    }
    met = np.zeros(len(left), dtype=np.bool_)
    for key in keys:
        met |= np.logical_and.reduce([share[name] for name in key])
    return met


def _thinned(case: Case, copied: Ints, like: Ints, whole: Ints) -> Nodes:
    """Nodes of their own: first a thinned copy of each of `copied`, then `whole` as they are."""
    copies, columns = len(copied), case.nodes.columns
    thinned = case.nodes.take(np.concatenate([copied, whole]))
    for name, column in thinned.columns.items():
        empty = (columns[name].codes[like] < 0) | (name in LOOKS_AT[NUMBERS]) | (name == "birth_of_id")
        if name in case.stated:
            empty |= ~case.stated[name][copied]
        column.codes[:copies][empty] = -1
    for name, nothing in (("id_kind", "none"), ("id_sound", False), ("id_trusted", False)):
        thinned.facts[name][:copies] = nothing
    kind = case.nodes.facts["name_kind"][like]
    odd = np.flatnonzero(kind != "ok")
    thinned.columns["pinyin"].codes[odd] = -1
    thinned.facts["name_kind"][odd] = kind[odd]
    names = _masked(thinned["name"], odd)
    return Nodes(thinned.record_node, {**thinned.columns, "name": names}, thinned.facts)


def _masked(names: Coded, odd: Ints) -> Coded:
    said = texts(names)
    for row in odd:
        name = said[row]
        said[row] = name[0] + "*" * (len(name) - 1) if name else None
    return coded(said)
