"""Learning the weights of a model from records, without labels; what stewards said refines them.

Belongs here: which pairs each round of learning looks at, what is held out in it, how much a rare level is believed, and
putting the model together. Lives elsewhere: the arithmetic of a round (`em.py`), agreement by chance (`chance.py`), the
link threshold (`estimates.py`), writing the model down (`write_model.py`). A night never trains.

`m`, how often records of one person are at a level, is learned in rounds, one for each blocking key: pairs that met by
name and birth date say nothing of how often names and birth dates agree, so these are held out there, and are learned
where pairs met by something else. `u`, how often two people are, is counted over all pairs of records (`chance.py`) less
those of one person. Pairs of nodes weigh as many pairs of records as they stand for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from dedup.blocking import Candidates, candidate_pairs
from dedup.chance import Chance, chosen_by, level_chances
from dedup.columns import Bools, Levels
from dedup.counts import Floats, by_level, codes_of, counted, forbidden, pairs_of_records, records_of
from dedup.em import Round, bits, log_odds, maximise, posterior, shares
from dedup.estimates import estimates, link_threshold, try_out
from dedup.fit import misfits
from dedup.link import KEYS
from dedup.match import match
from dedup.model import Comparison, Model, Trained
from dedup.night import Verdict
from dedup.nodes import Nodes
from dedup.prepare import PREPARERS
from dedup.records import read_records
from dedup.score import Scored, score_pairs
from dedup.site import judged, site_persons
from dedup.variants import collapse

FEWEST_RECORDS = 500
FEWEST_MATCHES = 200  # pairs of one person, as far as can be told
SWEEPS = 3  # of all rounds: each begins with what the one before found, and changes it less
REASONED = 50.0  # pairs that the reasoned points of a level count as much as
VERDICT = 20.0  # pairs that a steward's word on one pair counts as much as
SETTLING = 50  # passes until the share of matches stands still
UNSEEN = 0.5  # of a pair: what a level that was never met counts as

Pairs = Sequence[tuple[int, int]]


class TrainingError(ValueError):
    """Records that nothing can be learned from: what is missing, and what to do."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What the records say of a model.

    m, u: per comparison the share of each level, by level code. m_pairs, u_pairs: the pairs that each rests on.
    match_share: of all pairs of records, those of one person.
    """

    m: list[Floats]
    u: list[Floats]
    m_pairs: list[Floats]
    u_pairs: list[Floats]
    match_share: float
    pairs: int
    rounds: int
    iterations: int


@dataclass(frozen=True, slots=True)
class _Material:
    """What learning looks at again and again: patterns with their counts, rounds, chance agreement, verdicts.

    rounds: the comparisons held out, and the counts of the patterns that met.
    said: per comparison and level the pairs that stewards called the same, and those they called different.
    """

    found: Scored
    codes: Levels
    counts: Floats
    impossible: Bools
    everything: float
    rounds: list[tuple[list[bool], Floats]]
    chances: list[Chance]
    said: tuple[list[Floats], list[Floats]]


def train_on_file(path: Path, base: Model) -> Model:
    """Train on a file of raw records, as `link` reads them.

    Raises:
        RecordsError: what is wrong with the file.
        TrainingError: nothing can be learned from it.
    """
    stated = read_records(path, base)
    return train(KEYS[base.reads](stated, base), base)


def train_on_site(con: duckdb.DuckDBPyConnection, base: Model, verdicts: Iterable[Verdict]) -> Model:
    """Train on the person records of a warehouse and on what its stewards said of them.

    Raises:
        TrainingError: a model of other records, or nothing can be learned.
    """
    if base.reads != "resident":
        raise TrainingError(f"站点里只有居民记录，{base.name} 是另一类记录的模型。请指明记录文件")
    persons = site_persons(con)
    return train(persons, base, *judged(persons, verdicts))


def train(persons: pa.Table, base: Model, same: Pairs = (), different: Pairs = ()) -> Model:
    """A model with the caps and keys of another, whose points, prior and link threshold come from records.

    Args:
        persons: one row per record with the columns that the model's preparer names, ordered by record id.
        base: the model to begin with; its points stand where the records say too little.
        same, different: pairs of row numbers that a steward judged.

    Raises:
        TrainingError: too few records, hardly two of them are of one person, or what they teach is at odds with them.
    """
    if persons.num_rows < FEWEST_RECORDS:
        raise TrainingError(
            f"只有 {persons.num_rows} 条记录，至少要 {FEWEST_RECORDS} 条才能训练。请用更多记录，或直接使用内置模型"
        )
    nodes = collapse(persons, base)
    learned = learn(nodes, base, _nodes_of(nodes, same), _nodes_of(nodes, different))
    draft = replace(
        base,
        prior=_rounded(log_odds(learned.match_share)),
        comparisons=tuple(_believed(one, learned, place) for place, one in enumerate(base.comparisons)),
    )
    matched = match(persons, draft, same, different)
    draft = replace(draft, link=link_threshold(try_out(matched, persons, draft), matched, draft))
    matched = match(persons, draft, same, different)
    if found := misfits(matched.nodes, matched.pairs, matched.scored, draft):
        listed = "".join(f"\n  - {one}" for one in found)
        raise TrainingError(
            f"从这些记录学到的模型与它们自己不符，没有写出：{listed}\n请用更多记录训练，或直接使用 {base.name}"
        )
    expected = estimates(matched, persons, draft)
    trained = Trained(
        base=base.name,
        base_version=base.version,
        records=persons.num_rows,
        pairs=learned.pairs,
        rounds=learned.rounds,
        iterations=learned.iterations,
        match_share=float(f"{learned.match_share:.3e}"),
        verdicts=len(same) + len(different),
        precision_estimate=round(expected.precision, 4),
        recall_estimate=round(expected.recall, 4) if expected.recall is not None else None,
        counts=_backing(base, learned),
    )
    return replace(draft, trained=trained)


def learn(nodes: Nodes, base: Model, same: Pairs = (), different: Pairs = ()) -> Learned:
    """What the records say of the levels of a model.

    Raises:
        TrainingError: no two records meet, or hardly any are of one person.
    """
    pairs = candidate_pairs(nodes, base)
    if not len(pairs.left):
        raise TrainingError(
            "没有任何两条记录被放到一起比较，无从训练。请检查姓名、证件、电话、住址等列是否有值"
        )
    given = _material(nodes, base, pairs, same, different)
    reasoned = [np.array(one.points()) for one in base.comparisons]
    probable = _probable(given, reasoned, base.prior)
    u = _by_chance(given, base, probable)
    m = [shares(share * np.exp2(points)) for share, points in zip(map(shares, u), reasoned, strict=True)]
    iterations = 0
    for _ in range(SWEEPS):
        rounds = [
            maximise(given.codes, counts, m, list(map(shares, u)), held_out, given.impossible)
            for held_out, counts in given.rounds
        ]
        iterations += sum(one.iterations for one in rounds)
        m = _by_match(given, rounds, m)
        points = [bits(one, other) for one, other in zip(m, map(shares, u), strict=True)]
        match_share, probable = _match_share(given, points, float((given.counts * probable).sum()))
        u = _by_chance(given, base, probable)
    if match_share * given.everything < FEWEST_MATCHES:
        raise TrainingError(
            "几乎没有两条记录是同一人，无从训练。请把多个来源的记录放在一起，或直接使用内置模型"
        )
    return Learned(
        m=m,
        u=list(map(shares, u)),
        m_pairs=_most(given, rounds),
        u_pairs=[_looked_at(*one) for one in zip(given.chances, u, strict=True)],
        match_share=match_share,
        pairs=len(pairs.left),
        rounds=len(given.rounds),
        iterations=iterations,
    )


def _material(nodes: Nodes, base: Model, pairs: Candidates, same: Pairs, different: Pairs) -> _Material:
    records = records_of(nodes)
    found = score_pairs(nodes, pairs.left, pairs.right, base)
    weight = records[pairs.left] * records[pairs.right]
    return _Material(
        found=found,
        codes=codes_of(found, base),
        counts=counted(found, weight),
        impossible=forbidden(found, base),
        everything=pairs_of_records(records),
        rounds=_rounds(nodes, base, pairs, found, weight),
        chances=[level_chances(nodes, one, base) for one in base.comparisons],
        said=(_said(nodes, base, same), _said(nodes, base, different)),
    )


def _rounds(
    nodes: Nodes, base: Model, pairs: Candidates, found: Scored, weight: Floats
) -> list[tuple[list[bool], Floats]]:
    """One round for each blocking key that leaves something to learn."""
    columns, size = PREPARERS[base.reads].columns(base.columns), len(nodes)
    packed = pairs.left * size + pairs.right
    rounds = []
    for key in base.blocks:
        held_out = [chosen_by(key.columns, one, columns) for one in base.comparisons]
        met = candidate_pairs(nodes, replace(base, blocks=(key,)))
        if len(met.left) and not all(held_out):
            rows = np.searchsorted(packed, met.left * size + met.right)
            rounds.append((held_out, counted(found, weight, rows)))
    return rounds


def _nodes_of(nodes: Nodes, rows: Pairs) -> Pairs:
    """Judged rows as nodes; two rows that state the same teach nothing."""
    node = nodes.record_node
    return [(int(node[a]), int(node[b])) for a, b in rows if node[a] != node[b]]


def _said(nodes: Nodes, base: Model, judged: Pairs) -> list[Floats]:
    left, right = (np.array([pair[side] for pair in judged], dtype=np.int64) for side in (0, 1))
    found = score_pairs(nodes, left, right, base)
    return by_level(found, VERDICT * counted(found, np.ones(len(judged))), base)


def _probable(given: _Material, points: Sequence[Floats], prior: float) -> Floats:
    return np.where(given.impossible, 0.0, posterior(given.codes, points, prior))


def _match_share(given: _Material, points: Sequence[Floats], matches: float) -> tuple[float, Floats]:
    """Of all pairs of records those of one person, and how probably each pattern is of one."""
    for _ in range(SETTLING):
        share = max(matches / given.everything, 1e-12)
        probable = _probable(given, points, log_odds(share))
        matches = float((given.counts * probable).sum())
    return share, probable


def _by_match(given: _Material, rounds: Sequence[Round], before: list[Floats]) -> list[Floats]:
    """Levels among pairs of one person, over all rounds in which the comparison was not held out, if there is any."""
    learned = []
    for place, said in enumerate(given.said[0]):
        used = [
            one.matches[place] for one, (out, _) in zip(rounds, given.rounds, strict=True) if not out[place]
        ]
        counts = np.sum([np.zeros_like(said), *used], axis=0) + said * len(used)
        learned.append(shares(np.maximum(counts, UNSEEN)) if used else before[place])
    return learned


def _most(given: _Material, rounds: Sequence[Round]) -> list[Floats]:
    """The most pairs of one person that any round met at each level: rounds meet the same pairs again."""
    most = []
    for place, said in enumerate(given.said[0]):
        used = [
            one.matches[place] for one, (out, _) in zip(rounds, given.rounds, strict=True) if not out[place]
        ]
        most.append(np.max([np.zeros_like(said), *used], axis=0) + said)
    return most


def _by_chance(given: _Material, base: Model, probable: Floats) -> list[Floats]:
    """Levels among all pairs of records that are not of one person."""
    matches = by_level(given.found, given.counts * probable, base)
    return [
        np.maximum(chance.pairs - of_one, UNSEEN) + said
        for chance, of_one, said in zip(given.chances, matches, given.said[1], strict=True)
    ]


def _looked_at(chance: Chance, counts: Floats) -> Floats:
    """How many pairs of two people were really looked at: of the rest it is only known how many there are."""
    return np.minimum(counts, chance.seen * counts / np.maximum(chance.pairs, UNSEEN))


def _believed(one: Comparison, learned: Learned, place: int) -> Comparison:
    """A comparison with what was learned, level by level, as far as it is backed by pairs on both sides."""
    found = bits(learned.m[place], learned.u[place])
    rests_on = _rests_on(learned.m_pairs[place], learned.u_pairs[place])
    points = (rests_on * found + REASONED * np.array(one.points())) / (rests_on + REASONED)
    by_name = dict(zip(one.level_names, points.tolist(), strict=True))
    levels = {name: replace(level, points=_rounded(by_name[name])) for name, level in one.levels.items()}
    return replace(one, levels=levels)


def _rests_on(m_pairs: Floats, u_pairs: Floats) -> Floats:
    """A ratio is as sure as its weaker side: log m/u varies as 1/m + 1/u."""
    return np.asarray(1.0 / (1.0 / np.maximum(m_pairs, UNSEEN) + 1.0 / np.maximum(u_pairs, UNSEEN)))


def _backing(base: Model, learned: Learned) -> Mapping[str, Mapping[str, tuple[int, int]]]:
    return {
        one.name: {
            name: (round(float(learned.m_pairs[place][code])), round(float(learned.u_pairs[place][code])))
            for code, name in enumerate(one.level_names)
            if code
        }
        for place, one in enumerate(base.comparisons)
    }


def _rounded(points: float) -> float:
    return round(points, 1) + 0.0  # no minus zero
