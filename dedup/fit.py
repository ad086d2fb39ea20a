"""Whether a model fits the data it is about to be used on; one that does not is refused, not run.

Belongs here: what of a model is at odds with the counts of the data. Lives elsewhere: whether its file can be read at all
(`model.py`), learning one that fits (`train.py`).

Each comparison is judged by the others: pairs that all other comparisons take for one person tell how often its levels
are met among records of one person; pairs drawn by chance tell how often they are among two. A model is refused only
where many pairs say so, and only for claiming too much or the wrong way round: one that claims too little is merely
modest. Small data is not judged. A model reasoned for a district may be used in a street: there a shared home says less,
by as much as the prior is too low, and so much more is let pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dedup.blocking import Candidates, candidate_pairs
from dedup.chance import level_chances
from dedup.columns import Levels
from dedup.counts import Floats, by_level, codes_of, counted, forbidden, pairs_of_records, records_of
from dedup.em import log_odds, posterior, shares
from dedup.model import Comparison, Model, ModelError
from dedup.nodes import Nodes
from dedup.score import Scored, score_pairs
from dedup.variants import collapse

NODES, DRAWN = 10_000, 5_000  # nodes among which agreement by chance is counted, pairs drawn of each kind
JUDGED = 500  # pairs of one person, or of two, that must be there before anything is said of them
ENOUGH = 50  # pairs at a level, on the side that says it claims too much
TOO_MANY_BITS = 6.0  # a level that claims so much more than the counts bear
MATTERS = 3.0  # points: a level that claims less harms nobody
SAYS_NOTHING = 0.1  # bits by which a comparison tells pairs of one person from pairs of two
PRIOR_TOO_HIGH, PRIOR_TOO_LOW = 6.0, 14.0  # bits
# Of the pairs of one person, how many all else may speak against: a former name, a wrong birth date. At levels that two
# people hardly ever reach, such as an equal ID number, these would pass for all the strangers there are.
MISJUDGED = 0.02
UNSURE = -4.0  # log2 odds: a link threshold below it joins pairs that are rather two people
SETTLING = 100


@dataclass(frozen=True, slots=True)
class _Counts:
    """What the data says: patterns of candidate pairs, how many there are of each, and agreement by chance."""

    found: Scored
    codes: Levels
    pairs: Floats  # pairs of nodes by pattern
    weight: Floats  # pairs of records by pattern
    everything: float  # pairs of records in all
    chance: Sequence[Floats]  # per comparison and level, about how many pairs of records
    seen: Sequence[Floats]  # how many pairs were looked at to say so


def refuse_misfit(persons: pa.Table, model: Model) -> None:
    """Raise unless a model fits the rows it is about to match.

    Raises:
        ModelError: names each misfit.
    """
    nodes = collapse(persons, model)
    pairs = candidate_pairs(nodes, model)
    refuse(misfits(nodes, pairs, score_pairs(nodes, pairs.left, pairs.right, model), model), model)


def refuse(found: Sequence[str], model: Model) -> None:
    """Raise when there are misfits.

    Raises:
        ModelError: names each of them.
    """
    if found:
        listed = "".join(f"\n  - {one}" for one in found)
        raise ModelError(
            f"模型 {model.name}（{model.version}）与这批数据不符，没有运行：{listed}\n"
            "请用 enter-once train 在这批数据上重新训练，或改用内置模型"
        )


def misfits(nodes: Nodes, pairs: Candidates, scored: Scored, model: Model) -> list[str]:
    """In words, what of the model is at odds with the data; nothing where there is too little data to say."""
    counts = _counts(nodes, pairs, scored, model)
    share, probable = _match_share(counts, model)
    if float((counts.pairs * probable).sum()) < JUDGED:
        return []
    shift = log_odds(share) - model.prior
    return [
        *_prior(share, model),
        *_thresholds(counts, probable, shift, model),
        *(
            words
            for place in range(len(model.comparisons))
            for words in _comparison(counts, place, share, model)
        ),
    ]


def _counts(nodes: Nodes, pairs: Candidates, scored: Scored, model: Model) -> _Counts:
    records = records_of(nodes)
    everything = pairs_of_records(records)
    some = np.arange(0, len(nodes), max(1, len(nodes) // NODES))
    few = nodes.take(some)
    chances = [level_chances(few, one, model, DRAWN) for one in model.comparisons]
    times = everything / max(pairs_of_records(records[some]), 1.0)
    return _Counts(
        found=scored,
        codes=codes_of(scored, model),
        pairs=counted(scored, np.ones(len(pairs.left))),
        weight=counted(scored, records[pairs.left] * records[pairs.right]),
        everything=everything,
        chance=[one.pairs * times for one in chances],
        seen=[one.seen for one in chances],
    )


def _match_share(counts: _Counts, model: Model) -> tuple[float, Floats]:
    """The share of pairs of one person that the model's points find, whatever its prior; per pattern the probability."""
    points = [np.array(one.points()) for one in model.comparisons]
    never, share, odds = forbidden(counts.found, model), 0.0, model.prior
    for _ in range(SETTLING):
        probable = np.where(never, 0.0, posterior(counts.codes, points, odds))
        share = float((counts.weight * probable).sum()) / max(counts.everything, 1.0)
        odds = log_odds(share)
    return share, probable


