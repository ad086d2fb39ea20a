"""The queue, a case, a verdict: with plain forms, and with everything that may come in between."""

from __future__ import annotations

import sqlite3
import threading
import time
from datetime import timedelta

import pytest

from stewardship.desk.current import Current
from stewardship.queue import LEASE
from stewardship.staff import close
from stewardship.store import open_desk
from tests.stewardship.desk.conftest import Office
from tests.stewardship.office import HTML_NAME, JIANGUO, PEOPLE, SECOND, night
from warehouse.ledger import Ledger, open_ledger


def test_the_queue_lists_what_waits_and_filters_it(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get("/")
    assert "6 案待裁定" in wang.text
    assert len(wang.tree.xpath("//table[@class='cases']/tbody/tr")) == 6
    wang.get("/?kind=near_tie")
    assert "2 案待裁定（全部 6 案）" in wang.text
    wang.get("/?platform=civil")
    assert len(wang.tree.xpath("//table[@class='cases']/tbody/tr")) == 3
    wang.get("/?kind=nonsense")
    assert "6 案待裁定" in wang.text


def test_a_filter_stays_from_case_to_case(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get("/next?kind=near_tie")
    first = wang.case
    wang.judges("unsure")
    assert wang.case != first
    assert wang.form("/undo")["kind"] == "near_tie"
    wang.judges("unsure")
    assert "没有等您裁定的案件了" in wang.text


def test_a_verdict_is_saved_with_what_was_seen_and_the_next_case_is_shown(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get("/next")
    case = office.book.cases[0]
    assert wang.case == case.id
    wang.judges("same", because="电话问过本人")
    assert wang.case == office.book.cases[1].id
    assert "已记入账本：是同一人" in wang.text
    with open_ledger(office.site) as ledger:
        (verdict,) = ledger.verdicts()
    assert (verdict.left, verdict.right, verdict.verdict, verdict.by) == (
        case.left,
        case.right,
        "same",
        "wang",
    )
    assert (verdict.because, verdict.seen, verdict.points) == ("电话问过本人", case.seen, case.points)
    assert verdict.model == office.current.model
    wang.get("/")
    assert "5 案待裁定" in wang.text and "今天您裁定了 1 案" in wang.text


def test_a_double_click_writes_one_line(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get("/next")
    action, form = (
        f"/cases/{wang.case}/verdict",
        wang.form(f"/cases/{wang.case}/verdict") | {"verdict": "same"},
    )
    answers = [wang.client.post(action, data=form) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert len(office.lines()) == 1


def test_undo_goes_back_through_everything_and_shows_each_case_again(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get("/next")
    judged = []
    for verdict in ("same", "different", "unsure"):
        judged.append(wang.case)
        wang.judges(verdict)
    back = []
    for _ in judged:
        wang.submit("/undo")
        assert "已撤销" in wang.text
        back.append(wang.case)
    assert back == judged[::-1]
    wang.submit("/undo")
    assert "没有可撤销的裁定" in wang.text
    with open_ledger(office.site) as ledger:
        assert ledger.verdicts() == []
        assert ledger.verify() is None


def test_a_case_that_was_given_to_a_colleague_comes_up_in_their_turn_and_in_nobody_elses(
    office: Office,
) -> None:
    wang, li, zhou = office.at_work("wang"), office.at_work("li"), office.at_work("zhou")
    wang.get("/next")
    given = wang.case
    key = wang.form("/language")["form_key"]
    for nobody in ("zhao", "lin", "nobody"):  # who may not judge, or is not there
        said = {"form_key": key, "to": nobody}
        assert wang.client.post(f"/cases/{given}/give", data=said).status_code == 400
    wang.submit(f"/cases/{given}/give", to="li")
    assert wang.case != given
    zhou.get("/next")
    assert zhou.case != given
    li.get("/", params={"mine": "1"})
    assert "1 案待裁定" in li.text and "交给 li" in li.text
    (begin,) = li.tree.xpath("//a[@rel='next']/@href")
    li.get(str(begin))
    assert li.case == given and li.form(f"/cases/{given}/verdict")["mine"] == "1"
    li.judges("unsure")
    assert li.tree.xpath("//*[@data-case]") == []  # nothing else was given to them
    assert ("assigned", "wang") in office.noted()


def test_what_was_given_to_somebody_who_left_is_anybodys_again(office: Office) -> None:
    wang, zhou = office.at_work("wang"), office.at_work("zhou")
    wang.get("/next")
    given = wang.case
    wang.submit(f"/cases/{given}/give", to="li")
    with open_desk(office.site) as con:
        close(con, "li")
    zhou.get("/next")
    assert zhou.case == given and "交给 li" not in zhou.text


def test_two_people_never_get_the_same_case_and_who_is_late_can_only_look(office: Office) -> None:
    wang, li = office.at_work("wang"), office.at_work("li")
    wang.get("/next")
    li.get("/next")
    assert wang.case != li.case
    form = wang.form(f"/cases/{wang.case}/verdict") | {"verdict": "same"}
    li.get(f"/cases/{wang.case}")
    assert "wang 正在处理" in li.text
    assert len(li.tree.xpath("//form[@id='verdict']//button[@disabled and @name='verdict']")) == 3
    form["form_key"] = li.form("/undo")["form_key"]
    assert li.client.post(f"/cases/{wang.case}/verdict", data=form).status_code == 409
    assert office.lines() == []


def test_the_second_of_two_answers_sees_the_first_and_may_then_stand(office: Office) -> None:
    wang, li = office.at_work("wang"), office.at_work("li")
    wang.get("/next")
    case = wang.case
    office.clock.now += LEASE
    office.clock.pass_by(seconds=1)
    li.get(f"/cases/{case}")
    li.judges("different")
    assert wang.judges("same", because="我看是").status_code == 409
    assert wang.case == case
    assert "li 刚刚裁定过" in wang.text and "不是同一人" in wang.text
    assert wang.form(f"/cases/{case}/verdict")["because"] == "我看是"
    assert len(office.lines()) == 1
    assert wang.judges("same").status_code == 200
    with open_ledger(office.site) as ledger:
        assert [(one.by, one.verdict) for one in ledger.verdicts()] == [("wang", "same")]


def test_a_contradiction_is_refused_and_the_chain_is_shown(office: Office) -> None:
    with open_ledger(office.site) as ledger:
        ledger.judge("tied_one", "tied_other", "different", by="li", because="", seen="f")
    wang = office.at_work("wang")
    wang.get(f"/cases/{office.case('between', 'tied_one')}")
    wang.judges("same")
    wang.get(f"/cases/{office.case('between', 'tied_other')}")
    assert wang.judges("same").status_code == 409
    chain = [" ".join(one.text_content().split()) for one in wang.tree.xpath("//ol[@class='chain']/li")]
    assert len(chain) == 2
    assert "是同一人" in chain[0] and "户籍 tied_o 不是同一人 户籍 tied_o li" in chain[1]
    assert len(office.lines()) == 2


def test_what_one_verdict_settles_is_asked_no_more(office: Office) -> None:
    assert office.case("between", "tied_other")
    with open_ledger(office.site) as ledger:
        ledger.judge("tied_one", "tied_other", "different", by="li", because="", seen="f")
    wang = office.at_work("wang")
    wang.get(f"/cases/{office.case('between', 'tied_one')}")
    wang.judges("same")
    wang.get("/")
    assert "4 案待裁定" in wang.text  # that she is not the other one follows


def test_a_case_put_off_is_gone_until_then_and_remembers(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get("/next")
    first = wang.case
    wang.submit(f"/cases/{first}/defer", days="7")
    assert wang.case != first
    wang.get("/")
    assert "5 案待裁定" in wang.text
    office.clock.pass_by(days=8)
    wang = office.at_work("wang")
    wang.get("/next")
    assert wang.case == first
    assert "推迟过 1 次" in wang.text
    assert wang.submit(f"/cases/{first}/defer", days="9999").status_code == 400


def test_values_are_masked_until_a_reason_is_given_and_each_look_is_noted(office: Office) -> None:
    wang, case = office.at_work("wang"), office.case("brother", "twin")
    wang.get(f"/cases/{case}")
    assert JIANGUO["name"] not in wang.text and JIANGUO["phone"] not in wang.text
    assert "李**" in wang.text and "139****0001" in wang.text
    wang.submit("/values", why="电话核实")
    assert wang.case == case
    assert JIANGUO["name"] in wang.text and JIANGUO["phone"] in wang.text
    assert office.noted() == [("viewed", "wang"), ("shown", "wang"), ("viewed", "wang")]
    with sqlite3.connect(office.site.audit) as con:
        bodies = [row[0] for row in con.execute("select body from line order by seq")]
    assert [f'"full":{full}' in body for body, full in zip(bodies[::2], (0, 1), strict=True)] == [True, True]
    wang.submit("/values", why="")
    assert JIANGUO["name"] not in wang.text
    wang.submit("/values", why="电话核实")
    office.clock.pass_by(minutes=29)
    wang.get(f"/cases/{case}")
    office.clock.pass_by(minutes=2)
    wang.get(f"/cases/{case}")
    assert JIANGUO["name"] not in wang.text


def test_who_may_only_look_never_sees_a_value(office: Office) -> None:
    zhao = office.at_work("zhao")
    zhao.get(f"/cases/{office.case('brother', 'twin')}")
    assert zhao.tree.xpath("//form[@action='/values' or @id='verdict']") == []
    assert "李**" in zhao.text


def test_a_name_that_is_html_is_a_name(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get(f"/cases/{office.case('html', 'html_too')}")
    wang.submit("/values", why="<img src=x onerror=alert(1)>")
    assert HTML_NAME in wang.text
    assert wang.tree.xpath("//script[not(@src)] | //img") == []
    wang.judges("same", because=HTML_NAME)
    wang.get(f"/cases/{office.case('html', 'html_too')}")
    assert wang.tree.xpath("string(//ol[@class='history']//q)") == HTML_NAME


def test_ids_cannot_be_guessed_and_those_that_never_were_say_nothing(office: Office) -> None:
    wang = office.at_work("wang")
    told = set()
    for guess in ("0" * 24, "brother", office.case("brother", "twin")[:-1] + "x", "..%2f..%2fsecret.key"):
        answer = wang.get(f"/cases/{guess}")
        assert answer.status_code == 404
        told.add(answer.text if "/" not in guess and "%" not in guess else "")
    assert len(told - {""}) == 1


def test_a_case_whose_records_were_merged_meanwhile_says_so(office: Office) -> None:
    wang, case = office.at_work("wang"), office.case("between", "tied_one")
    wang.get(f"/cases/{case}")
    page = wang.page
    with open_ledger(office.site) as ledger:
        seen = office.book.cases[office.book.places[case]].seen
        ledger.judge("between", "tied_one", "same", by="li", because="", seen=seen)
    night(office.site, SECOND, PEOPLE)
    office.current.turn()
    assert wang.get(f"/cases/{case}").status_code == 410
    assert "已经归到同一位居民" in wang.text
    wang.page = page
    assert wang.judges("different").status_code == 410
    assert len(office.lines()) == 1


def test_a_case_that_a_new_night_no_longer_asks_says_so(office: Office) -> None:
    wang, case = office.at_work("wang"), office.case("child", "double")
    wang.get(f"/cases/{case}")
    other = {**PEOPLE["grid"]["child"], "name": "方圆圆", "birth_date": "1999-09-09", "sex": "2"}
    night(office.site, SECOND, {**PEOPLE, "grid": {**PEOPLE["grid"], "child": other}})
    office.current.turn()
    assert wang.get(f"/cases/{case}").status_code == 410
    assert "不再相像" in wang.text


def test_a_flip_in_the_middle_of_a_case_does_not_disturb_it(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get("/next")
    case = wang.case
    night(office.site, SECOND, PEOPLE)
    office.current.turn()
    assert office.book.snapshot.name.startswith(SECOND.isoformat())
    wang.judges("same")
    assert [line.body["verdict"] for line in office.lines()] == ["same"]
    assert wang.case != case


def test_while_the_new_cases_are_laid_out_the_old_ones_are_answered(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    wang = office.at_work("wang")
    wang.get("/next")
    old = office.book
    monkeypatch.setattr(Current, "turn", lambda _: None)
    night(office.site, SECOND, PEOPLE)
    assert office.book is old
    wang.judges("same")
    assert len(office.lines()) == 1


def test_who_turns_a_page_during_a_flip_still_finds_the_cases_of_before(office: Office) -> None:
    """The desk may have taken the old casebook for an answer just before the new one was laid out."""
    office.at_work("wang").get("/next")
    old = office.book
    for at in range(1, 3):
        night(office.site, SECOND + timedelta(days=at), PEOPLE)
        before = office.book
        office.current.turn()
        assert before.sheet(before.cases[0]).records
    assert not old.file.exists()  # two nights later nobody answers from it


def test_a_fault_while_laying_out_leaves_the_old_cases_and_its_words_out_of_the_log(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wang = office.at_work("wang")
    wang.get("/next")
    old = office.book
    quoting = threading.Event()

    def fails(*_: object) -> None:
        quoting.set()
        raise ValueError("王伟 330102199005060017")

    monkeypatch.setattr("stewardship.desk.current.open_casebook", fails)
    night(office.site, SECOND, PEOPLE)
    assert office.current.book() is old
    assert quoting.wait(10)
    wang.judges("same")
    assert len(office.lines()) == 1
    wait_until = time.monotonic() + 10
    while "ValueError at" not in caplog.text and time.monotonic() < wait_until:
        time.sleep(0.01)
    assert "ValueError at" in caplog.text and "王伟" not in caplog.text


def test_a_flip_that_brings_other_values_asks_to_look_again(office: Office) -> None:
    wang, case = office.at_work("wang"), office.case("brother", "twin")
    wang.get(f"/cases/{case}")
    twin = {**PEOPLE["grid"]["twin"], "birth_date": "1990-06-05"}
    night(office.site, SECOND, {**PEOPLE, "grid": {**PEOPLE["grid"], "twin": twin}})
    office.current.turn()
    assert wang.judges("same", because="记得").status_code == 409
    assert "换了其中的身份信息" in wang.text
    assert office.lines() == []
    assert wang.form(f"/cases/{case}/verdict")["because"] == "记得"
    assert wang.judges("same").status_code == 200
    assert len(office.lines()) == 1


def test_a_verdict_whose_data_changed_is_asked_again_and_can_be_confirmed(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get(f"/cases/{office.case('brother', 'twin')}")
    wang.judges("different")
    twin = {**PEOPLE["grid"]["twin"], "birth_date": "1990-05-07"}
    night(office.site, SECOND, {**PEOPLE, "grid": {**PEOPLE["grid"], "twin": twin}})
    office.current.turn()
    wang.get("/next?kind=stale_verdict")
    assert "现有裁定：不是同一人" in wang.text
    wang.judges("different")
    wang.get("/?kind=stale_verdict")
    assert "0 案待裁定" in wang.text
    with open_ledger(office.site) as ledger:
        assert [one.verdict for one in ledger.verdicts()] == ["different"]


def test_a_full_disk_saves_nothing_says_so_and_keeps_what_was_entered(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    wang = office.at_work("wang")
    wang.get("/next")
    case = wang.case

    def full(*_: object, **__: object) -> int:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "judge", full)
        assert wang.judges("same", because="写了很久").status_code == 503
    assert "磁盘已满" in wang.text and wang.case == case
    assert wang.form(f"/cases/{case}/verdict")["because"] == "写了很久"
    assert office.lines() == []
    wang.judges("same")
    assert len(office.lines()) == 1


def test_what_would_follow_is_worked_out_on_demand(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get(f"/cases/{office.case('one_name', 'other_name')}/reach")
    assert "若判为同一人：2 位居民变为 1 位" in wang.text
    assert [cell.text_content() for cell in wang.tree.xpath("//tbody/tr[1]/*")] == ["网格", "1", "0"]


def test_history_shows_who_said_what_and_an_approver_may_take_it_back(office: Office) -> None:
    wang, zhou = office.at_work("wang"), office.at_work("zhou")
    wang.get("/next")
    case = wang.case
    wang.judges("same", because="看过照片")
    li = office.at_work("li")
    li.get(f"/cases/{case}")
    said = li.tree.xpath("//ol[@class='history']/li[@class='stands']")[0]
    assert said.text_content().split()[2:] == ["wang", "是同一人", "现在有效", "看过照片"]
    assert len(li.tree.xpath("//form[@action='/undo']")) == 1  # her own last one only
    li.submit("/logout")
    zhou.get(f"/cases/{case}")
    form = zhou.tree.xpath("//ol[@class='history']//form")[0]
    zhou.client.post("/undo", data=dict(form.fields))
    with open_ledger(office.site) as ledger:
        assert ledger.verdicts() == []
        assert ledger.lines("undo")[0].body["by"] == "zhou"


def test_the_audit_tells_the_whole_story(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get("/next")
    wang.judges("same")
    wang.submit("/undo")
    wang.submit(f"/cases/{wang.case}/defer", days="1")
    assert [kind for kind, _ in office.noted()] == [
        "viewed", "judged", "viewed", "undone", "viewed", "deferred", "viewed",
    ]  # fmt: skip
    assert {by for _, by in office.noted()} == {"wang"}
