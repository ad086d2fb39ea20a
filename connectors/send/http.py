"""Telling an HTTP interface: the rows of a batch in one call or several, each under a key of its own.

Belongs here: building the calls, what the answer or its absence means for what arrived, asking whether a batch is there.
Lives elsewhere: the line (`connectors/pull/wire.py`), logging in (`connectors/pull/http_auth.py`), what answers say of rows
(`answers.py`).

A call is sent again only where that cannot apply it twice: nothing of it had arrived (no connection, 429, 503), or the
platform honours its key. Whatever else goes wrong after it was sent leaves it in doubt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from connectors.errors import Unreadable
from connectors.platform import Platform
from connectors.platform_send import HttpSend, ReadBack
from connectors.pull.budget import Again
from connectors.pull.http_auth import Login, login
from connectors.pull.secrets import reveal
from connectors.pull.wire import Reply, Unreached, Untrusted, Wire, retry_after
from connectors.send.answers import cut, document, hear_rows, word_at
from connectors.send.parcel import Fate, Heard, Row, Tell, all_of
from connectors.write.nested import place, records

_DENIED = frozenset((401, 403))
_NOT_NOW = frozenset((425, 429, 503))  # it has not looked at the call
_LATER = "平台恢复后会在下一夜再送"
_IN_DOUBT = "是否收下不明，不会再送；等平台下一次导出，或到平台上查看后由人定夺"


@dataclass(frozen=True, slots=True)
class Call:
    """Some rows of a batch that are sent together, and the key under which the platform knows them."""

    key: str
    first: int
    rows: Sequence[Row]


class Missed(Unreadable):
    """Nothing of a call was applied. `lost`: nor would be anything of the next ones."""

    def __init__(self, problem: str, next_move: str, *, lost: bool = True) -> None:
        super().__init__(problem, next_move)
        self.lost = lost


class Doubtful(Unreadable):
    """Nobody knows whether a call was applied."""


def tell(line: Tell, send: HttpSend) -> Heard:
    """Tell a platform a batch, or find out what became of one that it may have been told."""
    heard = all_of(len(line.contents.rows), "doubtful" if line.again else "missed")
    try:
        with Wire(line.connection, line.root, line.budget, keep_open=send.idempotent) as wire:
            secret = reveal(line.connection.secret, line.root)
            talk = _Talk(line, send, wire, login(send.auth, wire, secret), heard)
            for call in calls(line, send):
                if not talk.settle(call):
                    break
        if "doubtful" in heard.fates:
            _tell_problem(heard, Doubtful("平台没有说这一批收到没有", _IN_DOUBT))
    except Unreadable as error:
        _tell_problem(heard, error)
    return heard


def knock(line: Tell, send: HttpSend) -> None:
    """Log in, and where the platform can be asked about a batch ask about one that there never was; nothing is sent.

    Raises:
        Unreadable: with what is wrong and what to do.
    """
    with Wire(line.connection, line.root, line.budget) as wire:
        talk = _Talk(
            line,
            send,
            wire,
            login(send.auth, wire, reveal(line.connection.secret, line.root)),
            all_of(0, "missed"),
        )
        if send.read_back is None:
            talk.enter(wire.client.build_request("HEAD", wire.url(send.path)))
        elif talk.asked(send.read_back, line.batch) == "took":
            raise Unreadable(
                f"平台说有从没送过的批次 {line.batch}",
                "请核对平台文件里 [send.read_back] 的 at、there、absent",
            )


def calls(line: Tell, send: HttpSend) -> Iterator[Call]:
    """The calls of a batch, in order. One call bears the batch's own name, several a number after it: a row's key may be an
    ID number, and headers are written into logs."""
    rows = line.contents.rows
    size = 1 if send.body == "row" else send.rows_per_call or len(rows)
    for number, first in enumerate(range(0, len(rows), size), start=1):
        key = line.batch if len(rows) <= size else f"{line.batch}.{number}"
        yield Call(key, first, rows[first : first + size])


def body_of(platform: Platform, send: HttpSend, call: Call) -> Any:
    """What is sent: the rows by the platform's own names, nested as its interface nests them, blanks left out."""
    sent: Any = _documents(platform, call.rows)
    if send.body == "row":
        (sent,) = sent
    if not send.rows_at and not isinstance(sent, dict):
        return sent
    whole: dict[str, Any] = {}
    for name, value in send.parameters.items():
        place(whole, name, value)
    if send.batch_at:
        place(whole, send.batch_at, call.key)
    if send.rows_at:
        place(whole, send.rows_at, sent)
        return whole
    return whole | sent


