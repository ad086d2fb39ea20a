"""The city's identity provider, where a site names one: `[oidc]` of `site.toml`.

Belongs here: the shape of that table, read strictly, and which addresses may be trusted with a log-in.
Lives elsewhere: asking the provider (`stewardship/provider.py`), its secret (`secrets.py`).

    [oidc]
    issuer        = "https://id.example.gov.cn/realms/staff"
    client_id     = "enter-once"
    client_secret = "env:OIDC_SECRET"
    desk          = "https://desk.example.gov.cn"
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from warehouse.connections import Connection, WrongConnection, expect_reference

_NEEDED = ("issuer", "client_id", "desk")
_ADDRESSES = ("issuer", "desk")
_REFERENCES = ("client_secret", "ca")


@dataclass(frozen=True, slots=True)
class Provider:
    """Who says who somebody is. `client_secret` and `ca` are references, never values."""

    issuer: str
    client_id: str
    desk: str  # our own address as browsers reach it; what the provider has registered is this and `/login/back`
    client_secret: str = ""  # none: a public client, for which PKCE alone stands
    claim: str = "preferred_username"  # what names the account when somebody first comes
    label: str = "用统一身份认证登录"  # on the button
    local: bool = True  # whether passwords still serve; the last administrator's always does
    ca: str = ""  # the authority that signed the provider's certificate, if the system does not know it

    @property
    def way_back(self) -> str:
        """Where the provider sends a browser back to."""
        return f"{self.desk.rstrip('/')}/login/back"


def read_provider(stated: Any) -> Provider:
    """The identity provider of a site; a key that we do not know is an error.

    Raises:
        WrongConnection: says what is wrong and what to do.
    """
    kinds = {one.name: bool if one.name == "local" else str for one in fields(Provider)}
    if not isinstance(stated, dict):
        raise WrongConnection("[oidc] 应为一张表", "请改正后再运行")
    if unknown := sorted(stated.keys() - kinds.keys()):
        raise WrongConnection(f"[oidc] 有不认识的键 {'、'.join(unknown)}", "请删去或改正后再运行")
    for name, value in stated.items():
        if not isinstance(value, kinds[name]) or value == "":
            kind = "true 或 false" if name == "local" else "文字，不能为空"
            raise WrongConnection(f"[oidc] 的 {name} 应为{kind}", "请改正后再运行")
    if missing := [name for name in _NEEDED if name not in stated]:
        raise WrongConnection(f"[oidc] 缺少 {'、'.join(missing)}", "请补上后再运行")
    for name in _REFERENCES:
        expect_reference("[oidc]", name, stated.get(name, ""), file_only=name == "ca")
    for name in _ADDRESSES:
        _expect_address(name, stated[name])
    return Provider(**stated)


def protected(address: str) -> bool:
    """Whether nobody on the way can read or change what goes to an address: it is encrypted, or this very machine.

    >>> protected("https://id.example.gov.cn/token"), protected("http://127.0.0.1:8765"), protected("http://id.example.gov.cn")
    (True, True, False)
    """
    try:
        one = Connection(address)
        return bool(one.parts.hostname) and (one.scheme == "https" or (one.scheme == "http" and one.local))
    except ValueError:
        return False


def _expect_address(name: str, address: str) -> None:
    if not protected(address):
        raise WrongConnection(f"[oidc] 的 {name} 应写成 https://主机（本机可用 http）", "请改正后再运行")
    parts = Connection(address).parts
    if parts.username is not None or parts.query or parts.fragment:
        raise WrongConnection(f"[oidc] 的 {name} 里不能带用户、密码或参数", "请改正后再运行")
