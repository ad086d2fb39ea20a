"""One night at one site: what every step is handed, and what it leaves for the report.

Belongs here: `Night`, choosing which night it is, opening and closing it under the site's lock.
Lives elsewhere: what the steps do (`steps.py`), what is said of them (`summary.py`), Dagster (`assets.py`).
"""

from __future__ import annotations

import json
import resource
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Literal

import duckdb
import pandas as pd

from connectors.land import pulls
from connectors.platform import Platform, PlatformFileError, read_platforms
from connectors.pull import connected
from connectors.write.render import broader_codes, expressible
from dedup.estimates import Estimates
from expectations.door import Check, DoorResult
from expectations.gate import Finding
from expectations.suite import Door
from pipelines.fingerprint import discard_outdated, known_of, remember, schema_digest
from pipelines.messages import Language
from warehouse.approvals import live_platforms
from warehouse.facts import write_facts
from warehouse.ledger import open_ledger
from warehouse.lock import only_writer
from warehouse.site import Site, read_site
from warehouse.store import open_store

PlatformStatus = Literal["staged", "unchanged", "missing", "refused", "unreadable", "broken"]
Sent = Literal["by_hand", "sent", "unsent", "in_doubt"]
FAILED: tuple[PlatformStatus, ...] = ("refused", "unreadable", "broken")


class WrongNight(ValueError):
    """The night asked for cannot be run: why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What a person should know of one platform: a sentence of `messages.toml`, and the words in it."""

    platform: str
    sentence: str
    words: Mapping[str, object]


@dataclass(slots=True)
class Outcome:
    """What came of one platform tonight."""

    title: str
    status: PlatformStatus = "missing"
    rows_in: int = 0
    staged: int = 0
    quarantined: int = 0
    changes: int = 0
    left_out: int = 0
    sent: Sent | None = None  # what became of tonight's batch, where one was to go out
    message: str = ""
    connected: bool = False  # the site asks it itself
    age: int | None = None  # nights since the export in force came; None: none ever did

    @property
    def failed(self) -> bool:
        """Whether a person has to do something before this platform's next export is taken in."""
        return self.status in FAILED

    @property
    def silent(self) -> bool:
        """Whether nothing ever came of this platform, nor tonight: it is one of the catalogue that the site does not use."""
        return self.status == "missing" and self.age is None

    @property
    def readable(self) -> bool:
        """Whether a file that came could be opened."""
        return self.status not in ("unreadable", "broken")

    @property
    def balanced(self) -> bool:
        """Rows in are rows staged plus rows in quarantine."""
        return self.rows_in == self.staged + self.quarantined


@dataclass
class Night:
    """A night that is open: its site, its warehouse, its platforms, and what came of each step so far."""

    site: Site
    date: date
    con: duckdb.DuckDBPyConnection
    platforms: Mapping[str, Platform]
    broken: Mapping[str, PlatformFileError]
    said: int = 0  # the last line of the ledger when it was opened
    live: frozenset[str] = frozenset()  # the platforms that are sent what they lack; the others are in shadow
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    doors: list[DoorResult] = field(default_factory=list)
    findings: list[tuple[str, Finding]] = field(default_factory=list)  # of the import gate, by platform
    overrides: dict[str, int] = field(default_factory=dict)  # how many are used, lapsed, expired, expiring
    rows: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)  # of what went out and what was answered
    decisions: dict[str, int] = field(default_factory=dict)  # what becomes of the cells wanted tonight
    quarantine: pd.DataFrame | None = None
    fill: pd.DataFrame | None = None
    estimates: Estimates | None = None
    golden_checksum: str = ""
    speak: Language = "zh"
    close: Callable[[], None] = lambda: (
        None
    )  # closes the warehouse; readers' copies are made of the closed file
    _inner: float = 0.0

    def in_use(self) -> dict[str, Platform]:
        """The platforms that the site knows: something came once, lies in tonight's folder, or can be asked for.

        All of them where none of these receives anything: each step of the night needs something to report on.
        """
        known = {pull.platform for pull in pulls(self.site) if pull.usable}
        folder = self.site.inbox / self.date.isoformat()
        used = {
            slug: platform
            for slug, platform in self.platforms.items()
            if slug in known or slug in self.site.connections or (folder / slug).is_dir()
        }
        return used if any(one.receive.fields for one in used.values()) else dict(self.platforms)

    @contextmanager
    def clock(self, name: str) -> Iterator[None]:
        """Count the seconds of a step; those of a step inside it are its own and counted once."""
        started, before = perf_counter(), self._inner
        self._inner = 0.0
        try:
            yield
        finally:
            spent = perf_counter() - started
            self.seconds[name] = self.seconds.get(name, 0.0) + spent - self._inner
            self._inner = before + spent

    def failed(self, door: Door) -> list[Check]:
        """The checks of a door that were not met tonight."""
        return [check for result in self.doors if result.door == door for check in result.failed]

    @property
    def blocked(self) -> bool:
        """Whether a critical check at the golden or the outbox door stops all publication tonight."""
        return any(result.critical for result in self.doors if result.door in ("golden", "outbox"))

    @property
    def stopped(self) -> frozenset[str]:
        """The platforms that nothing is published to tonight: theirs failed, or a door stopped them."""
        failed = {slug for slug, outcome in self.outcomes.items() if outcome.failed}
        return frozenset(failed.union(*(result.stopped for result in self.doors)))

    @property
    def status(self) -> Literal["done", "partial", "blocked"]:
        """How the night ended; a warning does not make it partial."""
        if self.blocked:
            return "blocked"
        critical = any(result.critical for result in self.doors)
        untold = any(outcome.sent in ("unsent", "in_doubt") for outcome in self.outcomes.values())
        return "partial" if critical or self.stopped or untold else "done"

    @property
    def peak_mb(self) -> int:
        """The most memory that this process, or one of its workers, held at once."""
        kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        return max(resource.getrusage(kind).ru_maxrss for kind in kinds) // 1024


