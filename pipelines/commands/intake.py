"""What was not taken in: `quarantine list`, `gate accept`.

Belongs here: their arguments and how their outcome is told. Lives elsewhere: the work (`pipelines/quarantine.py`,
`pipelines/gate.py`).
"""

from __future__ import annotations

import argparse

from pipelines.commands import DONE, Add, AddGroup, Answer, count, night
from pipelines.messages import Language, say


def add(command: Add, group: AddGroup) -> None:
    """The commands of this module."""
    gate = group("gate", "关口 / gate", "accept")
    accept = command(
        "accept", accept_export, "确认一份因行数没有收下的导出 / accept an export refused for its size", gate
    )
    accept.add_argument("slug", metavar="PLATFORM")
    accept.add_argument("--because", required=True, metavar="WORDS", help="理由，记入账本 / the reason, kept")
    accept.add_argument("--by", metavar="NAME", help="谁确认的，默认当前用户 / who says so")
    accept.add_argument("--night", type=night, metavar="YYYY-MM-DD")
    quarantine = group("quarantine", "隔离区 / quarantine", "list")
    listed = command(
        "list", list_quarantine, "列出隔离区的行，值已遮盖 / list its rows, values masked", quarantine
    )
    listed.add_argument("--platform", metavar="SLUG")
    listed.add_argument("--limit", type=count, default=50)


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


def wrong_use() -> tuple[type[Exception], ...]:
    """Errors that say the command was used wrongly."""
    from pipelines.gate import NothingToAccept

    return (NothingToAccept,)
