"""A form that nobody prepared for: `fill`.

Belongs here: its arguments and how its outcome is told. Lives elsewhere: the work (`pipelines/filling.py`).
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.commands import DONE, PARTIAL, Add, AddGroup, Answer
from pipelines.messages import Language, say

if TYPE_CHECKING:
    from pipelines.filling import Done

_SHOWN = 20  # places in a sentence


def add(command: Add, group: AddGroup) -> None:  # noqa: ARG001
    """The commands of this module."""
    one = command("fill", fill_form, "用库中的值填一张表 / fill any form from golden")
    one.add_argument("form", type=Path, metavar="FORM.xlsx")
    one.add_argument("--out", type=Path, required=True, metavar="FILE.xlsx")
    one.add_argument(
        "--purpose", required=True, metavar="WORDS", help="用途，决定填哪些列 / what the form is for"
    )
    one.add_argument(
        "--as",
        dest="role",
        default="clerk",
        metavar="ROLE",
        help="填表人的角色，默认 clerk / who fills it, by role; default: clerk",
    )
    whom = one.add_mutually_exclusive_group()
    whom.add_argument("--list", dest="people", type=Path, metavar="FILE", help="名单 / a list of people")
    whom.add_argument("--where", metavar="SQL", help='一个条件 / one condition, such as "age >= 80"')
    one.add_argument("--by", metavar="NAME", help="谁填的，默认当前用户 / who fills it")


def fill_form(asked: argparse.Namespace, speak: Language) -> Answer:
    """`fill`: a form filled in, what was left blank and why, and whose row was not filled."""
    from pipelines.filling import Whom, fill

    done = fill(
        asked.site,
        asked.form,
        asked.out,
        purpose=asked.purpose,
        role=asked.role,
        whom=Whom(asked.people, asked.where),
        by=asked.by,
        speak=speak,
    )
    return Answer(PARTIAL if done.left_out else DONE, asdict(done), "\n".join(_told(done, speak)))


def _told(done: Done, speak: Language) -> list[str]:
    lines = [say("fill_done", speak, **asdict(done))]
    for state in ("not_for_purpose", "forbidden", "unknown"):
        headers = [f"{one.column}「{one.header}」" for one in done.columns if one.state == state]
        if headers:
            lines.append(say(f"fill_{state}", speak, headers="、".join(headers)))
    for name, places in (("differences", done.differences), ("unsayable", done.unsayable)):
        if places:
            lines.append(say(f"fill_{name}", speak, cells=len(places), places="、".join(places[:_SHOWN])))
    for reason, rows in Counter(one.reason for one in done.left_out).items():
        named = "、".join(str(one.row) for one in done.left_out if one.reason == reason and one.row)
        lines.append(say(f"fill_reason_{reason}", speak, people=rows, rows=named))
    return [*lines, say("fill_next", speak, line=done.line)]


def wrong_use() -> tuple[type[Exception], ...]:
    """Errors that say the command was used wrongly."""
    from connectors.write.form import CannotFill
    from pipelines.filling import WrongFilling
    from warehouse.forms import WrongPurpose
    from warehouse.named import WrongCondition

    return CannotFill, WrongFilling, WrongPurpose, WrongCondition
