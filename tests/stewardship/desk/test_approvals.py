"""What waits before it goes to a platform, and what a platform did not take: an approver's word on what was seen."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from pipelines.messages import say as command_says
from stewardship.approving import REFUSED
from stewardship.desk.approvals import WHYS
from stewardship.desk.rendering import say
from tests.stewardship.desk.conftest import CIVIL, LOST, MOVED, NEXT, THIRD, WORDS, Office, Visitor
from tests.stewardship.office import FIRST, JIANGUO, night
from warehouse.approvals import Said, approvals, live_platforms, say_of_cells
from warehouse.batches import read_batches
from warehouse.ledger import Cell, open_ledger
from warehouse.site import Site, read_site
from warehouse.speech import Language


@pytest.fixture
def site(told: Path, tmp_path: Path) -> Site:
    return read_site(Path(shutil.copytree(told, tmp_path / "site", symlinks=True)))


def opened(office: Office, name: str = "zhou") -> Visitor:
    """Somebody who looks at the one part that waits."""
    one = office.at_work(name)
    one.get("/approvals")
    (link,) = one.tree.xpath("//table[@class='cases']//td[last()]/a/@href")
    one.get(str(link))
    return one


def action(one: Visitor) -> str:
    (found,) = [str(form.action) for form in one.tree.forms if "/approvals/" in str(form.action)]
    return found


def says(one: Visitor, word: str, because: str = "问过本人", **more: str) -> None:
    """Ticks every row, as a browser does, and says so."""
    rows = {
        str(box.get("name")): str(box.get("value"))
        for box in one.tree.xpath("//input[starts-with(@name,'row.')]")
    }
    one.submit(action(one), **{**rows, **more}, say=word, because=because)


def said(office: Office) -> list[tuple[str, str, str]]:
    with open_ledger(office.site) as ledger:
        return [(one.platform, one.field, one.word) for one in approvals(ledger)]


def test_what_waits_is_shown_as_a_difference_with_its_reason_and_source_and_masked(office: Office) -> None:
    zhou = opened(office)
    assert "户籍" in zhou.text and "只有一个来源，要改掉平台已有的值" in zhou.text
    assert (
        "139****0001" in zhou.text
        and "139****0099" in zhou.text
        and "民政" in zhou.text
        and "最新" in zhou.text
    )
    assert MOVED not in zhou.text and JIANGUO["name"] not in zhou.text
    zhou.submit("/values", why="电话核实")
    assert MOVED in zhou.text and JIANGUO["name"] in zhou.text
    assert [str(mark) for mark in zhou.tree.xpath("//td[@class='new']/mark/text()")] == ["99"]
    assert office.noted()[-1] == ("viewed", "zhou")


def test_a_word_holds_for_the_cell_that_was_seen_and_can_be_changed_before_the_night(office: Office) -> None:
    zhou = opened(office)
    says(zhou, "approved")
    assert "已同意 1 格" in zhou.text and "0 格等批准" in zhou.text and "已表态" in zhou.text
    assert said(office) == [("hukou", "phone", "approved")]
    with open_ledger(office.site) as ledger:
        (line,) = ledger.lines("approved")
        assert ledger.recall(line.body["because"]) == "问过本人" and line.body["by"] == "zhou"
    (again,) = zhou.tree.xpath("//a[contains(., '改主意')]/@href")
    zhou.get(str(again))
    says(zhou, "declined", "本人否认")
    assert said(office) == [("hukou", "phone", "declined")]
    assert [kind for kind, _ in office.noted() if kind in ("approved", "declined")] == [
        "approved",
        "declined",
    ]


def test_the_word_of_an_approver_counts_on_the_next_night(office: Office) -> None:
    says(opened(office), "approved")
    night(office.site, date(2026, 11, 22), {})
    office.current.turn()
    zhou = office.at_work("zhou")
    zhou.get("/approvals")
    assert "没有等批准的回填" in zhou.text and "已表态" not in zhou.text


def test_nothing_goes_when_a_night_has_brought_another_value_meanwhile(office: Office) -> None:
    zhou = opened(office)
    night(office.site, date(2026, 11, 22), {"civil": {**CIVIL, "brother_too": {**JIANGUO, "phone": NEXT}}})
    office.current.turn()
    says(zhou, "approved")
    assert zhou.page is not None and zhou.page.status_code == 409
    assert "数据已有变化" in zhou.text and said(office) == []
    assert zhou.tree.xpath("//input[@id='because']/@value") == ["问过本人"]


@pytest.mark.parametrize(
    ("more", "because", "complains"),
    [
        ({}, " ", "请写明理由"),
        ({"row.brother": "another"}, "问过", "数据已有变化"),
        ({"whole": "1", "seen": "another"}, "问过", "数据已有变化"),
    ],
)
def test_no_reason_another_row_or_more_than_was_counted_saves_nothing(
    office: Office, more: dict[str, str], because: str, complains: str
) -> None:
    zhou = opened(office)
    says(zhou, "approved", because, **more)
    assert complains in zhou.text and said(office) == []


def test_nobody_ticked_is_nothing_said_and_the_whole_part_needs_no_ticks(office: Office) -> None:
    zhou = office.at_work("zhou")
    zhou.get("/approvals")
    (all_of_it,) = zhou.tree.xpath("//table[@class='cases']//td[1]/a/@href")
    zhou.get(str(all_of_it))
    answer = zhou.client.post(action(zhou), data={**_plain(zhou), "say": "approved", "because": "看过"})
    assert answer.status_code == 400 and "没有选任何一行" in answer.text and said(office) == []
    answer = zhou.client.post(
        action(zhou), data={**_plain(zhou), "say": "approved", "because": "看过", "whole": "1"}
    )
    assert answer.status_code == 200 and said(office) == [("hukou", "phone", "approved")]


def _plain(one: Visitor) -> dict[str, str]:
    return {name: value for name, value in one.form(action(one)).items() if not name.startswith("row.")}


def test_a_steward_looks_and_does_not_approve_and_an_admin_does_not_look(office: Office) -> None:
    wang, admin = opened(office, "wang"), office.at_work("admin")
    assert wang.tree.xpath("//button[@name='say']") == []
    key = wang.form("/values")["form_key"]
    forged = wang.client.post("/approvals/hukou", data={"form_key": key, "say": "approved", "whole": "1"})
    assert forged.status_code == 403 and said(office) == []
    assert admin.get("/approvals").status_code == 403
    assert opened(office).client.post("/approvals/hukou", data={"say": "approved"}).status_code == 403


def test_a_platforms_own_words_are_shown_where_values_are(office: Office) -> None:
    zhou = office.at_work("zhou")
    zhou.get("/refused")
    assert "1 格被退回" in zhou.text and "周**" in zhou.text
    assert "张三" not in zhou.text and LOST not in zhou.text
    zhou.submit("/values", why="查退回原因")
    assert WORDS in zhou.text


def test_a_batch_in_doubt_is_settled_by_an_approver_once(office: Office) -> None:
    zhou, wang = office.at_work("zhou"), office.at_work("wang")
    zhou.get("/refused")
    zhou.submit("/refused/hukou-20261121-1", say="unsent", because="登录平台看过")
    assert "没有收到（1 格）" in zhou.text and "是否送到不明" not in zhou.text.replace("批是否", "")
    with open_ledger(office.site) as ledger:
        assert read_batches(ledger, THIRD)["hukou-20261121-1"].state == "unsent"
    key = zhou.form("/values")["form_key"]
    again = zhou.client.post(
        "/refused/hukou-20261121-1", data={"form_key": key, "say": "sent", "because": "x"}
    )
    assert again.status_code == 409 and "没有在等人说明" in again.text
    wang.get("/refused")
    assert "1 格被退回" in wang.text and wang.tree.xpath("//form[starts-with(@action, '/refused/')]") == []
    assert ("settled", "zhou") in office.noted()


def test_an_approver_goes_live_and_back_and_nobody_else(office: Office) -> None:
    zhou, wang = office.at_work("zhou"), office.at_work("wang")
    zhou.get("/platforms")
    key = zhou.form("/language")["form_key"]
    answer = zhou.client.post(
        "/platforms/grid", data={"form_key": key, "say": "live", "because": "发文 12 号"}
    )
    assert "已正式启用" in answer.text
    zhou.client.post("/platforms/grid", data={"form_key": key, "say": "shadow", "because": "暂停"})
    with open_ledger(office.site) as ledger:
        assert live_platforms(ledger) == {"hukou"}
        assert [line.kind for line in ledger.lines("live", "shadow")][-2:] == ["live", "shadow"]
    read_only = zhou.client.post(
        "/platforms/cremations", data={"form_key": key, "say": "live", "because": "x"}
    )
    assert read_only.status_code == 409 and "不接收任何字段" in read_only.text
    assert zhou.client.post("/platforms/nowhere", data={"form_key": key, "say": "live"}).status_code == 400
    wang.get("/platforms")
    forged = {"form_key": wang.form("/language")["form_key"], "say": "live", "because": "x"}
    assert wang.client.post("/platforms/grid", data=forged).status_code == 403


def test_everything_that_waits_is_counted_on_the_first_page(office: Office) -> None:
    zhou = office.at_work("zhou")
    zhou.get("/tonight")
    counts = {
        str(one.text_content()).split()[1]: int(str(one.xpath(".//b/text()")[0]))
        for one in zhou.tree.xpath("//ul[@class='tiles']/li")
    }
    assert counts == {
        "案待裁定": len(office.book.cases), "处值有矛盾": 0, "处户口有矛盾": 0, "人的记录等第二人看": 0, "对号码等人确认": 0,
        "格等批准": 1, "格被退回": 1, "批是否送到不明": 1, "份拦在关口": 0, "行在隔离区": 0,
    }  # fmt: skip
    admin = office.at_work("admin")
    assert admin.get("/tonight").status_code == 200
    assert admin.tree.xpath("//ul[@class='tiles']/li") == []


def test_a_word_of_an_earlier_night_does_not_hide_what_waits_again(office: Office) -> None:
    with open_ledger(office.site) as ledger:
        (digest,) = ledger.digests([MOVED])
        cell = Cell("brother", "phone", digest)
        say_of_cells(ledger, "approved", "hukou", FIRST, [cell], Said("zhou", "那时看过"))
    zhou = opened(office)
    assert "139****0099" in zhou.text


@pytest.mark.parametrize("speak", ["zh", "en"])
def test_every_reason_that_a_command_can_tell_is_told_on_a_page_of_its_own(
    office: Office, speak: Language
) -> None:
    told = {name.removeprefix("why_") for name in command_says.sentences if name.startswith("why_")}
    about_pairs = {"same", "different", "points", "cap", "not_met"}
    assert told - about_pairs == {*WHYS, *REFUSED} - {"declined"}
    zhou = office.at_work("zhou")
    if speak == "en":
        zhou.get("/tonight")
        zhou.submit("/language", speak="en")
    for why in WHYS:
        zhou.get(f"/approvals/hukou?why={why}")
        words = say(f"wait_{why}", speak) + say(f"wait_about_{why}", speak)
        assert words in "".join(zhou.tree.xpath("//p[@class='why-waits']//text()"))
