"""Taking landed exports into the warehouse, one platform and one night after the other.

Belongs here: what is done with each pull (staged, unchanged, refused, unreadable, missing), and whose fault stays his.
Lives elsewhere: which pulls (`replay.py`), reading one (`connectors/stage`), what the import gate asks
(`expectations/gate.py`), what a person accepted (`gate.py`), merging an export (`warehouse/staged.py`).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

import duckdb

from connectors.errors import ExportRefused
from connectors.land import Pull, cells_path
from connectors.platform import Platform
from connectors.stage import Staged, stage
from expectations.gate import Codes, Dates, Finding, Met, Place, accept, judge
from pipelines.fingerprint import platform_digests, remember_all, remembered
from pipelines.gate import accepted, how_to_accept
from pipelines.night import Night
from pipelines.replay import Taken, plan
from pipelines.seal import note_fault
from warehouse.generations import Named, Person, name_records
from warehouse.habits import backward, note_fill, same_as_earlier, stated_before, usual
from warehouse.ledger import open_ledger
from warehouse.overrides import Override, note_uses, overrides
from warehouse.staged import InForce, PullStatus, absorb, in_force, note_missing, note_pull
from warehouse.told import Heard, heard_of

_TABLES = (
    "landed.pull",
    "landed.finding",
    "staged.record",
    "staged.claim",
    "staged.quarantine",
    "staged.fill",
    "staged.overridden",
)


@dataclass(frozen=True, slots=True)
class Said:
    """What people said in the ledger that decides how landings are read, as far as it stands tonight."""

    accepted: Mapping[str, Mapping[str, frozenset[str]]]  # platform -> sha256 -> checks
    overrides: Mapping[str, tuple[Override, ...]]
    heard: Heard

    def digest(self, slug: str) -> str:
        """Changes when anything is said of a platform, or stops standing: its history is then read again."""
        gates = [f"{sha} {sorted(checks)}" for sha, checks in sorted(self.accepted.get(slug, {}).items())]
        # Without the values: an erased one is told apart by its absence.
        lines = [f"{one.line} {one.bad is None} {one.value is None}" for one in self.overrides.get(slug, ())]
        return " ".join([*gates, *lines])


def take_in(night: Night, manifest: Sequence[Pull]) -> int:
    """Bring the warehouse up to everything that was ever landed; how many pulls were taken in."""
    for left in night.site.scratch.glob("staging-*"):  # by a night that was killed
        shutil.rmtree(left, ignore_errors=True)
    said = _said(night)
    digests = {
        slug: f"{digest} {said.digest(slug)}"
        for slug, digest in platform_digests(night.platforms, night.site.area).items()
    }
    known = remembered(night.con)
    changed = [slug for slug, digest in digests.items() if known.get(f"stage {slug}") != digest]
    usable = [pull for pull in manifest if pull.platform in night.platforms and pull.night <= night.date]
    todo = plan(usable, taken(night.con), changed)
    for slug in todo.forget:
        forget(night.con, slug)
    # Noted before the first pull and not after the last: what a killed night took in is read under this digest.
    remember_all(night.con, {f"stage {slug}": digests[slug] for slug in changed})
    whole = frozenset(pull.sha256 for pull in usable if not pull.changes)
    for missing, some in groupby(todo.todo, lambda pull: pull.status == "missing"):
        if missing:
            note_missing(night.con, ((pull.night, pull.platform, pull.message) for pull in some))
            continue
        for pull in some:
            _take_in(night, pull, whole, said)
    return len(todo.todo)


def taken(con: duckdb.DuckDBPyConnection) -> dict[str, list[Taken]]:
    """What the warehouse has taken in so far, per platform, in order."""
    found: dict[str, list[Taken]] = {}
    for slug, night, sha256, status in con.execute(
        "select platform, night, sha256, status from landed.pull order by platform, night, turn"
    ).fetchall():
        usable, stated = status not in ("missing", "unreadable"), status in ("staged", "unchanged")
        found.setdefault(slug, []).append(Taken(night, sha256, usable, stated))
    return found


def forget(con: duckdb.DuckDBPyConnection, slug: str) -> None:
    """Take everything of a platform out of the staged tables: its landings are read again."""
    con.execute("begin")
    for table in _TABLES:
        con.execute(f"delete from {table} where platform = ?", [slug])
    con.execute("commit")


def _said(night: Night) -> Said:
    with open_ledger(night.site) as ledger:
        standing: dict[str, tuple[Override, ...]] = {}
        for one in overrides(ledger):
            if one.stands_on(night.date):
                standing[one.platform] = (*standing.get(one.platform, ()), one)
        return Said(accepted(ledger), standing, heard_of(ledger, night.date, Person._fields))


def _take_in(night: Night, pull: Pull, whole: frozenset[str], said: Said) -> None:
    if pull.status == "unreadable":
        _note(night, pull, pull.status, pull.message)
        return
    last = in_force(night.con, pull.platform)
    if last is not None and last.sha256 == pull.sha256:
        _note(night, pull, "unchanged", "")
    else:
        # An export is held against the last one that was whole: how many rows changed says nothing.
        _take_in_one(night, pull, in_force(night.con, pull.platform, among=whole), said)


def _take_in_one(night: Night, pull: Pull, last: InForce | None, said: Said) -> None:
    """Stage, judge and merge one export. Whatever goes wrong with it is this platform's alone."""
    platform = night.platforms[pull.platform]
    try:
        staged = stage(
            platform,
            cells_path(night.site, pull),
            area=night.site.area,
            key=night.site.key,
            source=pull.source,
            night=pull.night,
            overrides=said.overrides.get(pull.platform, ()),
            scratch=night.site.scratch,
        )
        named = name_records(
            night.con,
            night.site.key,
            pull.platform,
            staged.records,
            staged.claims,
            keyed_by_number=platform.keyed_by_number,
            told=partial(said.heard.before, pull.night),
        )
        found = judge(
            _met(night.con, platform, pull, last, staged, named), platform.gate.limit, platform.gate.severity
        )
        found = accept(found, said.accepted.get(pull.platform, {}).get(pull.sha256, frozenset()))
        _note_findings(night.con, pull, found)
        if any(one.severity == "critical" for one in found):
            _note(night, pull, "refused", _refusal(pull, last, found))
            return
        staged = replace(staged, records=named.records, claims=named.claims)
        # First what is only looked at for an export that is in: a night killed between the two is run again.
        if not pull.changes:
            note_fill(night.con, pull.night, pull.platform, pull.sha256, staged.profile.fills)
        note_uses(night.con, pull.night, pull.platform, pull.sha256, staged.overridden)
        whole = not pull.changes
        absorb(night.con, pull.night, pull.platform, pull.sha256, pull.source, staged, whole=whole)
    except ExportRefused as refused:
        _note(night, pull, "refused", str(refused))
    except Exception as fault:
        log = note_fault(night.site, pull.night, f"stage {pull.platform}", fault)
        message = (
            f"{pull.platform}：文件 {pull.source}：程序出错（{type(fault).__name__}）。请把 {log} 报给开发者"
        )
        # Nothing is noted of it: it says nothing of the export, which the next run takes in if the fault is gone.
        outcome = night.outcomes[pull.platform]
        outcome.status, outcome.message = "refused", message


