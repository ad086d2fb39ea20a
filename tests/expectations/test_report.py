"""The quality page is whole in itself and says what to do."""

from __future__ import annotations

import re
from datetime import date

import pandas as pd
import pytest

from expectations.door import Check, DoorResult
from expectations.gate import Finding
from expectations.report import Page, PlatformRow, render
from expectations.suite import suite


def page(**changes) -> Page:
    failed = Check(suite("staged")[0], passed=False, looked_at=2, unexpected=1, platforms=("grid",))
    facts = {
        "site": "望江街道",
        "night": date(2026, 11, 20),
        "shadow": True,
        "doors": [DoorResult("staged", (failed,))],
        "findings": [
            (
                "grid",
                Finding(
                    "rows_more",
                    "warning",
                    {"slug": "grid", "rows": 90, "before": 50, "share": "180%", "limit": ""},
                ),
            ),
            (
                "grid",
                Finding(
                    "identity_emptied",
                    "critical",
                    {"slug": "grid", "column": "姓名", "before": "95%", "share": "10%"},
                ),
            ),
        ],
        "overrides": {"used": 3, "waiting": 0, "lapsed": 1, "expired": 0, "expiring": 2},
        "platforms": [
            PlatformRow("grid", "网格<平台>", "没有收下", 900, 880, 20, 41, "文件 a.xlsx：行数不对", True)
        ],
        "quarantine": pd.DataFrame({"platform": ["grid"], "reason": ["no_name"], "row_count": [20]}),
        "reasons": {"no_name": "没有姓名"},
        "fill": pd.DataFrame({"platform": ["grid"], "field": ["name"], "filled": [0.97]}),
    }
    return Page(**{**facts, **changes})


def test_the_page_names_the_failure_the_platform_and_the_next_move():
    html = render(page())
    expectation = suite("staged")[0]
    for words in (
        expectation.reason["zh"],
        expectation.next_move["zh"],
        "网格&lt;平台&gt;",
        "没有姓名",
        "97%",
    ):
        assert words in html


def test_the_page_speaks_english_when_asked():
    html = render(page(), "en")
    assert suite("staged")[0].next_move["en"] in html
    assert 'lang="en"' in html


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_loads_nothing_from_anywhere(language):
    assert not re.findall(r"https?:|//|<script|<link|@import|url\(", render(page(), language))


def test_a_night_without_failures_says_so():
    html = render(page(doors=[DoorResult("staged", ())], shadow=False))
    assert "全部通过" in html
    assert "1 个平台没有收下" in html
    assert "不用处理" in render(page(doors=[], platforms=[], findings=[]))
    assert "影子模式" not in html


def test_a_night_in_which_nothing_was_read_still_has_a_page():
    assert "<h1>" in render(
        page(
            platforms=[], doors=[], findings=[], overrides={}, quarantine=pd.DataFrame(), fill=pd.DataFrame()
        )
    )


def test_what_waits_at_the_gate_stands_first_with_its_one_command():
    html = render(page())
    gate = html[html.index('<section id="gate">') : html.index('<section id="platforms">')]
    assert gate.index("「姓名」列往常 95% 有内容，这次只有 10%") < gate.index("上一次有 50 行")
    assert "enter-once gate accept grid --because" in gate
    assert "上一次好的数据继续有效" in gate


def test_the_platforms_that_need_a_person_stand_before_the_others():
    fine = PlatformRow("a", "甲平台", "已收下", 1, 1, 0, 0)
    broken = PlatformRow("b", "乙平台", "没有收下", 0, 0, 0, 0, "", True)
    html = render(page(platforms=[fine, broken]))
    assert html.index("乙平台") < html.index("甲平台")


def test_overrides_that_end_soon_are_counted_and_marked():
    html = render(page())
    overrides = html[html.index('<section id="overrides">') : html.index('<section id="doors">')]
    assert "30 天内到期" in overrides and 'class="warning"' in overrides
    assert 'class="warning"' not in render(
        page(overrides={**page().overrides, "expiring": 0}, findings=[], doors=[])
    )
