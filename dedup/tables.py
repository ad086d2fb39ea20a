"""What matching found, as tables: pairs with their points in words, and what waits for a person.

Belongs here: laying out results by record id. Lives elsewhere: finding them (`match.py`), storing them (`night.py`,
`link.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dedup.columns import Ints
from dedup.match import Matched
from dedup.model import Model
from dedup.score import Band, Scored, probability, weights

MODEL = b"enter-once model"  # in the metadata of a table of pairs
REFUSED_ZH = {
    "id_conflict": "两边各有一个可靠的身份证号，互不相同",
    "verdict_different": "工作人员已判定为不同的人",
    "near_tie": "同时像两个互相矛盾的人，难分高下",
    "evidence_against": "单条相像，合起来却不是同一人",
}


def pair_table(matched: Matched, records: pa.StringArray, model: Model) -> pa.Table:
    """Pairs that were linked, wait for a person, or were refused by a cap, named by the first record of each node.

    `records`: record ids, in the order of the rows that were matched.

    Columns: left, right, refused (words: why a linked pair is not in one cluster after all; empty when it is), band,
    probability, points (log2 odds), cap (words, empty for none), reason (all points in words), and per comparison its
    level `<name>` and its points `<name>_points`. Beside them, in the metadata, the points and thresholds of the model.
    """
    scored, first = matched.scored, matched.nodes.first_record()
    told = (scored.band != Band.APART) | _apart_by_rule(scored, model)  # per pattern
    keep = np.flatnonzero(told[scored.pattern])
    pattern = scored.pattern[keep]
    columns = {
        "left": records.take(first[matched.pairs.left[keep]]),
        "right": records.take(first[matched.pairs.right[keep]]),
        "refused": _refused(matched, keep),
    }
    facts = pattern_table(scored, model)
    table = pa.table(
        columns | {name: facts.column(name).take(pa.array(pattern)) for name in facts.column_names}
    )
    return table.replace_schema_metadata({MODEL: json.dumps(_scale(model))})


def _scale(model: Model) -> Mapping[str, object]:
    """By what a model judges: prior, thresholds, and the points of each level of each comparison."""
    return {
        "prior": model.prior,
        "link": model.link,
        "review": model.review,
        "points": {
            one.name: dict(zip(one.level_names, one.points(), strict=True)) for one in model.comparisons
        },
    }


def _refused(matched: Matched, keep: Ints) -> pa.Array:
    """For some pairs, why their clusters were not joined although the pair is linked."""
    clusters = matched.clusters
    why = {
        frozenset((int(clusters.label[one.left]), int(clusters.label[one.right]))): REFUSED_ZH[one.reason]
        for one in clusters.refused
    }
    left, right = clusters.label[matched.pairs.left[keep]], clusters.label[matched.pairs.right[keep]]
    words = np.full(len(keep), "", dtype=object)
    for place in np.flatnonzero((left != right) & (matched.scored.pair_band()[keep] == Band.LINK)).tolist():
        words[place] = why.get(frozenset((int(left[place]), int(right[place]))), "")
    return pa.array(words, type=pa.string())


def pattern_table(scored: Scored, model: Model) -> pa.Table:
    """What each pattern of levels says: band, probability, points, cap (words, empty for none), reason (all points in
    words), and per comparison its level and points."""
    rules = np.array(["", *(cap.zh for cap in model.caps)], dtype=object)
    levels = np.stack([scored.levels[one.name] for one in model.comparisons], axis=1)
    columns: dict[str, pa.Array] = {
        "band": pa.array([Band(code).name.lower() for code in scored.band], type=pa.string()),
        "probability": pa.array(probability(scored.points)),
        "points": pa.array(scored.points),
        "cap": pa.array(rules[scored.cap], type=pa.string()),
        "reason": pa.array([in_words(row.tolist(), model) for row in levels], type=pa.string()),
    }
    for one in model.comparisons:
        level = scored.levels[one.name]
        columns[one.name] = pa.array(np.array(one.level_names, dtype=object)[level], type=pa.string())
        columns[f"{one.name}_points"] = pa.array(np.array(one.points())[level])
    return pa.table(columns)


def meaning(scored: Scored, model: Model) -> pa.Table:
    """The patterns as a warehouse keeps them: `pattern_table`, with their code, what they weigh in clustering, whether
    they are worth telling, and what the task is called that a person gets."""
    tasks = np.array(["possible_match", *(cap.conflict for cap in model.caps)], dtype=object)
    own = {
        "code": pa.array(scored.code),
        "weight": pa.array(weights(scored, model)),
        "told": pa.array((scored.band != Band.APART) | _apart_by_rule(scored, model)),
        "conflict": pa.array(tasks[scored.cap], type=pa.string()),
    }
    said = pattern_table(scored, model)
    return pa.table(own | {name: said.column(name) for name in said.column_names})


def _apart_by_rule(scored: Scored, model: Model) -> npt.NDArray[np.bool_]:
    """Per pattern: was it put apart by a rule and not for want of points."""
    rules = np.array([False, *(cap.band == "apart" for cap in model.caps)])
    return np.asarray(rules[scored.cap])


def in_parts(reason: str) -> list[tuple[str, float]]:
    """What `in_words` said, level by level: the words and the points.

    >>> in_parts("姓名一致 +17.0；性别不同 -6.0"), in_parts("")
    ([('姓名一致', 17.0), ('性别不同', -6.0)], [])
    """
    said = (part.rsplit(" ", 1) for part in reason.split("；") if part)
    return [(words, float(points)) for words, points in said]


def in_words(pattern: Sequence[int], model: Model) -> str:
    """One pattern of levels as a steward reads it: every field that says something, with its points."""
    said = []
    for one, code in zip(model.comparisons, pattern, strict=True):
        if code:
            level = one.levels[one.level_names[code]]
            said.append(f"{level.zh} {level.points:+.1f}")
    return "；".join(said)
