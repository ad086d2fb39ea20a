"""`review`, `account` and `verify` from the command line."""

from __future__ import annotations

import io
import signal
import socket
import sqlite3
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from stewardship.accounts import add_account, check_password
from stewardship.desk.current import now
from stewardship.sessions import begin_session
from stewardship.store import open_desk
from warehouse.ledger import open_ledger
from warehouse.site import Site


@pytest.fixture
def site(towns: Any, tmp_path: Path) -> Site:
    made: Site = towns.town(tmp_path / "site")
    return made


def test_an_account_is_made_with_a_password_from_standard_input(
    enter_once: Any, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a long password\n"))
    ran = enter_once("account", "add", "王芳", "--role", "approver", "--site", site.root, "--json")
    assert (ran.status, ran.found) == (0, {"added": "王芳", "role": "approver"})
    with open_desk(site) as con:
        account = check_password(con, "王芳", "a long password", now())
    assert account is not None and account.role == "approver"
    listed = enter_once("account", "list", "--site", site.root, "--json").found
    assert listed == {"accounts": [{"name": "王芳", "role": "approver", "areas": []}]}
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    refused = enter_once("account", "add", "li", "--role", "steward", "--site", site.root)
    assert refused.status == 2 and "口令至少" in refused.err


def test_the_first_account_is_made_once_with_a_password_shown_once(enter_once: Any, site: Site) -> None:
    asked = (
        "account",
        "add",
        "steward",
        "--role",
        "steward",
        "--generate",
        "--if-none",
        "--site",
        site.root,
        "--json",
    )
    first, second = enter_once(*asked).found, enter_once(*asked).found
    assert second == {"added": None}
    with open_desk(site) as con:
        assert check_password(con, "steward", first["password"], now()) is not None


def test_verify_names_the_book_and_the_line_that_was_changed(enter_once: Any, site: Site) -> None:
    enter_once("account", "add", "wang", "--role", "steward", "--generate", "--site", site.root)
    with open_ledger(site) as ledger:
        ledger.append("note", {"about": "one"})
    whole = enter_once("verify", "--site", site.root, "--json")
    assert whole.status == 0
    assert [(one["book"], one["lines"], one["fault"]) for one in whole.found["books"]] == [
        ("ledger", 1, None),
        ("audit", 1, None),
    ]
    with sqlite3.connect(site.audit) as con:
        con.execute("drop trigger line_update")
        con.execute("update line set at = '2020-01-01'")
    broken = enter_once("verify", "--site", site.root, "--lang", "en")
    assert broken.status == 1
    assert "audit: line 1 is wrong" in broken.out


def test_the_desk_is_served_on_loopback_until_it_is_stopped(start: Any, site: Site) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (site.root / "site.toml").open("a", encoding="utf-8") as toml:
        toml.write(
            '\n[oidc]\nissuer = "https://id.example"\nclient_id = "enter-once"\ndesk = "https://desk.example"\n'
        )
        toml.write('client_secret = "file:oidc"\n')
    process = start("review", "--site", site.root, "--port", port, "--workers", 2, "--lang", "en")
    for _ in range(600):
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/login")
            break
        except httpx.ConnectError:
            assert process.poll() is None
            time.sleep(0.1)
    assert answer.status_code == 200 and "登录" in answer.text
    # A session that one process began is known to the other: each of these may be answered by either.
    with open_desk(site) as con:
        token = begin_session(
            con, add_account(con, "王芳", "steward", "a long password", now()), "zh", now()
        )[0]
    answers = [httpx.get(f"http://127.0.0.1:{port}/password", cookies={"desk": token}) for _ in range(12)]
    assert {one.status_code for one in answers} == {200}
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "There is no account yet" in err and "找不到 file:oidc" in err and "is closed" in out
