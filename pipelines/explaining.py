"""Explanations of matching as a person reads them on a terminal.

Belongs here: laying out what `dedup/explain.py` and `dedup/difference.py` found. No value of a record is shown.
Lives elsewhere: finding it.
"""

from __future__ import annotations

from collections.abc import Mapping

from dedup.difference import Difference
from dedup.explain import How, Why
from pipelines.messages import Language, say


def pair_in_words(found: Why, speak: Language) -> str:
    """Two records: the verdict, the sum, and every field that says something on a line of its own."""
    lines = [
        say(
            "why_same" if found.same_resident else "why_different", speak, left=found.left, right=found.right
        ),
        say(
            "why_points",
            speak,
            points=found.points,
            probability=found.probability,
            band=say(f"band_{found.band}", speak),
        ),
        *(f"  {one}" for one in found.reason.split("；") if one),
    ]
    if found.cap:
        lines.append(say("why_cap", speak, cap=found.cap))
    if not found.met:
        lines.append(say("why_not_met", speak))
    return "\n".join(lines)


def resident_in_words(found: How, speak: Language) -> str:
    """A resident: the records, those that state the same, and the links that join the rest."""
    lines = [say("how_resident", speak, resident=found.resident_id, records=len(found.records))]
    lines += [f"  {record['record_id']}  {record['platform']}" for record in found.records]
    lines += [say("how_alike", speak, records="、".join(members)) for members in found.alike]
    lines += [
        say("how_step", speak, left=step.left, right=step.right, points=step.points, reason=step.reason)
        for step in found.steps
    ]
    return "\n".join(lines)


def difference_in_words(found: Difference, speak: Language) -> str:
    """Two clusterings: the counts, then what is split and what is joined."""
    lines = [
        say(
            "compare_counts",
            speak,
            records=found.records,
            same=found.same_clusters,
            lost=found.pairs_lost,
            won=found.pairs_won,
        )
    ]
    if found.only_in_first or found.only_in_second:
        lines.append(say("compare_only", speak, first=found.only_in_first, second=found.only_in_second))
    return "\n".join(
        [
            *lines,
            *_examples("compare_split", found.split, speak),
            *_examples("compare_joined", found.joined, speak),
        ]
    )


def _examples(message: str, found: Mapping[str, list[str]], speak: Language) -> list[str]:
    return [say(message, speak, cluster=cluster, parts="、".join(parts)) for cluster, parts in found.items()]
