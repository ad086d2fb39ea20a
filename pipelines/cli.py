"""The command line `enter-once`.

Belongs here: the arguments of each command, its exit status, and how its outcome is printed.
Lives elsewhere: the work; each command imports what it needs when it runs, so that `--help` is quick.

Exit status: 0 done (rows in quarantine are no failure); 1 partial, blocked or a check failed; 2 wrong use.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.messages import Language, language, say

DONE, PARTIAL, WRONG_USE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found: its exit status, one object for programs, one text for people."""

    status: int
    found: Mapping[str, Any]
    text: str


Command = Callable[[argparse.Namespace, Language], Answer]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    asked = _parser().parse_args(arguments)
    speak = language(asked.lang)
    os.umask(0o077)
    command: Command = asked.command
    try:
        answer = command(asked, speak)
    except _expected_errors() as error:
        status = WRONG_USE if isinstance(error, _wrong_use()) else PARTIAL
        answer = Answer(status, {"status": "error", "error": str(error)}, say("error", speak) + str(error))
    try:
        _tell(answer, as_json=asked.json)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return answer.status


def _tell(answer: Answer, *, as_json: bool) -> None:
    """One JSON object and nothing else on standard output, or the text; what went wrong on standard error."""
    failed = answer.found.get("status") == "error"
    if as_json:
        sys.stdout.write(json.dumps(answer.found, ensure_ascii=False, default=str) + "\n")
        sys.stdout.flush()
    if failed or not as_json:
        print(answer.text, file=sys.stderr if failed else sys.stdout, flush=True)


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--site", type=Path, default=Path("var"), metavar="DIR", help="站点文件夹 / the site's folder"
    )
    shared.add_argument(
        "--json", action="store_true", help="标准输出只打印一个 JSON 对象 / print one JSON object"
    )
    shared.add_argument("--lang", choices=("zh", "en"), help="语言，默认随系统 / language, default by locale")
    parser = argparse.ArgumentParser(
        prog="enter-once", description="一次录入，处处可用 / one entry reaches every platform"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, doc: str, parent: Any = commands) -> argparse.ArgumentParser:
        one: argparse.ArgumentParser = parent.add_parser(name, parents=[shared], help=doc, description=doc)
        one.set_defaults(command=command)
        return one

    city = add("city", make_city, "建一个示例城市 / make a synthetic city")
    city.add_argument("dir", type=Path, metavar="DIR")
    city.add_argument("--residents", type=_count, default=5000)
    city.add_argument("--nights", type=_count, default=1)
    city.add_argument("--seed", type=int, default=7)
    city.add_argument("--platforms", default="all", metavar="all|a,b,c")
    city.add_argument("--noise", type=float, default=1.0)
    city.add_argument("--from", dest="records", type=Path, metavar="RECORDS.parquet")

    nightly = add("nightly", run_night, "跑一夜：落地到写回 / run one night: pull to publish")
    nightly.add_argument("--night", type=_night, metavar="YYYY-MM-DD")

    add("score", score_site, "与真值比对 / measure against the truth")

    link = add("link", link_records, "关联一份记录 / link a file of records")
    link.add_argument("model", metavar="MODEL", help="resident | household | person | MODEL.toml")
    link.add_argument("records", type=Path, metavar="RECORDS", help="csv, parquet")
    link.add_argument("--out", type=Path, required=True, metavar="CLUSTERS.parquet")
    link.add_argument("--pairs", type=Path, metavar="PAIRS.parquet")
    link.add_argument("--engine", choices=("duckdb",), default="duckdb")

    why = add("why", explain_pair, "两条记录为何是（不是）一人 / why two records are or are not one person")
    why.add_argument("left", metavar="RECORD")
    why.add_argument("right", metavar="RECORD")
    how = add("how", explain_resident, "一位居民是怎样归并成的 / how a resident came together")
    how.add_argument("resident", metavar="RESIDENT")
    compare = add("compare", compare_clusters, "两次归并有何不同 / what two clusterings do differently")
    compare.add_argument("first", type=Path, metavar="A.parquet")
    compare.add_argument("second", type=Path, metavar="B.parquet")

    platform = commands.add_parser("platform", help="平台说明 / platform files").add_subparsers(
        required=True, metavar="list|check"
    )
    add("list", list_platforms, "列出各平台 / list the platforms", platform)
    check = add("check", check_platforms, "检查平台说明 / check platform files", platform)
    check.add_argument("slug", metavar="SLUG|all")

    gate = commands.add_parser("gate", help="关口 / gate").add_subparsers(required=True, metavar="accept")
    accept = add(
        "accept", accept_export, "确认一份因行数没有收下的导出 / accept an export refused for its size", gate
    )
    accept.add_argument("slug", metavar="PLATFORM")
    accept.add_argument("--because", required=True, metavar="WORDS", help="理由，记入账本 / the reason, kept")
    accept.add_argument("--by", metavar="NAME", help="谁确认的，默认当前用户 / who says so")
    accept.add_argument("--night", type=_night, metavar="YYYY-MM-DD")

    quarantine = commands.add_parser("quarantine", help="隔离区 / quarantine").add_subparsers(
        required=True, metavar="list"
    )
    listed = add(
        "list", list_quarantine, "列出隔离区的行，值已遮盖 / list its rows, values masked", quarantine
    )
    listed.add_argument("--platform", metavar="SLUG")
    listed.add_argument("--limit", type=_count, default=50)
    return parser