def _prior(share: float, model: Model) -> Iterator[str]:
    measured = log_odds(share)
    if model.prior - measured > PRIOR_TOO_HIGH or measured - model.prior > PRIOR_TOO_LOW:
        yield f"先验 prior = {model.prior:+.1f}，数据中任意两条记录属于同一人的对数几率约为 {measured:+.1f}"


def _thresholds(counts: _Counts, probable: Floats, shift: float, model: Model) -> Iterator[str]:
    """Scores have two modes, one of pairs of two people and one of pairs of one: thresholds lie between the two."""
    points = counts.found.points
    of_one = _middle(points, counts.pairs * probable)
    if model.link > of_one:
        yield f"归并阈值 link = {model.link:+.1f}，而同一人的记录对有一半不到 {of_one:+.1f} 分：大多数人不会被归并"
    if model.link + shift < UNSURE:
        yield f"归并阈值 link = {model.link:+.1f} 太低：在这批数据上，刚到阈值的一对更可能是两个人"
    of_two = counts.pairs * (1.0 - probable)
    if of_two.sum() >= JUDGED and model.review < (middle := _middle(points, of_two)):
        yield f"复核阈值 review = {model.review:+.1f}，而不同人的记录对有一半超过 {middle:+.1f} 分：等人裁定的会太多"


def _middle(points: Floats, weight: Floats) -> float:
    """The weighted median."""
    order = np.argsort(points)
    upto = np.cumsum(weight[order])
    return float(points[order][np.searchsorted(upto, upto[-1] / 2)])


def _comparison(counts: _Counts, place: int, share: float, model: Model) -> Iterator[str]:
    """What the pairs that all other comparisons take for one person, and those met by chance, say of one comparison."""
    one = model.comparisons[place]
    others = [np.array(other.points()) * (place != c) for c, other in enumerate(model.comparisons)]
    never = forbidden(counts.found, model)
    probable = np.where(never, 0.0, posterior(counts.codes, others, log_odds(share)))
    of_one = by_level(counts.found, counts.pairs * probable, model)[place]
    met = by_level(counts.found, counts.weight * probable, model)[place]
    of_two = np.maximum(counts.chance[place] - met * (1.0 + MISJUDGED), 0.0)
    seen = counts.seen[place] * of_two / np.maximum(counts.chance[place], 1.0)
    if min(of_one[1:].sum(), seen[1:].sum()) < JUDGED:
        return
    m, u, points = shares(of_one), shares(of_two), np.array(one.points())
    tells = float((m - u) @ points)
    if tells < SAYS_NOTHING:
        said = "分不出同一人与不同人" if tells > -SAYS_NOTHING else "说反了：不同人得分反而更高"
        yield f"比较 {one.name} {said}（两者平均相差 {tells:+.1f} 分）"
    else:
        yield from _levels(one, (m, of_one), (u, seen), max(log_odds(share) - model.prior, 0.0))


def _levels(
    one: Comparison, same: tuple[Floats, Floats], two: tuple[Floats, Floats], let_pass: float
) -> Iterator[str]:
    """Levels that claim more than the counts bear; `same` and `two` are shares by level and the pairs they rest on."""
    (m, of_one), (u, of_two) = same, two
    at_most = np.maximum(
        m, (of_one + 3.0 * np.sqrt(of_one) + 3.0) / of_one[1:].sum()
    )  # few pairs may be more
    borne = np.log2(
        np.where(np.array(one.points()) > 0, at_most, m + 1e-12) / np.maximum(u, 1.0 / of_two[1:].sum())
    )
    for code, name in enumerate(one.level_names[1:], start=1):
        level, said = one.levels[name], float(borne[code])
        too_much = level.points - said if level.points > 0 else said - level.points
        passes = TOO_MANY_BITS + (let_pass if level.points > 0 else 0.0)
        backed = of_two[code] if level.points > 0 else of_one[code]
        if abs(level.points) >= MATTERS and backed >= ENOUGH and too_much > passes:
            yield (
                f"比较 {one.name} 的等级 {name}（{level.zh}）记 {level.points:+.1f} 分，数据只支持 {said:+.1f} 分"
                f"（同一人 {of_one[code]:,.0f} 对，不同人 {of_two[code]:,.0f} 对）"
            )
