"""What was not taken in, and what a person says of it: `gate list`, `gate accept`, `quarantine …`.

Belongs here: their arguments and how their outcome is told. Lives elsewhere: the work (`pipelines/quarantine.py`,
`pipelines/gate.py`).
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from typing import Any

from pipelines.commands import DONE, Add, AddGroup, Answer, count, night
from pipelines.messages import Language, say


def add(command: Add, group: AddGroup) -> None:
    """The commands of this module."""
    gate = group("gate", "关口 / gate", "list|accept")
    command("list", list_waiting, "列出没有收下的文件和原因 / what was not taken in, and why", gate)
    accept = command("accept", accept_export, "确认一份被关口拦下的导出 / accept an export that waits", gate)
    accept.add_argument("slug", metavar="PLATFORM")
    _said(accept)
    accept.add_argument("--night", type=night, metavar="YYYY-MM-DD")
    _add_quarantine(command, group("quarantine", "隔离区 / quarantine", "list|fix|drop|overrides|undo"))


def _add_quarantine(command: Add, quarantine: Any) -> None:
    listed = command(
        "list", list_quarantine, "列出隔离区的行，值已遮盖 / list its rows, values masked", quarantine
    )
    listed.add_argument("--platform", metavar="SLUG")
    listed.add_argument("--limit", type=count, default=50)
    fix = command("fix", fix_row, "写明一格应是什么，下次运行收下 / say what a cell should read", quarantine)
    drop = command("drop", drop_row, "说明一行不是数据 / say that a row is nothing", quarantine)
    for one in (fix, drop):
        one.add_argument("slug", metavar="PLATFORM")
        one.add_argument(
            "reference", metavar="ROW", help="quarantine list 里的行标 / as quarantine list names it"
        )
        _said(one)
        one.add_argument("--until", type=night, metavar="YYYY-MM-DD", help="默认一年 / default: a year")
    fix.add_argument("--column", required=True, metavar="HEADER")
    fix.add_argument(
        "--value", required=True, help="“-”：从标准输入读一行 / -: read a line from standard input"
    )
    overrides = command(
        "overrides",
        list_overrides,
        "列出人工更正：谁、为何、到何时、用没用到 / list what people said",
        quarantine,
    )
    overrides.add_argument("--platform", metavar="SLUG")
    undo = command("undo", undo_override, "撤回一条更正 / take one back", quarantine)
    undo.add_argument("line", type=count, metavar="LINE")
    _said(undo)


def _said(one: argparse.ArgumentParser) -> None:
    one.add_argument("--because", required=True, metavar="WORDS", help="理由，记入账本 / the reason, kept")
    one.add_argument("--by", metavar="NAME", help="谁说的，默认当前用户 / who says so")


def list_waiting(asked: argparse.Namespace, speak: Language) -> Answer:
    """`gate list`: exports that were not taken in, why, and what stays in force."""
    from pipelines.gate import waiting

    rows = waiting(asked.site, speak)
    text = []
    for row in rows:
        name = "accepted" if row.accepted else "acceptable" if row.checks else "mend"
        stays = row.in_force or say("gate_nothing_before", speak)
        words = {"slug": row.platform, "night": row.night, "stays": stays, "site": asked.site}
        text.append(say("gate_waits", speak, **words))
        text += [f"  {reason}" for reason in row.reasons or (row.message,)]
        text.append("  " + say(f"gate_{name}_next", speak, **words))
    return Answer(
        DONE, {"waiting": [asdict(row) for row in rows]}, "\n".join(text) or say("gate_clear", speak)
    )


def accept_export(asked: argparse.Namespace, speak: Language) -> Answer:
    """`gate accept`: a person takes responsibility for an export that the import gate refused."""
    from pipelines.gate import accept

    done = accept(asked.site, asked.slug, because=asked.because, by=asked.by, night=asked.night, speak=speak)
    words = asdict(done) | {"checks": "、".join(done.checks), "site": asked.site}
    return Answer(DONE, asdict(done), say("gate_accepted", speak, **words))


def list_quarantine(asked: argparse.Namespace, speak: Language) -> Answer:
    """`quarantine list`: rows that were not taken in, with their reference, place and reason, values masked."""
    from pipelines.quarantine import in_quarantine

    rows = in_quarantine(asked.site, asked.platform, asked.limit, speak)
    text = [
        f"{row['platform']}  {row['reference']}  {row['sheet']}  {row['row']}  {row['column']}  {row['stated']}"
        f"  {row['message']}"
        for row in rows
    ]
    if text:
        text.append(say("quarantine_next", speak, site=asked.site))
    return Answer(DONE, {"rows": rows}, "\n".join(text) or say("quarantine_empty", speak))


def fix_row(asked: argparse.Namespace, speak: Language) -> Answer:
    """`quarantine fix`: what a cell of a row in quarantine should read."""
    from pipelines.quarantine import fix

    value = sys.stdin.readline().rstrip("\r\n") if asked.value == "-" else asked.value
    done = fix(
        asked.site,
        asked.slug,
        asked.reference,
        column=asked.column,
        value=value,
        **_words(asked),
        speak=speak,
    )
    return Answer(DONE, asdict(done), say("override_noted", speak, **asdict(done), site=asked.site))


def drop_row(asked: argparse.Namespace, speak: Language) -> Answer:
    """`quarantine drop`: a row in quarantine is nothing."""
    from pipelines.quarantine import drop

    done = drop(asked.site, asked.slug, asked.reference, **_words(asked), speak=speak)
    return Answer(DONE, asdict(done), say("override_noted", speak, **asdict(done), site=asked.site))


def _words(asked: argparse.Namespace) -> dict[str, Any]:
    return {"because": asked.because, "by": asked.by, "until": asked.until}


def list_overrides(asked: argparse.Namespace, speak: Language) -> Answer:
    """`quarantine overrides`: what people said of single rows, and whether it is still used."""
    from pipelines.columns import side_by_side
    from pipelines.quarantine import listed

    rows = listed(asked.site, asked.platform, speak)
    names = (
        "line",
        "platform",
        "reference",
        "action",
        "column",
        "value",
        "state",
        "last_used",
        "until",
        "by",
        "because",
    )
    header = [
        say("override_column_head" if name == "column" else f"override_{name}", speak) for name in names
    ]
    told = [
        {
            **row,
            "state": say(f"override_state_{row['state']}", speak),
            "action": say(f"override_action_{row['action']}", speak),
        }
        for row in rows
    ]
    cells = [["—" if row[name] in (None, "") else str(row[name]) for name in names] for row in told]
    text = side_by_side(header, cells) if rows else say("override_none", speak)
    return Answer(DONE, {"overrides": rows}, text)


def undo_override(asked: argparse.Namespace, speak: Language) -> Answer:
    """`quarantine undo`: take an override back."""
    from pipelines.quarantine import undo

    line = undo(asked.site, asked.line, because=asked.because, by=asked.by, speak=speak)
    return Answer(
        DONE, {"line": line, "of": asked.line}, say("override_undone", speak, of=asked.line, site=asked.site)
    )


def wrong_use() -> tuple[type[Exception], ...]:
    """Errors that say the command was used wrongly."""
    from pipelines.gate import NothingToAccept
    from pipelines.quarantine import WrongOverride

    return NothingToAccept, WrongOverride
