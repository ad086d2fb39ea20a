"""HTTP interfaces against a real server: one night with every fault at once, then paging and logging in, one by one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date as Day
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.land import Pull, cells_path, pull_all, pulls
from connectors.platform import Platform
from connectors.pull import ask
from connectors.sandbox import Limits
from warehouse.site import Site

SECRET = "s3cret-Ω-not-to-be-seen"
PEOPLE = 7

Make = Callable[..., Platform]
Connect = Callable[..., Site]


@dataclass(frozen=True)
class Case:
    """A platform on the night of faults: how it answers, what must come of it, what its message must say."""

    answers: Callable[[Any], Callable[[Any], Any]]
    pull: str = ""
    status: str = "unreadable"
    says: tuple[str, ...] = ()


def always(**said: Any) -> Callable[[Any], Callable[[Any], Any]]:
    return lambda world: lambda _: world.Said(**said)


def first_then(*first: dict[str, Any]) -> Callable[[Any], Callable[[Any], Any]]:
    """These answers, then the people."""

    def build(world: Any) -> Callable[[Any], Any]:
        left = list(first)
        return lambda _: world.Said(**left.pop(0)) if left else people(world)

    return build


def people(world: Any, count: int = PEOPLE, **more: Any) -> Any:
    return world.listed([world.person(number) for number in range(count)], **more)


LOGIN_PAGE = (
    "<!doctype html><html><form action=/login>用户名<input name=u>密码<input type=password></form></html>"
)
WHOLE = b'{"code":0,"data":{"list":[]}}'
CASES = {
    "good": Case(lambda world: lambda _: people(world), status="landed"),
    "busy": Case(first_then({"status": 503}, {"status": 502}), status="landed"),
    "throttled": Case(first_then({"status": 429, "headers": {"Retry-After": "1"}}), status="landed"),
    "cut_once": Case(first_then({"body": WHOLE, "after": 9}), status="landed"),
    "moved_inside": Case(
        lambda world: (
            lambda seen: (
                people(world)
                if seen.query
                else world.Said(status=302, headers={"Location": "/moved_inside?again=1"})
            )
        ),
        status="landed",
    ),
    "closed": Case(
        always(status=429, headers={"Retry-After": "86400"}), says=("HTTP 429", "86400 秒后", "下一夜")
    ),
    "always_busy": Case(always(status=503), "budget_seconds = 10", says=("HTTP 503", "下一夜再取")),
    "drip": Case(
        always(body=WHOLE * 100, drip=0.05), "budget_seconds = 2", says=("2 秒内没有取完", "budget_seconds")
    ),
    "cut": Case(
        always(body=WHOLE, after=9), "budget_seconds = 3", says=("答复没有收完连接就断了", "下一夜再取")
    ),
    "login_page": Case(
        always(body=LOGIN_PAGE, headers={"Content-Type": "text/html"}),
        says=("收到的却是网页", "登录页面", "[connections.login_page]", "env:PEER_SECRET"),
    ),
    "login_page_as_json": Case(always(body=LOGIN_PAGE), says=("收到的却是网页", "env:PEER_SECRET")),
    "half_json": Case(always(body=WHOLE[:-4]), says=("不是完整有效的 JSON", "pull.path")),
    "deep_json": Case(always(body=b"[" * 200_000), says=("不是完整有效的 JSON",)),
    "elsewhere": Case(
        always(status=302, headers={"Location": "http://other.example/steal"}),
        says=("转向另一主机 http://other.example", "未跟随", "address"),
    ),
    "other_port": Case(
        always(status=307, headers={"Location": "http://127.0.0.1:1/steal"}), says=("转向另一主机", "未跟随")
    ),
    "circle": Case(always(status=302, headers={"Location": "/circle"}), says=("不停地转向",)),
    "wrong_secret": Case(
        always(status=401, body={"msg": SECRET}),
        says=("不接受登录（HTTP 401）", "[connections.wrong_secret]", "env:PEER_SECRET"),
    ),
    "gone": Case(always(status=404), says=("HTTP 404", "path")),
    "says_no": Case(
        always(body={"code": 500, "msg": f"参数错误 {SECRET}"}),
        'success = { path = "code", values = ["0"] }',
        says=("平台答复出错（code 不是 0）",),
    ),
    "no_list": Case(always(body={"code": 0, "data": None}), says=("data.list 不是列表",)),
    "empty": Case(always(body=WHOLE), says=("没有任何内容",)),
    "too_large": Case(
        lambda world: lambda _: people(world, more="x" * (2 << 20)),
        "largest_mb = 1",
        says=("上限（1 MB）", "largest_mb"),
    ),
    "another_table": Case(always(body={"code": 0, "data": {"list": [{"a": 1}]}}), status="landed"),
}


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    return {}


def run_the_night(
    tmp_path: Path, world: Any, peer: Any, make: Make, connect: Connect, patch: pytest.MonkeyPatch
) -> tuple[Site, dict[str, Pull], dict[str, int]]:
    patch.setenv("PEER_SECRET", SECRET)
    platforms = {
        slug: make(f'path = "/{slug}"\nauth = {{ kind = "bearer" }}\n{case.pull}', slug=slug)
        for slug, case in CASES.items()
    }
    for slug, case in CASES.items():
        peer.answers[f"/{slug}"] = case.answers(world)
    site = connect(**{slug: {"address": peer.address, "secret": "env:PEER_SECRET"} for slug in CASES})
    found = {pull.platform: pull for pull in pull_all(site, platforms, world.NIGHT, today=world.NIGHT)}
    return site, found, {slug: len(peer.of(f"/{slug}")) for slug in CASES}


def test_a_night_of_faults_costs_each_platform_its_own_pull_and_nobody_else(
    tmp_path, world, peer, make, connect, monkeypatch
):
    site, found, asked = run_the_night(tmp_path, world, peer, make, connect, monkeypatch)
    wrong = []
    for slug, case in CASES.items():
        pull = found[slug]
        if pull.status != case.status or not all(words in pull.message for words in case.says):
            wrong.append((slug, pull.status, pull.message))
        if not pull.usable and pull.sha256 == "" and not pull.message.startswith(f"{slug}：{peer.address}："):
            wrong.append((slug, "does not say where", pull.message))
    assert wrong == []
    landed = {slug for slug, case in CASES.items() if case.status == "landed"} - {"another_table"}
    for slug in landed:
        rows = pq.read_table(cells_path(site, found[slug])).column("cells").to_pylist()
        assert [row[0] for row in rows] == ["bh", *(world.person(n)["bh"] for n in range(PEOPLE))]
    # A fault that may pass is tried again, as often as there is time; one that will not is not.
    assert (asked["busy"], asked["throttled"], asked["cut_once"]) == (3, 2, 2)
    assert asked["always_busy"] > 1 and asked["wrong_secret"] == asked["closed"] == asked["gone"] == 1
    # Nothing half-fetched is kept, and the secret is nowhere.
    assert not site.pulling.exists()
    kept = [path for path in site.root.rglob("*") if path.is_file()]
    assert not [path for path in kept if SECRET.encode() in path.read_bytes()]
    assert SECRET not in repr(pulls(site)) and SECRET not in repr(site)
    assert all(path.stat().st_mode & 0o077 == 0 for path in site.landing.rglob("*") if path.is_file())


def asked_once(site: Site, platform: Platform, tmp_path: Path, start: str = "") -> dict[str, Any]:
    folder = tmp_path / "fetched"
    folder.mkdir(exist_ok=True)
    return ask(site, platform, start, "", folder, False)


def fetched_rows(answer: dict[str, Any]) -> list[str]:
    """The keys of all rows in a fetched file: JSON documents one after the other."""
    from connectors.read.nested import read_json

    assert "file" in answer, answer
    sheet = read_json(Path(answer["file"]), ["data.list"]).sheets[0]
    return [row.cells[sheet.rows[0].cells.index("bh")] for row in sheet.rows[1:]]


def by_offset(world: Any, rows: list[Any]) -> Callable[[Any], Any]:
    def answer(seen: Any) -> Any:
        start = int(seen.parameters["offset"])
        return world.listed(rows[start : start + 3])  # whatever was asked for

    return answer


def by_cursor(world: Any, rows: list[Any]) -> Callable[[Any], Any]:
    def answer(seen: Any) -> Any:
        at = int(seen.parameters.get("after", "0"))
        more = {"next": str(at + 4)} if at + 4 < len(rows) else {"next": None}
        return world.listed(rows[at : at + 4], **more)

    return answer


def by_link(world: Any, rows: list[Any]) -> Callable[[Any], Any]:
    def answer(seen: Any) -> Any:
        at = int(seen.parameters.get("at", "0"))
        said = world.listed(rows[at : at + 4])
        if at + 4 < len(rows):
            said.headers["Link"] = f'</people?at=0>; rel="first", </people?at={at + 4}>; rel="next"'
        return said

    return answer


def last_page_again(world: Any, rows: list[Any]) -> Callable[[Any], Any]:
    """As a widespread Java library does it: beyond the last page comes the last page."""

    def answer(seen: Any) -> Any:
        page = min(int(seen.parameters["page"]), -(-len(rows) // 4))
        return world.listed(rows[(page - 1) * 4 : page * 4], total=len(rows))

    return answer


PAGINGS = {
    "number": ('kind = "number", rows = 4', lambda world, rows: world.pages_by_number(rows)),
    "number with total": ('kind = "number", rows = 4, total = "data.total"', last_page_again),
    "offset": ('kind = "offset", rows = 50', by_offset),
    "cursor": ('kind = "cursor", parameter = "after", next = "data.next"', by_cursor),
    "link": ('kind = "link"', by_link),
    "one": (
        'kind = "one", total = "data.total"',
        lambda world, rows: lambda _: world.listed(rows, total=len(rows)),
    ),
}


@pytest.mark.parametrize("count", [1, 4, 11, 12])
@pytest.mark.parametrize("paging", PAGINGS)
def test_every_way_of_paging_brings_every_row_once(tmp_path, world, peer, make, connect, paging, count):
    stated, build = PAGINGS[paging]
    rows = [world.person(number) for number in range(count)]
    peer.answers["/people"] = build(world, rows)
    platform = make(f'path = "/people"\npages = {{ {stated} }}')
    site = connect(trial={"address": peer.address})
    answer = asked_once(site, platform, tmp_path)
    assert fetched_rows(answer) == [row["bh"] for row in rows]
    assert answer["rows"] == count


def test_parameters_go_where_the_platform_wants_them(tmp_path, world, peer, make, connect):
    peer.answers["/people"] = lambda _: people(world)
    site = connect(trial={"address": peer.address})
    for body, method, kind in (
        ("query", "GET", ""),
        ("query", "POST", ""),
        ("json", "POST", "application/json"),
        ("form", "POST", "application/x-www-form-urlencoded"),
    ):
        platform = make(
            f'path = "/people"\nmethod = "{method}"\nbody = "{body}"\nparameters = {{ area = "330102" }}'
        )
        assert asked_once(site, platform, tmp_path)["rows"] == PEOPLE
        seen = peer.seen[-1]
        assert (seen.method, seen.parameters) == (method, {"area": "330102"})
        assert seen.headers.get("content-type", "").startswith(kind)


def test_a_redirect_inside_the_host_that_keeps_the_body_is_followed_with_it(
    tmp_path, world, peer, make, connect
):
    peer.answers["/people"] = lambda _: world.Said(status=307, headers={"Location": "/moved"})
    peer.answers["/moved"] = lambda seen: (
        people(world) if seen.parameters == {"area": "1"} else world.Said(status=400)
    )
    platform = make('path = "/people"\nmethod = "POST"\nbody = "json"\nparameters = { area = "1" }')
    assert asked_once(connect(trial={"address": peer.address}), platform, tmp_path)["rows"] == PEOPLE


def test_pages_in_the_old_chinese_encoding_are_read(tmp_path, world, peer, make, connect):
    rows = [world.person(number, xm="欧阳㐂") for number in range(9)]

    def answer(seen: Any) -> Any:
        said = world.pages_by_number(rows)(seen)
        return world.Said(said.bytes.decode("utf-8").encode("gb18030"))

    peer.answers["/people"] = answer
    platform = make('path = "/people"\npages = { kind = "number", rows = 4, total = "data.total" }')
    told = asked_once(connect(trial={"address": peer.address}), platform, tmp_path)
    assert fetched_rows(told) == [row["bh"] for row in rows]


def test_a_link_to_another_host_is_not_followed(tmp_path, world, peer, make, connect):
    def answer(_: Any) -> Any:
        said = people(world)
        said.headers["Link"] = '<http://other.example/next>; rel="next"'
        return said

    peer.answers["/people"] = answer
    platform = make('path = "/people"\npages = { kind = "link" }')
    told = asked_once(connect(trial={"address": peer.address}), platform, tmp_path)
    assert "转向另一主机 http://other.example" in told["problem"][0]
    assert not list((tmp_path / "fetched").iterdir())


def test_pages_that_shrink_while_they_are_turned_are_not_taken(tmp_path, world, peer, make, connect):
    rows = [world.person(number) for number in range(9)]

    def answer(seen: Any) -> Any:
        page = int(seen.parameters["page"])
        here = rows[(page - 1) * 4 : page * 4]
        if page == 1:
            del rows[0]  # a row goes, so that everything after it moves up and one is never shown
        return world.listed(here, total=9)

    peer.answers["/people"] = answer
    platform = make('path = "/people"\npages = { kind = "number", rows = 4, total = "data.total" }')
    told = asked_once(connect(trial={"address": peer.address}), platform, tmp_path)
    assert "平台说有 9 条，只取到 8 条" in told["problem"][0]


def test_a_platform_that_ignores_the_page_asked_for_is_found_out(tmp_path, world, peer, make, connect):
    peer.answers["/people"] = lambda _: people(world)
    platform = make('path = "/people"\npages = { kind = "number" }')
    told = asked_once(connect(trial={"address": peer.address}), platform, tmp_path)
    assert "翻页没有前进" in told["problem"][0]


def opens_with(check: Callable[[Any], bool], world: Any) -> Callable[[Any], Any]:
    return lambda seen: people(world) if check(seen) else world.Said(status=401)


def signed_right(seen: Any) -> bool:
    body = hashlib.sha256(seen.body).hexdigest()
    query = "&".join(sorted(seen.query.split("&")))
    text = "\n".join((seen.method, seen.path, query, seen.headers["x-timestamp"], body))
    want = hmac.new(SECRET.encode(), text.encode(), "sha256").hexdigest()
    return hmac.compare_digest(want, seen.headers["x-signature"]) and seen.headers["x-app-id"] == "wj"


FIXED_LOGINS = {
    "basic": (
        'kind = "basic"',
        lambda seen: base64.b64decode(seen.headers.get("authorization", "")[6:]).decode() == f"wj:{SECRET}",
    ),
    "bearer": (
        'kind = "bearer"',
        lambda seen: (
            seen.headers.get("authorization", "").encode("latin-1").decode("utf-8") == f"Bearer {SECRET}"
        ),
    ),
    "api key in a header": (
        'kind = "api_key", header = "X-Api-Key"',
        lambda seen: seen.headers.get("x-api-key", "").encode("latin-1").decode("utf-8") == SECRET,
    ),
    "api key in the query": (
        'kind = "api_key", query = "appkey"',
        lambda seen: seen.parameters.get("appkey") == SECRET and seen.parameters["b"] == "2",
    ),
    "signed": ('kind = "signed"', signed_right),
}


@pytest.mark.parametrize("kind", FIXED_LOGINS)
def test_a_login_that_stays_the_same_opens_with_the_right_secret_only(
    tmp_path, world, peer, make, connect, monkeypatch, kind
):
    stated, check = FIXED_LOGINS[kind]
    peer.answers["/people"] = opens_with(check, world)
    platform = make(f'path = "/people"\nparameters = {{ b = "2", a = "1" }}\nauth = {{ {stated} }}')
    site = connect(trial={"address": peer.address, "user": "wj", "secret": "env:PEER_SECRET"})
    monkeypatch.setenv("PEER_SECRET", SECRET)
    assert asked_once(site, platform, tmp_path).get("rows") == PEOPLE
    monkeypatch.setenv("PEER_SECRET", "another")
    told = asked_once(site, platform, tmp_path)
    assert "env:PEER_SECRET" in told["problem"][1]
    assert "another" not in json.dumps(told)


def test_requests_are_signed_with_sm3_where_the_platform_wants_it(
    tmp_path, world, peer, make, connect, monkeypatch
):
    if "sm3" not in hashlib.algorithms_available:
        pytest.skip("OpenSSL without sm3")
    seen_hash: list[str] = []
    peer.answers["/people"] = lambda seen: seen_hash.append(seen.headers["x-signature"]) or people(world)
    monkeypatch.setenv("PEER_SECRET", SECRET)
    platform = make('path = "/people"\nauth = { kind = "signed", hash = "sm3" }')
    site = connect(trial={"address": peer.address, "secret": "env:PEER_SECRET"})
    assert asked_once(site, platform, tmp_path)["rows"] == PEOPLE
    seen = peer.seen[-1]
    body = hashlib.new("sm3", b"").hexdigest()
    text = "\n".join(("GET", "/people", "", seen.headers["x-timestamp"], body))
    assert seen_hash == [hmac.new(SECRET.encode(), text.encode(), "sm3").hexdigest()]


def test_a_token_that_expires_midway_is_renewed_once(tmp_path, world, peer, make, connect, monkeypatch):
    rows = [world.person(number) for number in range(12)]
    pages, tokens = world.pages_by_number(rows), []

    def token(seen: Any) -> Any:
        assert seen.parameters["grant_type"] == "client_credentials"
        tokens.append(f"T{len(tokens)}")
        return world.Said({"access_token": tokens[-1], "expires_in": 7200})

    def answer(seen: Any) -> Any:
        # The first token is withdrawn after the first page.
        good = "T0" if int(seen.parameters["page"]) == 1 else "T1"
        return pages(seen) if seen.headers["authorization"] == f"Bearer {good}" else world.Said(status=401)

    peer.answers.update({"/people": answer, "/token": token})
    monkeypatch.setenv("PEER_SECRET", SECRET)
    platform = make(
        'path = "/people"\nauth = { kind = "oauth2", path = "/token", scope = "read" }\n'
        'pages = { kind = "number", rows = 5 }'
    )
    site = connect(trial={"address": peer.address, "user": "wj", "secret": "env:PEER_SECRET"})
    assert fetched_rows(asked_once(site, platform, tmp_path)) == [row["bh"] for row in rows]
    assert tokens == ["T0", "T1"]
    assert "access_token" not in (tmp_path / "fetched" / "trial.json").read_text(encoding="utf-8")


def test_a_token_that_never_works_is_asked_for_twice_and_then_said(
    tmp_path, world, peer, make, connect, monkeypatch
):
    peer.answers["/people"] = lambda _: world.Said(status=401)
    peer.answers["/token"] = lambda _: world.Said({"access_token": "T"})
    monkeypatch.setenv("PEER_SECRET", SECRET)
    platform = make('path = "/people"\nauth = { kind = "oauth2", path = "/token" }')
    site = connect(trial={"address": peer.address, "user": "wj", "secret": "env:PEER_SECRET"})
    assert "HTTP 401" in asked_once(site, platform, tmp_path)["problem"][0]
    assert (len(peer.of("/token")), len(peer.of("/people"))) == (2, 2)


@pytest.mark.parametrize(
    "said",
    [{"status": 400}, {"status": 401}, {"body": {"error": "invalid_client"}}, {"body": b"x"}],
    ids=repr,
)
def test_a_token_that_is_not_given_names_the_secret_to_check(
    tmp_path, world, peer, make, connect, monkeypatch, said
):
    peer.answers["/token"] = lambda _: world.Said(**said)
    monkeypatch.setenv("PEER_SECRET", SECRET)
    platform = make('path = "/people"\nauth = { kind = "oauth2", path = "/token" }')
    site = connect(trial={"address": peer.address, "user": "wj", "secret": "env:PEER_SECRET"})
    told = asked_once(site, platform, tmp_path)
    assert "不接受登录" in told["problem"][0] and "env:PEER_SECRET" in told["problem"][1]
    assert peer.of("/people") == [] and SECRET not in repr(told)


@pytest.mark.parametrize("how", ["401", "login page", "redirect to the login page", "expired in the answer"])
def test_a_session_that_ends_midway_is_begun_again(tmp_path, world, peer, make, connect, monkeypatch, how):
    rows = [world.person(number) for number in range(12)]
    pages, sessions = world.pages_by_number(rows), []

    def log_in(seen: Any) -> Any:
        if seen.parameters != {"u": "wj", "p": SECRET}:
            return world.Said(LOGIN_PAGE, headers={"Content-Type": "text/html"})
        sessions.append(f"S{len(sessions)}")
        return world.Said(
            status=302, headers={"Set-Cookie": f"sid={sessions[-1]}; Path=/", "Location": "/home"}
        )

    def answer(seen: Any) -> Any:
        good = "S0" if int(seen.parameters["page"]) < 3 else "S1"
        if f"sid={good}" in seen.headers.get("cookie", ""):
            return pages(seen)
        return {
            "401": world.Said(status=401),
            "login page": world.Said(LOGIN_PAGE, headers={"Content-Type": "text/html"}),
            "redirect to the login page": world.Said(status=302, headers={"Location": "/sso"}),
            "expired in the answer": world.Said({"code": 401, "data": None}),
        }[how]

    page = lambda _: world.Said(LOGIN_PAGE, headers={"Content-Type": "text/html"})  # noqa: E731
    peer.answers.update({"/people": answer, "/login": log_in, "/home": page, "/sso": page})
    monkeypatch.setenv("PEER_SECRET", SECRET)
    platform = make(
        'path = "/people"\n'
        'auth = { kind = "form", path = "/login", user_field = "u", secret_field = "p" }\n'
        'success = { path = "code", values = ["0"], expired = ["401"] }\n'
        'pages = { kind = "number", rows = 5 }'
    )
    site = connect(trial={"address": peer.address, "user": "wj", "secret": "env:PEER_SECRET"})
    assert fetched_rows(asked_once(site, platform, tmp_path)) == [row["bh"] for row in rows]
    assert sessions == ["S0", "S1"]
    monkeypatch.setenv("PEER_SECRET", "another")
    told = asked_once(site, platform, tmp_path)
    assert "登录表单没有给出会话" in told["problem"][0] and "env:PEER_SECRET" in told["problem"][1]


def test_a_certificate_that_nobody_vouches_for_is_refused_and_the_sites_own_authority_helps(
    tmp_path, world, secure_peer, certificate, make, connect
):
    secure_peer.answers["/people"] = lambda _: people(world)
    platform = make('path = "/people"')
    told = asked_once(connect(trial={"address": secure_peer.address}), platform, tmp_path)
    assert "证书未通过验证" in told["problem"][0] and "不要关闭验证" in told["problem"][1]
    assert secure_peer.seen == []
    known = {"address": secure_peer.address, "ca": f"file:{certificate / 'cert.pem'}"}
    assert asked_once(connect(trial=known), platform, tmp_path)["rows"] == PEOPLE
    other = {**known, "address": secure_peer.address.replace("127.0.0.1", "localhost")}
    assert "证书未通过验证" in asked_once(connect(trial=other), platform, tmp_path)["problem"][0]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
rows = st.lists(
    st.fixed_dictionaries({}, optional={"bh": anything, "gxsj": anything, "xm": anything}) | anything,
    max_size=3,
)
answered = (
    st.binary(max_size=40)
    | anything
    | st.fixed_dictionaries(
        {"data": st.fixed_dictionaries({"list": rows}, optional={"next": anything, "total": anything})}
    )
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    answered,
    st.sampled_from([200, 201, 204, 206, 302, 400, 418]),
    st.sampled_from(["", "//", "http://[", "/people", "\\x", "<>; rel=next", '</people>; rel="next"']),
    st.sampled_from(sorted(PAGINGS)),
)
def test_whatever_a_platform_answers_the_pull_ends_in_a_file_or_a_sentence(
    tmp_path, world, peer, make, connect, body, status, header, paging
):
    headers = {"Location": header, "Link": header}
    peer.answers["/people"] = lambda _: world.Said(body, status=status, headers=headers)
    platform = make(
        f'path = "/people"\nbudget_seconds = 30\npages = {{ {PAGINGS[paging][0]} }}\n'
        'since = { column = "gxsj", parameter = "from" }'
    )
    told = asked_once(connect(trial={"address": peer.address}), platform, tmp_path)
    assert told.keys() in ({"problem"}, {"file", "rows", "cursor"})


def test_the_environment_is_not_trusted(tmp_path, world, peer, make, connect, monkeypatch, dead_port):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{dead_port}")
    monkeypatch.setenv("NO_PROXY", "")
    peer.answers["/people"] = lambda _: people(world)
    site = connect(trial={"address": peer.address})
    assert asked_once(site, make('path = "/people"'), tmp_path)["rows"] == PEOPLE


SINCE = """path = "/people"
pages = { kind = "number", rows = 4 }
since = { column = "gxsj", parameter = "from", overlap_minutes = 60, whole_every = 3 }"""


def test_changes_are_asked_for_from_where_the_last_landing_ended(
    tmp_path, world, peer, make, connect, read_here
):
    rows = [world.person(number) for number in range(9)]

    def answer(seen: Any) -> Any:
        start = seen.parameters.get("from", "")
        return world.pages_by_number([row for row in rows if row["gxsj"] >= start])(seen)

    peer.answers["/people"] = answer
    platform, site = {"trial": make(SINCE)}, connect(trial={"address": peer.address})

    def night(day: int) -> tuple[Pull, str | None]:
        before = len(peer.seen)
        (pull,) = pull_all(site, platform, Day(2026, 11, day), today=Day(2026, 11, day))
        return pull, peer.seen[before].parameters.get("from")

    first, start = night(1)
    assert (first.status, first.rows, first.changes, start) == ("landed", 10, False, None)
    rows.append(world.person(9, gxsj="2026-11-01 20:00:00"))
    second, start = night(2)
    # 2026-10-09 was the newest; an hour before it is asked for again.
    assert (second.status, second.rows, second.changes, start) == ("landed", 3, True, "2026-10-09 07:00:00")
    third, start = night(3)
    assert (third.status, third.sha256 != second.sha256, start) == ("landed", True, "2026-11-01 19:00:00")
    fourth, start = night(4)
    assert (fourth.status, fourth.rows, fourth.changes, start) == ("landed", 11, False, None)
    rows.clear()
    fifth, start = night(5)
    assert (fifth.status, fifth.sha256, start) == ("unchanged", fourth.sha256, "2026-11-01 19:00:00")


def test_a_cursor_stays_where_it_was_when_nothing_could_be_landed(tmp_path, world, peer, make, connect):
    rows = [world.person(number) for number in range(4)]
    peer.answers["/people"] = world.pages_by_number(rows)
    platform, site = {"trial": make(SINCE)}, connect(trial={"address": peer.address})
    pull_all(site, platform, Day(2026, 11, 1), today=Day(2026, 11, 1))
    kept = (site.cursors / "trial.json").read_bytes()
    rows.append(world.person(5, gxsj="2026-11-01 20:00:00"))
    no_time = Limits(wall_seconds=0)  # it is fetched, and the parser that should land it is ended
    (pull,) = pull_all(site, platform, Day(2026, 11, 2), today=Day(2026, 11, 2), limits=no_time)
    assert "时间超过上限" in pull.message
    assert (site.cursors / "trial.json").read_bytes() == kept
    peer.answers["/people"] = lambda _: world.listed([{"bh": "K1", "gxsj": "2026-11-01 10:00:00"}, 7])
    (pull,) = pull_all(site, platform, Day(2026, 11, 2), today=Day(2026, 11, 2))
    assert not pull.usable
    assert (site.cursors / "trial.json").read_bytes() == kept
