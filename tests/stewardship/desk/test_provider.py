"""Logging in with the city's identity provider, a real one on loopback, also when it or somebody else cheats."""

from __future__ import annotations

import base64
import hmac
import json
import logging
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from identity import CLIENT, SECRET, Claims, IdentityProvider, as_it_is, settings
from joserfc.jwk import ECKey, RSAKey
from playwright.sync_api import Browser, expect
from servers import Said, free_port

from pipelines.desk_intake import SiteIntake
from stewardship.accounts import accounts
from stewardship.audit import open_audit
from stewardship.departures import LONGEST
from stewardship.desk.app import desk
from stewardship.sessions import IDLE
from stewardship.store import open_desk
from tests.stewardship.conftest import Clock
from tests.stewardship.desk.conftest import PASSWORD, Office, Visitor
from tests.stewardship.desk.shop import needs_chromium, opened
from warehouse.site import Site, read_site

DESK = "http://127.0.0.1:8765"


@pytest.fixture(scope="module")
def running() -> Iterator[IdentityProvider]:
    made = IdentityProvider(f"{DESK}/login/back")
    yield made
    made.peer.stop()


@pytest.fixture
def city(running: IdentityProvider, monkeypatch: pytest.MonkeyPatch) -> IdentityProvider:
    """The provider as it is on a good day: the same server, with nothing of another test's."""
    monkeypatch.setenv("OIDC_SECRET", SECRET)
    running.peer.seen.clear()
    return replace(running)


@pytest.fixture
def site(staffed: Path, tmp_path: Path, city: IdentityProvider) -> Site:
    return with_provider(staffed, tmp_path, settings(city, DESK))


def with_provider(staffed: Path, folder: Path, table: str) -> Site:
    root = folder / "site"
    shutil.copytree(staffed, root, symlinks=True)
    with (root / "site.toml").open("a", encoding="utf-8") as toml:
        toml.write(table)
    return read_site(root)


def onward(visitor: Visitor) -> str:
    """Where the page goes by itself."""
    (said,) = visitor.tree.xpath("//meta[@http-equiv='refresh']/@content")
    return str(said).removeprefix("0; url=")


def leaves(visitor: Visitor) -> str:
    """Press the button; the address that the provider sends the browser back to."""
    visitor.get("/login")
    visitor.submit("/login/provider")
    return sent_back(onward(visitor))


def sent_back(there: str) -> str:
    back = urlsplit(httpx.get(there).headers["location"])
    assert f"{back.scheme}://{back.netloc}" == DESK
    return f"{back.path}?{back.query}"


def lands(visitor: Visitor, back: str) -> int:
    """Come back, and go on within the site; the status of the last page."""
    visitor.get(back)
    return visitor.get(onward(visitor)).status_code


def stated(address: str) -> dict[str, str]:
    """What an address states in its query."""
    return dict(parse_qsl(urlsplit(address).query))


def logs_in(visitor: Visitor) -> int:
    return lands(visitor, leaves(visitor))


def facts(office: Office) -> list[tuple[str, str, object]]:
    """Of each line of the audit what happened, whose account, and why somebody was turned away or what was bound."""
    with open_audit(office.site) as book:
        return [
            (one.kind, one.body["by"], one.body.get("why", one.body.get("bound"))) for one in book.lines()
        ]


def test_the_whole_way_there_and_back(office: Office, city: IdentityProvider) -> None:
    wang = office.visitor()
    assert logs_in(wang) == 200
    assert wang.page is not None and wang.page.url.path == "/tonight" and "wang" in wang.text
    cookie = next(one for one in wang.client.cookies.jar if one.name == "desk")
    assert cookie.get_nonstandard_attr("SameSite") == "strict" and cookie.has_nonstandard_attr("HttpOnly")
    assert facts(office) == [("account", "wang", 1), ("login", "wang", None)]
    assert logs_in(office.visitor()) == 200  # bound by now
    assert facts(office)[2:] == [("login", "wang", None)]
    office.clock.now += IDLE
    office.clock.pass_by(minutes=1)
    assert wang.get("/tonight").url.path == "/login"
    admin = office.at_work("admin")
    assert "统一身份认证" in admin.get("/audit").text and "绑定统一身份" in admin.text


