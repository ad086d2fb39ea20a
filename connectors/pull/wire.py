"""One HTTP conversation with one platform: encrypted and verified, with its own host only, capped, within its budget.

Belongs here: sending a request and receiving its answer whole, what each fault means and what to do about it, trying
again after a fault that may pass.
Lives elsewhere: logging in (`http_auth.py`), what the answers say (`http.py`).

Nothing of the environment is used (no proxy, no .netrc), nothing is ever sent to another host, and no text of the
platform or of a library goes into a message: it may quote a request.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple

import httpx

from connectors.errors import Unreadable
from connectors.pull.budget import Again, Budget
from connectors.pull.secrets import referred_file
from warehouse.connections import Connection

LARGEST_ANSWER = 64 << 20  # bytes of one page
_SILENCE = 30.0  # seconds between two bytes
_CONNECT = 10.0
_REDIRECTS = 3
_OF_ONE_REQUEST = frozenset((b"host", b"cookie", b"content-length", b"transfer-encoding"))
_PASSES = frozenset((408, 425, 429, 500, 502, 503, 504))


class Denied(Unreadable):
    """The platform does not accept our login."""


class Rejected(Unreadable):
    """The platform does not accept what we ask: another status of 4xx."""

    def __init__(self, status: int) -> None:
        super().__init__(
            f"平台拒绝了请求（HTTP {status}）",
            "请核对平台文件里 [pull] 的 path 与参数，以及 site.toml 里的 address",
        )
        self.status = status


class Unreached(Again):
    """No connection came about: nothing of the request arrived."""


class Untrusted(Unreadable):
    """The platform does not prove who it is: nothing of the request was sent."""


class Reply(NamedTuple):
    """An answer, received to its last byte."""

    status: int
    headers: httpx.Headers
    body: bytes


class Wire:
    """The conversation; to be used in a `with` block.

    `keep_open`: several requests over one connection. A request over one that the platform has just closed may have
    arrived or not.
    """

    def __init__(self, connection: Connection, root: Path, budget: Budget, *, keep_open: bool = True) -> None:
        self.connection = connection
        self.budget = budget
        ca = referred_file(connection.ca, root, private=False) if connection.ca else None
        self.client = httpx.Client(
            verify=trust(ca),
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(max_keepalive_connections=None if keep_open else 0),
            # Unpacking is where a small answer becomes a large one.
            headers={"Accept-Encoding": "identity", "Accept": "application/json", "User-Agent": "enter-once"},
        )

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def url(self, path: str) -> httpx.URL:
        """The address of a path below the connection's."""
        return httpx.URL(self.connection.address.rstrip("/") + path)

    def talk(self, build: Callable[[], httpx.Request]) -> Reply:
        """Send a request and receive its answer, again while the fault may pass. Each attempt is built anew.

        Raises:
            Denied: 401 or 403. Unreadable: anything else, with what to do.
        """
        return self.budget.persist(lambda: self._once(build()))

    def attempt(self, request: httpx.Request) -> Reply:
        """Send a request once and receive its answer, whatever its status; no redirect is followed.

        Raises:
            Unreached, Untrusted: nothing of it arrived. Unreadable: nobody knows.
        """
        return self._send(request)

    def denied(self, how: str) -> Denied:
        """The error that says which login to check, by its reference."""
        secret = self.connection.secret or "secret（没有写）"
        return Denied(
            f"平台不接受登录（{how}）",
            f"请检查 site.toml 中 {self.connection.place} 的 user，以及 {secret} 里的密码或密钥是否仍有效",
        )

    def _once(self, request: httpx.Request) -> Reply:
        for _ in range(_REDIRECTS + 1):
            reply = self._send(request)
            if not 300 <= reply.status < 400:
                return self._judged(reply)
            target = joined(request.url, reply.headers.get("location", ""))
            request = self._redirected(request, reply.status, target)
        raise Unreadable("平台不停地转向", "请核对平台文件里的 pull.path 与 site.toml 里的 address")

    def _redirected(self, request: httpx.Request, status: int, target: httpx.URL) -> httpx.Request:
        """The same request elsewhere at the same host, login included; a body is sent again only where that is asked."""
        again = status in (307, 308)
        # As bytes: a secret may hold characters that a header's text cannot.
        headers = [
            (name, value)
            for name, value in request.headers.raw
            if name.lower() not in _OF_ONE_REQUEST and (again or name.lower() != b"content-type")
        ]
        method, content = (request.method, request.read()) if again else ("GET", None)
        return self.client.build_request(method, target, content=content, headers=headers)

    def _send(self, request: httpx.Request) -> Reply:
        self._same_host(request.url)
        silence = self.budget.patience(_SILENCE)
        request.extensions["timeout"] = httpx.Timeout(silence, connect=min(_CONNECT, silence)).as_dict()
        try:
            response = self.client.send(request, stream=True)
            try:
                return Reply(response.status_code, response.headers, self._received(response))
            finally:
                response.close()
        except httpx.DecodingError as error:
            raise Unreadable("答复的压缩内容已损坏", "请把这条消息告诉平台方的技术人员") from error
        except httpx.TransportError as error:
            raise _transport_fault(error) from None

    def _received(self, response: httpx.Response) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            self.budget.check()
            if len(body) > LARGEST_ANSWER:
                raise Unreadable(
                    f"一次答复超过上限（{LARGEST_ANSWER >> 20} MB）", "请在平台文件里让它分页，或减少每页行数"
                )
        return bytes(body)

    def _judged(self, reply: Reply) -> Reply:
        status = reply.status
        if 200 <= status < 300:
            return reply
        if status in (401, 403):
            raise self.denied(f"HTTP {status}")
        if status in _PASSES:
            after = retry_after(reply)
            wait = f"，要求 {after:g} 秒后再来" if after else ""
            raise Again(
                f"平台暂时不能服务（HTTP {status}{wait}）",
                "会在下一夜再取；持续如此请联系平台方",
                after=after,
            )
        raise Rejected(status)

    def _same_host(self, target: httpx.URL) -> None:
        """Nothing of ours, a login least of all, goes anywhere else."""
        own = httpx.URL(self.connection.address)
        if (target.scheme, target.host, _port(target)) != (own.scheme, own.host, _port(own)):
            raise Unreadable(
                f"平台转向另一主机 {target.scheme}://{target.host}，未跟随",
                "请确认平台是否已搬家；确实如此时请修改 site.toml 里的 address",
            )


