"""Exactly once: a night that is killed at any named point and run again tells each platform each thing once.

The grid of a town of sixty lacks every third phone. It is told over each way out, against a real server.
"""

from __future__ import annotations

import getpass
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import paramiko
import pytest
import sqlalchemy as sa
from here import run_here
from servers import PASSPHRASE, PASSWORD, Database, Peer, Said, Seen, Server, started, started_sshd

import connectors.send
import pipelines.outbound
import pipelines.sending
from connectors.platform import PLATFORMS, read_platforms
from connectors.pull.wire import Wire
from connectors.send.database import _Visit
from pipelines.night import Night, open_night
from pipelines.steps import run_step
from pipelines.summary import summary
from warehouse.approvals import Said as Reason
from warehouse.approvals import set_mode
from warehouse.batches import Batch, conclude, note, read_batches
from warehouse.ledger import open_ledger
from warehouse.site import Site, read_site
from warehouse.store import read_store

pytestmark = pytest.mark.usefixtures("no_doors")

SECRET = "grid-s3cret-not-to-be-seen"
BATCH = "grid-20261119-1"


class Killed(BaseException):
    """The night ends here, whatever it was doing."""


@dataclass
class Target:
    """The grid as it takes what it is told: how it is described, where it is, and what it took how often."""

    send: str
    address: str
    user: str
    applied: Callable[[], Counter[tuple[str, str]]]  # key and phone of each row, and how often it was written
    cut: Callable[
        [pytest.MonkeyPatch, bool], None
    ]  # kills the night on the wire, before or after it is applied
    more: dict[str, str] = field(default_factory=dict)
    known_hosts: str = ""
    secret: str = SECRET


