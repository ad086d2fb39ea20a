"""A connection to a PostgreSQL or MySQL/MariaDB database, and what its errors mean.

Belongs here: connecting, encrypted and verified; the codes of the two families of drivers.
Lives elsewhere: secrets (`secrets.py`), reading a view (`database.py`), writing a table (`connectors/send/database.py`).
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from connectors.errors import Unreadable
from connectors.pull.asking import Line
from connectors.pull.secrets import referred_file, reveal
from connectors.pull.wire import trust
from warehouse.connections import postgres_line

_CONNECT = 15
DENIED = frozenset(("28000", "28P01", "1044", "1045", "1698"))
FORBIDDEN = frozenset(("42501", "1142", "1143", "1370"))
NOT_THERE = frozenset(("42P01", "42703", "3F000", "3D000", "1146", "1054", "1049"))
TOO_LONG = frozenset(("57014", "1969", "3024"))


def engine(line: Line) -> sa.Engine:
    """An engine for one connection. Encrypted and verified, unless the database is on this machine or a reason is given."""
    connection, parts = line.connection, line.connection.parts
    postgres = connection.scheme == "postgresql"
    url = sa.URL.create(
        "postgresql+psycopg" if postgres else f"{connection.scheme}+pymysql",
        username=connection.user or None,
        password=reveal(connection.secret, line.root) or None,
        host=parts.hostname,
        port=parts.port,
        database=parts.path.strip("/") or None,
    )
    ca = referred_file(connection.ca, line.root, private=False) if connection.ca else None
    plain = connection.may_be_plain
    options = postgres_line(plain, ca) if postgres else _mysql(plain, ca, line.budget.patience(120))
    return sa.create_engine(url, connect_args=options, poolclass=sa.NullPool, hide_parameters=True)


def _mysql(plain: bool, ca: Path | None, silence: float) -> dict[str, Any]:
    context: ssl.SSLContext | None = None if plain else trust(ca)
    return {
        "connect_timeout": _CONNECT,
        "read_timeout": int(silence) + 5,  # the server's own limit speaks first: it says what it was
        "charset": "utf8mb4",
        "ssl": context,
    }


def code_of(error: DBAPIError) -> str:
    """The number of MySQL, or the SQLSTATE of PostgreSQL."""
    first = next(iter(getattr(error.orig, "args", ())), "")
    if isinstance(first, int):
        return str(first)
    # A login that PostgreSQL refuses has no SQLSTATE at the client, only a password that was asked for.
    line = getattr(error.orig, "pgconn", None)
    asked = line is not None and (line.needs_password or line.used_password)
    return str(getattr(error.orig, "sqlstate", None) or ("28P01" if asked else ""))


def denied(line: Line) -> Unreadable:
    """The error that says which login to check, by its reference."""
    secret = line.connection.secret or "secret（没有写）"
    return Unreadable(
        "数据库不接受登录",
        f"请检查 site.toml 中 {line.connection.place} 的 user，以及 {secret} 里的密码是否仍有效",
    )


def not_encrypted(error: DBAPIError) -> bool:
    """Whether it was the encryption that failed."""
    said = str(error.orig).lower()
    return "ssl" in said or "certificate" in said


def no_tls() -> Unreadable:
    """The error that says what to do about it."""
    return Unreadable(
        "数据库的连接没有加密，或证书未通过验证",
        "请平台方开启加密，并把其 CA 证书写在 ca；确是专线而不加密时，在 without_tls 里写明理由",
    )
