"""The quality page is whole in itself and says what to do."""

from __future__ import annotations

import re
from datetime import date

import pandas as pd
import pytest

from expectations.door import Check, DoorResult
from expectations.report import Page, PlatformRow, render
from expectations.suite import suite


def page(**changes) -> Page:
    failed = Check(suite("landed")[0], passed=False, looked_at=2, unexpected=1, platforms=("grid",))
    facts = {
        "site": "望江街道",
        "night": date(2026, 11, 20),
        "shadow": True,
        "doors": [DoorResult("landed", (failed,))],
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
    expectation = suite("landed")[0]
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
    assert suite("landed")[0].next_move["en"] in html
    assert 'lang="en"' in html


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_loads_nothing_from_anywhere(language):
    assert not re.findall(r"https?:|//|<script|<link|@import|url\(", render(page(), language))


def test_a_night_without_failures_says_so():
    html = render(page(doors=[DoorResult("landed", ())], shadow=False))
    assert "全部通过" in html
    assert "1 个平台没有收下" in html
    assert "不用处理" in render(page(doors=[], platforms=[]))
    assert "影子模式" not in html


def test_a_night_in_which_nothing_was_read_still_has_a_page():
    assert "<h1>" in render(page(platforms=[], doors=[], quarantine=pd.DataFrame(), fill=pd.DataFrame()))
