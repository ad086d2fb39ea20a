"""How good a matching is, estimated without labels; and the link threshold that an estimate asks for.

Belongs here: precision and recall over pairs of records, by what became of thinned copies (`thinning.py`).
Lives elsewhere: measuring against a known truth (`warehouse/score.py`, `benchmarks/`).

Recall: of the pairs found, those that involve records without an ID number are as many of all such pairs as copies are
found again. Pairs whose records both hold a number count as found. Precision: a copy that is linked to somebody else
stands for so many pairs of records without a number that are; links between numbers are as sure as their points say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dedup.columns import Bools
from dedup.counts import Floats, records_of, tally
from dedup.match import Matched
from dedup.model import Model
from dedup.score import probability
from dedup.thinning import Trial, trial

WANTED = 0.999  # precision that the link threshold is set for
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
    """

    precision: float
    recall: float | None = None
    recall_low: float | None = None
    recall_high: float | None = None
    copies: int = 0
    found: int = 0


def estimates(matched: Matched, persons: pa.Table, model: Model) -> Estimates:
    """Estimate precision and recall of a finished run over all records."""
    found = trial(matched, persons, model)
    precision = precision_at(model.link, found, matched)
    if found is None:
        return Estimates(precision)
    copies, again = len(found.own), int((found.own >= model.link).sum())
    low, high = wilson(copies - again, copies)
    missed = 1.0 - again / copies
    recall, least, most = (
        _recall(matched, 1.0 - min(share, 0.99)) for share in (missed, high * UNLIKE, low / UNLIKE)
    )
    return Estimates(precision, recall, least, most, copies, again)


def precision_at(threshold: float, found: Trial | None, matched: Matched) -> float:
    """Expected precision of the pairs that a threshold links."""
    scored, nodes = matched.scored, matched.nodes
    records = records_of(nodes)
    linked = ((scored.cap == 0) & (scored.points >= threshold))[scored.pattern]
    left, right = matched.pairs.left[linked], matched.pairs.right[linked]
    weight = records[left] * records[right]
    if not len(weight):
        return 1.0
    doubt = weight * (1.0 - probability(scored.pair_points()[linked]))
    if found is None:
        return float(1.0 - doubt.sum() / weight.sum())
    bare = _bare(matched)
    wrong = doubt[~(bare[left] | bare[right])].sum()
    wrong += (found.stranger >= threshold).sum() * found.stranger_pairs
    return float(max(1.0 - wrong / weight.sum(), 0.0))


def link_threshold(found: Trial | None, matched: Matched, model: Model) -> float:
    """The lowest threshold, from the model's own upwards, at which the precision that is wanted can be expected."""
    for threshold in np.arange(model.link, model.link + HIGHEST, STEP):
        if precision_at(float(threshold), found, matched) >= WANTED:
            return float(threshold)
    return model.link + HIGHEST


def _bare(matched: Matched) -> Bools:
    return np.asarray(matched.nodes.facts["id_kind"] == "none")


def _recall(matched: Matched, again: float) -> float:
    """The share of true pairs found, when each record without a number was found with that probability."""
    records, bare, label = records_of(matched.nodes), _bare(matched), matched.clusters.label
    without = tally(label, records * bare, len(label))
    holding = tally(label, records * ~bare, len(label))
    both = _pairs(holding)
    one, none = float((without * holding).sum()), _pairs(without)
    all_pairs = both + one / again + none / again**2
    return (both + one + none) / all_pairs if all_pairs else 1.0


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
