"""How good a matching is, estimated without labels; and the link threshold that an estimate asks for.

Belongs here: precision and recall over pairs of records, by what became of thinned copies (`thinning.py`).
Lives elsewhere: measuring against a known truth (`warehouse/score.py`, `benchmarks/`).

Recall: of the pairs found, those that involve records without an ID number are as many of all such pairs as copies are
found again. Pairs whose records both hold a number count as found. Precision: a copy that is linked to somebody else
stands for so many pairs of records without a number that are; links between numbers are as sure as their points say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from dedup.columns import Bools, Ints
from dedup.counts import Floats, records_of, tally
from dedup.match import Matched
from dedup.model import Model
from dedup.nodes import Nodes
from dedup.score import probability
from dedup.thinning import COPIES, FEWEST, NUMBERS, Case, Drawn, Trial, stated_by, trial

WANTED = 0.999  # precision that the link threshold is set for
SEED = 20_262
STEP, HIGHEST = (
    0.5,
    12.0,
)  # points: how finely, and how far above the reasoned one, a link threshold is looked for
# Copies are not quite like what they stand for: on synthetic cities the share that is missed came out between two
# thirds and one and a half times the truth (docs/matching.md). The interval allows for that beside chance.
UNLIKE = 1.5


@dataclass(frozen=True, slots=True)
class Estimates:
    """Shares of pairs of records. Recall, its rough interval and `found` are None where copies cannot be made.

    copies, found: how many records with a number were thinned, and how many of them found their person again.
    drawn: the night it was drawn on, where that is known. changed: the share of records that have changed since.
    """

    precision: float
    recall: float | None = None
    recall_low: float | None = None
    recall_high: float | None = None
    copies: int = 0
    found: int = 0
    drawn: date | None = None
    changed: float = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """Sums over pairs of records that were found.

    both, one, none: pairs in one cluster of which both records, one or none holds a number.
    linked: pairs linked directly. doubt: how many of them, between records with numbers, are wrong by their points.
    """

    both: float
    one: float
    none: float
    linked: float
    doubt: float


def estimates(matched: Matched, persons: pa.Table, model: Model) -> Estimates:
    """Estimate precision and recall of a finished run over all records.

    Args:
        matched: the run.
        persons: the rows that were matched.
        model: the model that matched them.
    """
    return estimated(try_out(matched, persons, model), found_at(model.link, matched), model.link)


def estimated(tried: Trial | None, found: Found, link: float) -> Estimates:
    """What a trial says of what was found. Without one, links are as sure as their points say, and recall is unknown."""
    precision = precision_of(tried, found, link)
    if tried is None:
        return Estimates(precision)
    copies, again = len(tried.own), int((tried.own >= link).sum())
    low, high = wilson(copies - again, copies)
    recall, least, most = (
        _recall(found, 1.0 - min(missed, 0.99))
        for missed in (1.0 - again / copies, high * UNLIKE, low / UNLIKE)
    )
    return Estimates(precision, recall, least, most, copies, again)


def precision_of(tried: Trial | None, found: Found, link: float) -> float:
    """The expected share of linked pairs that are of one person."""
    strangers = (tried.stranger >= link).sum() * tried.stranger_pairs if tried else 0.0
    return float(max(1.0 - (found.doubt + strangers) / max(found.linked, 1.0), 0.0))


def _recall(found: Found, again: float) -> float:
    """The share of true pairs found, when each record without a number was found with that probability."""
    true = found.both + found.one / again + found.none / again**2
    return (found.both + found.one + found.none) / true if true else 1.0


def link_threshold(tried: Trial | None, matched: Matched, model: Model) -> float:
    """The lowest threshold, from the model's own upwards, at which the precision that is wanted can be expected."""
    for threshold in np.arange(model.link, model.link + HIGHEST, STEP).tolist():
        if precision_of(tried, found_at(threshold, matched), threshold) >= WANTED:
            return float(threshold)
    return model.link + HIGHEST


