"""Chance: one seeded stream of numbers, drawn in bulk and handed out one by one.

Belongs here: drawing a number, an item, an event with a rate. Lives elsewhere: the rates themselves (TOML files).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")
BULK = 1 << 15


class Dice:
    """A stream of chance. Two dice of the same seed and label throw the same; labels keep the parts independent.

    >>> Dice(7, "people").whole(0, 9) == Dice(7, "people").whole(0, 9)
    True
    """

    def __init__(self, seed: int, label: str) -> None:
        self.random = np.random.default_rng([seed, *label.encode()])
        self._numbers = self._stream()

    def _stream(self) -> Iterator[float]:
        while True:
            yield from self.random.random(BULK).tolist()

    def share(self) -> float:
        """A number from 0 up to 1."""
        return next(self._numbers)

    def chance(self, rate: float) -> bool:
        """True in `rate` of the throws."""
        return next(self._numbers) < rate

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(next(self._numbers) * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, each as likely as the next."""
        return items[int(next(self._numbers) * len(items))]


class Weighted(Generic[T]):
    """Items with weights, drawn in proportion.

    >>> Weighted({"a": 1.0, "b": 0.0}).pick(Dice(7, "x"))
    'a'
    """

    def __init__(self, weights: dict[T, float]) -> None:
        self.items = list(weights)
        self.bounds = list(accumulate(weights.values()))
        self.total = self.bounds[-1]

    def pick(self, dice: Dice) -> T:
        """One of the items."""
        return self.items[min(bisect_right(self.bounds, dice.share() * self.total), len(self.items) - 1)]