def test_nothing_of_a_token_or_a_person_stays_anywhere(
    office: Office, city: IdentityProvider, caplog: pytest.LogCaptureFixture
) -> None:
    issued: list[str] = []

    def remembered(claims: Claims) -> str:
        issued.append(city.signed(claims | {"phone_number": "13900000001"}))
        return issued[-1]

    city.sign = remembered
    back = leaves(visitor := office.visitor())
    with caplog.at_level(logging.DEBUG):
        assert lands(visitor, back) == 200
        assert lands(office.visitor(), back) == 400  # and once more, into the log and the audit
    ours = [
        said for one in caplog.records if "testserver" not in (said := one.getMessage())
    ]  # not the visitors'
    code = stated(back)["code"]
    kept = "".join(ours) + "".join(_everything(file) for file in (office.site.desk, office.site.audit))
    for secret in (code, issued[0], issued[0].split(".")[1], SECRET, "13900000001"):
        assert secret not in kept
    assert "s-1" in kept  # the subject is kept, or nobody could be known again


def _everything(file: Path) -> str:
    with sqlite3.connect(file) as con:
        return "\n".join(con.iterdump())


def test_a_verdict_that_was_being_given_goes_along(office: Office, city: IdentityProvider) -> None:
    wang, case = office.cut_short()
    city.twist = lambda claims: claims | {name: claims[name] + 1900 for name in ("iat", "exp")}
    wang.submit("/login/provider")
    assert lands(wang, sent_back(onward(wang))) == 200
    assert wang.form(f"/cases/{case}/verdict")["because"] == "双胞胎，见过面"
    assert "还没有保存" in wang.text and office.lines() == []


WRONG: dict[str, Callable[[Claims], Claims]] = {
    "another nonce": lambda claims: claims | {"nonce": "planted"},
    "no nonce": lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    "another issuer": lambda claims: claims | {"iss": "http://localhost:1"},
    "for another client": lambda claims: claims | {"aud": "payroll"},
    "for many, and who asked is not stated": lambda claims: claims | {"aud": [CLIENT, "payroll"]},
    "another client asked": lambda claims: claims | {"azp": "payroll"},
    "expired": lambda claims: claims | {"exp": claims["iat"] - 120},
    "never expires": lambda claims: {name: value for name, value in claims.items() if name != "exp"},
    "issued tomorrow": lambda claims: claims | {"iat": claims["iat"] + 86400},
    "issued before anybody left": lambda claims: claims | {"iat": claims["iat"] - 3600},
    "about nobody": lambda claims: {name: value for name, value in claims.items() if name != "sub"},
}


def test_a_token_that_states_anything_wrong_lets_nobody_in(office: Office, city: IdentityProvider) -> None:
    for wrong, twist in WRONG.items():
        city.twist = twist
        _proves_nothing(office, wrong)
    city.twist = as_it_is
    assert logs_in(office.visitor()) == 200  # on a good day the same way leads in
    city.key = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig"})  # also with keys that are new today
    assert logs_in(office.visitor()) == 200


def _proves_nothing(office: Office, wrong: str) -> None:
    wang = office.visitor()
    assert logs_in(wang) == 403, wrong
    assert "核对不上" in wang.text
    assert wang.client.get("/tonight", follow_redirects=False).status_code == 303
    assert set(facts(office)) == {("login_failed", "", "unproven")}


def _coded(part: bytes | Claims) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unsigned(city: IdentityProvider, claims: Claims) -> str:
    return f"{_coded({'alg': 'none', 'kid': 'k1'})}.{_coded(claims)}."


def _by_public_key(city: IdentityProvider, claims: Claims) -> str:
    """What everybody can read, the public key, taken for a shared secret."""
    signed = f"{_coded({'alg': 'HS256', 'kid': 'k1'})}.{_coded(claims)}"
    return f"{signed}.{_coded(hmac.digest(city.key.as_pem(private=False), signed.encode(), 'sha256'))}"


def _tampered(city: IdentityProvider, claims: Claims) -> str:
    head, _, mark = city.signed(claims).split(".")
    return f"{head}.{_coded(claims | {'preferred_username': 'admin', 'sub': 's-9'})}.{mark}"


def _by_another_key(city: IdentityProvider, claims: Claims) -> str:
    return city.signed(claims, RSAKey.generate_key(2048))


