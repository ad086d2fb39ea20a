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
from dedup.match import Matched
from dedup.model import Comparison, Model
from dedup.nodes import Nodes
from dedup.score import score_pairs

COPIES = 2_000
FEWEST = 100  # records that share a number: with fewer nothing is said
SEED = 20_262
NUMBERS = "id_number"  # the comparer whose numbers are trusted to tell who is who
NEVER = -np.inf


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


@dataclass(frozen=True, slots=True)
class _Case:
    """One data set: which of its records have what."""

    nodes: Nodes
    label: Ints
    records: Floats
    model: Model
    stated: dict[str, Bools]  # of what can be read from a number: which nodes state it themselves


def trial(matched: Matched, persons: pa.Table, model: Model) -> Trial | None:
    """Thin records with a number and see; None where no numbers are compared, too few are shared, or none is missing.

    Args:
        matched: a finished run over all records.
        persons: the rows that were matched.
        model: the model that matched them.
    """
    number = next((one for one in model.comparisons if one.compares == NUMBERS), None)
    if number is None:
        return None
    nodes = matched.nodes
    case = _Case(nodes, matched.clusters.label, records_of(nodes), model, _stated(persons, nodes))
    shared = np.flatnonzero(_shared_number(case)[nodes.record_node])
    bare = np.flatnonzero((nodes.facts["id_kind"] == "none")[nodes.record_node])
    if len(shared) < FEWEST or not len(bare):
        return None
    random = np.random.default_rng(SEED)
    like = nodes.record_node[bare[random.integers(0, len(bare), COPIES)]]
    copied = nodes.record_node[shared[random.integers(0, len(shared), COPIES)]]
    own = _own(case, copied, like)
    stranger, pairs = _strangers(case, matched, number, like, random)
    holders = case.records[nodes.facts["id_trusted"]].sum()
    others = case.records.sum() - len(bare) / 2
    return Trial(own, stranger, pairs * len(bare) / holders * others / holders)


def _stated(persons: pa.Table, nodes: Nodes) -> dict[str, Bools]:
    first = nodes.first_record()
    known = {
        name: np.asarray(pc.is_valid(persons.column(name)))[first] for name in set(READ_FROM_NUMBER.values())
    }
    return {column: known[source] for column, source in READ_FROM_NUMBER.items()}


def _shared_number(case: _Case) -> Bools:
    """Nodes whose trustworthy number another record of their cluster holds too."""
    trusted = case.nodes.facts["id_trusted"]
    code = case.nodes["id_number"].codes
    held = np.bincount(
        code[trusted], weights=case.records[trusted], minlength=len(case.nodes["id_number"].values)
    )
    return np.asarray(trusted & (held[code] > 1))


def _own(case: _Case, copied: Ints, like: Ints) -> Floats:
    """Each copy against all other records of its person; its own node too, where that stands for several records."""
    order = np.argsort(case.label, kind="stable")
    start, end = (
        np.searchsorted(case.label[order], case.label[copied], side=side) for side in ("left", "right")
    )
    count = end - start
    copy = np.repeat(np.arange(len(copied)), count)
    other = order[np.repeat(start, count) + np.arange(len(copy)) - np.repeat(np.cumsum(count) - count, count)]
    another = (other != copied[copy]) | (case.records[other] > 1)
    copy, other = copy[another], other[another]
    best = np.full(len(copied), NEVER)
    np.maximum.at(best, copy, _held_against(case, copied, like, copy, other))
    return best


def _strangers(
    case: _Case, matched: Matched, number: Comparison, like: Ints, random: np.random.Generator
) -> tuple[Floats, float]:
    """One side of pairs with two trustworthy numbers, thinned; and how many pairs of records one of them stands for."""
    left, right = matched.pairs.left, matched.pairs.right
    rows = np.flatnonzero(
        (matched.scored.levels[number.name] == number.level_names.index("conflict"))[matched.scored.pattern]
    )
    weight = case.records[left[rows]] * case.records[right[rows]]
    if not len(rows):
        return np.array([]), 0.0
    drawn = rows[random.choice(len(rows), len(like), p=weight / weight.sum())]
    flipped = random.random(len(like)) < 0.5
    copied, other = np.where(flipped, (right[drawn], left[drawn]), (left[drawn], right[drawn]))
    points = _held_against(case, copied, like, np.arange(len(like)), other)
    return points, 2.0 * float(weight.sum()) / len(like)


def _held_against(case: _Case, copied: Ints, like: Ints, copy: Ints, other: Ints) -> Floats:
    """The points of pairs (copy, node), or `NEVER`."""
    model = case.model
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


def _thinned(case: _Case, copied: Ints, like: Ints, whole: Ints) -> Nodes:
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
