"""A first look at a platform: what would be taken in of a sample of it.

Belongs here: finding a sample (a file that is given, the platform itself where the site can ask it, the newest file that
it left), staging it aside, showing ten rows masked and what would be put into quarantine.
Lives elsewhere: asking (`connectors/pull`), reading and staging (`connectors`), masking (`quarantine.py`). Nothing of
the site is written: no landing, no cursor, no line in the manifest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from connectors.errors import ExportRefused, Unreadable
from connectors.land import original_path, pulls
from connectors.land.parse import parse
from connectors.platform import Platform, read_platforms
from connectors.pull import Arrived, ask_all, connected
from connectors.sandbox import run_all
from connectors.stage import Staged, stage
from connectors.stage.words import words
from pipelines.night import nights_in_inbox
from pipelines.quarantine import masked
from warehouse.site import Site, read_site

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Aside:
    """Rows that would wait in quarantine for one reason, and where the first of them stands."""

    reason: str
    column: str
    problem: str
    rows: int
    first_row: int


@dataclass(frozen=True, slots=True)
class Trial:
    """What a first look found. `source`: the file, or where the platform was asked; `rows`: up to ten records, masked."""

    slug: str
    source: str
    passed: bool
    message: str = ""
    rows_in: int = 0
    rows: list[dict[str, str]] = field(default_factory=list)
    quarantined: list[Aside] = field(default_factory=list)


def try_out(root: Path, slug: str, sample: Path | None = None) -> Trial | None:
    """Read a sample of a platform and say what would become of it; None if the site has nothing of it to look at."""
    site, platform = read_site(root), read_platforms()[0][slug]
    with TemporaryDirectory(prefix="enter-once-") as folder:
        if sample is None and connected(site, platform):
            ((_, answer),) = ask_all(site, [platform], date.today(), Path(folder) / "asked", sample=True)
            source = site.connections[slug].address
            if not isinstance(answer, Arrived):
                return Trial(slug, source, False, answer.message)
            return _tried(site, platform, answer.file, source, Path(folder))
        sample = sample or next(_left_by(site, platform), None)
        return None if sample is None else _tried(site, platform, sample, str(sample), Path(folder))


def _left_by(site: Site, platform: Platform) -> Iterator[Path]:
    """The files a platform left in the inbox and those that were kept of it, the newest first."""
    for night in sorted(nights_in_inbox(site), reverse=True):
        folder = site.inbox / night.isoformat() / platform.slug
        yield from sorted(file for file in folder.glob(platform.export.file) if file.is_file())
    for pull in reversed(pulls(site)):
        if pull.platform == platform.slug and pull.usable and original_path(site, pull).is_file():
            yield original_path(site, pull)


def _tried(site: Site, platform: Platform, file: Path, source: str, folder: Path) -> Trial:
    try:
        staged = _staged(site, platform, file, folder)
    except ExportRefused as refused:
        return Trial(platform.slug, source, False, str(refused))
    return Trial(platform.slug, source, True, "", staged.rows_in, _shown(staged), list(_put_aside(staged)))


def _staged(site: Site, platform: Platform, file: Path, folder: Path) -> Staged:
    """The sample staged as a night would; the gate, which asks about whole exports, is not asked.

    Raises:
        ExportRefused: it cannot be taken in.
    """
    with file.open("rb") as data:
        digest = file_digest(data, "sha256").hexdigest()
    cells = folder / "cells.parquet"
    ((_, outcome),) = run_all(parse, [(file, digest, platform, folder / "original", cells)])
    answer = outcome.answer or {}
    if "rows" not in answer:
        problem, next_move, sheet, place = answer.get("problem") or (outcome.fate, outcome.detail, "", "")
        raise Unreadable(problem, next_move, sheet=sheet, place=place).of(platform.slug, file.name)
    return stage(
        platform,
        cells,
        area=site.area,
        key=site.key,
        source=file.name,
        night=date.today(),
        scratch=folder,
    )


def _put_aside(staged: Staged) -> Iterator[Aside]:
    """What would be put into quarantine, the most frequent reason first."""
    columns: list[list[Any]] = [staged.quarantine[name].to_pylist() for name in ("reason", "column", "row")]
    rows = list(zip(*columns, strict=True))
    for (reason, column), times in Counter((reason, column) for reason, column, _ in rows).most_common():
        first = min(row for *why, row in rows if why == [reason, column])
        yield Aside(reason, column, words().reasons[reason]["problem"], times, first)


def _shown(staged: Staged) -> list[dict[str, str]]:
    """The first ten records, field by field, every value masked."""
    ids = staged.records["record_id"].to_pylist()[:_SHOWN]
    found: dict[str, dict[str, str]] = {record: {} for record in ids}
    columns: list[list[Any]] = [staged.claims[name].to_pylist() for name in ("record_id", "field", "stated")]
    for record, name, stated in zip(*columns, strict=True):
        if record in found:
            found[record][name] = masked(stated)
    return list(found.values())