@pytest.fixture(scope="module")
def prepared(towns: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town whose night has come to publishing, and whose grid is live."""
    root = tmp_path_factory.mktemp("prepared") / "site"
    site = towns.town(root)
    with open_ledger(site) as ledger:
        set_mode(ledger, "live", "grid", towns.NIGHTS[0], Reason("tester", "a test"))
    with open_night(root) as night:
        for step in ("land", "stage", "match", "resolve", "golden"):
            run_step(night, step)
    return root


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """What workers do is done in this process, so that it can be killed at a point."""
    monkeypatch.setattr(connectors.send, "run_all", run_here)


@pytest.fixture
def site_of(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Target], Site]:
    """A copy of the prepared site with a way out to this target, and the grid's page with its [send]."""

    def site_of(target: Target) -> Site:
        root = tmp_path / "site"
        shutil.copytree(prepared, root)
        folder = tmp_path / "platforms"
        folder.mkdir()
        for slug in ("grid", "social_card", "resident_points"):
            text = (PLATFORMS / f"{slug}.toml").read_text(encoding="utf-8")
            if slug == "grid":
                text += f"\n[send]\n{target.send}\nbudget_seconds = 60\n"
            (folder / f"{slug}.toml").write_text(text, encoding="utf-8")
        monkeypatch.setattr("pipelines.fingerprint.PLATFORMS", folder)
        for module in ("night", "catalogue"):
            monkeypatch.setattr(f"pipelines.{module}.read_platforms", lambda: read_platforms(folder))
        monkeypatch.setenv("GRID_SECRET", target.secret)
        stated = {"address": target.address, "user": target.user, "secret": "env:GRID_SECRET", **target.more}
        with (root / "site.toml").open("a") as file:
            file.write("\n[sending.grid]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in stated.items()))
        site = read_site(root)
        site.known_hosts.write_text(target.known_hosts)
        return site

    return site_of


def publish(site: Site, night: date | None = None) -> Night:
    with open_night(site.root, night) as opened:
        for step in ("receipts", "publish"):
            run_step(opened, step)
    return opened


def batches(site: Site) -> dict[str, Batch]:
    with open_ledger(site) as ledger:
        return read_batches(ledger, date.max)


# The three ways out


def lacking(towns: Any) -> Counter[tuple[str, str]]:
    """What the grid lacks: key and phone of every third person, once."""
    return Counter((f"G{n:05d}", towns.person(n)["phone"]) for n in range(0, towns.PEOPLE, 3))


COLUMNS = {
    "人员编号": "id", "姓名": "name", "性别": "sex", "出生日期": "born", "联系电话": "phone", "民族": "ethnic",
    "婚姻状况": "marital", "文化程度": "education", "身份证号": "number", "门牌地址": "addr",
}  # fmt: skip


@pytest.fixture
def http(peer: Peer) -> Callable[[str], Target]:
    def http(kind: str) -> Target:
        taken: Counter[tuple[str, str]] = Counter()
        keys: set[str] = set()

        def push(seen: Seen) -> Said:
            key = seen.headers["idempotency-key"]
            if kind != "http_key" or key not in keys:
                taken.update((row["人员编号"], row["联系电话"]) for row in json.loads(seen.body)["rows"])
            keys.add(key)
            return Said({"code": 0})

        def asked(seen: Seen) -> Said:
            return Said({"there": seen.parameters["no"] in keys})

        def cut(patch: pytest.MonkeyPatch, applied: bool) -> None:
            attempt = Wire.attempt

            def killed(self: Wire, request: Any) -> Any:
                if applied:
                    attempt(self, request)
                raise Killed

            patch.setattr(Wire, "attempt", killed)

        peer.answers.update({"/push": push, "/asked": asked})
        back = 'path = "/asked", parameter = "no", at = "there", there = ["true"], absent = ["false"]'
        knows = {"http_key": "idempotent = true", "http_back": f"read_back = {{ {back} }}", "http_blind": ""}
        send = f'transport = "http"\npath = "/push"\nrows_at = "rows"\n{knows[kind]}'
        return Target(send, peer.address, "wj", lambda: taken, cut)

    return http


@pytest.fixture
def sftp(sshd: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    inbox, renamed, rename = tmp_path / "inbox", list[str](), paramiko.SFTPClient.rename
    inbox.mkdir()

    def counted(self: paramiko.SFTPClient, old: str, new: str) -> None:
        rename(self, old, new)
        renamed.append(new)

    def cut(patch: pytest.MonkeyPatch, applied: bool) -> None:
        def killed(self: paramiko.SFTPClient, old: str, new: str) -> None:
            if applied:
                counted(self, old, new)
            raise Killed

        patch.setattr(paramiko.SFTPClient, "rename", killed)

    def applied() -> Counter[tuple[str, str]]:
        assert [str(one) for one in inbox.iterdir() if one.suffix != ".tmp"] == renamed
        taken: Counter[tuple[str, str]] = Counter()
        for left in map(Path, renamed):
            taken.update(phones_of(left))
        return taken

    monkeypatch.setattr(paramiko.SFTPClient, "rename", counted)
    return Target(
        f'transport = "sftp"\nfolder = "{inbox}"\nstays = true',
        f"sftp://127.0.0.1:{sshd.port}",
        getpass.getuser(),
        applied,
        cut,
        {"private_key": f"file:{sshd.user_key}"},
        sshd.known_hosts,
        PASSPHRASE,
    )


def phones_of(workbook: Path) -> Iterator[tuple[str, str]]:
    """Key and phone of each row of one of the grid's templates."""
    from python_calamine import CalamineWorkbook

    rows = CalamineWorkbook.from_path(str(workbook)).get_sheet_by_index(0).to_python()
    header = next(row for row in rows if "人员编号" in row)
    for row in rows[rows.index(header) + 1 :]:
        if str(row[header.index("人员编号")]).startswith("G"):
            yield str(row[header.index("人员编号")]), str(row[header.index("联系电话")])


@pytest.fixture
def table(database: Database) -> Iterator[Target]:
    """A table that counts how often each of its rows is written."""

    def cut(patch: pytest.MonkeyPatch, applied: bool) -> None:
        commit, write, written = sa.Connection.commit, _Visit._write_row, list[str]()

        def kills(self: sa.Connection) -> None:
            commit(self)
            raise Killed

        def kills_between(self: _Visit, con: sa.Connection, row: Any) -> str | None:
            written.append(row.key)
            if len(written) > 3:
                raise Killed
            return write(self, con, row)

        if applied:
            patch.setattr(sa.Connection, "commit", kills)
        else:
            patch.setattr(_Visit, "_write_row", kills_between)

    def applied() -> Counter[tuple[str, str]]:
        found = database.query("select t.id, p.phone from touched as t join people as p on p.id = t.id")
        assert len(database.query("select * from arrivals")) <= 1
        return Counter((key, phone) for key, phone in found)

    yield Target(
        'transport = "database"\ntable = "people"\nbatches = "arrivals"\nmissing = "insert"\ncolumns = {{ {} }}'.format(
            ", ".join(f'"{header}" = "{column}"' for header, column in COLUMNS.items())
        ),
        database.address,
        "reader",
        applied,
        cut,
        secret=PASSWORD,
    )
    database.admin(
        "delete from arrivals", "delete from touched", "update people set phone = null", "delete from touched"
    )


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from started_sshd(tmp_path_factory.mktemp("sshd"))


@pytest.fixture(scope="module")
def databases() -> Iterator[Callable[[str], Database]]:
    """The two servers, each started when a test first asks for it."""
    running: dict[str, tuple[Any, Database]] = {}

    def of(scheme: str) -> Database:
        if scheme not in running:
            server = started(scheme)
            running[scheme] = (server, next(server))
            _tables(running[scheme][1])
        return running[scheme][1]

    yield of
    for server, _ in running.values():
        next(server, None)


def _tables(database: Database) -> None:
    columns = ", ".join(f"{name} varchar(60)" for name in COLUMNS.values() if name != "id")
    database.admin(
        f"create table people (id varchar(20) primary key, {columns})",
        "create table arrivals (batch varchar(60) primary key)",
        "create table touched (id varchar(20))",
    )
    if database.scheme == "postgresql":
        database.admin(
            "create function touch() returns trigger language plpgsql security definer as"
            " $$ begin insert into touched values (new.id); return new; end $$",
            "create trigger touching after update on people for each row execute function touch()",
        )
    else:
        database.admin(
            "create trigger touching after update on people for each row insert into touched values (new.id)"
        )
    writer = "reader" if database.scheme == "postgresql" else "reader@'127.0.0.1'"
    database.admin(
        *(f"grant select, insert, update on {table} to {writer}" for table in ("people", "arrivals"))
    )
    for number in range(60):
        database.admin(f"insert into people (id) values ('G{number:05d}')")


@pytest.fixture
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    """One of the ways out, by its name."""
    way = request.param
    if way.startswith("http"):
        return request.getfixturevalue("http")(way)
    return request.getfixturevalue("sftp") if way == "sftp" else request.getfixturevalue("table")


@pytest.fixture
def database(request: pytest.FixtureRequest, databases: Callable[[str], Database]) -> Database:
    return databases(request.node.callspec.params["target"])


# Where a night can end


@contextmanager
def killed_at(patch: pytest.MonkeyPatch, target: Target, point: str) -> Iterator[None]:
    """A night in this block ends at the point."""

    def around(place: Any, name: str, *, done: bool) -> None:
        real = getattr(place, name)

        def killed(*arguments: Any, **named: Any) -> Any:
            if done:
                real(*arguments, **named)
            raise Killed

        within.setattr(place, name, killed)

    with patch.context() as within:
        match point:
            case "before prepared":
                around(pipelines.outbound, "note_prepared", done=False)
            case "after prepared":
                around(pipelines.outbound, "note_prepared", done=True)
            case "after the file":
                around(pipelines.outbound, "send", done=False)
            case "after the line sending":
                around(connectors.send, "tell", done=False)
            case "on the wire, nothing applied":
                target.cut(within, False)
            case "on the wire, all applied":
                target.cut(within, True)
            case "before the line sent":
                around(pipelines.sending, "conclude", done=False)
            case "after the line sent":
                around(pipelines.sending, "conclude", done=True)
        yield


POINTS = (
    "before prepared", "after prepared", "after the file", "after the line sending", "on the wire, nothing applied",
    "on the wire, all applied", "before the line sent", "after the line sent",
)  # fmt: skip
ON_THE_WIRE = POINTS[3:7]
WAYS = [
    # Before anything is on a wire, and after all of it was noted, it makes no difference which wire it is.
    *(("http_key", point) for point in POINTS),
    *((way, point) for way in ("http_back", "sftp", "postgresql", "mysql") for point in ON_THE_WIRE),
]


@pytest.mark.parametrize(("target", "point"), WAYS, indirect=["target"])
def test_a_night_that_is_killed_and_run_again_tells_everything_once(
    towns: Any,
    site_of: Callable[[Target], Site],
    inline: None,
    monkeypatch: pytest.MonkeyPatch,
    target: Target,
    point: str,
) -> None:
    site = site_of(target)
    with killed_at(monkeypatch, target, point), pytest.raises(Killed):
        publish(site)
    again = publish(site)
    assert target.applied() == lacking(towns)
    assert (again.status, again.remarks) == ("done", [])
    assert {name: batch.state for name, batch in batches(site).items() if batch.live} == {BATCH: "sent"}
    assert {name for _, name in batches(site)[BATCH].cells} == {"phone"}
    if point == POINTS[-1]:
        publish(site)
        assert target.applied() == lacking(towns)


@pytest.mark.parametrize("target", ["http_blind"], indirect=True)
@pytest.mark.parametrize(
    "point", ["after the line sending", "on the wire, all applied", "before the line sent"]
)
def test_where_nobody_can_be_asked_a_batch_stays_in_doubt_and_is_told_to_nobody_again(
    towns: Any,
    site_of: Callable[[Target], Site],
    inline: None,
    monkeypatch: pytest.MonkeyPatch,
    target: Target,
    point: str,
) -> None:
    site = site_of(target)
    with killed_at(monkeypatch, target, point), pytest.raises(Killed):
        publish(site)
    there = lacking(towns) if "sending" not in point else Counter()
    for _ in range(2):
        night = publish(site)
        assert target.applied() == there
        assert night.outcomes["grid"].sent == "in_doubt" and night.status == "partial"
    assert [name for name, batch in batches(site).items() if batch.live and batch.cells] == [BATCH]


# What a person sees and says


@pytest.fixture
def grid(
    request: pytest.FixtureRequest, site_of: Callable[[Target], Site], http: Callable[[str], Target]
) -> tuple[Site, Target]:
    """A site whose grid is told by HTTP and can be asked nothing; more of its [send] is the parameter."""
    target = http("http_blind")
    target.send += getattr(request, "param", "")
    return site_of(target), target


def test_a_platform_that_is_down_costs_itself_one_night_and_is_told_on_the_next_run(
    towns: Any, grid: tuple[Site, Target], peer: Peer, enter_once: Any
) -> None:
    site, target = grid
    push = peer.answers["/push"]
    peer.answers["/push"] = lambda _: Said(status=429, headers={"Retry-After": "86400"})
    down = enter_once("nightly", "--site", site.root, "--json")
    assert (down.status, down.found["platforms"]["grid"]["sent"]) == (1, "unsent")
    (remark,) = down.found["remarks"]
    assert "HTTP 429" in remark["text"]["zh"] and BATCH in remark["text"]["en"]
    assert not target.applied()
    peer.answers["/push"] = push
    up = enter_once("nightly", "--site", site.root, "--json")
    assert (up.status, up.found["platforms"]["grid"]["sent"], up.found["remarks"]) == (0, "sent", [])
    assert target.applied() == lacking(towns)
    # The other platforms' files are there both times; the one that went over the wire lies beside them, to be looked at.
    folder = site.outbox / towns.NIGHTS[0].isoformat() / "grid"
    assert {"grid.xlsx", "manifest.json", "rows.json"} <= {one.name for one in folder.iterdir()}
    assert all(one.stat().st_mode & 0o077 == 0 for one in folder.iterdir())
    kept = [path for path in site.root.rglob("*") if path.is_file()]
    assert not [path for path in kept if SECRET.encode() in path.read_bytes()]
    for told in (down, up):
        assert SECRET not in told.out + told.err
        assert not [n for n in range(towns.PEOPLE) if towns.person(n)["phone"] in told.out]


def test_a_batch_in_doubt_is_listed_and_goes_again_only_after_a_person_said_so(
    towns: Any, grid: tuple[Site, Target], peer: Peer, enter_once: Any
) -> None:
    site, target = grid
    push = peer.answers["/push"]
    peer.answers["/push"] = lambda seen: Said(b"x" * 99, after=9) if push(seen) else Said()
    assert (
        enter_once("nightly", "--site", site.root, "--json").found["platforms"]["grid"]["sent"] == "in_doubt"
    )
    peer.answers["/push"] = push
    again = enter_once("nightly", "--site", site.root, "--lang", "zh")
    assert again.status == 1 and f"approve sent {BATCH}" in again.out
    listed = enter_once("approve", "list", "--site", site.root, "--json").found["in_doubt"]
    assert [(one["batch"], one["cells"]) for one in listed] == [(BATCH, 20)]
    assert target.applied() == lacking(towns)

    said = ("--because", "到平台上查过", "--by", "李工", "--site", site.root)
    wrong = enter_once("approve", "sent", "grid-20200101-1", *said)
    assert wrong.status == 2 and BATCH in wrong.err
    assert enter_once("approve", "unsent", BATCH, *said).status == 0
    assert enter_once("nightly", "--site", site.root, "--json").found["platforms"]["grid"]["sent"] == "sent"
    assert target.applied() == lacking(towns) + lacking(towns)
    assert enter_once("approve", "list", "--site", site.root, "--json").found["in_doubt"] == []
    assert enter_once("approve", "sent", BATCH, *said).status == 2


def test_a_batch_that_a_person_knows_to_be_there_is_not_told_again(
    towns: Any, grid: tuple[Site, Target], peer: Peer, enter_once: Any
) -> None:
    site, target = grid
    push = peer.answers["/push"]
    peer.answers["/push"] = lambda seen: Said(b"x" * 99, after=9) if push(seen) else Said()
    enter_once("nightly", "--site", site.root)
    said = enter_once("approve", "sent", BATCH, "--because", "查过", "--site", site.root, "--lang", "en")
    assert said.status == 0 and BATCH in said.out
    assert enter_once("nightly", "--site", site.root).status == 0
    assert target.applied() == lacking(towns)
    told = enter_once("told", "--site", site.root, "--json", _resident(site)).found["told"]
    assert [(one["batch"], one["purpose"] != "") for one in told] == [(BATCH, True)]


def _resident(site: Site) -> str:
    with read_store(site.warehouse) as con:
        query = (
            "select resident_id from outbox.told join resolved.record using (record_id) where live limit 1"
        )
        return str(con.execute(query).fetchall()[0][0])


@pytest.mark.parametrize("grid", ["\nrows_per_call = 8"], indirect=True)
def test_of_a_batch_that_arrived_in_part_only_the_rest_goes_again(
    towns: Any, grid: tuple[Site, Target], peer: Peer, inline: None
) -> None:
    site, target = grid
    push, calls = peer.answers["/push"], list[Seen]()

    def one_is_lost(seen: Seen) -> Said:
        calls.append(seen)
        return Said(status=500) if len(calls) == 2 else push(seen)

    peer.answers["/push"] = one_is_lost
    first = publish(site)
    assert first.outcomes["grid"].sent == "in_doubt" and len(calls) == 2
    batch = batches(site)[BATCH]
    assert (len(batch.cells), len(batch.arrived), batch.state) == (16, 8, "sending")
    second = publish(site)  # what was never tried goes now, in a batch of its own; what is in doubt does not
    assert (second.outcomes["grid"].sent, len(calls)) == ("sent", 3)
    assert {name: len(one.cells) for name, one in batches(site).items() if one.live} == {
        BATCH: 16,
        "grid-20261119-2": 4,
    }
    with open_ledger(site) as ledger:
        state = conclude(
            ledger, batches(site)[BATCH], missed={record for record, _ in batch.cells}, doubtful=()
        )
    assert state == "sent"
    publish(site)
    assert target.applied() == lacking(towns)


RESULTS = (
    '\nresults = { at = "list", key = "bh", ok = "ok", accepted = ["1"], refused = ["0"], message = "msg" }'
)


@pytest.mark.parametrize("grid", [RESULTS], indirect=True)
def test_a_refused_row_keeps_the_platforms_words_and_waits_for_a_person(
    towns: Any, grid: tuple[Site, Target], peer: Peer, inline: None
) -> None:
    site, _ = grid
    words = f"手机号 {towns.person(3)['phone']} 已被占用"
    peer.answers["/push"] = lambda _: Said(
        {
            "list": [
                {"bh": "G00003", "ok": 0, "msg": words},
                {"bh": "G00000", "ok": 1},
                {"bh": "G00006", "ok": "处理中"},
            ]
        }
    )
    night = publish(site)
    batch = batches(site)[BATCH]
    assert (batch.state, list(batch.refused.values())) == ("sent", [words])
    assert {one.sentence for one in night.remarks} == {"sending_refused", "sending_unclear"}
    assert words not in json.dumps([summary(night)["remarks"]], ensure_ascii=False)
    with open_ledger(site) as ledger:
        (unclear,) = ledger.lines("unclear")
        assert ledger.recall(unclear.body["words"]) == "处理中"
    assert publish(site).decisions == {"awaiting": 19, "refused": 1}


def test_a_platform_that_says_200_and_does_nothing_is_never_believed(
    towns: Any, grid: tuple[Site, Target], peer: Peer, inline: None
) -> None:
    site, _ = grid
    peer.answers["/push"] = lambda _: Said({"code": 0})
    assert publish(site).outcomes["grid"].sent == "sent"
    assert receipts(site) == {"awaiting": 20}
    towns.deliver(site, "grid", towns.NIGHTS[1])
    with open_night(site.root, towns.NIGHTS[1]) as night:
        for step in ("land", "stage", "match", "resolve", "golden", "publish"):
            run_step(night, step)
    assert len(peer.seen) == 2  # it was told again, once its export had shown that it had not listened
    assert [batch.state for batch in batches(site).values() if batch.live] == ["sent", "sent"]


def receipts(site: Site) -> dict[str, int]:
    with read_store(site.warehouse) as con:
        return dict(con.execute("select receipt, count(*) from outbox.receipt group by all").fetchall())


def test_an_export_that_came_since_ends_the_doubt(
    towns: Any, grid: tuple[Site, Target], peer: Peer, inline: None
) -> None:
    site, _ = grid
    peer.answers["/push"] = lambda _: Said(status=500)
    assert publish(site).outcomes["grid"].sent == "in_doubt"
    towns.deliver(site, "grid", towns.NIGHTS[1])
    with open_night(site.root, towns.NIGHTS[1]) as night:
        for step in ("land", "stage", "match", "resolve", "golden"):
            run_step(night, step)
    peer.answers["/push"] = lambda _: Said({})
    later = publish(site, towns.NIGHTS[1])
    assert (later.status, later.remarks) == ("done", [])


def test_a_platform_in_shadow_is_told_nothing_over_any_wire(
    grid: tuple[Site, Target], peer: Peer, inline: None, towns: Any
) -> None:
    site, _ = grid
    with open_ledger(site) as ledger:
        set_mode(ledger, "shadow", "grid", towns.NIGHTS[0], Reason("tester", "not yet"))
    night = publish(site)
    assert peer.seen == [] and night.outcomes["grid"].sent is None
    assert (site.outbox / towns.NIGHTS[0].isoformat() / "grid" / "grid.xlsx").exists()


def test_a_batch_of_a_platform_back_in_shadow_is_asked_about_and_not_finished(
    site_of: Callable[[Target], Site],
    http: Callable[[str], Target],
    inline: None,
    monkeypatch: pytest.MonkeyPatch,
    towns: Any,
) -> None:
    target = http("http_key")
    site = site_of(target)
    with killed_at(monkeypatch, target, "after the line sending"), pytest.raises(Killed):
        publish(site)
    with open_ledger(site) as ledger:
        set_mode(ledger, "shadow", "grid", towns.NIGHTS[0], Reason("tester", "stop"))
    publish(site)
    assert not target.applied() and batches(site)[BATCH].state == "sending"


def test_a_batch_that_was_overtaken_is_not_finished_with_yesterdays_value(
    site_of: Callable[[Target], Site],
    http: Callable[[str], Target],
    inline: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = http("http_key")
    site = site_of(target)
    with killed_at(monkeypatch, target, "after the line sending"), pytest.raises(Killed):
        publish(site)
    batch = batches(site)[BATCH]
    newer = Batch("grid-20261119-2", "grid", batch.night, True)
    with open_ledger(site) as ledger:
        note(ledger, "sent", newer, [cell._replace(digest="newer") for _, cell in batch.cells.values()][:1])
    publish(site)
    # The one cell is told anew, in a batch of its own, since that "newer" value is not the golden one; nothing else is.
    assert target.applied().total() == 1 and batches(site)[BATCH].state == "sending"


def test_a_way_out_that_fits_no_page_fails_the_check_of_all(
    grid: tuple[Site, Target], enter_once: Any
) -> None:
    site, _ = grid
    with (site.root / "site.toml").open("a") as file:
        file.write('\n[sending.one_tabel]\naddress = "https://x.example"\n')
        file.write('\n[sending.social_card]\naddress = "https://x.example"\n')
    ran = enter_once("platform", "check", "all", "--site", site.root, "--json")
    assert {one["slug"] for one in ran.found["failed"]} == {"one_tabel", "social_card"}


def test_checking_one_platform_tries_its_way_out_and_sends_nothing(
    grid: tuple[Site, Target], enter_once: Any, peer: Peer
) -> None:
    site, _ = grid
    ran = enter_once("platform", "check", "grid", "--site", site.root, "--json")
    assert (ran.status, ran.found["passed"], ran.found["reached"]) == (0, 1, True)
    assert peer.seen == []