def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(
    office: Office, city: IdentityProvider
) -> None:
    for sign in (_unsigned, _by_public_key, _tampered, _by_another_key, lambda *_: "a.b.c", lambda *_: ""):
        city.sign = partial(sign, city)
        _proves_nothing(office, getattr(sign, "__name__", ""))


def test_only_the_browser_that_left_comes_back_and_once_and_in_time(
    office: Office, city: IdentityProvider
) -> None:
    mine, other = office.visitor(), office.visitor()
    back = leaves(mine)
    other.get("/login")
    assert lands(other, back) == 400 and "没有接上" in other.text  # a state that another browser left with
    assert lands(mine, back.replace("state=", "state=x")) == 400
    assert city.peer.of("/token") == []
    assert lands(mine, back) == 200
    mine.client.cookies.delete("desk")
    assert lands(mine, back) == 400  # used
    late = leaves(mine)
    office.clock.now += LONGEST
    office.clock.pass_by(seconds=1)
    assert lands(mine, late) == 400
    assert len(city.peer.of("/token")) == 1


def test_a_code_serves_once_and_only_on_the_way_that_it_was_given_on(
    office: Office, city: IdentityProvider
) -> None:
    wang, thief = office.visitor(), office.visitor()
    used, stolen = leaves(wang), leaves(office.visitor())
    assert lands(wang, used) == 200
    for other in (used, stolen):  # the thief's own state, with a code of somebody else's
        mixed = {"state": stated(leaves(thief))["state"], "code": stated(other)["code"]}
        assert lands(thief, f"/login/back?{urlencode(mixed)}") == 403
        assert "核对不上" in thief.text
    assert [why for _, _, why in facts(office)][-2:] == ["unproven", "unproven"]


def test_an_answer_in_the_name_of_another_issuer_or_of_nobody_asks_for_no_token(
    office: Office, city: IdentityProvider
) -> None:
    for more, why in (("iss=http%3A%2F%2Felsewhere", "unproven"), ("error=access_denied", "declined")):
        visitor = office.visitor()
        state = stated(leaves(visitor))["state"]
        assert lands(visitor, f"/login/back?state={state}&code=x&{more}") == 403
        assert facts(office)[-1] == ("login_failed", "", why)
    assert city.peer.of("/token") == []


def test_who_has_no_account_is_told_so_and_gets_none(office: Office, city: IdentityProvider) -> None:
    for person in ({"sub": "s-2", "preferred_username": "赵六"}, {"sub": "s-3"}):
        city.person = person
        visitor = office.visitor()
        assert logs_in(visitor) == 403
        assert "没有账号" in visitor.text
    with open_desk(office.site) as con:
        assert "赵六" not in [one.name for one in accounts(con)]
    assert facts(office) == [("login_failed", "", "unknown")] * 2


def test_a_closed_account_stays_out_and_a_locked_one_only_by_password(
    office: Office, city: IdentityProvider
) -> None:
    admin, guesser = office.at_work("admin"), office.visitor()
    guesser.get("/login")
    for _ in range(5):
        guesser.submit("/login", name="wang", password="a wrong password")
    assert logs_in(office.visitor()) == 200
    admin.get("/accounts")
    admin.submit("/accounts/wang/open")
    admin.submit("/accounts/wang/close")
    wang = office.visitor()
    assert logs_in(wang) == 403 and "已停用" in wang.text
    assert facts(office)[-1] == ("login_failed", "wang", "closed")


def test_a_name_that_changed_hands_over_there_changes_nothing_here(
    office: Office, city: IdentityProvider
) -> None:
    assert logs_in(office.visitor()) == 200
    for sub, name, status, told in (
        ("s-1", "admin", 200, "wang"),  # renamed: still the same account, and no administrator
        ("s-7", "wang", 403, "绑定给另一个人"),  # somebody else now has the name
    ):
        city.person = {"sub": sub, "preferred_username": name}
        visitor = office.visitor()
        assert logs_in(visitor) == status and told in visitor.text
    assert facts(office)[-1] == ("login_failed", "wang", "taken")
    wang, admin = office.at_work("wang"), office.at_work("admin")
    admin.get("/accounts")
    admin.submit("/accounts/wang/unbind")
    assert "已解除" in admin.text and wang.get("/tonight").url.path == "/login"
    assert facts(office)[-1] == ("account", "admin", 0)
    assert logs_in(office.visitor()) == 200
    assert facts(office)[-2:] == [("account", "wang", 1), ("login", "wang", None)]


