"""The steps of a night, each one plain function: callable from a Python prompt, no Dagster inside.

    with open_night(Path("var")) as night:
        for name in STEPS:
            run_step(night, name)

Belongs here: the order of the work, and what each step counts.
Lives elsewhere: taking exports in (`intake.py`), the doors (`doors.py`), sending (`sending.py`), and the work itself:
`connectors`, `dedup`, `warehouse`, `expectations`.
"""

from __future__ import annotations

from collections.abc import Callable

from connectors.land import pull_all, pulls
from connectors.pull.cursors import forget_cursor
from dedup.fit import refuse_misfit
from dedup.households import resolve_households
from dedup.model import Model, ModelError
from dedup.night import match_night
from dedup.site import ModelRefused, site_model, site_persons
from dedup.write_model import model_digest
from expectations.door import DoorBroken
from expectations.frames import frame
from pipelines.doors import pass_door
from pipelines.entries import leave_entries, withdraw_entries
from pipelines.fingerprint import facts_digest, forget, remember, remembered, resolving_software
from pipelines.gate import findings
from pipelines.intake import take_in
from pipelines.night import Night
from pipelines.outbound import write_templates
from pipelines.pinning import remind
from pipelines.quarantine import counted
from pipelines.receipts import read_receipts
from pipelines.seal import StepFailed, note_fault
from pipelines.sending import resume
from pipelines.summary import write_reports
from warehouse.golden import build_golden, choose_values, golden_checksum
from warehouse.ledger import open_ledger
from warehouse.newcomers import settle_newcomers
from warehouse.one_person import one_person
from warehouse.pins import load_pins
from warehouse.publish import decisions, find_wanted
from warehouse.snapshot import SnapshotError, publish_snapshot
from warehouse.staged import ages
from warehouse.store import STAGED_TABLES, rebuild, scalar
from warehouse.told import load_told

_VALUES_READ = (
    "staged.own",
    "(select record_id, platform, present, first_night from staged.record)",  # not when it was last seen
    "resolved.record",
    "golden.pin",
    "facts.platform",
    "facts.platform_field",
    "facts.feed",
    "facts.field",
    "facts.quality",
)


class Incomplete(RuntimeError):
    """Matching left a record without a resident, or gave it two."""


# What these say is written by us, holds no value of a cell, and tells the person what to do.
_SPEAK_FOR_THEMSELVES = (DoorBroken, SnapshotError, ModelRefused)


def land(night: Night) -> None:
    """Pull every platform's export of the night and keep it as it came; what was typed at the desk among them."""
    leave_entries(night)
    arrived = pull_all(night.site, night.platforms, night.date)
    for pull in arrived:
        outcome = night.outcomes[pull.platform]
        if pull.status in ("missing", "unreadable"):
            outcome.status, outcome.message = pull.status, pull.message
    night.counts["landed"] = sum(pull.status == "landed" for pull in arrived)
    night.rows["land"] = sum(pull.rows for pull in arrived if pull.status == "landed")


def stage(night: Night) -> None:
    """Take in whatever was landed and is not in the warehouse yet; then look at the landed and the staged door."""
    laid_out = "stage" in remembered(night.con)  # by a night that was not killed in between
    forget(night.con, "stage")
    taken, withdrawn = take_in(night, pulls(night.site)), withdraw_entries(night)
    if taken or withdrawn or not laid_out:
        with open_ledger(night.site) as ledger:
            load_told(night.con, ledger, night.date)  # what comes back of it is no evidence
        for table in STAGED_TABLES:
            rebuild(night.con, table)
    else:
        night.skipped.add("stage")
    remember(night.con, "stage", night.date.isoformat())
    tell_outcomes(night)
    night.findings = findings(night.con, night.date)
    night.overrides = counted(night.con, night.site, night.date)
    night.rows["stage"] = sum(outcome.staged for outcome in night.outcomes.values())
    pass_door(night, "landed")
    pass_door(night, "staged")


def match(night: Night) -> None:
    """Find out which records are the same resident, household and dwelling."""
    model, software = _model_that_fits(night)
    with open_ledger(night.site) as ledger:
        summary = match_night(
            night.con,
            key=night.site.key,
            verdicts=ledger.verdicts(),
            one_person=one_person(ledger),
            model=model,
            software=software,
            night=night.date,
        )
    settle_newcomers(night.con)
    if summary.skipped:
        night.skipped.add("match")
    night.rows["match"] = summary.pairs
    night.counts.update(clusters=summary.clusters, conflicts=summary.conflicts, variants=summary.variants)
    night.estimates = summary.estimates


def _model_that_fits(night: Night) -> tuple[Model, str]:
    """The site's model, and a digest of it and of the software. It is held against the data when either is new.

    Raises:
        ModelRefused: its file is wrong, or it does not fit the data.
    """
    try:
        model = site_model(night.site)
        digest = f"{resolving_software()} {model_digest(model)}"
        if night.site.model and remembered(night.con).get("model") != digest:
            refuse_misfit(site_persons(night.con), model)
            remember(night.con, "model", digest)
    except ModelError as error:
        raise ModelRefused(str(error)) from None
    return model, digest


