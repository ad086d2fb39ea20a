"""A platform file drafted from a sample export: `enter-once platform draft FILE`.

Belongs here: drafting in the sandbox, and the one error it has. The way of a sample: `source.py` opens it, `shape.py`
finds the table in each sheet, `sheets.py` brings sheets together, `profile.py` and `headers.py` say what values and
headers look like, `rows.py` what columns say of each other, `guess.py` chooses, `findings.py` looks closer,
`template.py` reads the blank template, `page.py` writes it down.
Lives elsewhere: what a platform file must obey (`connectors/platform_rules.py`); `connectors/write/draft.py` is
another thing: a file for a platform before it is written.

No value of a person leaves the worker: only headers, shapes, counts, and words of the national code tables.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from connectors.draft.aliases import Knowledge, knowledge
from connectors.draft.findings import find_out
from connectors.draft.guess import Choice, columns_of, first_person, guess
from connectors.draft.page import Draft, Language, questions, write_page
from connectors.draft.shape import find_tables
from connectors.draft.sheets import Together, bring_together
from connectors.draft.source import open_source
from connectors.draft.template import read_template
from connectors.errors import Unreadable
from connectors.sandbox import Limits, run_all

__all__ = ["CannotDraft", "draft"]

_SLUG = re.compile(r"[a-z][a-z0-9_]{1,40}")


class CannotDraft(ValueError):
    """A sample or template that nothing can be drafted from: which file, where in it, why, and what to do next."""


def draft(
    path: Path,
    *,
    template: Path | None = None,
    slug: str = "new_platform",
    speak: Language = "zh",
    unknown: Sequence[str] = (),
    limits: Limits = Limits(),
) -> dict[str, Any]:
    """Draft a platform file from a sample export, in a worker process as any hostile file.

    `unknown`: headers that the draft must not know, for measuring it on a platform whose headers it was told.

    Returns `columns` (header -> field or None, use, confidence 0 to 1), `questions` and `toml`.

    Raises:
        CannotDraft: no file, no table in it, or a name that cannot be a platform's.
    """
    if not _SLUG.fullmatch(slug):
        raise CannotDraft(f"--slug {slug}：平台代号只用小写字母、数字和下划线，以字母开头，如 new_platform")
    for file in filter(None, (path, template)):
        if not file.is_file():
            raise CannotDraft(f"没有这个文件：{file}")
    jobs = [(path, template, slug, speak, tuple(unknown))]
    _, outcome = next(iter(run_all(examine, jobs, workers=1, limits=limits)))
    answer = outcome.answer or {}
    if outcome.fate != "done" or "toml" not in answer:
        raise CannotDraft(answer.get("problem") or f"文件 {path.name}：{outcome.problem}")
    return answer


def examine(
    path: Path, template: Path | None, slug: str, speak: Language, unknown: tuple[str, ...]
) -> dict[str, Any]:
    """What a worker does with one sample: the answer has no values."""
    try:
        known = knowledge().without(unknown) if unknown else knowledge()
        source = open_source(path, path.name)
        sheets = bring_together(find_tables(source.reading, known))
        choices, known = _choose(sheets, known)
        findings = find_out(choices, sheets.columns, known)
    except Unreadable as error:
        return {"problem": _told(path, error)}
    try:
        blank = read_template(template, choices, sheets.shown, known) if template else None
    except Unreadable as error:
        assert template is not None
        return {"problem": _told(template, error)}
    found = Draft(path.name, slug, source, sheets, choices, findings, blank, known)
    columns = {
        choice.header: {"field": choice.field, "use": choice.use, "confidence": choice.confidence}
        for choice in choices
    }
    return {"columns": columns, "questions": questions(found, speak), "toml": write_page(found, speak)}


def _choose(sheets: Together, known: Knowledge) -> tuple[list[Choice], Knowledge]:
    """What each column is, and the knowledge that said so: of a list of 户主 each of them is the person of the row."""
    columns = columns_of(sheets.columns, known, sheets.shown)
    choices = guess(columns, sheets.two)
    owner = first_person(columns, choices, known)
    if not owner:
        return choices, known
    known = known.about(owner)
    return guess(columns_of(sheets.columns, known, sheets.shown), sheets.two), known


def _told(path: Path, error: Unreadable) -> str:
    return str(error.of("", path.name)).removeprefix("：")
