"""From levels of agreement to points, and from points to one of three bands: link, review, apart.

Belongs here: adding points up, and the caps that no sum of points may break. Lives elsewhere: what agrees
(`compare.py`), how pairs become clusters (`cluster.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.compare import Levels
from dedup.model import LEVELS, Model

ID_AGREES = ("equal", "equal_bad", "masked_agree", "near")
"""Levels that tell twins apart. A shared prefix does not: it ends before the digits in which twins differ."""


class Band(IntEnum):
    """What is done with a pair."""

    APART = 0
    REVIEW = 1
    LINK = 2


class Cap(IntEnum):
    """Why a pair is not linked although its points would allow it."""

    NONE = 0
    ID_CONFLICT = 1
    NAME_DIFFERS = 2
    NAME_ONE_CHARACTER = 3
    NAME_MISSING = 4
    NEWBORN = 5


CAP_ZH: Mapping[Cap, str] = {
    Cap.NONE: "",
    Cap.ID_CONFLICT: "两个可靠的身份证号不同，不得合并",
    Cap.NAME_DIFFERS: "姓名不同，须由人判断",
    Cap.NAME_ONE_CHARACTER: "姓名一字之差而无身份证号佐证（可能是双胞胎或兄弟姐妹），须由人判断",
    Cap.NAME_MISSING: "没有可比的姓名，须由人判断",
    Cap.NEWBORN: "新生儿尚无正式姓名，须由人判断",
}


@dataclass(frozen=True, slots=True)
class Scored:
    """One entry per pair: points (log2 odds, prior included), band, and what capped it."""

    points: npt.NDArray[np.float64]
    band: npt.NDArray[np.int8]
    cap: npt.NDArray[np.int8]


def score(levels: Mapping[str, Levels], model: Model) -> Scored:
    """Add the points of all comparisons and put each pair into a band."""
    points = sum(
        (np.array(model.points(comparison))[level] for comparison, level in levels.items()),
        start=np.full(len(levels["name"]), model.prior),
    )
    cap = caps(levels)
    band = np.where(
        points >= model.link, Band.LINK, np.where(points >= model.review, Band.REVIEW, Band.APART)
    )
    band = np.where((band == Band.LINK) & (cap != Cap.NONE), Band.REVIEW, band)
    band = np.where(cap == Cap.ID_CONFLICT, Band.APART, band)
    return Scored(points=np.asarray(points), band=band.astype(np.int8), cap=cap)


def caps(levels: Mapping[str, Levels]) -> npt.NDArray[np.int8]:
    """The rules that hold whatever the points say: a wrong merge can cost someone a pension."""

    def at(comparison: str, *names: str) -> npt.NDArray[np.bool_]:
        codes = [LEVELS[comparison].index(name) for name in names]
        result: npt.NDArray[np.bool_] = np.isin(levels[comparison], codes)
        return result

    id_agrees = at("id_number", *ID_AGREES)
    corroborated = at("birth_date", "equal") | at(
        "contact", "phone_and_dwelling", "phone", "dwelling", "dwelling_no_unit"
    )
    conditions: list[Any] = [
        at("id_number", "conflict"),
        at("name", "differ"),
        at("name", "one_char") & ~id_agrees,
        at("name", "missing") & ~((id_agrees | at("id_number", "prefix")) & corroborated),
        at("name", "newborn") & ~id_agrees,
    ]
    reasons = [Cap.ID_CONFLICT, Cap.NAME_DIFFERS, Cap.NAME_ONE_CHARACTER, Cap.NAME_MISSING, Cap.NEWBORN]
    return np.select(conditions, reasons, default=Cap.NONE).astype(np.int8)


def probability(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Log2 odds as a probability.

    >>> float(probability(np.array([0.0]))[0])
    0.5
    """
    result: npt.NDArray[np.float64] = 1.0 / (1.0 + np.exp2(-np.clip(points, -60.0, 60.0)))
    return result
