"""The quality page of a night: platforms, the import gate, doors, quarantine and fill rates, as one HTML file.

Belongs here: laying the page out. It is whole in itself (own style, no network) and holds counts only.
Lives elsewhere: the checks (`gate.py`, `door.py`), the words (`report.toml`), the night's summary (`pipelines/summary.py`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from html import escape
from importlib import resources
from string import Template

import pandas as pd

from expectations.door import Check, DoorResult
from expectations.gate import Finding, Weight
from warehouse.fields import fields
from warehouse.speech import Language

_WEIGHTS: tuple[Weight, ...] = ("critical", "warning", "accepted")

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class PlatformRow:
    """One platform's line on the page."""

    slug: str
    title: str
    status: str  # in words
    rows_in: int
    staged: int
    quarantined: int
    cells: int
    message: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """What the page of one night says."""

    site: str
    night: date
    shadow: bool
    doors: Sequence[DoorResult]
    findings: Sequence[tuple[str, Finding]]  # of the import gate, by platform
    overrides: Mapping[str, int]  # how many are used, waiting, lapsed, expired, expiring
    platforms: Sequence[PlatformRow]
    quarantine: pd.DataFrame  # platform, reason, row_count
    reasons: Mapping[str, str]  # reason -> in words
    fill: pd.DataFrame  # platform, field, filled


def render(page: Page, language: Language = "zh") -> str:
    """The page as HTML."""
    word = _words(language)
    sections = [
        _section(name, word, body)
        for name, body in (
            ("gate", _gate(page, word, language)),
            ("platforms", _platforms(page.platforms, word)),
            ("failures", _failures(page, word, language)),
            ("quarantine", _quarantine(page, word)),
            ("overrides", _overrides(page, word)),
            ("doors", _doors(page.doors, word)),
            ("fill", _fill(page, word, language)),
        )
    ]
    notices = [_headline(page, word)]
    notices += [f'<p class="notice shadow">{word["shadow"]}</p>'] if page.shadow else []
    notices.append(f'<p class="notice">{word["no_values"]}</p>')
    return Template(_file("report.html")).substitute(
        lang="zh-CN" if language == "zh" else "en",
        title=word["title"],
        site=escape(page.site),
        night=page.night.isoformat(),
        css=_file("report.css"),
        notices="\n".join(notices),
        sections="\n".join(sections),
    )


@cache
def _file(name: str) -> str:
    return resources.files("expectations").joinpath(name).read_text(encoding="utf-8")


@cache
def _words(language: Language) -> Mapping[str, str]:
    return {name: both[language] for name, both in tomllib.loads(_file("report.toml")).items()}


def _headline(page: Page, word: Mapping[str, str]) -> str:
    """How much waits for a person, before any table."""
    failed = sum(row.failed for row in page.platforms)
    # What the landed door counts are platforms not taken in, and findings of the import gate.
    others = [door for door in page.doors if door.door != "landed"]
    stopped = sum(len(door.critical) for door in others)
    warned = sum(len(door.failed) for door in others) - stopped
    warned += sum(finding.severity == "warning" for _, finding in page.findings)
    if not failed + stopped + warned:
        return f'<p class="good">{word["nothing_to_do"]}</p>'
    kind, words = ("bad", "to_do") if failed + stopped else ("shadow", "only_warned")
    text = word[words].format(failed=failed, stopped=stopped, warned=warned)
    return f'<p class="notice {kind}">{text}</p>'


def _section(name: str, word: Mapping[str, str], body: str) -> str:
    title, note = escape(word[name]), escape(word[f"{name}_note"])
    return f'<section id="{name}"><h2>{title}</h2>\n<p class="notice">{note}</p>\n{body}</section>'


def _table(header: Sequence[str], rows: Iterable[tuple[str, Sequence[Cell]]], nothing: str) -> str:
    """A table of (class, cells); numbers stand on the right, shares are written as per cent."""
    body = "\n".join(f'<tr class="{kind}">{"".join(map(_cell, cells))}</tr>' for kind, cells in rows)
    if not body:
        return f'<p class="notice">{escape(nothing)}</p>'
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    return f'<div class="wide"><table><tr>{head}</tr>\n{body}\n</table></div>'


def _cell(cell: Cell) -> str:
    match cell:
        case None:
            return '<td class="number">—</td>'
        case float():
            return f'<td class="number{" low" if cell < 0.5 else ""}">{cell:.0%}</td>'
        case int():
            return f'<td class="number">{cell:,}</td>'
        case _:
            return f"<td>{escape(cell)}</td>"