def test_a_provider_that_is_down_is_one_sentence_and_the_password_still_serves(
    office: Office, city: IdentityProvider, caplog: pytest.LogCaptureFixture
) -> None:
    back = leaves(gone := office.visitor())
    for path, said in (
        ("/token", Said("13900000001", status=502)),
        ("/.well-known/openid-configuration", Said({"issuer": "http://localhost:1"})),
    ):
        city.peer.answers[path] = lambda _, said=said: said  # type: ignore[misc]
        wang = office.visitor()
        wang.get("/login")
        status = lands(gone, back) if path == "/token" else wang.submit("/login/provider").status_code
        told = gone if path == "/token" else wang
        assert status == 503 and "连不上" in told.text
    assert "HTTPStatusError at" in caplog.text and "13900000001" not in caplog.text
    assert wang.submit("/login", name="wang", password=PASSWORD).status_code == 200


def test_where_passwords_do_not_serve_the_last_administrator_is_still_let_in(
    staffed: Path, tmp_path: Path, city: IdentityProvider, clock: Clock
) -> None:
    site = with_provider(staffed, tmp_path, settings(city, DESK, 'local = false\nclaim = "email"\n'))
    office = Office(site, desk(site, SiteIntake(site), clock), clock)
    for name, status in (("wang", 401), ("admin", 200)):
        visitor = office.visitor()
        visitor.get("/login")
        assert visitor.submit("/login", name=name, password=PASSWORD).status_code == status
        assert status == 200 or "不用口令登录" in visitor.text
    for verified, status in ((False, 403), (True, 200)):  # anybody may state an address of mail
        city.person = {"sub": "s-1", "email": "wang", "email_verified": verified}
        assert logs_in(office.visitor()) == status
    admin = office.at_work("admin")
    admin.get("/accounts")
    admin.submit("/accounts/li/role", role="admin")
    visitor = office.visitor()
    visitor.get("/login")
    assert visitor.submit("/login", name="admin", password=PASSWORD).status_code == 401
    office.current.close()


def test_logging_out_goes_on_to_the_provider_where_it_let_somebody_in(
    office: Office, city: IdentityProvider
) -> None:
    wang, li = office.visitor(), office.at_work("li")
    logs_in(wang)
    wang.submit("/logout")
    there = onward(wang)
    assert there.startswith(f"{city.issuer}/logout?") and "id_token" not in there
    assert httpx.get(there).headers["location"] == f"{DESK}/login"
    assert wang.get("/tonight").url.path == "/login"
    li.get("/tonight")
    assert li.submit("/logout").url.path == "/login"  # who came by password was never there
    city.ends_sessions = False
    logs_in(wang)
    assert wang.submit("/logout").url.path == "/login"


def test_a_button_pressed_on_another_site_leads_nowhere(office: Office, city: IdentityProvider) -> None:
    assert office.visitor().client.post("/login/provider", data={"form_key": "x"}).status_code == 403
    assert city.peer.seen == []


@needs_chromium
def test_the_whole_way_in_a_browser_that_takes_the_two_for_two_sites(
    staffed: Path, tmp_path: Path, city: IdentityProvider, browser: Browser, clock: Clock
) -> None:
    port = free_port()
    city.way_back = f"http://127.0.0.1:{port}/login/back"
    site = with_provider(staffed, tmp_path, settings(city, f"http://127.0.0.1:{port}"))
    with opened(site.root, clock, browser, port) as shop:
        for scripts in (True, False):
            page = shop.page(scripts=scripts)
            page.goto(shop.address)
            page.get_by_role("button", name="市统一身份认证登录").click()
            expect(page.get_by_role("link", name="wang")).to_be_visible()
            page.get_by_role("button", name="退出").click()
            expect(page.get_by_role("button", name="市统一身份认证登录")).to_be_visible()
        assert len(city.peer.of("/logout")) == 2
        shop.wrong[:] = [one for one in shop.wrong if not one.startswith(city.issuer)]
