"""Explanations of matching as a person reads them on a terminal.

Belongs here: laying out what `dedup/explain.py` and `dedup/difference.py` found. No value of a record is shown.
Lives elsewhere: finding it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from dedup.difference import Difference
from dedup.explain import How, Why
from dedup.grounds import Ground
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
    lines += _examples("split", found.split, found.why_split, speak)
    lines += _examples("joined", found.joined, found.why_joined, speak)
    if (found.split and not found.why_split) or (found.joined and not found.why_joined):
        lines.append(say("compare_without_pairs", speak))
    return "\n".join(lines)


def _examples(
    how: Literal["split", "joined"],
    clusters: Mapping[str, list[str]],
    why: Mapping[str, list[Ground]],
    speak: Language,
) -> list[str]:
    """The clusters, each with the pairs that decided it below."""
    apart = say("compare_second" if how == "split" else "compare_first", speak)
    lines = []
    for cluster, parts in clusters.items():
        lines.append(say(f"compare_{how}", speak, cluster=cluster, parts="、".join(parts)))
        for ground in why.get(cluster, []):
            lines += _ground(ground, apart, speak)
        if why and not why.get(cluster):
            lines.append(say("compare_no_pair", speak))
    return lines


def _ground(found: Ground, apart: str, speak: Language) -> list[str]:
    """A decisive pair: its points on both sides, what kept it apart, what changed, and what speaks for it."""
    first, second = (
        say("compare_points", speak, points=points) if points is not None else "—"
        for points in (found.first, found.second)
    )
    kept = say(f"compare_kept_{found.kept}", speak, apart=apart, said=found.said, threshold=found.threshold)
    return [
        say("compare_pair", speak, left=found.left, right=found.right, first=first, second=second, kept=kept),
        *(
            say("compare_changed", speak, comparison=name, first=first_gives, second=second_gives)
            for name, (first_gives, second_gives) in found.changed.items()
        ),
        say("compare_reason", speak, reason=found.reason),
    ]
