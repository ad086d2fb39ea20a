"""The night as Dagster's assets and checks: one asset per platform and layer, one per step of the whole city.

Belongs here: asset keys, what depends on what, which counts a step reports; each step is one call of `run_step`.
Lives elsewhere: the work itself (`steps.py`), the job and its schedule (`definitions.py`).

Dagster is told counts, statuses and messages that hold no personal value. A platform that fails is materialised
all the same, with a failed check: a step whose input is skipped would be skipped too, and the night with it.
"""

# No `from __future__ import annotations` here: Dagster reads the type of `context` when it decorates.
from collections.abc import Iterable, Iterator, Mapping

import dagster as dg

from connectors.platform import Platform
from expectations.suite import Door
from pipelines.night import Night
from pipelines.steps import run_step

NIGHT = {"night"}
Results = Iterator[dg.MaterializeResult[None]]


def assets(platforms: Mapping[str, Platform]) -> list[dg.AssetsDefinition]:
    """Every asset of the night, in the order of its steps."""
    receivers = {slug: platform for slug, platform in platforms.items() if platform.receive.fields}
    return [
        _land(platforms),
        _stage(platforms),
        _matched(platforms),
        _resolved(),
        _golden(),
        _receipts(),
        _publish(receivers),
        _snapshot(receivers),
        _report(),
    ]


def _land(platforms: Mapping[str, Platform]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="land",
        specs=_specs("landed", platforms, []),
        check_specs=_check_specs("landed", platforms, "readable"),
        can_subset=True,
        required_resource_keys=NIGHT,
    )
    def land(context: dg.AssetExecutionContext) -> Results:
        """Pull every platform's export of the night and keep it as it came."""
        night = _run(context, "land")
        for key in sorted(context.selected_asset_keys):
            outcome = night.outcomes[key.path[-1]]
            yield dg.MaterializeResult(
                asset_key=key,
                metadata={"status": outcome.status, "message": outcome.message},
                check_results=[_check(key, "readable", outcome.readable, outcome.message)],
            )

    return land


def _stage(platforms: Mapping[str, Platform]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="stage",
        specs=_specs("staged", platforms, ["landed"]),
        check_specs=_check_specs("staged", platforms, "balance", "landed_door", "staged_door"),
        can_subset=True,
        required_resource_keys=NIGHT,
    )
    def stage(context: dg.AssetExecutionContext) -> Results:
        """Read what each column means, normalise each value, keep rejected rows with a reason."""
        night = _run(context, "stage")
        for key in sorted(context.selected_asset_keys):
            slug = key.path[-1]
            outcome = night.outcomes[slug]
            yield dg.MaterializeResult(
                asset_key=key,
                metadata={
                    "status": outcome.status,
                    "rows_in": outcome.rows_in,
                    "staged": outcome.staged,
                    "quarantined": outcome.quarantined,
                    "message": outcome.message,
                },
                check_results=[
                    _check(key, "balance", outcome.balanced, ""),
                    _door_check(key, night, "landed", slug),
                    _door_check(key, night, "staged", slug),
                ],
            )

    return stage


def _matched(platforms: Mapping[str, Platform]) -> dg.AssetsDefinition:
    @dg.asset(
        key="matched",
        deps=[dg.AssetKey(["staged", slug]) for slug in platforms],
        group_name="city",
        required_resource_keys=NIGHT,
    )
    def match(context: dg.AssetExecutionContext) -> Results:
        """Which records are the same resident, household, dwelling: pairs, points, reasons."""
        yield _step_result(_run(context, "match"), "match")

    return match


def _resolved() -> dg.AssetsDefinition:
    @dg.asset(key="resolved", deps=["matched"], group_name="city", required_resource_keys=NIGHT)
    def resolve(context: dg.AssetExecutionContext) -> Results:
        """Every record belongs to exactly one resident."""
        yield _step_result(_run(context, "resolve"), "resolve")

    return resolve


