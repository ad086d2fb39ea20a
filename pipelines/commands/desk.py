"""The steward's desk: `review`, `account add|list`, `verify`, `ledger move`.

Belongs here: their arguments and how their outcome is told. Lives elsewhere: the desk and its accounts (`stewardship`).
"""

from __future__ import annotations

import argparse
import getpass
import os
import secrets
import socket
import sys
import threading
import time
from dataclasses import asdict
from datetime import UTC, datetime

from pipelines.commands import DONE, PARTIAL, Add, AddGroup, Answer
from pipelines.messages import Language, say

_KNOCK = 0.2  # seconds between two looks whether the desk is open


def add(command: Add, group: AddGroup) -> None:
    """The commands of this module."""
    review = command("review", open_desk, "打开数据管家的裁定台 / the steward's desk, on loopback")
    review.add_argument("--port", type=int, default=8765)
    review.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1), metavar="PROCESSES")
    account = group("account", "裁定台的账号 / accounts of the desk", "add|list")
    new = command("add", add_one, "新建账号 / make an account", account)
    new.add_argument("name", metavar="NAME")
    new.add_argument("--role", required=True, metavar="clerk|steward|approver|analyst|admin")
    new.add_argument(
        "--generate", action="store_true", help="由程序起口令并显示一次 / make up a password and show it once"
    )
    new.add_argument(
        "--if-none", action="store_true", help="已有账号时什么也不做 / only when there is no account yet"
    )
    command("list", list_all, "列出账号 / list accounts", account)
    command("verify", prove, "核对账本与审计没有被改动 / prove that ledger and audit are whole")
    book = group("ledger", "账本放在哪里 / where the ledger is kept", "move")
    command("move", move, "把账本从文件搬进 site.toml 所写的数据库 / from the file into the database", book)


def open_desk(asked: argparse.Namespace, speak: Language) -> Answer:
    """`review`: serve the desk until it is interrupted, by as many processes as the machine has cores, at most four."""
    from stewardship.accounts import accounts
    from stewardship.desk.app import serve
    from stewardship.provider import ProviderClient
    from stewardship.store import open_desk as open_book
    from warehouse.site import VARIABLE, read_site

    site = read_site(asked.site)
    with open_book(site) as con:
        known = len(accounts(con))
    sys.stderr.write(say("review_prepares", speak) + "\n")
    if not known:
        sys.stderr.write(say("review_no_account", speak, site=asked.site) + "\n")
    if site.provider and (missing := ProviderClient(site.provider, site.root).missing()):
        sys.stderr.write(say("review_no_provider", speak, problem=missing) + "\n")
    os.environ[VARIABLE] = str(asked.site.resolve())
    said = say("review_open", speak, port=asked.port) + "\n"
    threading.Thread(target=_say_when_open, args=(asked.port, said), daemon=True).start()
    serve("pipelines.desk_intake:desk_of_site", asked.port, asked.workers)
    return Answer(DONE, {"port": asked.port}, say("review_closed", speak))


def _say_when_open(port: int, said: str) -> None:
    """Say so once the desk takes calls: its processes lay out the cases first."""
    while True:
        time.sleep(_KNOCK)  # where another has the port, this process is gone by then
        with socket.socket() as call:
            if call.connect_ex(("127.0.0.1", port)) == 0:
                sys.stderr.write(said)
                return


def add_one(asked: argparse.Namespace, speak: Language) -> Answer:
    """`account add`: the password is asked for on a terminal, else read from standard input."""
    from stewardship.accounts import accounts, add_account
    from stewardship.audit import note, open_audit
    from stewardship.store import open_desk as open_book
    from warehouse.site import read_site

    site = read_site(asked.site)
    with open_book(site) as con:
        if asked.if_none and accounts(con):
            return Answer(DONE, {"added": None}, say("account_there", speak))
        password = secrets.token_urlsafe(12) if asked.generate else _password(speak)
        account = add_account(con, asked.name, asked.role, password, datetime.now(UTC))
    with open_audit(site) as book:
        note(book, "account", getpass.getuser(), account=account.name, role=account.role)
    found = {"added": account.name, "role": account.role}
    text = say("account_added", speak, name=account.name, role=account.role)
    if asked.generate:
        found["password"] = password
        text += "\n" + say("account_password", speak, password=password)
    return Answer(DONE, found, text)


def _password(speak: Language) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(say("account_ask", speak))
    return sys.stdin.readline().rstrip("\n")


def list_all(asked: argparse.Namespace, speak: Language) -> Answer:
    """`account list`: who may log in, and as what."""
    from stewardship.accounts import accounts
    from stewardship.store import open_desk as open_book
    from warehouse.site import read_site

    with open_book(read_site(asked.site)) as con:
        found = accounts(con)
    lines = [f"{one.name}  {one.role}  {'、'.join(sorted(one.areas))}".rstrip() for one in found]
    told = [{"name": one.name, "role": one.role, "areas": sorted(one.areas)} for one in found]
    return Answer(DONE, {"accounts": told}, "\n".join(lines) or say("account_none", speak))


def prove(asked: argparse.Namespace, speak: Language) -> Answer:
    """`verify`: every line of ledger and audit held against its chain; the first bad one is named."""
    from stewardship.audit import prove_books
    from warehouse.site import read_site

    proofs = prove_books(read_site(asked.site))
    lines = [
        say("verify_bad", speak, book=one.book, line=one.fault.seq, problem=one.fault.problem)
        if one.fault
        else say("verify_good", speak, book=one.book, lines=one.lines, head=one.head[:16])
        for one in proofs
    ]
    status = PARTIAL if any(one.fault for one in proofs) else DONE
    return Answer(status, {"books": [asdict(one) for one in proofs]}, "\n".join(lines))


def move(asked: argparse.Namespace, speak: Language) -> Answer:
    """`ledger move`: copy every line, as it is, into the database that the site names."""
    from warehouse.ledger import move_ledger
    from warehouse.site import read_site

    site = read_site(asked.site)
    lines = move_ledger(site)
    return Answer(DONE, {"lines": lines}, say("ledger_moved", speak, lines=lines, file=site.ledger))


def wrong_use() -> tuple[type[Exception], ...]:
    """Errors that say the command was used wrongly."""
    from dedup.model import ModelError
    from stewardship.accounts import WrongAccount

    return ModelError, WrongAccount
