"""Switching one safeguard off for the length of a run, to prove that a figure of the loop notices.

Belongs here: for each safeguard the one function or table that is swapped. Nothing but `enter-once live --sabotage` and
its tests comes here, and what is swapped knows nothing of it.
Lives elsewhere: the safeguards themselves, each where it works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from connectors.platform import Platform, PlatformFileError, read_platforms
from dedup.cluster import _Joining
from dedup.model import Model, built_in
from expectations.suite import Door, Expectation, suite
from warehouse import store


@contextmanager
def sabotaged(safeguard: str) -> Iterator[None]:
    """Run without a safeguard: `echo`, `allow-list`, `double-send` or `veto`."""
    with _SWAPS[safeguard]():
        yield


def _echo() -> Any:
    """What comes back of our own counts as what the platform says by itself."""
    return _other_table("staged.echo", lambda sql: f"select * from ({sql}) where false")


def _double_send() -> Any:
    """Nobody waits for the next export before a platform is told again."""
    return _other_table("outbox.receipt", lambda sql: sql.replace("then 'awaiting'", "then 'still_old'"))


def _allow_list() -> Any:
    """Every platform that receives anything may receive all that it has a column for."""
    return patch("pipelines.night.read_platforms", _greedy)


@contextmanager
def _veto() -> Iterator[None]:
    """Two trustworthy ID numbers may come under one roof: nothing stops a join, that they differ speaks against nothing, and the
    golden door, which would let nothing out that night, does not look."""
    trusting = _trusting(built_in("resident"))
    with (
        patch.object(_Joining, "veto", lambda _self, _a, _b: None),
        patch("dedup.site.built_in", lambda _name: trusting),
        patch("expectations.door.suite", _blind),
    ):
        yield


def _trusting(model: Model) -> Model:
    """The model without what it makes of two numbers that differ."""
    number = model.comparison("id_number")
    for_nothing = {name: replace(number.levels[name], points=0.0) for name in ("far", "conflict")}
    blind = replace(number, levels={**number.levels, **for_nothing})
    return replace(
        model,
        comparisons=tuple(blind if one is number else one for one in model.comparisons),
        caps=tuple(cap for cap in model.caps if cap.band != "apart"),
    )


def _blind(door: Door) -> tuple[Expectation, ...]:
    """The expectations of a door without the one about two numbers."""
    return tuple(one for one in suite(door) if one.columns != ("trusted_numbers",))


_SWAPS: Mapping[str, Callable[[], Any]] = {
    "echo": _echo,
    "allow-list": _allow_list,
    "double-send": _double_send,
    "veto": _veto,
}


def _other_table(name: str, change: Callable[[str], str]) -> Any:
    known = store.select
    return patch.object(
        store, "select", lambda asked: change(known(asked)) if asked == name else known(asked)
    )


def _greedy() -> tuple[dict[str, Platform], dict[str, PlatformFileError]]:
    good, bad = read_platforms()
    return {slug: _open(platform) for slug, platform in good.items()}, bad


def _open(platform: Platform) -> Platform:
    if not platform.receive.fields:
        return platform
    return replace(platform, receive=replace(platform.receive, fields=tuple(platform.fields)))
