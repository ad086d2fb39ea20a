"""Telling the platforms that this site has a way out to: their batches over the wire, several at the same time.

Belongs here: which platforms can be told, choosing the transport, and what became of each batch.
One module per transport (`http.py`, `sftp.py`, `database.py`); `parcel.py` has what they share, `answers.py` what interfaces
answer. Lines, logins, budgets and secrets are those of the way in (`connectors/pull`).
Lives elsewhere: how a kind of platform is told (`connectors/platform_send.py`), where it is (`warehouse/connections.py`), the
file beside (`connectors/write`), what the ledger says before and after (`pipelines/sending.py`).

Like asking, telling goes on in a worker process of the sandbox. A worker that had to be ended leaves its batch in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.errors import Unreadable
from connectors.platform import Platform
from connectors.platform_send import DatabaseSend, HttpSend, Send, SftpSend
from connectors.pull import SCHEMES
from connectors.pull.budget import Budget
from connectors.sandbox import Limits, Outcome, run_all
from connectors.send.parcel import Contents, Fate, Heard, Packed, Tell, all_of, unpack
from warehouse.connections import Connection
from warehouse.site import Site

ALL_SECONDS = 1800.0  # for telling all platforms of a night, however many of them hang
_AT_ONCE = 8
_GRACE = 30.0  # seconds beyond its budget after which a worker is ended
_NOBODY = "enter-once-check"  # a batch that there never was


@dataclass(frozen=True, slots=True)
class Parcel:
    """A batch to be sent, or one that may have been. `resend`: what did not arrive may go again under the same name."""

    platform: Platform
    batch: str
    packed: Packed
    records: tuple[str, ...]  # whose rows they are, in their order
    again: bool = False
    resend: bool = True


def can_tell(site: Site, platform: Platform) -> bool:
    """Whether the site can tell a platform itself; else a clerk carries its file."""
    return platform.send is not None and platform.slug in site.sending


def transport(send: Send | None) -> str:
    """How a batch goes out, as the ledger says it."""
    match send:
        case HttpSend():
            return "http"
        case SftpSend():
            return "sftp"
        case DatabaseSend():
            return "database"
    return "by_hand"


def misfit(platform: Platform, connection: Connection) -> str:
    """Why a way out cannot be this platform's; '' when it can."""
    if platform.send is None:
        return f"{connection.place} 有地址，而平台文件里没有 [send]：回填由人导入"
    way = transport(platform.send)
    if connection.scheme in SCHEMES[way]:
        return ""
    wanted = "、".join(f"{scheme}://" for scheme in SCHEMES[way])
    return f"{connection.place} 的 address 与平台 [send] 的 transport（{way}，应为 {wanted}）不符"


def tell_all(
    site: Site, parcels: Sequence[Parcel], *, beginning: Callable[[Parcel], None]
) -> Iterator[tuple[Parcel, Heard]]:
    """Tell these platforms, all of which can be told, their batches; yields each as it is over.

    `beginning` is called before anything of a batch can leave. They go in the order given, some at a time, all of them for
    `ALL_SECONDS` at most.
    """
    jobs = [(site, parcel) for parcel in parcels]
    longest = max(
        (parcel.platform.send.budget_seconds for parcel in parcels if parcel.platform.send), default=0
    )
    limits = Limits(memory=2 << 30, cpu_seconds=longest + 300, wall_seconds=longest + _GRACE)
    running = run_all(
        tell,
        jobs,
        workers=_AT_ONCE,
        limits=limits,
        seconds=ALL_SECONDS,
        beginning=lambda at: beginning(parcels[at]),
    )
    for at, outcome in running:
        yield parcels[at], _judge(parcels[at], outcome)


def tell(site: Site, parcel: Parcel) -> dict[str, Any]:
    """Tell one platform one batch; runs in a worker."""
    try:
        contents = unpack(parcel.packed)
        line = _line(site, parcel.platform, parcel.batch, contents, parcel.again, parcel.resend)
        heard = _telling(line)
    except Unreadable as error:
        fate: Fate = "doubtful" if parcel.again else "missed"
        heard = all_of(len(parcel.records), fate, error.problem, error.next_move)
    return heard.answer()


def knock(site: Site, platform: Platform) -> str:
    """Reach a platform and log in, without telling it anything; why that failed, or ''."""
    ((_, outcome),) = run_all(_knock, [(site, platform)], limits=Limits(memory=2 << 30, wall_seconds=60.0))
    problem, next_move = (outcome.answer or {}).get("problem", _DEATHS[outcome.fate])
    return (
        f"{platform.slug}：{site.sending[platform.slug].address}：{problem}。{next_move}" if problem else ""
    )


def _knock(site: Site, platform: Platform) -> dict[str, Any]:
    try:
        line = _line(site, platform, _NOBODY, Contents((), Path("empty"), ""), again=True, resend=False)
        match platform.send:
            case HttpSend() as send:
                from connectors.send.http import knock as knock_http

                knock_http(line, send)
            case SftpSend() as send:
                from connectors.send.sftp import knock as knock_sftp

                knock_sftp(line, send)
            case DatabaseSend() as send:
                from connectors.send.database import knock as knock_database

                knock_database(line, send)
    except Unreadable as error:
        return {"problem": [error.problem, error.next_move]}
    return {"problem": ["", ""]}


def _telling(line: Tell) -> Heard:
    """Each transport is imported where it is used, and not on the budget: a worker that tells by HTTP needs no database
    driver."""
    match line.platform.send:
        case HttpSend() as send:
            from connectors.send.http import tell as tell_http

            return tell_http(line, send)
        case SftpSend() as send:
            from connectors.send.sftp import tell as tell_sftp

            return tell_sftp(line, send)
        case DatabaseSend() as send:
            from connectors.send.database import tell as tell_database

            return tell_database(line, send)
    raise Unreadable("这个平台不能由系统去送", "请把发件箱里的文件交给经办人导入")


def _line(site: Site, platform: Platform, batch: str, contents: Contents, again: bool, resend: bool) -> Tell:
    connection = site.sending[platform.slug]
    if problem := misfit(platform, connection):
        raise Unreadable(problem, "请核对 site.toml 与平台文件")
    assert platform.send is not None
    budget = Budget(
        min(platform.send.budget_seconds, 30) if batch == _NOBODY else platform.send.budget_seconds,
        way="send",
    )
    return Tell(platform, connection, site.root, site.known_hosts, budget, batch, contents, again, resend)


_DEATHS = {
    "crashed": ("平台的答复使送数程序崩溃", "请把这条消息告诉管理员"),
    "memory": ("平台的答复所需的内存超过上限", "请把这条消息告诉管理员"),
    "timeout": (
        "没有在时间预算之内送完",
        "请联系平台方；一向这么慢时，请在平台文件里调大 send.budget_seconds",
    ),
    "unstarted": ("今夜送数的总时间用完了，没有轮到这个平台", "下一夜会再送；请先查看没有答复的平台"),
    "failed": ("送数时发生意外错误", "请把这条消息告诉管理员"),
    "done": ("送数没有得到结果", "请把这条消息告诉管理员"),
}


def _judge(parcel: Parcel, outcome: Outcome) -> Heard:
    """What a worker says; one that did not come back leaves its batch in doubt."""
    if outcome.fate == "done" and outcome.answer:
        return Heard.of(outcome.answer)
    problem, next_move = _DEATHS[outcome.fate]
    if outcome.detail:
        problem += f"（{outcome.detail}）"
    certain = outcome.fate == "unstarted" and not parcel.again
    return all_of(len(parcel.records), "missed" if certain else "doubtful", problem, next_move)
