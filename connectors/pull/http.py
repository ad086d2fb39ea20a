"""An HTTP interface that answers in JSON, fetched page by page into one file.

Belongs here: building requests, telling data from a login page or an error, writing pages as they came.
Lives elsewhere: sending (`wire.py`), logging in (`http_auth.py`), paging (`pages.py`), reading the file
(`connectors/read/nested.py`, which takes several documents one after the other).
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx

from connectors.errors import Unreadable
from connectors.platform_pull import HttpPull
from connectors.pull.asking import Ask, Fetched, Sink
from connectors.pull.cursors import newest
from connectors.pull.http_auth import Login, login
from connectors.pull.pages import Page, text_at, turn
from connectors.pull.secrets import reveal
from connectors.pull.wire import Denied, Reply, Wire, joined
from connectors.read.decode import decode
from connectors.read.nested import array_at, flat_records


def fetch(ask: Ask, pull: HttpPull) -> Fetched:
    """Fetch every page of an interface, or in a sample the first.

    Raises:
        Unreadable: with what is wrong and what to do.
    """
    export, connection = ask.platform.export, ask.connection
    secret = reveal(connection.secret, ask.root)
    rows, cursor = 0, ask.cursor
    with Wire(connection, ask.root, ask.budget) as wire, Sink(ask, ".json") as sink:
        interface = _Interface(ask, pull, wire, login(pull.auth, wire, secret))
        for page in turn(pull.pages, interface.page):
            sink.write(page.data.removeprefix(codecs.BOM_UTF8).strip() + b"\n")
            rows += len(page.rows)
            if pull.since is not None:
                found = flat_records(page.document, export.records)
                changes = (record.get(pull.since.column, ("", ""))[0] for record in found)
                cursor = newest(changes, pull.since, datetime.now(), cursor)
            if ask.sample:
                break
    return sink.fetched(rows=rows, cursor=cursor)


class _Interface:
    """One interface during one pull: a page for some parameters."""

    def __init__(self, ask: Ask, pull: HttpPull, wire: Wire, entry: Login) -> None:
        self._ask, self._pull, self._wire, self._entry = ask, pull, wire, entry

    def page(self, parameters: Mapping[str, str], link: str) -> Page:
        """One page. A login that expired meanwhile is renewed once; a second refusal is one."""
        try:
            return self._page(parameters, link)
        except Denied:
            if not self._entry.renew():
                raise
            return self._page(parameters, link)

    def _page(self, parameters: Mapping[str, str], link: str) -> Page:
        reply = self._wire.talk(lambda: self._request(parameters, link))
        document = self._document(reply)
        outer = self._ask.platform.export.records
        rows = array_at(document, outer[0] if outer else "")
        return Page(reply.body, document, rows, _next_link(reply, self._wire.url(self._pull.path)))

    def _request(self, parameters: Mapping[str, str], link: str) -> httpx.Request:
        pull, client = self._pull, self._wire.client
        since = {pull.since.parameter: self._ask.asked_from} if pull.since and self._ask.asked_from else {}
        stated = {**pull.parameters, **since, **parameters}
        if link:
            request = client.build_request(pull.method, link)
        elif pull.body == "json":
            request = client.build_request(pull.method, self._wire.url(pull.path), json=stated)
        elif pull.body == "form":
            request = client.build_request(pull.method, self._wire.url(pull.path), data=stated)
        else:
            request = client.build_request(pull.method, self._wire.url(pull.path), params=stated)
        self._entry.enter(request)
        return request

    def _document(self, reply: Reply) -> Any:
        """What the answer says.

        Raises:
            Denied: a login page, or an answer that says the login is over. Unreadable: no JSON, or an error in it.
        """
        if (
            reply.body.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<")
            or "html" in reply.headers.get("content-type", "").lower()
        ):
            raise self._wire.denied("应为数据，收到的却是网页（HTML），多半是登录页面")
        try:
            document = json.loads(decode(reply.body))
        except (ValueError, RecursionError):
            raise Unreadable(
                "答复不是完整有效的 JSON", "请核对平台文件里的 pull.path；接口没有变时请联系平台方"
            ) from None
        success = self._pull.success
        if success is not None:
            said = text_at(document, success.path)
            if said in success.expired:
                raise self._wire.denied(f"{success.path} 为登录已过期")
            if said not in success.values:
                raise Unreadable(
                    f"平台答复出错（{success.path} 不是 {'、'.join(success.values)}）",
                    "请核对平台文件里 [pull] 的参数；出错内容请到平台方的接口文档查找",
                )
        return document


def _next_link(reply: Reply, base: httpx.URL) -> str:
    """The address of the next page, from the Link header; one at another host is refused when it is asked."""
    links = httpx.Response(reply.status, headers={"link": reply.headers.get("link", "")}).links
    target = links.get("next", {}).get("url", "")
    return str(joined(base, target)) if target else ""