def joined(base: httpx.URL, stated: str) -> httpx.URL:
    """An address that a platform states, which may be relative.

    Raises:
        Unreadable: it is none.
    """
    try:
        return base.join(stated)
    except (httpx.InvalidURL, ValueError):
        raise Unreadable("平台给出的下一个地址无效", "请把这条消息告诉平台方的技术人员") from None


def trust(ca: Path | None) -> ssl.SSLContext:
    """Verification of certificates and host names by the system's authorities, or by the site's own.

    Raises:
        Unreadable: the file is no certificate.
    """
    try:
        return ssl.create_default_context(cafile=ca)
    except (ssl.SSLError, OSError) as error:
        raise Unreadable(f"{ca} 不是有效的 CA 证书（PEM）", "请向平台方要它的 CA 证书") from error


def _transport_fault(error: httpx.TransportError) -> Unreadable:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Untrusted(
                f"平台的证书未通过验证（{cause.verify_message}）",
                '请核对 address；平台用自己的 CA 时，把其 CA 证书放进站点并写 ca = "file:…"。不要关闭验证',
            )
        cause = cause.__cause__ or cause.__context__
    next_move = "请确认网络与 site.toml 里的 address；平台恢复后会在下一夜再取"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return Unreached("连不上平台", next_move)
    timeout = isinstance(error, httpx.TimeoutException)
    return Again("等待平台答复超时" if timeout else "答复没有收完连接就断了", next_move)


def retry_after(reply: Reply) -> float:
    """Seconds that an answer asks to wait, as a number or as a date; 0 for none.

    >>> told = ("120", "soon", "Wed, 21 Oct 2015 07:28:00 GMT")
    >>> [retry_after(Reply(429, httpx.Headers({"Retry-After": one}), b"")) for one in told]
    [120.0, 0.0, 0.0]
    """
    stated = reply.headers.get("retry-after", "")
    if stated.strip().isdecimal():
        return float(stated)
    try:
        when = parsedate_to_datetime(stated)
    except ValueError:
        return 0.0
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def _port(url: httpx.URL) -> int | None:
    return url.port or {"https": 443, "http": 80}.get(url.scheme)
