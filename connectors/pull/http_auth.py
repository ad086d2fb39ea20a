"""Logging in at an HTTP interface: what is added to a request, and getting a new token or session when one expires.

Belongs here: one class per kind of login that a platform file can name.
Lives elsewhere: sending requests (`wire.py`), secrets (`secrets.py`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Protocol

import httpx

from connectors.errors import Unreadable
from connectors.platform_pull import ApiKey, Auth, Basic, Bearer, Form, NoAuth, OAuth2, Signed
from connectors.pull.wire import Rejected, Wire

_EARLY = 0.9  # of a token's life, after which a new one is asked for


class Login(Protocol):
    """What is done to each request so that the platform accepts it."""

    def enter(self, request: httpx.Request) -> None:
        """Add what the platform wants to see."""

    def renew(self) -> bool:
        """After a refusal: log in again; False when there is nothing to renew."""


def login(auth: Auth, wire: Wire, secret: str) -> Login:
    """The login that a platform file names, for one conversation."""
    user = wire.connection.user
    match auth:
        case NoAuth():
            return _Fixed(lambda _: None)
        case Basic():
            return _Fixed(
                _header("Authorization", f"Basic {b64encode(f'{user}:{secret}'.encode()).decode()}")
            )
        case Bearer():
            return _Fixed(_header("Authorization", f"Bearer {secret}"))
        case ApiKey() if auth.header:
            return _Fixed(_header(auth.header, secret))
        case ApiKey():
            return _Fixed(lambda request: _add_query(request, auth.query, secret))
        case Signed():
            return _Fixed(lambda request: sign(request, auth, user, secret, int(time.time())))
        case OAuth2():
            return _Token(auth, wire, secret)
        case Form():
            return _Session(auth, wire, secret)


class _Fixed:
    """A login that is the same for every request, or follows from the request alone."""

    def __init__(self, enter: Callable[[httpx.Request], None]) -> None:
        self.enter = enter

    def renew(self) -> bool:
        return False


class _Token:
    """OAuth2 client credentials."""

    def __init__(self, auth: OAuth2, wire: Wire, secret: str) -> None:
        self._auth, self._wire, self._secret = auth, wire, secret
        self._token = ""
        self._until = 0.0

    def enter(self, request: httpx.Request) -> None:
        if not self._token or self._wire.budget.clock() >= self._until:
            self._fetch()
        request.headers["Authorization"] = f"Bearer {self._token}"

    def renew(self) -> bool:
        self._token = ""
        return True

    def _fetch(self) -> None:
        wire, stated = self._wire, {"grant_type": "client_credentials"}
        if self._auth.scope:
            stated["scope"] = self._auth.scope
        basic = httpx.BasicAuth(wire.connection.user, self._secret)

        def build() -> httpx.Request:
            request = wire.client.build_request("POST", wire.url(self._auth.path), data=stated)
            return next(basic.sync_auth_flow(request))

        try:
            told = json.loads(wire.talk(build).body)
            self._token = str(told["access_token"])
            life = float(told.get("expires_in", 3600))
        except Rejected as rejected:
            raise wire.denied(f"令牌接口答复 HTTP {rejected.status}") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise wire.denied("没有给出 access_token") from None
        self._until = wire.budget.clock() + life * _EARLY


class _Session:
    """A login form and the cookie it sets, which the client keeps."""

    def __init__(self, auth: Form, wire: Wire, secret: str) -> None:
        self._auth, self._wire, self._secret = auth, wire, secret

    def enter(self, request: httpx.Request) -> None:
        if not self._wire.client.cookies:
            self._log_in()
        request.headers.pop("Cookie", None)
        self._wire.client.cookies.set_cookie_header(request)

    def renew(self) -> bool:
        self._wire.client.cookies.clear()
        return True

    def _log_in(self) -> None:
        wire = self._wire
        stated = {self._auth.user_field: wire.connection.user, self._auth.secret_field: self._secret}
        wire.talk(lambda: wire.client.build_request("POST", wire.url(self._auth.path), data=stated))
        if not wire.client.cookies:
            raise wire.denied("登录表单没有给出会话")


def sign(request: httpx.Request, auth: Signed, user: str, secret: str, now: int) -> None:
    """Sign a request. What is signed, a line each: method, path, query (sorted by name), timestamp, hash of the body.

    Raises:
        Unreadable: this machine's OpenSSL does not know the hash.
    """
    if auth.hash not in hashlib.algorithms_available:
        raise Unreadable(f"本机的 OpenSSL 没有 {auth.hash}", "请换用支持它的系统，或向平台方申请 sha256 签名")
    query = "&".join(sorted(filter(None, request.url.query.decode("ascii").split("&"))))
    body = hashlib.new(auth.hash, request.read()).hexdigest()
    text = "\n".join((request.method, request.url.path, query, str(now), body))
    request.headers[auth.user_header] = user
    request.headers[auth.time_header] = str(now)
    request.headers[auth.signature_header] = hmac.new(
        secret.encode("utf-8"), text.encode("utf-8"), auth.hash
    ).hexdigest()


def _header(name: str, value: str) -> Callable[[httpx.Request], None]:
    def enter(request: httpx.Request) -> None:
        request.headers[name] = value

    return enter


def _add_query(request: httpx.Request, name: str, value: str) -> None:
    request.url = request.url.copy_merge_params({name: value})
