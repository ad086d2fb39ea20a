"""Leaving for the identity provider and coming back: what is kept meanwhile, and why somebody is turned away.

Belongs here: the three made-up words of one way there and back (`state`, `nonce`, the verifier of PKCE), tied to the browser
that left and good for one return. Lives elsewhere: asking the provider (`provider.py`), whose account it is (`subjects.py`).
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from stewardship.store import digest_of, stamp

LONGEST = timedelta(minutes=15)  # from leaving to coming back

# state: this browser did not leave with that word, or came back before, or too late. declined: the provider says that it
# did not log anybody in. down: it cannot be asked. unproven: what it says does not prove who came. unknown: they are
# nobody of ours. taken: the account is bound to somebody else. closed: an administrator closed it.
Why = Literal["state", "declined", "down", "unproven", "unknown", "taken", "closed"]


class TurnedAway(Exception):
    """Somebody who came from the provider and is not let in: why, and whose account it would have been, if anybody's."""

    def __init__(self, why: Why, account: str = "") -> None:
        super().__init__(why)
        self.why: Why = why
        self.account = account


@dataclass(frozen=True, slots=True)
class Departure:
    """One way to the provider and back. pending: the fields of a verdict that was not saved yet when it began."""

    state: str
    nonce: str
    verifier: str
    pending: Mapping[str, str]
    made: datetime

    @property
    def challenge(self) -> bytes:
        """What the provider is told of the verifier: its SHA-256."""
        return hashlib.sha256(self.verifier.encode()).digest()


def depart(con: sqlite3.Connection, visit: str, pending: Mapping[str, str], now: datetime) -> Departure:
    """Let a browser leave for the provider. visit: the word of its cookie, of which only the digest is kept."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    con.execute("delete from departure where made < ?", (stamp(now - LONGEST),))
    con.execute(
        "insert into departure (state, visit, nonce, verifier, pending, made) values (?, ?, ?, ?, ?, ?)",
        (state, digest_of(visit), nonce, verifier, json.dumps(dict(pending)), stamp(now)),
    )
    return Departure(state, nonce, verifier, pending, now)


def come_back(con: sqlite3.Connection, visit: str, state: str, now: datetime) -> Departure:
    """The departure that a browser comes back from, once.

    Raises:
        TurnedAway: this browser left with no such word, or is back already, or was away for too long.
    """
    rows = con.execute(
        "delete from departure where state = ? and visit = ? returning nonce, verifier, pending, made",
        (state, digest_of(visit)),
    ).fetchall()
    if not rows or rows[0][3] < stamp(now - LONGEST):
        raise TurnedAway("state")
    nonce, verifier, pending, made = rows[0]
    return Departure(
        state, nonce, verifier, json.loads(pending), datetime.fromisoformat(made).astimezone(UTC)
    )
