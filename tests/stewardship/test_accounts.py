"""Who may log in: passwords, locking out, sessions that end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta

import pytest

from stewardship.accounts import (
    FAILURES,
    LOCKED,
    WrongAccount,
    accounts,
    add_account,
    check_password,
    is_locked,
)
from stewardship.sessions import (
    ABSOLUTE,
    IDLE,
    SHOWN,
    begin_session,
    end_session,
    find_session,
    show_values,
    speak_in,
)
from stewardship.store import open_desk
from tests.stewardship.conftest import Clock
from warehouse.site import Site

PASSWORD = "a long password"


@pytest.fixture
def con(site: Site, clock: Clock) -> Iterator[sqlite3.Connection]:
    with open_desk(site) as opened:
        add_account(opened, "wang", "steward", PASSWORD, clock())
        yield opened


def test_the_right_password_and_only_it_opens(con: sqlite3.Connection, clock: Clock) -> None:
    account = check_password(con, "wang", PASSWORD, clock())
    assert account is not None and account.role == "steward"
    assert check_password(con, "wang", PASSWORD + " ", clock()) is None
    assert check_password(con, "nobody", PASSWORD, clock()) is None
    (kept,) = con.execute("select hash from account").fetchone()
    assert kept.startswith("$argon2id$") and PASSWORD not in kept


def test_five_wrong_passwords_lock_out_also_the_right_one_for_a_while(
    con: sqlite3.Connection, clock: Clock
) -> None:
    for _ in range(FAILURES):
        assert not is_locked(con, "wang", clock())
        check_password(con, "wang", "wrong", clock())
    assert is_locked(con, "wang", clock())
    assert check_password(con, "wang", PASSWORD, clock()) is None
    clock.now += LOCKED + timedelta(seconds=1)
    assert check_password(con, "wang", PASSWORD, clock()) is not None


def test_a_right_password_forgives_the_wrong_ones_before(con: sqlite3.Connection, clock: Clock) -> None:
    for _ in range(3):
        for _ in range(FAILURES - 1):
            check_password(con, "wang", "wrong", clock())
        assert check_password(con, "wang", PASSWORD, clock()) is not None


@pytest.mark.parametrize(
    ("name", "role", "password", "words"),
    [
        ("wang", "steward", PASSWORD, "已经存在"),
        ("a b", "steward", PASSWORD, "账号名"),
        ("<b>", "steward", PASSWORD, "账号名"),
        ("li", "king", PASSWORD, "角色"),
        ("li", "steward", "short", "口令"),
    ],
)
def test_an_account_that_makes_no_sense_is_refused(
    con: sqlite3.Connection, clock: Clock, name: str, role: str, password: str, words: str
) -> None:
    with pytest.raises(WrongAccount, match=words):
        add_account(con, name, role, password, clock())
    assert [one.name for one in accounts(con)] == ["wang"]


def test_roles_do_what_they_may(con: sqlite3.Connection, clock: Clock) -> None:
    for role in ("approver", "analyst", "admin", "clerk"):
        add_account(con, role, role, PASSWORD, clock())
    may = {
        one.name: [deed for deed in ("look", "see_values", "judge", "undo_others") if one.may(deed)]
        for one in accounts(con)
    }  # type: ignore[arg-type]
    assert may == {
        "wang": ["look", "see_values", "judge"],
        "approver": ["look", "see_values", "judge", "undo_others"],
        "analyst": ["look"],
        "admin": [],
        "clerk": [],
    }


def test_a_session_ends_when_idle_when_old_and_when_told(con: sqlite3.Connection, clock: Clock) -> None:
    account = accounts(con)[0]
    token, _ = begin_session(con, account, "zh", clock())
    clock.now += IDLE - timedelta(minutes=1)
    assert find_session(con, token, clock()) is not None  # and is in use again
    clock.now += IDLE - timedelta(minutes=2)
    assert find_session(con, token, clock()) is not None
    clock.now += IDLE + timedelta(minutes=1)
    assert find_session(con, token, clock()) is None
    token, session = begin_session(con, account, "zh", clock())
    started = clock.now
    while clock.now < started + ABSOLUTE - timedelta(minutes=20):
        clock.pass_by(minutes=20)
        assert find_session(con, token, clock()) is not None
    clock.pass_by(minutes=25)
    assert find_session(con, token, clock()) is None
    token, session = begin_session(con, account, "zh", clock())
    end_session(con, session)
    assert find_session(con, token, clock()) is None
    assert find_session(con, "", clock()) is None


def test_the_file_holds_no_token(con: sqlite3.Connection, clock: Clock, site: Site) -> None:
    token, _ = begin_session(con, accounts(con)[0], "zh", clock())
    assert token not in "".join(con.iterdump())
    assert site.desk.stat().st_mode & 0o777 == 0o600


def test_values_are_shown_for_a_reason_and_a_while(con: sqlite3.Connection, clock: Clock) -> None:
    token, session = begin_session(con, accounts(con)[0], "zh", clock())

    def because() -> str:
        found = find_session(con, token, clock())
        assert found is not None
        return found.shown_because

    assert because() == ""
    show_values(con, session, "电话核实", clock())
    assert because() == "电话核实"
    clock.now += SHOWN - timedelta(minutes=15)
    assert because() == "电话核实"
    clock.pass_by(minutes=16)
    assert because() == ""
    show_values(con, session, "", clock())
    speak_in(con, session, "en")
    found = find_session(con, token, clock())
    assert found is not None and found.speak == "en"


def test_a_book_of_before_keeps_its_accounts_and_logs_everybody_out(site: Site, clock: Clock) -> None:
    with open_desk(site) as con:
        account = add_account(con, "wang", "steward", PASSWORD, clock())
        con.executescript(
            "drop table session; drop table departure; drop table subject;"
            "create table session (digest text primary key, account text not null); pragma user_version = 3;"
        )
        con.execute("insert into session values ('d', 'wang')")
    with open_desk(site) as con:
        assert accounts(con) == [account]
        assert con.execute("select * from session").fetchall() == []
        token, _ = begin_session(con, account, "zh", clock(), provided=True)
        found = find_session(con, token, clock())
        assert found is not None and found.provided
