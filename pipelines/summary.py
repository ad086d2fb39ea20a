"""What is said of a night: `reports/<night>.json`, the quality page, and the summary on the terminal.

Belongs here: gathering what the steps left in `Night` into one object, and writing it out for a person.
Lives elsewhere: the words (`messages.toml`), laying out the quality page (`expectations/report.py`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from connectors.stage.words import words
from expectations.door import Check
from expectations.gate import Finding
from expectations.report import Page, PlatformRow, render
from pipelines.columns import padded, side_by_side
from pipelines.estimating import estimates_in_words, told_estimates
from pipelines.messages import Language, say
from pipelines.night import Night, Remark
from stewardship.approving import WAITING

STEP_ORDER = (
    "land",
    "stage",
    "match",
    "resolve",
    "golden",
    "receipts",
    "publish",
    "quality",
    "snapshot",
    "report",
)


@dataclass(frozen=True, slots=True)
class Files:
    """Where what a night left behind lies."""

    report: Path
    quality: Path
    outbox: Path
    snapshot: Path


def files(night: Night) -> Files:
    """The paths of a night's report, quality page, filled templates and the snapshot for readers."""
    site, day = night.site, night.date.isoformat()
    return Files(
        report=site.reports / f"{day}.json",
        quality=site.reports / f"{day}-quality.html",
        outbox=site.outbox / day,
        snapshot=site.snapshots / "current.duckdb",
    )


def summary(night: Night) -> dict[str, Any]:
    """The night as one object: counts, statuses and messages, no personal value."""
    return {
        "night": night.date.isoformat(),
        "site": night.site.name,
        "status": night.status,
        "shadow": not night.live,
        "steps": {
            name: {
                "rows": night.rows.get(name, 0),
                "seconds": round(night.seconds.get(name, 0.0), 2),
                "skipped": name in night.skipped,
            }
            for name in STEP_ORDER
        },
        "platforms": {
            slug: {
                "title": outcome.title,
                "status": outcome.status,
                "rows_in": outcome.rows_in,
                "staged": outcome.staged,
                "quarantined": outcome.quarantined,
                "changes": outcome.changes,
                "left_out": outcome.left_out,
                "sent": outcome.sent,
                "message": outcome.message,
                "connected": outcome.connected,
                "age": outcome.age,
            }
            for slug, outcome in sorted(night.outcomes.items())
        },
        "landed": night.counts.get("landed", 0),
        "quarantined": sum(outcome.quarantined for outcome in night.outcomes.values()),
        **{
            name: night.counts.get(name, 0)
            for name in ("residents", "living", "registered", "dwellings", "clusters", "conflicts")
        },
        **(told_estimates(night.estimates, night.speak) if night.estimates else {}),
        "decisions": night.decisions,
        "remarks": [_remark_line(one) for one in night.remarks],
        "published_cells": sum(outcome.changes for outcome in night.outcomes.values()),
        "gate": [_finding_line(slug, one) for slug, one in night.findings],
        "overrides": night.overrides,
        "doors": [_door_line(check) for result in night.doors for check in result.failed],
        "golden_checksum": night.golden_checksum,
        "seconds": round(sum(night.seconds.values()), 2),
        "peak_mb": night.peak_mb,
        "files": {name: str(getattr(files(night), name)) for name in Files.__slots__},
    }


def write_reports(night: Night) -> None:
    """Write the quality page, then the report: a report says that the night came to its end."""
    where = files(night)
    night.site.reports.mkdir(mode=0o700, exist_ok=True)
    page = Page(
        site=night.site.name,
        night=night.date,
        shadow=not night.live,
        doors=night.doors,
        findings=night.findings,
        overrides=night.overrides,
        platforms=[
            PlatformRow(
                slug=slug,
                title=outcome.title,
                status=standing(outcome.status, outcome.age, night.speak),
                rows_in=outcome.rows_in,
                staged=outcome.staged,
                quarantined=outcome.quarantined,
                cells=outcome.changes,
                message=outcome.message,
                failed=outcome.failed,
            )
            for slug, outcome in sorted(night.outcomes.items())
            if not outcome.silent
        ],
        reasons={name: said["problem"] for name, said in words().reasons.items()},
        quarantine=night.quarantine if night.quarantine is not None else pd.DataFrame(),
        fill=night.fill if night.fill is not None else pd.DataFrame(),
    )
    _write(where.quality, render(page, night.speak))
    _write(where.report, json.dumps(summary(night), ensure_ascii=False, indent=2) + "\n")


def tell(found: Mapping[str, Any], speak: Language) -> str:
    """The summary as a person reads it on a terminal."""
    status = say(f"status_{found['status']}", speak)
    parts = [say("night_head", speak, site=found["site"], night=found["night"], status=status)]
    if found["shadow"]:
        parts.append(say("shadow", speak))
    parts += ["", _steps_table(found, speak), "", _platforms_table(found, speak), ""]
    parts.append(say("people", speak, **{name: f"{found[name]:,}" for name in _PEOPLE}))
    if "recall_basis" in found:
        parts.append(estimates_in_words(found, speak))
    parts.append(
        say("cells", speak, cells=f"{found['published_cells']:,}", quarantined=f"{found['quarantined']:,}")
    )
    parts.append(say("totals", speak, seconds=found["seconds"], peak_mb=found["peak_mb"]))
    failed = {slug: one["message"] for slug, one in found["platforms"].items() if _needs_a_person(one)}
    attention = [
        *failed.values(),
        *(_finding_words(one, speak) for one in found["gate"] if one["severity"] == "warning"),
        *(_door_words(one, speak) for one in _not_said(found["doors"], failed)),
        *(one["text"][speak] for one in found["remarks"]),
        *_override_words(found["overrides"], speak),
        *_waiting_words(found, speak),
    ]
    untold = any(one["sent"] in ("unsent", "in_doubt") for one in found["platforms"].values())
    if attention:
        urgent = failed or untold or any(one["severity"] == "critical" for one in found["doors"])
        parts += [
            "",
            say("attention" if urgent else "reminders", speak),
            *(f"  - {line}" for line in attention),
        ]
    if failed:
        parts.append(say("again", speak, night=found["night"]))
    parts += ["", say("files", speak)]
    parts += [f"  {padded(say(f'file_{name}', speak), 18)}{path}" for name, path in found["files"].items()]
    return "\n".join(parts)


