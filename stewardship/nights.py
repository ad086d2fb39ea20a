"""What the last night did, and how figures went over the nights, as their reports say it.

Belongs here: reading the reports of a site. Lives elsewhere: writing them (`pipelines/summary.py`).

A report holds counts and messages, and no value of a record.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.site import Site
from warehouse.speech import Language

FAILED = ("refused", "unreadable", "broken")
FIGURES = (
    "residents",
    "living",
    "registered",
    "dwellings",
    "conflicts",
    "landed",
    "quarantined",
    "published_cells",
)

# What is followed over the nights. late: platforms whose data that count are not of the night itself.
FOLLOWED = (
    "rows",
    "late",
    "quarantined",
    "residents",
    "conflicts",
    "recall_estimate",
    "precision_estimate",
    "published_cells",
)


@dataclass(frozen=True, slots=True)
class Course:
    """How one figure went: its value on each night, None where a report does not say it."""

    figure: str
    values: tuple[float | None, ...]

    @property
    def known(self) -> list[float]:
        """The values that are known, oldest first."""
        return [value for value in self.values if value is not None]


@dataclass(frozen=True, slots=True)
class PlatformNight:
    """How a platform stood. age: how many nights old the data are that count; None: none ever came."""

    status: str
    rows: int
    message: str
    age: int | None


@dataclass(frozen=True, slots=True)
class LastNight:
    """The last night that came to its end. attention: what a person should look at, in both languages."""

    night: str
    status: str
    shadow: bool
    seconds: float
    figures: Mapping[str, int]
    platforms: Mapping[str, PlatformNight]
    attention: Sequence[Mapping[Language, str]]


def last_night(site: Site, titles: Mapping[str, str]) -> LastNight | None:
    """The newest report; None when there is none, or it cannot be read. titles: of the platforms, by slug."""
    reports = sorted(site.reports.glob("????-??-??.json"))
    try:
        told: dict[str, Any] = json.loads(reports[-1].read_text(encoding="utf-8"))
        return LastNight(
            told["night"],
            told["status"],
            told["shadow"],
            told["seconds"],
            {name: told[name] for name in FIGURES},
            {slug: _platform(one) for slug, one in told["platforms"].items()},
            list(_attention(told, titles)),
        )
    except (IndexError, OSError, ValueError, KeyError):
        return None


def courses(site: Site, nights: int = 30) -> tuple[list[str], list[Course]]:
    """The last nights, oldest first, and how each figure of `FOLLOWED` went over them. Half a report is none."""
    told = [one for path in sorted(site.reports.glob("????-??-??.json")) if (one := _told(path)) is not None]
    told = told[-nights:]
    return [one["night"] for one in told], [
        Course(figure, tuple(_followed(one, figure) for one in told)) for figure in FOLLOWED
    ]


def _told(path: Path) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if "night" in told and "platforms" in told else None


def _followed(told: Mapping[str, Any], figure: str) -> float | None:
    platforms: Iterable[Mapping[str, Any]] = told["platforms"].values()
    if figure == "rows":
        return sum(one["rows_in"] or 0 for one in platforms)
    if figure == "late":
        return sum(bool(one["age"]) for one in platforms)
    value: float | None = told.get(figure)
    return value


def _platform(told: Mapping[str, Any]) -> PlatformNight:
    return PlatformNight(told["status"], told["rows_in"] or 0, told["message"], told["age"])


def _attention(told: Mapping[str, Any], titles: Mapping[str, str]) -> list[Mapping[Language, str]]:
    """Whose export was not taken in, what the gate warns of, what doors found (the landed one only counts what the gate
    found), what went out and was not answered."""
    failed: list[Mapping[Language, str]] = [
        {"zh": one["message"], "en": one["message"]}
        for one in told["platforms"].values()
        if one["status"] in FAILED
    ]

    def where(*slugs: str) -> str:
        return "、".join(titles.get(slug, slug) for slug in slugs)

    warned = [_sentence(one, where(one["platform"])) for one in told["gate"] if one["severity"] == "warning"]
    doors = [_sentence(one, where(*one["platforms"])) for one in told["doors"] if one["door"] != "landed"]
    return [*failed, *warned, *doors, *(one["text"] for one in told["remarks"])]


def _sentence(one: Mapping[str, Any], where: str) -> Mapping[Language, str]:
    reason, move = one["reason"], one["next_move"]
    return {
        "zh": f"{where}{'：' if where else ''}{reason['zh']}。{move['zh']}",
        "en": f"{where}{': ' if where else ''}{reason['en']}. {move['en']}",
    }