def _golden() -> dg.AssetsDefinition:
    key = dg.AssetKey("golden")

    @dg.asset(
        key=key,
        deps=["resolved"],
        group_name="city",
        required_resource_keys=NIGHT,
        check_specs=[dg.AssetCheckSpec("golden_door", asset=key)],
    )
    def golden(context: dg.AssetExecutionContext) -> Results:
        """The value we stand for, per resident and field, and the record it was taken from."""
        night = _run(context, "golden")
        yield _step_result(night, "golden", _door_check(key, night, "golden"))

    return golden


def _receipts() -> dg.AssetsDefinition:
    @dg.asset(key="receipts", deps=["golden"], group_name="city", required_resource_keys=NIGHT)
    def receipts(context: dg.AssetExecutionContext) -> Results:
        """What platforms answered in files to what they were sent."""
        yield _step_result(_run(context, "receipts"), "receipts")

    return receipts


def _publish(receivers: Mapping[str, Platform]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="publish",
        specs=_specs("published", receivers, [], ["receipts"]),
        check_specs=_check_specs("published", receivers, "outbox_door"),
        can_subset=True,
        required_resource_keys=NIGHT,
    )
    def publish(context: dg.AssetExecutionContext) -> Results:
        """The cells each platform lacks or has wrong, in its own template, sent where the site can."""
        night = _run(context, "publish")
        for key in sorted(context.selected_asset_keys):
            slug = key.path[-1]
            yield dg.MaterializeResult(
                asset_key=key,
                metadata={
                    "cells": night.outcomes[slug].changes,
                    "shadow": slug not in night.live,
                    "sent": night.outcomes[slug].sent or "",
                },
                check_results=[_door_check(key, night, "outbox", slug)],
            )

    return publish


def _snapshot(receivers: Mapping[str, Platform]) -> dg.AssetsDefinition:
    @dg.asset(
        key="snapshot",
        deps=["golden", *(dg.AssetKey(["published", slug]) for slug in receivers)],
        group_name="city",
        required_resource_keys=NIGHT,
    )
    def snapshot(context: dg.AssetExecutionContext) -> Results:
        """A read-only copy of the warehouse for stewards and analysts."""
        yield _step_result(_run(context, "snapshot"), "snapshot")

    return snapshot


def _report() -> dg.AssetsDefinition:
    @dg.asset(key="report", deps=["snapshot"], group_name="city", required_resource_keys=NIGHT)
    def report(context: dg.AssetExecutionContext) -> Results:
        """The night's summary and its quality page."""
        yield _step_result(_run(context, "report"), "report")

    return report


def _run(context: dg.AssetExecutionContext, name: str) -> Night:
    night: Night = context.resources.night
    run_step(night, name)
    return night


def _step_result(night: Night, name: str, *checks: dg.AssetCheckResult) -> dg.MaterializeResult[None]:
    metadata = {"rows": night.rows.get(name, 0), "skipped": name in night.skipped}
    return dg.MaterializeResult(metadata=metadata, check_results=list(checks))


def _specs(
    layer: str, platforms: Mapping[str, Platform], after: Iterable[str], deps: Iterable[str] = ()
) -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            key=[layer, slug],
            deps=[*(dg.AssetKey([before, slug]) for before in after), *deps],
            group_name=layer,
            description=platform.title,
            metadata={"department": platform.department, "tier": platform.tier, "cadence": platform.cadence},
        )
        for slug, platform in platforms.items()
    ]


def _check_specs(layer: str, platforms: Mapping[str, Platform], *names: str) -> list[dg.AssetCheckSpec]:
    return [dg.AssetCheckSpec(name, asset=dg.AssetKey([layer, slug])) for slug in platforms for name in names]


def _check(key: dg.AssetKey, name: str, passed: bool, message: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key, check_name=name, passed=passed, metadata={"message": message} if message else {}
    )


def _door_check(key: dg.AssetKey, night: Night, door: Door, slug: str | None = None) -> dg.AssetCheckResult:
    """What a door found, at one platform or in the whole city; a warning alone is shown as a warning."""
    failed = [
        check
        for check in night.failed(door)
        if slug is None or slug in check.platforms or not check.platforms
    ]
    critical = any(check.expectation.severity == "critical" for check in failed)
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=f"{door}_door",
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if critical else dg.AssetCheckSeverity.WARN,
        metadata={"reasons": [check.expectation.reason["zh"] for check in failed]} if failed else {},
    )
