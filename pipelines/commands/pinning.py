"""Settling a golden value by hand: `pin open`, `pin set`, `pin list`, `pin undo`.

Belongs here: their arguments and how their outcome is told. Lives elsewhere: the work (`pipelines/pinning.py`).
"""

from __future__ import annotations

import argparse
from dataclasses import asdict

from pipelines.commands import DONE, Add, AddGroup, Answer, count, night
from pipelines.messages import Language, say


def add(command: Add, group: AddGroup) -> None:
    """The commands of this module."""
    pin = group("pin", "人定的值：哪条记录说得对 / which record is right about a field", "open|set|list|undo")
    command("open", list_open, "列出互相矛盾、等人定的值 / values that contradict each other", pin)
    put = command("set", set_one, "定下一条记录的一项为准 / let a record decide a field", pin)
    put.add_argument("record", metavar="RECORD", help="记录编号，见 enter-once how / see enter-once how")
    put.add_argument("field", metavar="FIELD")
    put.add_argument("--until", type=night, metavar="YYYY-MM-DD", help="默认一年 / default: a year")
    command("list", list_all, "列出人定的值 / list them", pin)
    undo = command("undo", undo_one, "撤回，改由规则决定 / let the rules decide again", pin)
    undo.add_argument("line", type=count, metavar="LINE")
    for one in (put, undo):
        one.add_argument(
            "--because", required=True, metavar="WORDS", help="理由，记入账本 / the reason, kept"
        )
        one.add_argument("--by", metavar="NAME", help="谁说的，默认当前用户 / who says so")


def set_one(asked: argparse.Namespace, speak: Language) -> Answer:
    """`pin set`: what this record says of the field is golden from the next run on."""
    from pipelines.pinning import pin_record

    done = pin_record(
        asked.site,
        asked.record,
        asked.field,
        because=asked.because,
        by=asked.by,
        until=asked.until,
        speak=speak,
    )
    return Answer(DONE, asdict(done), say("pin_set", speak, **asdict(done), site=asked.site))


def list_open(asked: argparse.Namespace, speak: Language) -> Answer:
    """`pin open`: which values contradict each other, values masked; `pin set` settles one of them."""
    from pipelines.columns import side_by_side
    from pipelines.pinning import waiting
    from warehouse.values import shown

    found = [
        {
            "since": one.since,
            "field": one.field,
            "record": side.record_id,
            "platform": side.platform,
            "value": shown(one.field, side.value),
            "entered": side.dated or side.entered,
            "golden": side == one.sides[0],
        }
        for one in waiting(asked.site, speak)
        for side in one.sides
    ]
    names = ("since", "field", "platform", "record", "value", "entered")
    rows = [[*(str(one[name]) for name in names), "*" if one["golden"] else ""] for one in found]
    header = [say(f"pin_column_{name}", speak) for name in (*names, "golden")]
    text = side_by_side(header, rows) if rows else say("pin_open_none", speak)
    return Answer(DONE, {"open": found}, text)


def list_all(asked: argparse.Namespace, speak: Language) -> Answer:
    """`pin list`: who settled what, why, until when, and whether it still holds."""
    from pipelines.columns import side_by_side
    from pipelines.pinning import listed

    found = listed(asked.site, speak)
    names = ("line", "platform", "record", "field", "value", "state", "until", "by", "because")
    rows = [
        [
            str(one.line),
            one.platform,
            one.record_id,
            one.field,
            one.value or "—",
            say(f"pin_{one.state}", speak),
            one.until.isoformat(),
            one.by,
            one.because,
        ]
        for one in found
    ]
    header = [say(f"pin_column_{name}", speak) for name in names]
    text = side_by_side(header, rows) if rows else say("pin_none", speak)
    return Answer(DONE, {"pins": [asdict(one) for one in found]}, text)


def undo_one(asked: argparse.Namespace, speak: Language) -> Answer:
    """`pin undo`: the written rules decide again."""
    from pipelines.pinning import unpin_line

    line = unpin_line(asked.site, asked.line, because=asked.because, by=asked.by, speak=speak)
    told = {"of": asked.line, "line": line}
    return Answer(DONE, told, say("pin_undone", speak, **told, site=asked.site))


def wrong_use() -> tuple[type[Exception], ...]:
    """Errors that say the command was used wrongly."""
    from stewardship.pinning import WrongPin

    return (WrongPin,)
