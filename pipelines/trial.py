"""A first look at a platform over its connection: does it answer, and what would be taken in of it.

Belongs here: asking for one page or a few rows, staging them aside, showing ten masked.
Lives elsewhere: asking (`connectors/pull`), reading and staging (`connectors`), masking (`quarantine.py`). Nothing of
the site is written: no landing, no cursor, no line in the manifest.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from connectors.errors import ExportRefused, Unreadable
from connectors.land.parse import parse
from connectors.platform import Platform, read_platforms
from connectors.pull import Arrived, ask_all, connected
from connectors.sandbox import run_all
from connectors.stage import Staged, stage
from pipelines.messages import Language, say
from pipelines.quarantine import masked
from warehouse.site import Site, read_site

_SHOWN = 10


class NotConnected(ValueError):
    """The site has no connection to this platform."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a first look found. `rows`: up to ten records, masked; `quarantined`: reasons and how many rows each."""

    slug: str
    passed: bool
    message: str = ""
    rows_in: int = 0
    rows: list[dict[str, str]] = field(default_factory=list)
    quarantined: dict[str, int] = field(default_factory=dict)


def try_out(root: Path, slug: str, speak: Language) -> Trial:
    """Ask a platform for a first page or a few rows, and say what would become of them.

    Raises:
        NotConnected: says what to write into site.toml.
    """
    site, platform = read_site(root), read_platforms()[0][slug]
    if not connected(site, platform):
        raise NotConnected(say("not_connected", speak, slug=slug, site=root))
    with TemporaryDirectory(prefix="enter-once-") as folder:
        ((_, answer),) = ask_all(site, [platform], date.today(), Path(folder), sample=True)
        if not isinstance(answer, Arrived):
            return Trial(slug, False, answer.message)
        try:
            staged = _staged(site, platform, answer.file, Path(folder))
        except ExportRefused as refused:
            return Trial(slug, False, str(refused))
    reasons = Counter(staged.quarantine["message"].to_pylist())
    return Trial(slug, True, "", staged.rows_in, _shown(staged), dict(reasons))


def _staged(site: Site, platform: Platform, file: Path, folder: Path) -> Staged:
    """The sample staged as a night would; the gate, which asks about whole exports, is not asked."""
    digest = sha256(file.read_bytes()).hexdigest()
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
    )


def _shown(staged: Staged) -> list[dict[str, str]]:
    """The first ten records, field by field, every value masked."""
    ids = staged.records["record_id"].to_pylist()[:_SHOWN]
    found: dict[str, dict[str, str]] = {record: {} for record in ids}
    columns: list[list[Any]] = [staged.claims[name].to_pylist() for name in ("record_id", "field", "stated")]
    for record, name, stated in zip(*columns, strict=True):
        if record in found:
            found[record][name] = masked(stated)
    return list(found.values())