def resolve(night: Night) -> None:
    """Prove that every record of a person belongs to exactly one resident, choose the residents' values, and group them by
    these into households and dwellings.

    Raises:
        Incomplete: says how many do not; nothing after this step is run.
    """
    records, resolved, distinct = (
        int(scalar(night.con, query))
        for query in (
            "select count(*) from staged.record anti join staged.place using (record_id)",
            "select count(*) from resolved.record where resident_id is not null",
            "select count(distinct record_id) from resolved.record",
        )
    )
    if not records == resolved == distinct:
        raise Incomplete(f"{records} records, {resolved} resolved, {distinct} of them distinct")
    with open_ledger(night.site) as ledger:
        remind(night, load_pins(night.con, ledger, night.date))
    if remembered(night.con).get("resolve") == facts_digest(night.con, *_VALUES_READ):
        night.skipped.add("resolve")
    else:
        choose_values(night.con)
        resolve_households(night.con, key=night.site.key)
        # With the households in it: a matcher that writes its table anew, without them, is noticed.
        remember(night.con, "resolve", facts_digest(night.con, *_VALUES_READ))
    night.rows["resolve"] = records


def golden(night: Night) -> None:
    """Lay out residents, households and dwellings by the values we stand for; then look at the golden door."""
    digest = facts_digest(night.con, "staged.own", "golden.value", "resolved.record", "resolved.place")
    if remembered(night.con).get("golden") == digest:
        night.skipped.add("golden")
    else:
        build_golden(night.con)
        remember(night.con, "golden", digest)
    night.golden_checksum = golden_checksum(night.con)
    night.rows["golden"] = int(scalar(night.con, "select count(*) from golden.value"))
    pass_door(night, "golden")


def receipts(night: Night) -> None:
    """Read what platforms answered in files to what they were sent on earlier nights."""
    with open_ledger(night.site) as ledger:
        night.rows["receipts"] = read_receipts(night, ledger)


def publish(night: Night) -> None:
    """Find the cells each platform lacks or has wrong, look at the outbox door, write them into templates, send them.

    Platforms that failed or were stopped tonight are held back; a critical failure at the golden or the outbox
    door holds back everything. What is held back, or stands in no file, is not noted as prepared, so that a later
    night brings it.
    """
    if night.blocked:
        return
    find_wanted(night.con, night.date, hold_back=night.stopped)
    pass_door(night, "outbox")
    if night.blocked:
        return
    with open_ledger(night.site) as ledger:
        resume(night, ledger)
        night.rows["publish"] = write_templates(night, ledger)
    night.decisions = decisions(night.con)


def snapshot(night: Night) -> None:
    """Close the warehouse and hand stewards and analysts a proven copy, unless the golden door says no."""
    night.quarantine, night.fill = frame(night.con, "quarantine"), frame(night.con, "fill")
    night.counts.update(_city_counts(night))
    refused = any(result.critical for result in night.doors if result.door == "golden")
    if not refused:
        remember(night.con, "whole", night.date.isoformat())
        remember(night.con, "said", str(night.said))
    night.close()
    if refused:
        night.skipped.add("snapshot")
        return
    publish_snapshot(night.site, night.date)
    night.rows["snapshot"] = 1


def report(night: Night) -> None:
    """Write the night's summary and its quality page."""
    write_reports(night)


STEPS: dict[str, Callable[[Night], None]] = {
    step.__name__: step for step in (land, stage, match, resolve, golden, receipts, publish, snapshot, report)
}


def run_step(night: Night, name: str, step: Callable[[Night], None] | None = None) -> None:
    """Run one step by its clock, one of `STEPS` or another. An error that nobody foresaw leaves it without the values it may quote.

    Raises:
        StepFailed: names the step, the kind of error and the file that says where.
    """
    with night.clock(name):
        try:
            (step or STEPS[name])(night)
        except _SPEAK_FOR_THEMSELVES:
            raise
        except Exception as fault:
            log = note_fault(night.site, night.date, name, fault)
            raise StepFailed(name, type(fault).__name__, log) from None


def tell_outcomes(night: Night) -> None:
    """What came of each platform tonight, as the warehouse notes it; also on a night that is run again."""
    old = ages(night.con, night.date)
    for platform, told in night.outcomes.items():
        told.age = old.get(platform)
    for slug, status, rows_in, staged, quarantined, message in night.con.execute(
        "select platform, status, rows_in, staged, quarantined, message from landed.pull where night = ?"
        " qualify row_number() over (partition by platform order by turn desc) = 1",
        [night.date],
    ).fetchall():
        outcome = night.outcomes.get(slug)
        if outcome is None or outcome.failed:
            continue
        outcome.status, outcome.message = status, message
        if status == "refused":
            forget_cursor(night.site, slug)  # what changed and was not taken in has to come again
        outcome.rows_in, outcome.staged, outcome.quarantined = rows_in or 0, staged or 0, quarantined or 0


def _city_counts(night: Night) -> dict[str, int]:
    queries = {
        "residents": "select count(*) from golden.resident",
        "living": "select count(*) from golden.household where kind = 'living'",
        "registered": "select count(*) from golden.household where kind = 'registered'",
        "dwellings": "select count(*) from golden.dwelling",
    }
    return {name: int(scalar(night.con, query)) for name, query in queries.items()}
