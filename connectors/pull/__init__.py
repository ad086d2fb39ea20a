"""Asking the platforms that this site has a connection to: their exports as files, all at the same time.

Belongs here: which platforms are asked tonight and for what, choosing the transport, and what became of each.
One module per transport (`http.py`, `sftp.py`, `database.py`); `asking.py` has what they share, `wire.py`,
`http_auth.py` and `pages.py` the parts of HTTP, `ssh.py` and `engine.py` logging in elsewhere, `budget.py` time and attempts,
`secrets.py`, `cursors.py`. The way out (`connectors/send`) uses the same lines.
Lives elsewhere: how a kind of platform is asked (`connectors/platform_pull.py`), where it is
(`warehouse/connections.py`), landing what came (`connectors/land`).

Each platform is asked in a worker process of the sandbox: it ends with its budget even where a library hangs, what a
hostile server sends cannot use up the night's memory, and a slow or dead one costs nobody else anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date as Day
from functools import partial
from pathlib import Path
from typing import Any

from connectors.errors import Unreadable
from connectors.platform import Platform
from connectors.platform_pull import DatabasePull, HttpPull, Pull, SftpPull, since_of
from connectors.pull.asking import Ask, Fetched, NothingThere
from connectors.pull.budget import Budget
from connectors.pull.cursors import asked_from, read_cursor
from connectors.sandbox import Limits, Outcome, run_all
from warehouse.connections import Connection
from warehouse.site import Site

ALL_SECONDS = 1800.0  # for asking all platforms of a night, however many of them hang
_AT_ONCE = 8
_GRACE = 30.0  # seconds beyond its budget after which a worker is ended
SCHEMES = {"http": ("https", "http"), "sftp": ("sftp",), "database": ("postgresql", "mysql", "mariadb")}


@dataclass(frozen=True, slots=True)
class Arrived:
    """An export that was fetched: everything, or what changed since the last."""

    file: Path
    changes: bool
    rows: int | None
    cursor: str


@dataclass(frozen=True, slots=True)
class NotArrived:
    """Why nothing was fetched. `fault` is False when the platform simply has nothing yet, or was not asked."""

    message: str
    fault: bool = True


def connected(site: Site, platform: Platform) -> bool:
    """Whether the site can ask a platform itself."""
    return platform.pull is not None and platform.slug in site.connections


def ask_all(
    site: Site, platforms: Iterable[Platform], night: Day, folder: Path, *, sample: bool = False
) -> Iterator[tuple[str, Arrived | NotArrived]]:
    """Ask these platforms, all connected, for their exports; yields each as it is there. Files go into the folder.

    They are asked in the order given, some at a time, and all of them for `ALL_SECONDS` at most.
    """
    jobs: list[tuple[Site, Platform, str, str, Path, bool]] = []
    for platform in platforms:
        cursor = None if sample else read_cursor(site, platform.slug)
        start = asked_from(since_of(platform.pull), cursor, night)
        place = folder / platform.slug
        place.mkdir(mode=0o700, parents=True)
        jobs.append((site, platform, start, cursor.value if cursor and start else "", place, sample))
    longest = max((job[1].pull.budget_seconds for job in jobs if job[1].pull), default=0)
    limits = Limits(memory=2 << 30, cpu_seconds=longest + 300, wall_seconds=longest + _GRACE)
    for at, outcome in run_all(ask, jobs, workers=_AT_ONCE, limits=limits, seconds=ALL_SECONDS):
        yield jobs[at][1].slug, _judge(site, jobs[at][1], bool(jobs[at][2]), outcome)


def ask(
    site: Site, platform: Platform, start: str, cursor: str, folder: Path, sample: bool
) -> dict[str, Any]:
    """Ask one platform; runs in a worker. The answer is small and has neither values nor secrets."""
    connection = site.connections[platform.slug]
    try:
        if problem := misfit(platform, connection):
            raise Unreadable(problem, "请核对 site.toml 与平台文件")
        fetch, seconds = _transport(platform.pull)
        budget = Budget(seconds)
        fetched = fetch(
            Ask(platform, connection, site.root, site.known_hosts, folder, budget, start, cursor, sample)
        )
        return {"file": str(fetched.file), "rows": fetched.rows, "cursor": fetched.cursor}
    except NothingThere as nothing:
        return {"problem": [nothing.problem, nothing.next_move], "fault": False}
    except Unreadable as error:
        return {"problem": [error.problem, error.next_move]}


def misfit(platform: Platform, connection: Connection) -> str:
    """Why a connection cannot be this platform's; '' when it can."""
    if connection.scheme in SCHEMES.get(platform.transport, ()):
        return ""
    wanted = "、".join(f"{scheme}://" for scheme in SCHEMES.get(platform.transport, ())) or "收件箱"
    return f"{connection.place} 的 address 与平台的 transport（{platform.transport}，应为 {wanted}）不符"


def _transport(pull: Pull | None) -> tuple[Callable[[Ask], Fetched], int]:
    """How a platform is fetched, and its budget in seconds.

    Each transport is imported where it is used, and not on the budget: a worker that asks by HTTP needs no database
    driver.
    """
    match pull:
        case HttpPull():
            from connectors.pull.http import fetch as fetch_http

            return partial(fetch_http, pull=pull), pull.budget_seconds
        case SftpPull():
            from connectors.pull.sftp import fetch as fetch_sftp

            return partial(fetch_sftp, pull=pull), pull.budget_seconds
        case DatabasePull():
            from connectors.pull.database import fetch as fetch_database

            return partial(fetch_database, pull=pull), pull.budget_seconds
    raise Unreadable("这个平台不能由系统去取", "请从平台导出后放入收件箱")


_DEATHS = {
    "crashed": ("平台的答复使取数程序崩溃", "请把这条消息告诉管理员"),
    "memory": ("平台的答复所需的内存超过上限", "请在平台文件里减少每页行数"),
    "timeout": ("没有在时间预算之内取完", "平台恢复后会在下一夜再取"),
    "unstarted": (
        "今夜取数的总时间用完了，没有轮到这个平台",
        "下一夜会再取；请先查看没有答复的平台",
    ),
    "failed": ("取数时发生意外错误", "请把这条消息告诉管理员"),
    "done": ("取数没有得到结果", "请把这条消息告诉管理员"),
}


def _judge(site: Site, platform: Platform, changes: bool, outcome: Outcome) -> Arrived | NotArrived:
    answer = outcome.answer or {}
    if "file" in answer:
        return Arrived(Path(answer["file"]), changes, answer["rows"], answer["cursor"])
    problem, next_move = answer.get("problem") or _DEATHS[outcome.fate]
    if outcome.detail and outcome.fate != "done":
        problem += f"（{outcome.detail}）"
    where = site.connections[platform.slug].address
    message = f"{platform.slug}：{where}：{problem}。{next_move}"
    return NotArrived(message, fault=outcome.fate != "unstarted" and bool(answer.get("fault", True)))
