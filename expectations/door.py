"""Run the suite of a door over a frame with Great Expectations.

Belongs here: building a suite, running it on the pandas engine, counting what failed and at which platform.
Lives elsewhere: what is expected (`*.toml`, read by `suite.py`), where the frames come from (`frames.py`).

Great Expectations takes seconds to import, so it is imported at the first door and not before. Its results
can carry failing values and keys: we ask for counts only and keep nothing else.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from expectations.suite import Door, Expectation, suite

COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}


class DoorBroken(RuntimeError):
    """An expectation could not be evaluated. That says nothing about the data: the run stops."""

    def __init__(self, expectation: Expectation, problem: str) -> None:
        super().__init__(
            f"expectations/{expectation.door}.toml 第 {expectation.place} 条（{expectation.type}）"
            f"无法执行：{problem}。这不是数据问题，请改正该文件或报给开发者"
        )


@dataclass(frozen=True, slots=True)
class Check:
    """What came of one expectation: counts, and the platforms where it failed; no values, no keys."""

    expectation: Expectation
    passed: bool
    looked_at: int
    unexpected: int
    platforms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DoorResult:
    """What came of one door."""

    door: Door
    checks: tuple[Check, ...]

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that were not met, critical ones first."""
        failing = (check for check in self.checks if not check.passed)
        return tuple(sorted(failing, key=lambda check: check.expectation.severity))

    @property
    def critical(self) -> tuple[Check, ...]:
        """The checks that were not met and block."""
        return tuple(check for check in self.failed if check.expectation.severity == "critical")

    @property
    def stopped(self) -> frozenset[str]:
        """The platforms that a critical failure stops."""
        return frozenset(slug for check in self.critical for slug in check.platforms)


def check_door(door: Door, frame: pd.DataFrame) -> DoorResult:
    """Run the suite of a door. When the frame has a `platform` column, failures are put down to platforms."""
    return run_suite(door, suite(door), frame)


def run_suite(door: Door, expectations: Sequence[Expectation], frame: pd.DataFrame) -> DoorResult:
    """Run these expectations over a frame; each failing one is run again per platform to name the platforms.

    Raises:
        DoorBroken: an expectation raised; bad data never does.
    """
    checks = _runner(door, expectations)(frame)
    failing = [check.expectation for check in checks if not check.passed]
    if not failing or "platform" not in frame.columns:
        return DoorResult(door, checks)
    blamed: dict[int, list[str]] = {expectation.place: [] for expectation in failing}
    again = _runner(door, failing)
    for slug, rows in frame.groupby("platform", sort=True):
        for check in again(rows):
            if not check.passed:
                blamed[check.expectation.place].append(str(slug))
    return DoorResult(
        door,
        tuple(
            Check(
                expectation=check.expectation,
                passed=check.passed,
                looked_at=check.looked_at,
                unexpected=check.unexpected,
                platforms=tuple(blamed.get(check.expectation.place, ())),
            )
            for check in checks
        ),
    )


Run = Callable[[pd.DataFrame], tuple[Check, ...]]


def _runner(door: Door, expectations: Sequence[Expectation]) -> Run:
    """A suite made ready once, to be run over as many frames as there are: making it ready takes longer than a run."""
    gx = _great_expectations()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    batch = (
        context.data_sources.add_pandas(door)
        .add_dataframe_asset(door)
        .add_batch_definition_whole_dataframe(door)
    )
    built = [_build(gx, expectation) for expectation in expectations]
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(
            name=door, data=batch, suite=context.suites.add(gx.ExpectationSuite(door, expectations=built))
        )
    )
    by_place = {expectation.place: expectation for expectation in expectations}

    def run(frame: pd.DataFrame) -> tuple[Check, ...]:
        for expectation in expectations:
            missing = set(expectation.columns) - set(frame.columns)
            if missing:
                raise DoorBroken(expectation, f"没有列 {'、'.join(sorted(missing))}")
        outcome = definition.run(batch_parameters={"dataframe": frame}, result_format=COUNTS_ONLY)
        found = [_check(by_place[one.expectation_config.meta["place"]], one) for one in outcome.results]
        return tuple(sorted(found, key=lambda check: check.expectation.place))

    return run


def _great_expectations() -> Any:
    """Import Great Expectations with its analytics off: the switch only works before the import."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    return gx


def _build(gx: Any, expectation: Expectation) -> Any:
    kind = getattr(gx.expectations, expectation.type, None)
    if kind is None:
        raise DoorBroken(expectation, "没有这种检查")
    try:
        return kind(**expectation.kwargs, severity=expectation.severity, meta={"place": expectation.place})
    except (TypeError, ValueError) as error:
        raise DoorBroken(expectation, f"参数不对（{type(error).__name__}）") from error


def _check(expectation: Expectation, outcome: Any) -> Check:
    raised = _raised(outcome.exception_info)
    if raised is not None:
        raise DoorBroken(expectation, raised)
    counts: Mapping[str, Any] = outcome.result or {}
    return Check(
        expectation=expectation,
        passed=bool(outcome.success),
        looked_at=int(counts.get("element_count", counts.get("observed_value", 0)) or 0),
        unexpected=int(counts.get("unexpected_count", 0 if outcome.success else 1) or 0),
    )


def _raised(info: Any) -> str | None:
    """The kind of exception inside an expectation, if any; its message may hold values and is left out."""
    entries = [info] if "raised_exception" in (info or {}) else list((info or {}).values())
    for entry in entries:
        if entry and entry.get("raised_exception"):
            last = str(entry.get("exception_traceback") or "").strip().splitlines()[-1:]
            return last[0].split(":")[0].strip() if last else "异常"
    return None