@contextmanager
def open_night(root: Path, stated: date | None = None, speak: Language = "zh") -> Iterator[Night]:
    """Open a night of a site, alone: a second one started meanwhile is told who is at work.

    Raises:
        SiteError, AlreadyRunning, WrongNight: each says what is wrong and what to do.
    """
    site = read_site(root)
    with only_writer(site):
        # A platform that is asked needs no folder in the inbox, but it can only say what is true today.
        tonight = [date.today()] if site.connections else []
        night = choose_night(stated, [*nights_in_inbox(site), *tonight], nights_done(site))
        platforms, broken = read_platforms()
        discard_outdated(site)
        with ExitStack() as store:
            con = store.enter_context(open_store(site))
            remember(con, "schema", schema_digest())
            remember(con, "whole", "")  # until its last step is done
            said = [saying for platform in platforms.values() for saying in expressible(platform)]
            write_facts(con, platforms.values(), expressible=said, broader=broader_codes(), keep=broken)
            yield _opened(site, night, con, platforms, broken, speak, store)


@contextmanager
def open_again(root: Path, speak: Language = "zh") -> Iterator[Night]:
    """Open the night that was run last once more, as it was taken in: for what people said since.

    Raises:
        SiteError, AlreadyRunning, WrongNight: each says what is wrong and what to do.
    """
    site = read_site(root)
    with only_writer(site):
        known = known_of(site)
        if not known.get("whole") or known["schema"] != schema_digest():
            raise WrongNight(
                "上一夜没有跑完，或者软件已经换了版本，只重算已说的话不够。请先运行 enter-once nightly"
            )
        platforms, broken = read_platforms()
        with ExitStack() as store:
            con = store.enter_context(open_store(site))
            yield _opened(site, date.fromisoformat(known["whole"]), con, platforms, broken, speak, store)


def _opened(
    site: Site,
    night: date,
    con: duckdb.DuckDBPyConnection,
    platforms: Mapping[str, Platform],
    broken: Mapping[str, PlatformFileError],
    speak: Language,
    store: ExitStack,
) -> Night:
    with open_ledger(site) as ledger:
        live, said = live_platforms(ledger), ledger.last()
    opened = Night(site, night, con, platforms, broken, said, live, speak=speak, close=store.close)
    for slug, platform in platforms.items():
        opened.outcomes[slug] = Outcome(title=platform.title, connected=connected(site, platform))
    for slug, error in broken.items():
        opened.outcomes[slug] = Outcome(title=slug, status="broken", message=str(error))
    return opened


def choose_night(stated: date | None, inbox: Collection[date], done: Collection[date]) -> date:
    """The night asked for, else the oldest that came after those done, else the latest again.

    >>> first, second = date(2026, 11, 19), date(2026, 11, 20)
    >>> choose_night(None, [first, second], [first]).isoformat()
    '2026-11-20'
    >>> choose_night(None, [first, second], [first, second]).isoformat()
    '2026-11-20'

    Raises:
        WrongNight: nothing is in the inbox, not this night, or a later one is done already.
    """
    latest = max(done, default=date.min)
    if stated is not None:
        if stated not in inbox:
            raise WrongNight(f"收件箱里没有 inbox/{stated}/。请把各平台的导出放进去，或换一个日期")
        if stated < latest:
            raise WrongNight(
                f"{latest} 已经处理过，不能再倒回去处理 {stated}。"
                f"补收的文件请放进 inbox/{latest}/ 或更晚的日期"
            )
        return stated
    if not inbox:
        raise WrongNight("收件箱是空的。请把各平台的导出放进 inbox/<日期>/<平台>/ 后再运行")
    waiting = [night for night in inbox if night > latest]
    if not waiting and max(inbox) < latest:
        raise WrongNight(f"收件箱里只有 {latest} 以前的日期，都已处理过。请把新的导出放进 inbox/<日期>/")
    return min(waiting) if waiting else max(inbox)


def nights_in_inbox(site: Site) -> list[date]:
    """The nights that have a folder in the inbox; folders of other names are nobody's night."""
    found = []
    for folder in sorted(site.inbox.glob("????-??-??")):
        try:
            found.append(date.fromisoformat(folder.name))
        except ValueError:
            continue
    return found


def nights_done(site: Site) -> list[date]:
    """The nights whose report says that they came to their end."""
    found = []
    for file in sorted(site.reports.glob("????-??-??.json")):
        try:
            found.append(date.fromisoformat(json.loads(file.read_text(encoding="utf-8"))["night"]))
        except (ValueError, KeyError):
            continue
    return found