def _count(stated: str) -> int:
    if not stated.isdigit() or int(stated) < 1:
        raise argparse.ArgumentTypeError(f"{stated}: 应为正整数 / a whole number above 0")
    return int(stated)


def _night(stated: str) -> date:
    try:
        return date.fromisoformat(stated)
    except ValueError as error:
        raise argparse.ArgumentTypeError(say("wrong_date", language(), stated=stated)) from error


def make_city(asked: argparse.Namespace, speak: Language) -> Answer:
    """`city`: a synthetic site with its truth."""
    from synthetic_city.city import make_city as build

    wanted = None if asked.platforms == "all" else asked.platforms.split(",")
    made = build(
        asked.dir,
        residents=asked.residents,
        nights=asked.nights,
        seed=asked.seed,
        platforms=wanted,
        noise=asked.noise,
        people=asked.records,
    )
    found = {
        "site": str(made.root),
        "residents": made.residents,
        "nights": [night.isoformat() for night in made.nights],
        "records": made.records,
        "events": made.events,
    }
    counts = {"records": f"{sum(made.records.values()):,}", "platforms": len(made.records)}
    words = {"site": made.root, "residents": f"{made.residents:,}", "nights": len(made.nights)}
    return Answer(DONE, found, say("city_made", speak, **words, **counts))


def run_night(asked: argparse.Namespace, speak: Language) -> Answer:
    """`nightly`: the Dagster job, headless, under the site's lock."""
    from pipelines.night import open_night

    with open_night(asked.site, asked.night, speak) as night:
        from pipelines.conduct import conduct
        from pipelines.summary import summary, tell

        conduct(night)
    found = summary(night)
    return Answer(DONE if night.status == "done" else PARTIAL, found, tell(found, speak))


def score_site(asked: argparse.Namespace, speak: Language) -> Answer:
    """`score`: pairs, clusters, households and golden cells against the truth."""
    from warehouse.score import score
    from warehouse.site import read_site

    found = score(read_site(asked.site))
    pairs, households = found["pairs"], found["households"]
    text = [
        say("score_pairs", speak, **pairs),
        say(
            "score_clusters",
            speak,
            clusters=found["clusters"]["exact"],
            living=households["living"]["exact"],
            registered=households["registered"]["exact"],
        ),
        *(f"  {name:<20}{share:8.2%}" for name, share in found["cells"].items() if share is not None),
    ]
    return Answer(DONE, found, "\n".join(text))


def link_records(asked: argparse.Namespace, speak: Language) -> Answer:
    """`link`: clusters and explained pairs of a file of raw records."""
    from dataclasses import asdict

    from dedup.link import link
    from dedup.model import read_model

    done = link(read_model(asked.model), asked.records, asked.out, asked.pairs)
    found = asdict(done)
    return Answer(
        DONE, found, say("linked", speak, out=asked.out, seconds_total=done.seconds["total"], **found)
    )


def explain_pair(asked: argparse.Namespace, speak: Language) -> Answer:
    """`why`: points per field of two records, and whether they are one resident."""
    from dataclasses import asdict

    from dedup.explain import why
    from pipelines.explaining import pair_in_words
    from pipelines.published import published

    with published(asked.site, speak) as con:
        found = why(con, asked.left, asked.right)
    return Answer(DONE, asdict(found), pair_in_words(found, speak))


