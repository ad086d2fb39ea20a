"""`approve`: what waits for a person, values masked, and that a word lets go exactly the cells that were seen."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

pytestmark = pytest.mark.usefixtures("plain_nights", "no_doors")

CITY = ("hukou_register", "grid", "one_table", "resident_medical_insurance")
SLUG = "resident_medical_insurance"


def rows(root: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(root / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()


@pytest.fixture(scope="module")
def site(enter_once, tmp_path_factory) -> Path:
    """A small city after a night in shadow, then live with one platform, and the night run again."""
    root = tmp_path_factory.mktemp("city") / "site"
    asked = ("--residents", 300, "--seed", 5, "--platforms", ",".join(CITY))
    assert enter_once("city", root, *asked, "--json").status == 0
    assert set(enter_once("nightly", "--site", root, "--json").found["decisions"]) == {"shown", "backlog"}
    assert "没有等人拿主意" in enter_once("approve", "list", "--site", root).out
    went = enter_once("approve", "live", SLUG, "--because", "试点", "--by", "王芳", "--site", root, "--json")
    assert went.found == {"mode": "live", "platforms": [SLUG]}
    assert "已经是这个状态" in enter_once("approve", "live", SLUG, "--because", "再", "--site", root).out
    assert enter_once("nightly", "--site", root, "--json").found["shadow"] is False
    return root


def test_what_waits_is_listed_by_platform_field_and_reason_and_no_value_is_shown_whole(site, enter_once):
    waiting = Counter()
    for field, why, cells in rows(
        site,
        "select field, coalesce(why, ''), count(*) from outbox.decision where decision = 'approval' group by all",
    ):
        waiting[field, why] = cells
    listed = enter_once("approve", "list", "--site", site, "--json").found["waiting"]
    assert {(one["field"], one["why"]): one["cells"] for one in listed} == waiting != {}
    shown = enter_once("approve", "cells", "--site", site).out
    told = rows(
        site,
        "select told, held_key from outbox.decision join facts.field using (field)"
        " where decision = 'approval' and facts.field.kind not in ('code', 'flag')",
    )
    for value in {value for row in told for value in row if value}:
        assert value not in shown
    names = {name for (name,) in rows(site, "select name from golden.resident where name is not null")}
    assert not any(name in shown for name in names if len(name) > 1)


def test_whom_a_platform_never_had_is_asked_about_only_by_who_names_them(site, enter_once):
    ((cells,),) = rows(site, "select count(*) from outbox.decision where decision = 'backlog'")
    named = enter_once("approve", "list", "--why", "backlog", "--site", site, "--json").found["waiting"]
    assert sum(one["cells"] for one in named) == cells > 0
    assert {one["kind"] for one in named} == {"insert"}
    unnamed = enter_once("approve", "list", "--site", site, "--json").found["waiting"]
    assert "backlog" not in {one["decision"] for one in unnamed}
    refused = enter_once("approve", "yes", "--platform", "grid", "--because", "都放行", "--site", site)
    assert refused.status == 2  # all that waits at the grid: nobody of these is swept in


def test_a_word_lets_go_the_cells_that_were_seen_and_no_others(site, enter_once):
    query = f"select field, record_id, decision from outbox.decision where platform = '{SLUG}' order by all"
    waited = [row for row in rows(site, query) if row[2] == "approval"]
    field, record, _ = next(row for row in waited if row[0] == "phone")
    asked = ("--platform", SLUG, "--field", field, "--record", record, "--site", site, "--json")
    (line,) = enter_once("approve", "yes", *asked, "--because", "问过本人").found["lines"]
    assert (line["cells"], line["word"]) == (1, "approved")
    (other,) = enter_once(
        "approve", "no", "--platform", SLUG, "--field", waited[-1][0], "--record", waited[-1][1],
        "--site", site, "--json", "--because", "本人否认",
    ).found["lines"]  # fmt: skip
    assert other["word"] == "declined"
    assert enter_once("nightly", "--site", site, "--json").status == 0
    became = {(f, r): decision for f, r, decision in rows(site, query)}
    assert became[waited[-1][0], waited[-1][1]] == "declined"
    assert became[field, record] == "release"
    assert Counter(
        became[f, r] for f, r, _ in waited if (f, r) not in ((field, record), waited[-1][:2])
    ) == Counter({"approval": len(waited) - 2})
    # It went out in a batch of its own, after the one in shadow and the first that was sent tonight.
    night = sorted((site / "outbox").iterdir())[-1]
    third = json.loads((night / f"{SLUG}.3" / "manifest.json").read_text(encoding="utf-8"))
    assert (third["batch"][-2:], third["mode"], third["cells"]) == ("-3", "live", 1)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("yes", "--platform", "grid", "--field", "grid"), "没有符合条件"),
        (("live", "nowhere"), "没有名为 nowhere 的平台"),
        (("live", "cremations"), "不接收任何字段"),
    ],
)
def test_what_cannot_be_said_is_refused_with_the_next_move(site, enter_once, asked, says):
    ran = enter_once("approve", *asked, "--because", "试", "--site", site)
    assert ran.status == 2 and says in ran.err


def test_a_resident_is_told_what_went_to_whom_for_what_and_what_became_of_it(site, enter_once):
    query = (
        "select resident_id, t.field, t.batch from outbox.told as t join resolved.record using (record_id)"
        " where live and state = 'sent' order by t.batch desc, t.field limit 1"
    )
    ((resident, field, batch),) = rows(site, query)
    found = enter_once("told", resident, "--site", site, "--json").found
    assert found["resident_id"] == resident
    (one, *_) = [one for one in found["told"] if (one["field"], one["batch"]) == (field, batch)]
    assert one["purpose"] and "法" in one["basis"]
    assert one["receipt"] == "awaiting"
    text = enter_once("told", resident, "--site", site).out
    assert "等下次导出" in text and one["basis"] in text
    ((unshared,),) = rows(
        site,
        "select min(resident_id) from golden.resident where resident_id not in"
        " (select resident_id from outbox.told join resolved.record using (record_id) where live)",
    )
    assert "没有向任何平台发送过" in enter_once("told", unshared, "--site", site).out
    assert enter_once("told", "R0", "--site", site).status == 2


def test_how_far_a_verdict_would_reach_is_told_before_it_is_given_and_changes_nothing(site, enter_once):
    before = (site / "warehouse.duckdb").read_bytes()
    ((left, right, members),) = rows(
        site,
        "select min(record_id), max(record_id), count(*) from resolved.record group by resident_id"
        " having count(distinct platform) >= 3 order by resident_id limit 1",
    )
    found = enter_once("blast", left, right, "--site", site, "--json").found
    assert (found["verdict"], found["residents_before"]) == ("different", 1) and found["residents_after"] > 1
    assert found["records"] == members
    assert "不是同一人，将成为" in enter_once("blast", left, right, "--site", site).out
    assert (site / "warehouse.duckdb").read_bytes() == before
    assert enter_once("blast", left, "x", "--site", site).status == 2
