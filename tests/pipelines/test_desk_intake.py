"""Gate and quarantine at the desk, over real exports: the same words as the commands say, and the next night takes them in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import lxml.html
import pytest
from starlette.testclient import TestClient

from connectors.platform import PLATFORMS, read_platform
from connectors.write import write_export
from pipelines.desk_intake import SiteIntake
from stewardship.accounts import accounts, add_account
from stewardship.desk.app import desk
from stewardship.sessions import begin_session
from stewardship.store import open_desk
from warehouse.lock import only_writer
from warehouse.site import read_site

pytestmark = pytest.mark.usefixtures("plain_nights", "no_doors")

GARBLED = 7  # whose row is bad
SECRET = "锟斤拷烫"
STAFF = {"wang": "steward", "zhou": "approver"}


@pytest.fixture(scope="module")
def made(towns, tmp_path_factory) -> Path:
    """A town with a garbled row on its first night, and a grid that sent less than half on its second."""
    root = tmp_path_factory.mktemp("made") / "site"
    towns.town(root)
    rows = towns.rows("grid", range(60))
    rows[GARBLED] |= {"姓名": SECRET}
    file = root / "inbox" / towns.NIGHTS[0].isoformat() / "grid" / towns.FILES["grid"]
    write_export(read_platform(PLATFORMS / "grid.toml"), rows, file)
    towns.stage_night(root, towns.NIGHTS[0])
    towns.deliver(read_site(root), "grid", towns.NIGHTS[1], range(25))
    towns.stage_night(root, towns.NIGHTS[1])
    with open_desk(read_site(root)) as con:
        for name, role in STAFF.items():
            add_account(con, name, role, "a long password", datetime.now(UTC))
    return root


@pytest.fixture
def root(made, tmp_path) -> Path:
    return shutil.copytree(made, tmp_path / "site", symlinks=True)


@pytest.fixture
def browser(root) -> Iterator[TestClient]:
    site = read_site(root)
    app = desk(site, SiteIntake(site))
    with TestClient(app) as client:
        yield client


def at_work(browser: TestClient, root: Path, name: str) -> str:
    """Log somebody in; the key of their forms."""
    with open_desk(read_site(root)) as con:
        (account,) = [one for one in accounts(con) if one.name == name]
        token, session = begin_session(con, account, "zh", datetime.now(UTC))
    browser.cookies.set("desk", token)
    return session.form_key


def text(answer) -> str:
    return " ".join(lxml.html.fromstring(answer.text).text_content().split())


def test_a_held_export_is_accepted_by_an_approver_with_a_reason_and_comes_in(browser, root, towns):
    key = at_work(browser, root, "wang")
    shown = browser.get("/intake")
    assert (
        "关口拦下 1 份" in text(shown) and "只有 25 行" in text(shown) and "2026-11-19 的数据" in text(shown)
    )
    said = {"form_key": key, "because": "两个网格已划走", "night": "2026-11-20"}
    assert browser.post("/intake/grid/accept", data=said).status_code == 403
    said["form_key"] = at_work(browser, root, "zhou")
    assert "请用 --because 写明理由" in text(
        browser.post("/intake/grid/accept", data={**said, "because": " "})
    )
    assert browser.post("/intake/grid/accept", data={**said, "night": "soon"}).status_code == 400
    assert "已有人确认" in text(browser.post("/intake/grid/accept", data=said))
    assert browser.post("/intake/grid/accept", data=said).status_code == 409  # once is enough
    assert towns.stage_night(root, towns.NIGHTS[1]).outcomes["grid"].status == "staged"


def test_a_cell_is_mended_as_the_command_would_and_masked_until_asked_for(browser, root, towns):
    key = at_work(browser, root, "wang")
    shown = browser.get("/intake")
    assert "隔离区 1 行" in text(shown) and SECRET not in shown.text
    (place,) = lxml.html.fromstring(shown.text).xpath("//form[starts-with(@action, '/intake/grid/')]/@action")
    wrong = {"form_key": key, "column": "身份证号", "value": "12", "because": "看过证件", "say": "fix"}
    refused = browser.post(place, data=wrong)
    assert refused.status_code == 409 and 'value="12"' in refused.text  # what was typed is still there
    assert (
        browser.post(
            place, data={**wrong, "until": "2020-01-01", "column": "姓名", "value": "张明"}
        ).status_code
        == 409
    )
    assert browser.post(place, data={**wrong, "value": " "}).status_code == 400
    right = {**wrong, "column": "姓名", "value": "张明", "because": "查过户口簿"}
    assert "下一夜按更正的值收下" in text(browser.post(place, data=right))
    assert "尚未用到" in text(browser.get("/intake")) and "张明" not in browser.get("/intake").text
    browser.post("/values", data={"form_key": key, "why": "核对", "back": "/intake"})
    assert SECRET in browser.get("/intake").text
    towns.deliver(read_site(root), "grid", towns.NIGHTS[1])  # everybody again; row 7 reads well there
    night = towns.stage_night(root, towns.NIGHTS[1])
    assert night.outcomes["grid"].quarantined == 0


def test_a_row_that_is_nothing_is_dropped_and_the_word_can_be_taken_back(browser, root):
    key = at_work(browser, root, "wang")
    (place,) = lxml.html.fromstring(browser.get("/intake").text).xpath(
        "//form[starts-with(@action, '/intake/grid/')]/@action"
    )
    assert "不再计入" in text(browser.post(place, data={"form_key": key, "say": "drop", "because": "测试行"}))
    (back,) = lxml.html.fromstring(browser.get("/intake").text).xpath(
        "//form[starts-with(@action, '/intake/said/')]/@action"
    )
    assert "已撤回" in text(browser.post(back, data={"form_key": key, "because": "弄错了"}))
    assert browser.post(back, data={"form_key": key, "because": "再"}).status_code == 409


def test_while_a_night_is_at_work_the_gate_says_so_and_saves_nothing(browser, root):
    key = at_work(browser, root, "zhou")
    with only_writer(read_site(root)):
        said = {"form_key": key, "because": "问过", "night": "2026-11-20"}
        answer = browser.post("/intake/grid/accept", data=said)
    assert answer.status_code == 409 and "正在跑夜间任务" in text(answer)