def _gate(page: Page, word: Mapping[str, str], language: Language) -> str:
    titles = {row.slug: row.title for row in page.platforms}

    def line(slug: str, finding: Finding) -> tuple[str, Sequence[Cell]]:
        move = finding.next_move(language)
        if finding.severity == "critical":
            move += word["or_accept"] + word["accept_command"].format(slug=slug)
        return finding.severity, [
            word[f"gate_{finding.severity}"],
            titles.get(slug, slug),
            finding.reason(language),
            word["nothing_more"] if finding.severity == "accepted" else move,
        ]

    header = [word[name] for name in ("col_severity", "col_where", "col_happened", "col_next")]
    ordered = sorted(page.findings, key=lambda one: (_WEIGHTS.index(one[1].severity), one[0]))
    return _table(header, (line(*one) for one in ordered), word["gate_quiet"])


def _overrides(page: Page, word: Mapping[str, str]) -> str:
    names = ("used", "waiting", "lapsed", "expiring", "expired")
    if not any(page.overrides.values()):
        return _table([], [], word["none"])
    marked = "warning" if page.overrides["expiring"] or page.overrides["expired"] else ""
    return _table(
        [word[f"override_{name}"] for name in names],
        [(marked, [page.overrides[name] for name in names])],
        word["none"],
    )


def _failures(page: Page, word: Mapping[str, str], language: Language) -> str:
    titles = {row.slug: row.title for row in page.platforms}
    failed = [check for door in page.doors if door.door != "landed" for check in door.failed]
    if not failed:
        return f'<p class="good">{escape(word["all_passed"])}</p>'

    def line(check: Check) -> tuple[str, Sequence[Cell]]:
        severity = check.expectation.severity
        where = "、".join(titles.get(slug, slug) for slug in check.platforms) or "—"
        return severity, [
            word[severity],
            word[check.expectation.door],
            where,
            check.expectation.reason[language],
            None if check.platforms else check.unexpected,  # of platforms: they are named
            check.expectation.next_move[language],
            check.expectation.owner,
        ]

    header = [
        word[name]
        for name in (
            "col_severity",
            "col_door",
            "col_where",
            "col_reason",
            "col_count",
            "col_next",
            "col_owner",
        )
    ]
    return _table(header, map(line, failed), word["none"])


def _doors(doors: Sequence[DoorResult], word: Mapping[str, str]) -> str:
    header = [word[name] for name in ("col_door", "col_checks", "col_failed", "col_blocked")]
    rows: list[tuple[str, Sequence[Cell]]] = [
        ("", [word[door.door], len(door.checks), len(door.failed), len(door.critical)]) for door in doors
    ]
    return _table(header, rows, word["none"])


def _platforms(platforms: Sequence[PlatformRow], word: Mapping[str, str]) -> str:
    names = (
        "col_where",
        "col_status",
        "col_rows_in",
        "col_staged",
        "col_quarantined",
        "col_cells",
        "col_message",
    )
    rows: list[tuple[str, Sequence[Cell]]] = [
        (
            "critical" if one.failed else "",
            [
                _named(one),
                one.status,
                one.rows_in,
                one.staged,
                one.quarantined,
                one.cells,
                one.message,
            ],
        )
        for one in sorted(platforms, key=lambda one: not one.failed)  # what waits for a person stands first
    ]
    return _table([word[name] for name in names], rows, word["none"])


def _named(one: PlatformRow) -> str:
    """The platform as a person calls it, and as its folders are called."""
    return one.title if one.title == one.slug else f"{one.title} · {one.slug}"


def _quarantine(page: Page, word: Mapping[str, str]) -> str:
    titles = {row.slug: row.title for row in page.platforms}
    rows: list[tuple[str, Sequence[Cell]]] = [
        (
            "",
            [
                titles.get(one.platform, one.platform),
                page.reasons.get(one.reason, one.reason),
                int(one.row_count),
            ],
        )
        for one in page.quarantine.itertuples()
    ]
    header = [word[name] for name in ("col_where", "col_reason", "col_count")]
    return _table(header, rows, word["none"])


def _fill(page: Page, word: Mapping[str, str], language: Language) -> str:
    filled = {(one.platform, one.field): float(one.filled) for one in page.fill.itertuples()}
    present = [name for name in fields() if any(field == name for _, field in filled)]
    shown = [row for row in page.platforms if any(slug == row.slug for slug, _ in filled)]
    labels = [fields()[name].zh if language == "zh" else fields()[name].en for name in present]
    rows: list[tuple[str, Sequence[Cell]]] = [
        ("", [row.title, *(filled.get((row.slug, name)) for name in present)]) for row in shown
    ]
    return _table([word["col_where"], *labels], rows, word["none"])