def _met(
    con: duckdb.DuckDBPyConnection,
    platform: Platform,
    pull: Pull,
    last: InForce | None,
    staged: Staged,
    named: Named,
) -> Met:
    """An export beside what its platform sent before; what changed only is asked for no number and no habit."""
    profile, slug = staged.profile, platform.slug
    fewest, most = platform.export.rows
    return Met(
        slug=slug,
        rows=staged.rows_in,
        bounds=(0 if pull.changes else fewest, most),
        before=last.rows_in if last and not pull.changes else None,
        fills=profile.fills,
        usual={} if pull.changes else usual(con, slug, pull.night),
        codes=_codes_never_met(con, slug, staged),
        dates=[Dates(one.column, Place(one.sheet, one.row), one.ambiguous) for one in profile.dates],
        known_keys=named.known,
        reused=[Place(one.sheet, one.row) for one in named.reused],
        dated=backward(con, slug, named.claims),
        same_as=None if pull.changes else same_as_earlier(con, slug, pull.sha256),
    )


def _codes_never_met(con: duckdb.DuckDBPyConnection, slug: str, staged: Staged) -> list[Codes]:
    """Of the code values that nobody knows, those the platform has not stated before; with the first export all are new."""
    new = []
    for one in staged.profile.codes:
        before = stated_before(con, slug, one.field, [value for value, _ in one.values])
        values = [(value, rows) for value, rows in one.values if value not in before]
        if values:
            new.append(Codes(one.field, one.column, values, one.others))
    return new


def _note_findings(con: duckdb.DuckDBPyConnection, pull: Pull, found: Sequence[Finding]) -> None:
    """Keep what the gate found; the same export judged again the same night stands once."""
    told = [pull.night, pull.platform, pull.sha256]
    con.execute("delete from landed.finding where night = ? and platform = ? and sha256 = ?", told)
    for one in found:
        words = json.dumps(one.words, ensure_ascii=False)
        con.execute(
            "insert into landed.finding values (?, ?, ?, ?, ?, ?)", [*told, one.check, one.severity, words]
        )


def _refusal(pull: Pull, last: InForce | None, found: Sequence[Finding]) -> str:
    """Why an export waits, what stays in force, and the one command that takes it in nevertheless."""
    critical = [one for one in found if one.severity == "critical"]
    reasons = "；".join(one.reason("zh") for one in critical)
    moves = "；".join(dict.fromkeys(one.next_move("zh") for one in critical))
    stays = f"{last.night} 的那一份（{last.rows_in} 行）继续有效" if last else "这个平台还没有可用的数据"
    return (
        f"{pull.platform}：文件 {pull.source}：{reasons}；{stays}。{moves}；"
        f"这一份确属如此时运行 {how_to_accept(pull.platform)}"
    )


def _note(night: Night, pull: Pull, status: PullStatus, message: str) -> None:
    note_pull(
        night.con,
        pull.night,
        pull.platform,
        status,
        sha256=pull.sha256,
        source=pull.source,
        message=message,
    )
