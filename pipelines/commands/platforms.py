"""The catalogue of platforms: `platform list`, `platform check`, `platform draft`, `platform blank`.

Belongs here: their arguments and how their outcome is told. Lives elsewhere: the work (`pipelines/catalogue.py`,
`connectors/draft`).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.commands import DONE, PARTIAL, Add, AddGroup, Answer, refused
from pipelines.messages import Language, say

if TYPE_CHECKING:
    from pipelines.trial import Aside


def add(command: Add, group: AddGroup) -> None:
    """The commands of this module."""
    platform = group("platform", "平台说明 / platform files", "list|check|draft|blank")
    command("list", list_platforms, "列出各平台 / list the platforms", platform)
    check = command("check", check_platforms, "检查平台说明 / check platform files", platform)
    check.add_argument("slug", metavar="SLUG|all")
    check.add_argument(
        "--sample",
        type=Path,
        metavar="FILE",
        help="试读这个导出文件 / try this export",
    )
    blank = command("blank", write_blank, "写出空白模板 / write the empty template", platform)
    blank.add_argument("slug", metavar="SLUG")
    blank.add_argument("--out", type=Path, required=True, metavar="FILE", help="写到哪里 / where to")
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
    from pipelines.summary import last_night

    found = listed(asked.site)
    names = ("slug", "id", "format", "tier", "basis", "state", "last", "title")
    header = [say(f"col_{name}", speak) for name in names]
    told = [
        one | {"last": last_night(one, speak), "basis": one["basis"] and say(one["basis"], speak)}
        for one in found
    ]
    text = side_by_side(header, [[str(one[name]) for name in names] for one in told])
    return Answer(DONE, {"platforms": found}, text)


def check_platforms(asked: argparse.Namespace, speak: Language) -> Answer:
    """`platform check`: whether platform files can be used."""
    from pipelines.catalogue import checked, known

    if asked.slug != "all" and asked.slug not in known():
        problem = say("platform_unknown", speak, slug=asked.slug, known="、".join(known()))
        return refused(problem, speak)
    if asked.sample and not asked.sample.is_file():
        return refused(say("no_such_file", speak, file=asked.sample), speak)
    found = checked(asked.slug, asked.site)
    if found["failed"]:
        return Answer(PARTIAL, found, "\n".join(one["reason"] for one in found["failed"]))
    passed = say("platform_all_passed", speak, passed=found["passed"])
    if asked.slug == "all":
        if asked.sample:
            return refused(say("sample_of_one", speak), speak)
        return Answer(DONE, found, passed)
    return _way_out(asked, _first_look(asked, found, passed, speak), speak)


def _way_out(asked: argparse.Namespace, looked: Answer, speak: Language) -> Answer:
    """And whether the platform can be reached the other way. Nothing is sent."""
    from pipelines.catalogue import reached

    problem = reached(asked.slug, asked.site)
    if problem is None:
        return looked
    failed = looked.found["failed"] + ([{"slug": asked.slug, "reason": problem}] if problem else [])
    found = {**looked.found, "failed": failed, "passed": int(not failed), "reached": not problem}
    told = problem or say("trial_reached", speak, slug=asked.slug)
    return Answer(PARTIAL if failed else DONE, found, f"{looked.text}\n{told}")


def _first_look(asked: argparse.Namespace, found: dict[str, Any], passed: str, speak: Language) -> Answer:
    """`platform check SLUG`: ten rows of a sample, masked, and what would be put into quarantine."""
    from dataclasses import asdict

    from pipelines.catalogue import has_site
    from pipelines.trial import try_out

    trial = try_out(asked.site, asked.slug, asked.sample) if asked.sample or has_site(asked.site) else None
    if trial is None:
        told = f"{passed}\n{say('nothing_to_try', speak, slug=asked.slug, site=asked.site)}"
        return Answer(DONE, found | {"trial": None}, told)
    failed = [] if trial.passed else [{"slug": trial.slug, "reason": trial.message}]
    found = {"passed": int(trial.passed), "failed": failed, "trial": asdict(trial)}
    if not trial.passed:
        return Answer(PARTIAL, found, trial.message)
    shown, rows = len(trial.rows), trial.rows_in
    lines = [passed, say("trial_head", speak, slug=trial.slug, source=trial.source, rows=rows, shown=shown)]
    lines += ["  " + "  ".join(f"{name}={value}" for name, value in row.items()) for row in trial.rows]
    lines.append(say("trial_quarantine", speak, rows=sum(aside.rows for aside in trial.quarantined)))
    lines += [
        "  " + say("trial_aside", speak, column=aside.column or "—", **_told(aside))
        for aside in trial.quarantined
    ]
    return Answer(DONE, found, "\n".join(lines))


def _told(aside: Aside) -> dict[str, object]:
    return {"rows": aside.rows, "problem": aside.problem, "first": aside.first_row}


def write_blank(asked: argparse.Namespace, speak: Language) -> Answer:
    """`platform blank`: a platform's template with nobody in it, as a file."""
    from pipelines.catalogue import known, wrote_blank

    if asked.slug not in known():
        problem = say("platform_unknown", speak, slug=asked.slug, known="、".join(known()))
        return refused(problem, speak)
    wrote_blank(asked.slug, asked.out)
    return Answer(
        DONE, {"slug": asked.slug, "file": str(asked.out)}, say("blank_written", speak, file=asked.out)
    )


def draft_platform(asked: argparse.Namespace, speak: Language) -> Answer:
    """`platform draft`: a platform file guessed from a sample export, with questions for whoever finishes it."""
    from connectors.draft import draft

    found = draft(asked.sample, template=asked.template, slug=asked.slug, speak=speak)
    return Answer(DONE, found, found["toml"].rstrip("\n"))


def wrong_use() -> tuple[type[Exception], ...]:
    """Errors that say the command was used wrongly."""
    from connectors.draft import CannotDraft
    from connectors.platform import PlatformFileError

    return CannotDraft, PlatformFileError