_LANGUAGES: tuple[Language, ...] = get_args(Language)


def standing(status: str, age: int | None, speak: Language) -> str:
    """A platform's status, and how old the export is that stays in force where tonight brought none."""
    return say(status, speak) + (say("stale", speak, age=age) if age else "")


def last_night(line: Mapping[str, Any], speak: Language) -> str:
    """How a platform of the catalogue stood after the last night; nothing before the first."""
    return standing(line["last_status"], line["age"], speak) if line["last_status"] else ""


_PEOPLE = ("residents", "living", "registered", "dwellings", "clusters", "conflicts")


def _waiting_words(found: Mapping[str, Any], speak: Language) -> list[str]:
    waiting = sum(found["decisions"].get(decision, 0) for decision in WAITING)
    site = Path(found["files"]["report"]).parent.parent
    return [say("waiting_cells", speak, cells=f"{waiting:,}", site=site)] if waiting else []


def _needs_a_person(platform: Mapping[str, Any]) -> bool:
    return platform["status"] in ("refused", "unreadable", "broken")


def _remark_line(one: Remark) -> dict[str, Any]:
    text = {
        language: say(one.sentence, language, platform=one.platform, **one.words) for language in _LANGUAGES
    }
    return {"platform": one.platform, "about": one.sentence, "text": text}


def _finding_line(slug: str, finding: Finding) -> dict[str, Any]:
    return {
        "platform": slug,
        "check": finding.check,
        "severity": finding.severity,
        "reason": {language: finding.reason(language) for language in _LANGUAGES},
        "next_move": {language: finding.next_move(language) for language in _LANGUAGES},
    }


def _door_line(check: Check) -> dict[str, Any]:
    expectation = check.expectation
    return {
        "door": expectation.door,
        "severity": expectation.severity,
        "platforms": list(check.platforms),
        "unexpected": check.unexpected,
        "reason": dict(expectation.reason),
        "next_move": dict(expectation.next_move),
    }


def _not_said(doors: Sequence[Mapping[str, Any]], failed: Collection[str]) -> list[dict[str, Any]]:
    """What doors found beyond the platforms that failed: of these one line each is enough.

    The landed door only counts what the import gate found, which says it better.
    """
    others = [one for one in doors if one["door"] != "landed"]
    left = [{**one, "platforms": [slug for slug in one["platforms"] if slug not in failed]} for one in others]
    return [
        one for one, stated in zip(left, others, strict=True) if one["platforms"] or not stated["platforms"]
    ]


def _finding_words(line: Mapping[str, Any], speak: Language) -> str:
    reason, move = line["reason"][speak], line["next_move"][speak]
    return say("gate_warned", speak, slug=line["platform"], reason=reason, next_move=move)


def _override_words(counts: Mapping[str, int], speak: Language) -> list[str]:
    """What a person should know of the overrides: those that end soon, and those that ended."""
    names = ("expiring", "expired")
    return [say(f"overrides_{name}", speak, **counts) for name in names if counts.get(name)]


def _door_words(line: Mapping[str, Any], speak: Language) -> str:
    slugs = "、".join(line["platforms"])
    where = say("where", speak, slugs=slugs) if slugs else ""
    return say(
        "door_failed",
        speak,
        severity=say(line["severity"], speak),
        door=say(f"{line['door']}_door", speak),
        where=where,
        reason=line["reason"][speak],
        next_move=line["next_move"][speak],
    )


def _steps_table(found: Mapping[str, Any], speak: Language) -> str:
    rows = [
        (
            say(f"step_{name}", speak),
            f"{step['rows']:,}",
            f"{step['seconds']:.1f}",
            say("skipped", speak) if step["skipped"] else "",
        )
        for name, step in found["steps"].items()
    ]
    return side_by_side(
        [say("table_steps", speak), say("table_rows", speak), say("table_seconds", speak), ""], rows
    )


def _platforms_table(found: Mapping[str, Any], speak: Language) -> str:
    counts = ("rows_in", "staged", "quarantined", "changes", "left_out")
    names = ("platform", "status", *counts)
    rows = [
        (
            slug,
            standing(one["status"], one["age"], speak),
            *(f"{one[name]:,}" for name in counts),
            one["title"],
        )
        for slug, one in found["platforms"].items()
        if not _silent(one)
    ]
    table = side_by_side([*(say(f"table_{name}", speak) for name in names), ""], rows)
    others = sum(_silent(one) for one in found["platforms"].values())
    return f"{table}\n{say('silent_platforms', speak, count=others)}" if others else table


def _silent(one: Mapping[str, Any]) -> bool:
    return bool(one["status"] == "missing" and one["age"] is None)


def _write(file: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner only."""
    aside = file.with_name(file.name + ".part")
    with os.fdopen(
        os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as out:
        out.write(text)
    aside.replace(file)
