"""The platforms as the command line lists and checks them.

Belongs here: one line per platform file, usable or not; a platform's empty template.
Lives elsewhere: the shape of a platform file and reading it strictly (`connectors/platform.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connectors.platform import PLATFORMS, Platform, read_platform, read_platforms
from connectors.write.blank import write_blank
from warehouse.site import SiteError, read_site

_UNKNOWN = ("id", "department", "level", "tier", "cadence", "transport", "format", "returns", "basis")


def known() -> list[str]:
    """The slugs of all platform files."""
    return sorted(path.stem for path in PLATFORMS.glob("*.toml"))


def listed(root: Path) -> list[dict[str, Any]]:
    """Every platform with its state: `shadow` or `live` at this site, `broken` when its file cannot be used."""
    good, bad = read_platforms()
    state = _state(root)
    lines = [_line(platform, state) for platform in good.values()]
    empty = dict.fromkeys(_UNKNOWN, "")
    lines += [
        {"slug": slug, "title": slug, **empty, "entities": [], "receives": [], "state": "broken"}
        for slug in bad
    ]
    return sorted(lines, key=lambda line: str(line["slug"]))


def checked(slug: str) -> dict[str, Any]:
    """How many platform files passed, and which did not and why: of one, or of `all`."""
    good, bad = read_platforms()
    asked = known() if slug == "all" else [slug]
    return {
        "passed": sum(name in good for name in asked),
        "failed": [{"slug": name, "reason": str(bad[name])} for name in asked if name in bad],
    }


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


def _state(root: Path) -> str:
    """A platform follows its site; without a site everything would start in shadow."""
    try:
        return "shadow" if read_site(root).shadow else "live"
    except SiteError:
        return "shadow"