def found_at(threshold: float, matched: Matched) -> Found:
    """The sums of a run, its direct links counted from a threshold upwards."""
    nodes, scored, label = matched.nodes, matched.scored, matched.clusters.label
    records, bare = records_of(nodes), without_number(nodes)
    linked = ((scored.cap == 0) & (scored.points >= threshold))[scored.pattern]
    left, right = matched.pairs.left[linked], matched.pairs.right[linked]
    weight = records[left] * records[right]
    doubt = weight * (1.0 - probability(scored.pair_points()[linked]))
    without = tally(label, records * bare, len(label))
    holding = tally(label, records * ~bare, len(label))
    return Found(
        both=_pairs(holding),
        one=float((without * holding).sum()),
        none=_pairs(without),
        linked=float(weight.sum()),
        doubt=float(doubt[~(bare[left] | bare[right])].sum()),
    )


def without_number(nodes: Nodes) -> Bools:
    """Which nodes state no number at all; where numbers are not compared, none is missing."""
    kind = nodes.facts.get("id_kind")
    return np.zeros(len(nodes), dtype=np.bool_) if kind is None else np.asarray(kind == "none")


def try_out(matched: Matched, persons: pa.Table, model: Model) -> Trial | None:
    """A trial with records drawn of a run; None where no numbers are compared, too few are shared, or none is missing."""
    number = next((one for one in model.comparisons if one.compares == NUMBERS), None)
    if number is None:
        return None
    nodes, records = matched.nodes, records_of(matched.nodes)
    shared = np.flatnonzero(_shares_number(nodes, matched.clusters.label)[nodes.record_node])
    bare = np.flatnonzero(without_number(nodes)[nodes.record_node])
    if len(shared) < FEWEST or not len(bare):
        return None
    random = np.random.default_rng(SEED)
    copied, like = (nodes.record_node[rows[random.integers(0, len(rows), COPIES)]] for rows in (shared, bare))
    levels = matched.scored.levels[number.name] == number.level_names.index("conflict")
    rows = np.flatnonzero(levels[matched.scored.pattern])
    left, right = matched.pairs.left[rows], matched.pairs.right[rows]
    weight = records[left] * records[right]
    pairs = random.choice(len(rows), COPIES, p=weight / weight.sum()) if len(rows) else rows
    one, other = np.where(
        random.random(len(pairs)) < 0.5, (left[pairs], right[pairs]), (right[pairs], left[pairs])
    )
    stranger_pairs = stands_for(
        float(weight.sum()),
        len(pairs),
        len(bare),
        float(records[nodes.facts["id_trusted"]].sum()),
        len(nodes.record_node),
    )
    case = Case(nodes, matched.clusters.label, stated_by(persons, nodes.first_record()))
    return trial(case, Drawn(copied, like, one, other, stranger_pairs), model)


def stands_for(pairs: float, drawn: int, bare: int, holders: float, records: int) -> float:
    """How many pairs of a record without a number and a stranger's each drawn pair with two numbers stands for.

    Either side of such a pair could have been the one without a number. Among strangers there are as many more pairs
    with a record that has none as there are such records, and others to go with them, for each holder.
    """
    return (
        2.0 * pairs / max(drawn, 1) * (bare / max(holders, 1.0)) * ((records - bare / 2) / max(holders, 1.0))
    )


def _shares_number(nodes: Nodes, label: Ints) -> Bools:
    """Nodes whose trustworthy number another record of their cluster holds too."""
    rows = np.flatnonzero(nodes.facts["id_trusted"])
    number = label[rows] * len(nodes["id_number"].values) + nodes["id_number"].codes[rows]
    _, place = np.unique(number, return_inverse=True)
    held = tally(place, records_of(nodes)[rows], len(rows))
    shares = np.zeros(len(nodes), dtype=np.bool_)
    shares[rows] = held[place] > 1
    return shares


def _pairs(sizes: Floats) -> float:
    return float((sizes * (sizes - 1) / 2).sum())


def wilson(hits: int, tries: int, z: float = 1.96) -> tuple[float, float]:
    """The interval that a share lies in, 95 times of 100.

    >>> low, high = wilson(5, 100)
    >>> round(low, 3), round(high, 3)
    (0.022, 0.112)
    """
    share, spread = hits / tries, z * z / tries
    middle = share + spread / 2
    reach = z * float(np.sqrt(share * (1 - share) / tries + spread / (4 * tries)))
    return max((middle - reach) / (1 + spread), 0.0), min((middle + reach) / (1 + spread), 1.0)
