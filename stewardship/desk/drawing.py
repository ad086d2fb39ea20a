"""Where each record of a picture stands, and each line between them.

Belongs here: the geometry, in the picture's own units; the same links give the same picture. Lives elsewhere: what is drawn
(`stewardship/links.py`), colours and strokes (`static/desk.css`).

Each person is a circle. A line is as thick as its points; what people said bends aside, so that it never hides the link below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, hypot, pi, sin
from typing import Literal, NamedTuple

from stewardship.links import Spot, Tie, Web

SPOT = 11.0  # radius
_APART = 40.0  # between two spots on a circle
_LABEL = 128.0  # room for a label
_BEND = 22.0
_EDGE = 34.0
_SAID = ("same", "different", "unsure")


class Place(NamedTuple):
    """A spot: its middle, and where its label begins or ends."""

    x: float
    y: float
    label_x: float
    label_y: float
    anchor: Literal["start", "middle", "end"]


class Line(NamedTuple):
    """A tie: from one middle to the other past a third point, how thick, and where its sign stands."""

    path: str
    thick: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """All of a picture, in the order of its spots and ties."""

    wide: float
    high: float
    places: Sequence[Place]
    lines: Sequence[Line]


def draw(web: Web) -> Drawing:
    """Where everything stands: one circle, or two beside each other whose strongest tie is between the two fronts."""
    people = sorted({one.person for one in web.spots})
    circles = [[at for at, one in enumerate(web.spots) if one.person == person] for person in people]
    radius = [_radius(len(circle)) for circle in circles]
    high = 2 * (max(radius, default=0.0) + _EDGE)
    places: dict[int, Place] = {}
    x = 0.0
    for number, (circle, size) in enumerate(zip(circles, radius, strict=True)):
        x += _LABEL + size
        front = 0.0 if len(circles) > 1 and number == 0 else pi if number else -pi / 2
        turned = _turned(circle, web.ties, web.spots)
        for step, spot in enumerate(turned):
            places[spot] = _on_circle(x, high / 2, size, front + 2 * pi * step / len(turned))
        x += size + _LABEL
    ordered = [places[at] for at in range(len(web.spots))]
    return Drawing(x, high, ordered, [_line(one, ordered) for one in web.ties])


def _radius(spots: int) -> float:
    return 0.0 if spots < 2 else max(48.0, spots * _APART / (2 * pi))


def _turned(circle: Sequence[int], ties: Sequence[Tie], spots: Sequence[Spot]) -> Sequence[int]:
    """A circle from the spot on that is most tied to the other person."""
    across = [
        (one.points if one.points is not None else 1000.0, -spot)
        for one in ties
        if spots[one.left].person != spots[one.right].person
        for spot in (one.left, one.right)
        if spot in circle
    ]
    first = circle.index(-max(across)[1]) if across else 0
    return [*circle[first:], *circle[:first]]


def _on_circle(x: float, y: float, radius: float, angle: float) -> Place:
    """A spot with its label outside the circle; one alone has it below."""
    if not radius:
        return Place(x, y, x, y + SPOT + 13, "middle")
    right, down = cos(angle), sin(angle)
    spot_x, spot_y = x + radius * right, y + radius * down
    if abs(right) < 0.3:
        return Place(spot_x, spot_y, spot_x, spot_y + (SPOT + 13 if down > 0 else -SPOT - 5), "middle")
    away = SPOT + 5
    return Place(
        spot_x, spot_y, spot_x + (away if right > 0 else -away), spot_y + 4, "start" if right > 0 else "end"
    )


def _line(tie: Tie, places: Sequence[Place]) -> Line:
    one, other = places[tie.left], places[tie.right]
    across, down = other.x - one.x, other.y - one.y
    length = hypot(across, down) or 1.0
    bend = _BEND if tie.kind in _SAID else 0.0
    middle_x, middle_y = (one.x + other.x) / 2, (one.y + other.y) / 2
    past_x, past_y = middle_x - down / length * bend * 2, middle_y + across / length * bend * 2
    return Line(
        f"M{one.x:.1f} {one.y:.1f}Q{past_x:.1f} {past_y:.1f} {other.x:.1f} {other.y:.1f}",
        1.0 + min(abs(tie.points or 0.0), 20.0) / 6.0,
        (middle_x + past_x) / 2,
        (middle_y + past_y) / 2,
    )