def _documents(platform: Platform, rows: Sequence[Row]) -> list[dict[str, Any]]:
    if platform.export.format != "json":
        return [dict(row.cells) for row in rows]
    grid = [[row.cells.get(column) for column in platform.export.columns] for row in rows]
    return [_without_blanks(record) for record in records(platform, grid)]


def _without_blanks(value: Any) -> Any:
    """A blank says "no change" in a file; in a call it would say "empty this"."""
    if isinstance(value, list):
        return [_without_blanks(one) for one in value]
    if isinstance(value, dict):
        return {name: _without_blanks(one) for name, one in value.items() if one is not None}
    return value


@dataclass
class _Talk:
    """The conversation about one batch."""

    line: Tell
    send: HttpSend
    wire: Wire
    entry: Login
    heard: Heard
    _perhaps: bool = field(default=False, init=False)  # an attempt of the call at hand may have been applied

    def settle(self, call: Call) -> bool:
        """Find out about one call, or make it; whether to go on with the next."""
        back = self.send.read_back
        if self.line.again:
            fate: Fate = "doubtful" if back is None else self.asked(back, call.key)
            if fate != "doubtful" or not (self.send.idempotent and self.line.resend):
                self._note(call, fate)
                return True
        try:
            self._push(call)
            return True
        except Missed as missed:
            _tell_problem(self.heard, missed)
            # What may have been applied by an earlier run is not certain now either.
            self._note(call, "doubtful" if self.line.again else "missed")
            return not missed.lost
        except Doubtful as doubtful:
            there = back is not None and self._asked_at_once(back, call.key) == "took"
            if not there:
                _tell_problem(self.heard, doubtful)
            self._note(call, "took" if there else "doubtful")
            return there

    def asked(self, back: ReadBack, key: str) -> Fate:
        """What the platform says of a batch.

        Raises:
            Unreadable: it cannot be asked now.
        """
        reply = self.line.budget.persist(self._ask, back, key)
        if reply.status == back.absent_status:
            return "missed"
        if not 200 <= reply.status < 300:
            raise Unreadable(
                f"查询批次时平台答复 HTTP {reply.status}",
                "请核对平台文件里 [send.read_back] 的 path 与 parameter",
            )
        word = word_at(document(reply), back.at)
        return "took" if word in back.there else "missed" if word in back.absent else "doubtful"

    def enter(self, request: httpx.Request) -> httpx.Request:
        """Add the login; one that fails is known to have sent nothing else.

        Raises:
            Missed: with what is wrong.
        """
        try:
            self.entry.enter(request)
        except Unreadable as error:
            raise Missed(error.problem, error.next_move) from None
        return request

    def _ask(self, back: ReadBack, key: str) -> Reply:
        def once() -> Reply:
            url = self.wire.url(back.path)
            return self.wire.attempt(
                self.enter(self.wire.client.build_request("GET", url, params={back.parameter: key}))
            )

        reply = once()
        if reply.status in _DENIED and self.entry.renew():
            reply = once()
        if reply.status in _DENIED:
            raise self.wire.denied(f"HTTP {reply.status}")
        if reply.status in _NOT_NOW or reply.status >= 500:
            raise Again(f"平台暂时不能服务（HTTP {reply.status}）", _LATER, after=retry_after(reply))
        return reply

    def _asked_at_once(self, back: ReadBack, key: str) -> Fate:
        """That a batch is not there yet says nothing, a moment after it was sent: only that it is there counts."""
        try:
            return self.asked(back, key)
        except Unreadable:
            return "doubtful"

    def _push(self, call: Call) -> None:
        """Make a call, again as long as that is safe, and note what was answered.

        Raises:
            Missed, Doubtful: with what is wrong.
        """
        self._perhaps = False
        try:
            self._hear(call, self.line.budget.persist(self._once, call))
        except Doubtful:
            raise
        except Unreadable as error:
            if self._perhaps:  # whatever is said of a later attempt, an earlier one may have been applied
                raise Doubtful(error.problem, _IN_DOUBT) from None
            if isinstance(error, Missed):
                raise
            raise Missed(error.problem, _LATER) from None

    def _once(self, call: Call) -> Reply:
        """One attempt, with a login renewed where it has expired."""
        reply = self._attempt(call)
        if self._over(reply) and self.entry.renew():
            reply = self._attempt(call)
        status = reply.status
        if self._over(reply):
            denied = self.wire.denied(f"HTTP {status}" if status in _DENIED else "登录已过期")
            raise Missed(denied.problem, denied.next_move)
        if 200 <= status < 300:
            return reply
        if status in _NOT_NOW:
            raise Again(f"平台暂时不能服务（HTTP {status}）", _LATER, after=retry_after(reply))
        if status in (302, 303, 408, 409) or status >= 500:
            raise self._in_doubt(f"平台答复 HTTP {status}", retry_after(reply))
        if self._words_on_a_row(reply):
            return reply
        raise Missed(
            f"平台拒绝了请求（HTTP {status}）",
            "请核对平台文件里 [send] 的 path、rows_at 与参数，以及 site.toml 里的 address",
            lost=status not in (400, 413, 422),
        )

    def _over(self, reply: Reply) -> bool:
        """Whether an answer says that the login is over, and the call was not looked at."""
        success = self.send.success
        if success is None or not success.expired or not 200 <= reply.status < 300:
            return reply.status in _DENIED
        return word_at(document(reply), success.path) in success.expired

    def _words_on_a_row(self, reply: Reply) -> str:
        """Why the platform refuses the one row of a call; without words of its own a 4xx says that the call is wrong."""
        if self.send.body != "row" or reply.status not in (400, 404, 422) or self.send.results is None:
            return ""
        return word_at(document(reply), self.send.results.message)

    def _attempt(self, call: Call) -> Reply:
        self.line.budget.check()
        body = body_of(self.line.platform, self.send, call)
        request = self.wire.client.build_request(self.send.method, self.wire.url(self.send.path), json=body)
        request.headers[self.send.key_header] = call.key
        self.enter(request)
        try:
            return self.wire.attempt(request)
        except Unreached:
            raise
        except Untrusted as error:
            raise Missed(error.problem, error.next_move) from None
        except Unreadable as error:
            raise self._in_doubt(error.problem, 0.0) from None

    def _in_doubt(self, problem: str, after: float) -> Unreadable:
        """Nobody knows whether an attempt was applied: only a platform that honours the key may be told again."""
        self._perhaps = True
        return (
            Again(problem, _IN_DOUBT, after=after) if self.send.idempotent else Doubtful(problem, _IN_DOUBT)
        )

    def _hear(self, call: Call, reply: Reply) -> None:
        """What an answer says of a call that the platform has looked at.

        Raises:
            Missed: it says that nothing was applied. Doubtful: it cannot be understood.
        """
        answer, success = document(reply), self.send.success
        if hear_rows(answer, self.send, call.rows, call.first, self.heard):
            self._note(call, "took")
        elif words := self._words_on_a_row(reply):
            self.heard.refused.append((call.first, cut(words)))
            self._note(call, "took")
        elif reply.body.lstrip().startswith(b"<"):
            raise Doubtful("应为数据，收到的却是网页（HTML），多半是登录页面", _IN_DOUBT)
        elif success is None or (word := word_at(answer, success.path)) in success.values:
            self.heard.silent += len(call.rows) if self.send.results is not None else 0
            self._note(call, "took")
        elif word in self.send.rejected:
            raise Missed(
                f"平台没有收（{success.path} 为失败）", "出错内容请到平台方的接口文档查找", lost=False
            )
        else:
            raise Doubtful(f"平台的答复看不懂（{success.path} 不是 {'、'.join(success.values)}）", _IN_DOUBT)

    def _note(self, call: Call, fate: Fate) -> None:
        self.heard.fates[call.first : call.first + len(call.rows)] = [fate] * len(call.rows)


def _tell_problem(heard: Heard, error: Unreadable) -> None:
    """The first thing that went wrong is told: what follows is its consequence."""
    if not heard.problem:
        heard.problem, heard.next_move = error.problem, error.next_move
