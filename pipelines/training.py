"""A trained model as a program and as a person reads it.

Belongs here: laying out what was learned beside what it began with. Lives elsewhere: learning (`dedup/train.py`), the
file itself (`dedup/write_model.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dedup.model import Model
from pipelines.columns import side_by_side
from pipelines.messages import Language, say


def told_model(model: Model, base: Model, out: Path) -> Mapping[str, Any]:
    """What was learned: the `[trained]` table, the thresholds, and per level the points before and after."""
    if model.trained is None:
        raise ValueError(f"{model.name} was not trained")
    return {
        "out": str(out),
        "version": model.version,
        "prior": model.prior,
        "link": model.link,
        "review": model.review,
        **asdict(model.trained),
        "points": {
            name: {level: {"before": before, "after": after} for level, before, after, _ in rows}
            for name, rows in _levels(model, base)
        },
    }


def model_in_words(model: Model, base: Model, out: Path, speak: Language) -> str:
    """One screen: what it was learned from, what to expect of it, and every level before and after."""
    found = told_model(model, base, out)
    recall = found["recall_estimate"]
    lines = [
        say(
            "trained_from",
            speak,
            **{name: found[name] for name in ("records", "pairs", "rounds", "verdicts")},
        ),
        say("trained_prior", speak, before=base.prior, after=model.prior),
        say("trained_link", speak, before=base.link, after=model.link, precision=found["precision_estimate"]),
        *([say("trained_recall", speak, recall=recall)] if recall is not None else []),
        "",
        side_by_side(
            [
                say(f"trained_{name}", speak)
                for name in ("level", "before", "after", "pairs_same", "pairs_two")
            ],
            [
                (f"{name}.{level}", f"{before:+.1f}", f"{after:+.1f}", f"{pairs[0]:,}", f"{pairs[1]:,}")
                for name, rows in _levels(model, base)
                for level, before, after, pairs in rows
            ],
        ),
        "",
        say("trained_written", speak, out=out, version=model.version),
    ]
    return "\n".join(lines)


Row = tuple[str, float, float, tuple[int, int]]


def _levels(model: Model, base: Model) -> Iterator[tuple[str, list[Row]]]:
    """Per comparison its levels: points before, points after, the pairs these rest on."""
    counts = model.trained.counts if model.trained else {}
    for one in model.comparisons:
        before = base.comparison(one.name).levels
        yield (
            one.name,
            [
                (name, before[name].points, level.points, counts[one.name][name])
                for name, level in one.levels.items()
            ],
        )
