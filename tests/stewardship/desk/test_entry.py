"""Logging in and out; nothing is lost when a session ends."""

from __future__ import annotations

import pytest

from stewardship.accounts import FAILURES
from tests.stewardship.desk.conftest import PASSWORD, Office, Visitor


def log_in(visitor: Visitor, name: str = "wang", password: str = PASSWORD) -> int:
    if visitor.page is None:
        visitor.get("/login")
    return visitor.submit("/login", name=name, password=password).status_code


def test_the_way_in_and_out(office: Office) -> None:
    wang = office.visitor()
    assert log_in(wang) == 200
    assert "案待裁定" in wang.text
    cookie = next(one for one in wang.client.cookies.jar if one.name == "desk")
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "strict"
    wang.submit("/logout")
    assert wang.client.get("/", follow_redirects=False).status_code == 303
    assert office.noted() == [("login", "wang"), ("logout", "wang")]


def test_a_token_that_somebody_put_there_before_is_worth_nothing_after(office: Office) -> None:
    wang = office.visitor()
    wang.client.cookies.set("desk", "planted")
    assert log_in(wang) == 200
    planted = office.visitor()
    planted.client.cookies.set("desk", "planted")
    assert planted.client.get("/", follow_redirects=False).status_code == 303


def test_a_log_in_form_works_only_in_the_browser_that_asked_for_it(office: Office) -> None:
    mine, other = office.visitor(), office.visitor()
    mine.get("/login")
    form = mine.form("/login") | {"name": "wang", "password": PASSWORD}
    assert other.client.post("/login", data=form).status_code == 403
    assert mine.client.post("/login", data=form).status_code == 200


def test_a_guess_is_told_the_same_whoever_it_guesses_at(office: Office) -> None:
    told = set()
    for name in ("wang", "nobody"):
        visitor = office.visitor()
        assert log_in(visitor, name, "a wrong password") == 401
        told.add(visitor.tree.xpath("string(//*[@role='alert'])"))
    assert len(told) == 1
    # What was typed as a name may be a password: only a name that is known is kept.
    assert office.noted() == [("login_failed", "wang"), ("login_failed", "")]


def test_who_keeps_guessing_is_locked_out(office: Office) -> None:
    visitor = office.visitor()
    for _ in range(FAILURES):
        assert log_in(visitor, password="a wrong password") == 401
    assert log_in(visitor) == 401
    office.clock.pass_by(minutes=16)
    assert log_in(visitor) == 200


def test_a_session_that_ends_in_the_middle_of_a_verdict_loses_nothing(office: Office) -> None:
    wang, case = office.cut_short()
    assert office.lines() == []
    assert log_in(wang) == 200
    assert wang.case == case
    assert wang.form(f"/cases/{case}/verdict")["because"] == "双胞胎，见过面"
    assert wang.tree.xpath("//button[contains(@class, 'pending')]/@value") == ["different"]
    assert "还没有保存" in wang.text and office.lines() == []
    assert wang.judges("different").status_code == 200
    (line,) = office.lines()
    assert (line.body["by"], line.body["verdict"]) == ("wang", "different")
    assert [one.because for one in office.current._ledger.verdicts()] == ["双胞胎，见过面"]


def test_logging_out_lets_go_of_the_case(office: Office) -> None:
    wang, li = office.at_work("wang"), office.at_work("li")
    wang.get("/next")
    held = wang.case
    li.get(f"/cases/{held}")
    assert "wang 正在处理" in li.text
    wang.submit("/logout")
    li.get(f"/cases/{held}")
    assert "正在处理" not in li.text


def test_the_other_language_stays_for_the_session(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get("/")
    wang.submit("/language", speak="en")
    assert "cases waiting" in wang.text
    assert wang.tree.get("lang") == "en"
    wang.get("/next")
    assert "Same person" in wang.text
    wang.submit("/language", speak="zh")
    assert "案待裁定" in wang.text


@pytest.mark.parametrize("name", ["lin", "admin"])
def test_who_may_not_look_at_the_queue_is_never_led_there(office: Office, name: str) -> None:
    one = office.visitor()
    log_in(one, name)
    for there in ("", "/cases/nobodys"):
        answer = one.get(there) if there else one.page
        assert answer is not None and answer.status_code == (403 if there else 200)
        assert "/" not in one.tree.xpath("//a/@href | //input[@name='back']/@value")
        assert one.tree.xpath("//a[@class='home']/@href") == ["/tonight"]
    one.submit("/language", speak="en")
    assert one.page is not None and one.page.status_code == 200 and one.page.url.path == "/tonight"


@pytest.mark.parametrize(
    "back", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_no_form_leads_to_another_site(office: Office, back: str) -> None:
    wang = office.at_work("wang")
    wang.get("/")
    form = wang.form("/language") | {"speak": "zh", "back": back}
    answer = wang.client.post("/language", data=form, follow_redirects=False)
    assert answer.headers["location"] == "/"