def explain_resident(asked: argparse.Namespace, speak: Language) -> Answer:
    """`how`: the records of a resident and the links that hold them together."""
    from dataclasses import asdict

    from dedup.explain import how
    from pipelines.explaining import resident_in_words
    from pipelines.published import published

    with published(asked.site, speak) as con:
        found = how(con, asked.resident)
    return Answer(DONE, asdict(found), resident_in_words(found, speak))


def compare_clusters(asked: argparse.Namespace, speak: Language) -> Answer:
    """`compare`: which clusters another model would split or join."""
    from dataclasses import asdict

    from dedup.difference import difference
    from pipelines.explaining import difference_in_words

    found = difference(asked.first, asked.second)
    return Answer(DONE, asdict(found), difference_in_words(found, speak))


def list_platforms(asked: argparse.Namespace, speak: Language) -> Answer:
    """`platform list`: every platform file, usable or not."""
    from pipelines.catalogue import listed
    from pipelines.columns import side_by_side

    found = listed(asked.site)
    names = ("slug", "format", "tier", "state", "title")
    header = [say(f"col_{name}", speak) for name in names]
    text = side_by_side(header, [[str(one[name]) for name in names] for one in found])
    return Answer(DONE, {"platforms": found}, text)


def check_platforms(asked: argparse.Namespace, speak: Language) -> Answer:
    """`platform check`: whether platform files can be used."""
    from pipelines.catalogue import checked, known

    if asked.slug != "all" and asked.slug not in known():
        problem = say("platform_unknown", speak, slug=asked.slug, known="、".join(known()))
        return Answer(WRONG_USE, {"status": "error", "error": problem}, say("error", speak) + problem)
    found = checked(asked.slug)
    text = say("platform_all_passed", speak, passed=found["passed"])
    if found["failed"]:
        text = "\n".join(one["reason"] for one in found["failed"])
    return Answer(PARTIAL if found["failed"] else DONE, found, text)


def list_quarantine(asked: argparse.Namespace, speak: Language) -> Answer:
    """`quarantine list`: rows that were not taken in, with their place and reason, values masked."""
    from pipelines.quarantine import in_quarantine

    rows = in_quarantine(asked.site, asked.platform, asked.limit, speak)
    text = [
        f"{row['platform']}  {row['source']}  {row['sheet']}  {row['row']}  {row['column']}  {row['stated']}"
        f"  {row['message']}"
        for row in rows
    ]
    return Answer(DONE, {"rows": rows}, "\n".join(text) or say("quarantine_empty", speak))


def accept_export(asked: argparse.Namespace, speak: Language) -> Answer:
    """`gate accept`: a person takes responsibility for an export that was refused for its size."""
    from dataclasses import asdict

    from pipelines.gate import accept

    done = accept(asked.site, asked.slug, because=asked.because, by=asked.by, night=asked.night, speak=speak)
    before = say("gate_nothing_before", speak) if done.rows_before is None else f"{done.rows_before:,}"
    words = asdict(done) | {"rows": f"{done.rows:,}", "rows_before": before, "site": asked.site}
    return Answer(DONE, asdict(done), say("gate_accepted", speak, **words))


def _wrong_use() -> tuple[type[Exception], ...]:
    """Errors that say the command was used wrongly."""
    from dedup.explain import UnknownId
    from dedup.link import RecordsError
    from dedup.model import ModelError
    from pipelines.gate import NothingToAccept
    from pipelines.night import WrongNight
    from pipelines.published import NoWarehouse
    from synthetic_city.city import NoSuchPlatform
    from synthetic_city.outside import NotPeople
    from warehouse.site import SiteError

    return (
        UnknownId,
        RecordsError,
        ModelError,
        SiteError,
        WrongNight,
        NoWarehouse,
        NothingToAccept,
        NoSuchPlatform,
        NotPeople,
    )


def _expected_errors() -> tuple[type[Exception], ...]:
    """Errors that say themselves what is wrong and what to do, without a personal value."""
    from expectations.door import DoorBroken
    from pipelines.seal import StepFailed
    from warehouse.lock import AlreadyRunning
    from warehouse.snapshot import SnapshotError

    return (*_wrong_use(), AlreadyRunning, DoorBroken, SnapshotError, StepFailed)


if __name__ == "__main__":
    sys.exit(main())
