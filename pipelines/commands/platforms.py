"""The catalogue of platforms: `platform list`, `platform check`, `platform draft`.

Belongs here: their arguments and how their outcome is told. Lives elsewhere: the work (`pipelines/catalogue.py`,
`connectors/draft`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pipelines.commands import DONE, PARTIAL, Add, AddGroup, Answer, refused
from pipelines.messages import Language, say


def add(command: Add, group: AddGroup) -> None:
    """The commands of this module."""
    platform = group("platform", "平台说明 / platform files", "list|check|draft")
    command("list", list_platforms, "列出各平台 / list the platforms", platform)
    check = command("check", check_platforms, "检查平台说明 / check platform files", platform)
    check.add_argument("slug", metavar="SLUG|all")
    draft = command(
        "draft", draft_platform, "由样例草拟平台说明 / draft a platform file from a sample", platform
    )
    draft.add_argument("sample", type=Path, metavar="EXPORT-FILE")
    draft.add_argument(
        "--template", type=Path, metavar="BLANK.xlsx", help="空白导入模板 / blank import template"
    )
    draft.add_argument(
        "--slug",
        default="new_platform",
        metavar="S",
        help="平台代号，即文件名 / the platform's name, as in S.toml",
    )


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
        return refused(problem, speak)
    found = checked(asked.slug)
    text = say("platform_all_passed", speak, passed=found["passed"])
    if found["failed"]:
        text = "\n".join(one["reason"] for one in found["failed"])
    return Answer(PARTIAL if found["failed"] else DONE, found, text)


def draft_platform(asked: argparse.Namespace, speak: Language) -> Answer:
    """`platform draft`: a platform file guessed from a sample export, with questions for whoever finishes it."""
    from connectors.draft import draft

    found = draft(asked.sample, template=asked.template, slug=asked.slug, speak=speak)
    return Answer(DONE, found, found["toml"].rstrip("\n"))


def wrong_use() -> tuple[type[Exception], ...]:
    """Errors that say the command was used wrongly."""
    from connectors.draft import CannotDraft

    return (CannotDraft,)
