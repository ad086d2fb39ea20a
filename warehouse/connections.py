"""Where one site's platforms are, and which secrets open them: `[connections.<platform>]` and `[sending.<platform>]` of
`site.toml`, the way in and the way out.

Belongs here: the shape of a connection, how safe its line has to be, and refusing a secret that is written out instead of named.
Lives elsewhere: how a kind of platform is asked and told (its own file, `connectors/platforms/`), asking it and looking
up secrets (`connectors/pull/`), telling it (`connectors/send/`).

    [connections.one_table]
    address = "https://ybt.example.gov.cn/open"
    user    = "wj-street"
    secret  = "env:ONE_TABLE_SECRET"

A way in gives no way out: an account that may write is another one, and a site says so on purpose.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:\S.*")
SCHEMES = ("https", "http", "sftp", "postgresql", "mysql", "mariadb")


class WrongConnection(ValueError):
    """A connection that cannot be used: what is wrong and what to do; never with a value that may be a secret."""

    def __init__(self, problem: str, next_move: str) -> None:
        super().__init__(problem, next_move)
        self.problem = problem
        self.next_move = next_move


@dataclass(frozen=True, slots=True)
class Connection:
    """One platform as this site reaches it. `secret`, `private_key` and `ca` are references, never values."""

    address: str
    user: str = ""
    secret: str = ""
    private_key: str = ""  # sftp; `secret` is then its passphrase
    ca: str = ""  # the authority that signed the platform's certificate, if the system does not know it
    without_tls: str = ""  # why this platform may be asked over a line that is not encrypted
    place: str = field(default="", compare=False)  # where site.toml says so, for messages

    @property
    def parts(self) -> SplitResult:
        """The address, taken apart."""
        return urlsplit(self.address)

    @property
    def scheme(self) -> str:
        return self.parts.scheme

    @property
    def local(self) -> bool:
        """Whether the platform stands on this very machine."""
        host = self.parts.hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    @property
    def may_be_plain(self) -> bool:
        """Whether the line need not be encrypted: it never leaves this machine, or a reason is given. Where an authority is
        named it must be."""
        return not self.ca and (self.local or bool(self.without_tls.strip()))


def read_connections(stated: Any, table: str = "connections") -> dict[str, Connection]:
    """The connections of a site by platform, from one of its two tables; a key that we do not know is an error.

    Raises:
        WrongConnection: says which connection, what is wrong and what to do.
    """
    if not isinstance(stated, dict):
        raise WrongConnection(f"[{table}] 应为若干张表", "请改正后再运行")
    return {slug: _connection(f"[{table}.{slug}]", one) for slug, one in stated.items()}


def read_ledger(stated: Any) -> Connection:
    """The PostgreSQL database that holds a site's ledger, from the table `[ledger]`.

    Raises:
        WrongConnection: says what is wrong and what to do.
    """
    connection = _connection("[ledger]", stated)
    if connection.scheme != "postgresql" or not connection.parts.path.strip("/"):
        raise WrongConnection("[ledger] 的 address 应写成 postgresql://主机:端口/数据库", "请改正后再运行")
    return connection


def _connection(place: str, stated: Any) -> Connection:
    known = {item.name for item in fields(Connection)} - {"place"}
    if not isinstance(stated, dict) or not all(isinstance(value, str) for value in stated.values()):
        raise WrongConnection(f"{place} 应为一张表，其中的值都是文字", "请改正后再运行")
    if unknown := sorted(stated.keys() - known):
        raise WrongConnection(f"{place} 有不认识的键 {'、'.join(unknown)}", "请删去或改正后再运行")
    if not stated.get("address"):
        raise WrongConnection(f"{place} 缺少 address", "请补上后再运行")
    for name in ("secret", "private_key", "ca"):
        expect_reference(place, name, stated.get(name, ""), file_only=name != "secret")
    connection = Connection(**stated, place=place)
    _expect_address(place, connection)
    return connection


def expect_reference(place: str, name: str, value: str, *, file_only: bool) -> None:
    """Refuse a secret that is written out where a reference belongs; the message does not show it.

    Raises:
        WrongConnection: it is no reference, or names a variable where only a file serves.
    """
    if value and not _REFERENCE.fullmatch(value):
        raise WrongConnection(
            f"{place} 的 {name} 应写 env:变量名 或 file:路径，不能写密码或密钥本身",
            "请把它移到环境变量或仅本人可读的文件里；它已写进过文件，请在平台上换一个新的",
        )
    if value and file_only and not value.startswith("file:"):
        raise WrongConnection(f"{place} 的 {name} 应写 file:路径", "请改正后再运行")


def _expect_address(place: str, connection: Connection) -> None:
    """Refuse an address that we cannot use, that carries a secret, or that is not encrypted for no stated reason."""
    try:
        parts = connection.parts
        usable = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise WrongConnection(
            f"{place} 的 address 应写成 协议://主机:端口，协议为 {'、'.join(SCHEMES)} 之一", "请改正后再运行"
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise WrongConnection(
            f"{place} 的 address 里不能带用户、密码或参数",
            "请分别写在 user 与 secret（env:变量名 或 file:路径）；密码若已写进过文件，请在平台上换一个新的",
        )
    if parts.scheme == "http" and not connection.local and not connection.without_tls.strip():
        raise WrongConnection(
            f"{place} 的 address 不加密（http）",
            "请改用 https；平台确实没有时，在 without_tls 里写明理由（如政务专线）",
        )


def postgres_line(plain: bool, ca: Path | None) -> dict[str, Any]:
    """How a PostgreSQL server is spoken to: encrypted and verified, unless it may be plain."""
    verified = {"sslmode": "verify-full", "sslrootcert": str(ca) if ca else "system"}
    return {
        "connect_timeout": 15,
        "tcp_user_timeout": 60_000,
        "application_name": "enter-once",
        **({"sslmode": "prefer"} if plain else verified),
    }
