"""What the desk tells of the last night, read from its report."""

from __future__ import annotations

import json
from typing import Any

from stewardship.nights import FIGURES, courses, last_night
from warehouse.site import Site

TOLD: dict[str, Any] = {
    **dict.fromkeys(FIGURES, 7),
    "night": "2026-11-20",
    "status": "partial",
    "shadow": False,
    "seconds": 14.9,
    "platforms": {
        "grid": {"status": "refused", "rows_in": None, "message": "grid：只有 25 行", "age": 1},
        "card": {"status": "staged", "rows_in": 60, "message": "", "age": 0},
    },
    "gate": [
        {
            "platform": "card", "severity": severity, "check": "rows_fewer",
            "reason": {"zh": "少了一些行", "en": "fewer rows"}, "next_move": {"zh": "请核对", "en": "look"},
        }
        for severity in ("warning", "critical")
    ],
    "doors": [
        {
            "door": door, "severity": "warning", "platforms": [], "unexpected": 3,
            "reason": {"zh": f"{door} 的事", "en": door}, "next_move": {"zh": "请看", "en": "see"},
        }
        for door in ("landed", "golden")
    ],
    "remarks": [{"platform": "desk", "about": "x", "text": {"zh": "等着", "en": "waits"}}],
}  # fmt: skip


def report(site: Site, text: str, night: str = "2026-11-20") -> None:
    (site.reports / f"{night}.json").write_text(text, encoding="utf-8")


def test_the_newest_report_says_who_failed_what_is_warned_of_and_what_waits(site: Site) -> None:
    report(site, json.dumps(TOLD | {"night": "2026-11-19"}), "2026-11-19")
    report(site, json.dumps(TOLD))
    found = last_night(site, {"card": "市民卡"})
    assert found is not None and (found.night, found.status) == ("2026-11-20", "partial")
    assert [one["zh"] for one in found.attention] == [
        "grid：只有 25 行",
        "市民卡：少了一些行。请核对",
        "golden 的事。请看",
        "等着",
    ]
    assert found.attention[1]["en"] == "市民卡: fewer rows. look"
    assert (found.platforms["grid"].rows, found.platforms["card"].age) == (0, 0)


def test_a_site_without_a_report_or_with_half_of_one_has_none(site: Site) -> None:
    assert last_night(site, {}) is None
    report(site, json.dumps(TOLD)[:100])
    assert last_night(site, {}) is None
    report(site, json.dumps({"night": "2026-11-20"}))
    assert last_night(site, {}) is None


def test_figures_are_followed_over_the_last_nights_and_half_a_report_is_none(site: Site) -> None:
    for day in ("18", "19", "20"):
        told = TOLD | {"night": f"2026-11-{day}", "residents": int(day), "recall_estimate": None}
        report(site, json.dumps(told), f"2026-11-{day}")
    report(site, "{", "2026-11-21")
    nights, found = courses(site, 2)
    assert nights == ["2026-11-19", "2026-11-20"]
    values = {one.figure: one for one in found}
    assert values["residents"].values == (19, 20)
    assert values["rows"].values == (60, 60) and values["late"].values == (1, 1)
    assert values["recall_estimate"].values == values["precision_estimate"].values == (None, None)
    assert values["recall_estimate"].known == []
