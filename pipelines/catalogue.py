"""The platforms as the command line lists and checks them.

Belongs here: one line per platform file, usable or not, and how it stood after the last night; a platform's empty
template.
Lives elsewhere: the shape of a platform file and reading it strictly (`connectors/platform.py`), asking a platform
for a first look (`trial.py`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from connectors.errors import ExportRefused
from connectors.platform import PLATFORMS, Platform, read_platform, read_platforms
from connectors.pull import misfit
from connectors.send import can_tell, knock
from connectors.send import misfit as misfit_out
from connectors.write.blank import write_blank
from connectors.write.template import read_blank
from warehouse.approvals import live_platforms
from warehouse.ledger import open_ledger
from warehouse.site import Site, SiteError, read_site

_UNKNOWN = ("id", "department", "level", "tier", "cadence", "transport", "format", "returns", "basis")


def known() -> list[str]:
    """The slugs of all platform files."""
    return sorted(path.stem for path in PLATFORMS.glob("*.toml"))


def listed(root: Path) -> list[dict[str, Any]]:
    """Every platform with its state: `shadow` or `live` at this site, `broken` when its file cannot be used.

    `last_status` and `age` are those of the last night that ended: how many nights old the export in force is.
    """
    good, bad = read_platforms()
    site, last = _site(root), _last_night(root)
    live = _live(site)
    lines = [_line(platform, "live" if platform.slug in live else "shadow") for platform in good.values()]
    empty = dict.fromkeys(_UNKNOWN, "")
    lines += [
        {"slug": slug, "title": slug, **empty, "entities": [], "receives": [], "state": "broken"}
        for slug in bad
    ]
    for line in lines:
        told = last.get(line["slug"], {})
        line["connected"] = site is not None and line["slug"] in site.connections
        line["sends"] = site is not None and line["slug"] in site.sending
        line["last_status"], line["age"] = told.get("status", ""), told.get("age")
    return sorted(lines, key=lambda line: str(line["slug"]))


def checked(slug: str, root: Path) -> dict[str, Any]:
    """How many platform files passed, and which did not and why: of one, or of `all`.

    A connection of the site that fits no platform is a failure too, and a blank workbook of a platform that is another than
    its file says. Nothing is connected to.
    """
    good, bad = read_platforms()
    asked = known() if slug == "all" else [slug]
    wrong = {name: str(bad[name]) for name in asked if name in bad}
    site = _site(root)
    for ways, fits in ((site.connections, misfit), (site.sending, misfit_out)) if site else ():
        for name, connection in ways.items():
            if name in good and name in asked and (problem := fits(good[name], connection)):
                wrong[name] = problem
            elif slug == "all" and name not in good and name not in bad:
                wrong[name] = f"site.toml 里的 {connection.place} 没有对应的平台文件"
    wrong |= _unfit_templates(site, good, asked, strays=slug == "all") if site else {}
    return {
        "passed": sum(name in good and name not in wrong for name in asked),
        "failed": [{"slug": name, "reason": reason} for name, reason in sorted(wrong.items())],
    }


def _unfit_templates(
    site: Site, platforms: Mapping[str, Platform], asked: Collection[str], *, strays: bool
) -> dict[str, str]:
    wrong: dict[str, str] = {}
    for file in sorted(site.templates.glob("*.xlsx")):
        if file.stem in asked and file.stem in platforms:
            try:
                read_blank(platforms[file.stem], file)
            except ExportRefused as error:
                wrong[file.stem] = str(error)
        elif strays and file.stem not in known():
            wrong[file.stem] = f"templates/{file.name} 没有对应的平台文件"
    return wrong


def reached(slug: str, root: Path) -> str | None:
    """Whether the site reaches a platform on its way out, having logged in and told it nothing: why not, or ''; None where
    it has no way out to it."""
    site, platform = _site(root), read_platforms()[0][slug]
    return knock(site, platform) if site is not None and can_tell(site, platform) else None


def has_site(root: Path) -> bool:
    """Whether there is a site to look for a sample in."""
    return _site(root) is not None


def wrote_blank(slug: str, path: Path) -> None:
    """Write a platform's template with nobody in it.

    Raises:
        PlatformFileError: its file cannot be used.
    """
    write_blank(read_platform(PLATFORMS / f"{slug}.toml"), path)


def _line(platform: Platform, state: str) -> dict[str, Any]:
    return {
        "slug": platform.slug,
        "id": platform.id,
        "title": platform.title,
        "department": platform.department,
        "level": platform.level,
        "tier": platform.tier,
        "entities": list(platform.entities),
        "cadence": platform.cadence,
        "transport": platform.transport,
        "format": platform.export.format,
        "receives": list(platform.receive.fields),
        "returns": platform.receive.returns if platform.receive.fields else "",
        "basis": platform.basis,
        "state": state if platform.receive.fields else "read-only",
    }


def _site(root: Path) -> Site | None:
    """The site, if there is one; without one everything would start in shadow."""
    try:
        return read_site(root)
    except SiteError:
        return None


def _live(site: Site | None) -> frozenset[str]:
    """The platforms with which a person went live."""
    if site is None or (site.ledger_at is None and not site.ledger.exists()):
        return frozenset()
    with open_ledger(site) as ledger:
        return live_platforms(ledger)


def _last_night(root: Path) -> dict[str, dict[str, Any]]:
    """What the report of the last night says of each platform."""
    reports = sorted((root / "reports").glob("????-??-??.json"))
    try:
        told = json.loads(reports[-1].read_text(encoding="utf-8"))["platforms"]
    except (IndexError, OSError, ValueError, KeyError):
        return {}
    return told if isinstance(told, dict) else {}
