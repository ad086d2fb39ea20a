"""Who gets in, from where, and as what."""

from __future__ import annotations

import logging

import pytest

from pipelines.desk_intake import SiteIntake
from stewardship.desk import review
from stewardship.desk.app import desk
from stewardship.desk.guard import HEADERS, Asking
from tests.stewardship.conftest import Clock
from tests.stewardship.desk.conftest import Office
from warehouse.site import Site

ANY = "0" * 24
PAGES = ["/", "/next", "/search", f"/residents/R{'0' * 16}", f"/cases/{ANY}", f"/cases/{ANY}/reach"]
FORMS = [
    "/search",
    f"/cases/{ANY}/verdict",
    f"/cases/{ANY}/defer",
    "/undo",
    "/values",
    "/language",
    "/logout",
]


def test_nobody_sees_anything_before_logging_in(office: Office) -> None:
    somebody = office.visitor()
    for page in PAGES:
        answer = somebody.client.get(page, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    for form in FORMS:
        assert somebody.client.post(form, data={}).status_code == 401
    assert office.lines() == []


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("key", ["", "wrong", "钥匙", "others"])
def test_a_form_without_its_key_does_nothing(office: Office, path: str, key: str) -> None:
    wang, li = office.at_work("wang"), office.at_work("li")
    li.get("/")
    stated = li.form("/logout")["form_key"] if key == "others" else key
    answer = wang.client.post(path, data={"form_key": stated, "verdict": "same", "why": "x"})
    assert answer.status_code == 403
    assert office.lines() == []
    assert wang.get("/").status_code == 200


def test_a_form_from_another_site_is_refused_even_with_its_key(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get("/next")
    form = wang.form("/undo")
    for origin in ("https://evil.example", "null"):
        assert wang.client.post("/undo", data=form, headers={"origin": origin}).status_code == 403
    assert wang.client.post("/undo", data=form, headers={"origin": "http://testserver"}).status_code == 200


@pytest.mark.parametrize(
    ("name", "looks", "judges"),
    [("wang", True, True), ("zhou", True, True), ("zhao", True, False), ("admin", False, False)],
)
def test_a_role_sees_and_does_what_it_may(office: Office, name: str, looks: bool, judges: bool) -> None:
    somebody, case = office.at_work(name), office.case("brother", "twin")
    assert somebody.get("/").status_code == (200 if looks else 403)
    key = {"form_key": somebody.form("/logout")["form_key"]}
    assert somebody.get(f"/cases/{case}").status_code == (200 if looks else 403)
    verdict = {
        **key,
        "verdict": "same",
        "seen": office.book.cases[office.book.places[case]].seen,
        "knew": "0",
    }
    assert somebody.client.post(f"/cases/{case}/verdict", data=verdict).status_code == (
        200 if judges else 403
    )
    assert somebody.client.post("/values", data={**key, "why": "x"}).status_code == (200 if judges else 403)
    assert len(office.lines()) == int(judges)


def test_every_answer_says_what_a_browser_may_do_with_it(office: Office) -> None:
    wang = office.at_work("wang")
    for path in ("/", "/next", "/login", "/static/desk.js", "/static/nothing", "/nowhere", f"/cases/{ANY}"):
        headers = wang.client.get(path).headers
        for name in HEADERS:
            assert headers[name] == HEADERS[name]
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


def test_no_page_has_a_script_or_a_style_of_its_own_or_from_elsewhere(office: Office) -> None:
    wang = office.at_work("wang")
    for path in ("/", "/next", "/nowhere-near"):
        wang.get(path)
        assert wang.tree.xpath("//script[not(@src)] | //style | //@style | //@onclick") == []
        linked = wang.tree.xpath("//@src | //link/@href | //a/@href | //form/@action")
        assert all(str(one).startswith(("/", "#")) for one in linked)


def test_a_form_larger_than_any_of_ours_is_not_read(office: Office) -> None:
    wang = office.at_work("wang")
    assert wang.client.post("/undo", data={"because": "x" * 100_000}).status_code == 413


def test_a_fault_is_told_without_the_values_that_it_quotes(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(asking: Asking) -> None:
        raise ValueError("李建国 13900000001")

    monkeypatch.setattr(review, "side_by_side", lambda *_, **__: breaks(None))  # type: ignore[arg-type]
    with caplog.at_level(logging.ERROR):
        answer = office.at_work("wang").get("/next")
    assert answer.status_code == 500
    assert "李建国" not in answer.text + caplog.text
    assert "ValueError at test_guard.py" in caplog.text


def test_a_site_without_a_night_says_what_to_run_first(site: Site, clock: Clock) -> None:
    for file in site.snapshots.iterdir():
        file.unlink()
    office = Office(site, desk(site, SiteIntake(site), clock), clock)
    answer = office.at_work("wang").get("/")
    assert answer.status_code == 503
    assert "enter-once nightly" in answer.text
    office.current.close()
