"""From what was found to a page.

Belongs here: templates, the words of `words.toml`, how times, platforms and points are written.
Lives elsewhere: what stands on which page (`entry.py`, `review.py`).
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from warehouse.fields import fields
from warehouse.speech import Catalogue, Language

say = Catalogue("stewardship.desk", "words.toml")

HERE = ZoneInfo("Asia/Shanghai")
_BAR = 4.0  # pixels a point


def render(template: str, speak: Language, **facts: Any) -> str:
    """A page in a language. Everything that stands in it is escaped."""

    def t(name: str, **words: object) -> str:
        return say(name, speak, **words)

    def field(name: str) -> str:
        return fields()[name].zh if speak == "zh" else fields()[name].en

    return _environment().get_template(template).render(t=t, field=field, speak=speak, **facts)


def prepare() -> None:
    """Read every template, so that nobody's first page waits for that."""
    for name in _environment().list_templates(extensions=["html"]):
        _environment().get_template(name)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("stewardship.desk"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # they come with the program: no page looks whether one has changed
    )
    made.filters |= {
        "moment": _moment,
        "signed": _signed,
        "bar": _bar,
        "share": _share,
        "static": lambda name: f"/static/{name}?{_static_version(name)}",
    }
    return made


def _moment(stamped: str) -> str:
    """When, by the clock on the wall."""
    return f"{datetime.fromisoformat(stamped).astimezone(HERE):%m-%d %H:%M}" if stamped else ""


def _signed(points: float) -> str:
    return f"{points:+.1f}".replace("-", "−")


def _share(probability: float) -> str:
    """A probability in per cent; nothing that points say is certain.

    >>> _share(0.7252), _share(0.9999999)
    ('72.5 %', '> 99.9 %')
    """
    if not 0.001 <= probability <= 0.999:
        return "< 0.1 %" if probability < 0.5 else "> 99.9 %"
    return f"{probability:.1%}".replace("%", " %")


def _bar(points: float, most: float = 26.0) -> Markup:
    """Points as a bar to the right of a middle line, or, against, to the left. For the eye only: the number stands beside."""
    length = min(abs(points), most) * _BAR / 2
    middle = most * _BAR / 2
    start = middle if points >= 0 else middle - length
    kind = "for" if points >= 0 else "against"
    return Markup(
        '<svg class="bar" width="{width:.0f}" height="12" aria-hidden="true" focusable="false">'
        '<rect class="{kind}" x="{start:.1f}" y="1" width="{length:.1f}" height="10"></rect>'
        '<line x1="{middle:.1f}" x2="{middle:.1f}" y1="0" y2="12"></line></svg>'
    ).format(width=middle * 2, kind=kind, start=start, length=length, middle=middle)


@cache
def _static_version(name: str) -> str:
    """A short digest of a static file, for its address: a browser never shows yesterday's."""
    return sha256(resources.files("stewardship.desk").joinpath("static", name).read_bytes()).hexdigest()[:10]
