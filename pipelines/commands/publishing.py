"""What goes to the platforms: `approve list|cells|yes|no|sent|unsent|notices|notice|live|shadow`, `blast`, `told`.

Belongs here: their arguments and how their outcome is told, values masked. Lives elsewhere: the work (`stewardship/approving.py`,
`blast.py`, `pipelines/noticing.py`, `telling.py`).
"""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Collection
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.commands import DONE, Add, AddGroup, Answer, count, refused
from pipelines.messages import Language, say

if TYPE_CHECKING:
    from stewardship.approving import Asked, WaitingRow
    from warehouse.approvals import Said
    from warehouse.site import Site


def add(command: Add, group: AddGroup) -> None:
    """The commands of this module."""
    approve = group(
        "approve",
        "回填的批准 / what may go to the platforms",
        "list|cells|yes|no|sent|unsent|notices|notice|live|shadow",
    )
    listed = command("list", list_waiting, "列出等人拿主意的回填 / what waits for a person", approve)
    one_by_one = command("cells", list_cells, "逐格列出，值已遮盖 / cell by cell, values masked", approve)
    one_by_one.add_argument(
        "--limit", type=count, default=50, help="最多几行（人） / at most so many rows (people)"
    )
    yes = command("yes", say_yes, "同意所列各格回填 / let the cells that are listed go", approve)
    no = command("no", say_no, "不同意 / hold them back", approve)
    for one in (listed, one_by_one, yes, no):
        _asked(one, required=one in (yes, no))
    sent = command("sent", say_sent, "存疑的批次已送到 / a batch in doubt did arrive", approve)
    unsent = command("unsent", say_unsent, "存疑的批次没有送到 / it did not", approve)
    for one in (sent, unsent):
        one.add_argument("batch", metavar="BATCH")
    notices = command(
        "notices", list_notices, "列出要通知平台的重复人员 / records that are one person", approve
    )
    notices.add_argument("--platform", metavar="SLUG")
    notice = command("notice", say_of_notice, "同意或不同意一条通知 / a word on one of them", approve)
    notice.add_argument("word", choices=("yes", "no"))
    for name in ("slug", "left", "right"):
        notice.add_argument(name, metavar="PLATFORM" if name == "slug" else "RECORD")
    live = command("live", go_live, "正式启用一个平台的回填 / go live with a platform", approve)
    shadow = command("shadow", go_back, "退回影子模式 / back into shadow", approve)
    for one in (live, shadow):
        one.add_argument("slug", metavar="PLATFORM|all")
    for one in (yes, no, sent, unsent, notice, live, shadow):
        one.add_argument(
            "--because", required=True, metavar="WORDS", help="理由，记入账本 / the reason, kept"
        )
        one.add_argument("--by", metavar="NAME", help="谁说的，默认当前用户 / who says so")

    blast = command("blast", tell_blast, "一个裁定会改动多少 / how far a verdict would reach")
    blast.add_argument("left", metavar="RECORD")
    blast.add_argument("right", metavar="RECORD")
    told = command("told", list_told, "某人的哪些信息给过哪个平台 / what was told to whom of a resident")
    told.add_argument("resident", metavar="RESIDENT")


def _asked(one: argparse.ArgumentParser, *, required: bool) -> None:
    one.add_argument("--platform", metavar="SLUG", required=required)
    one.add_argument("--field", metavar="FIELD")
    one.add_argument(
        "--why",
        metavar="REASON",
        help="flood|close|one_source|near|confirmed_there|lives_elsewhere|changed_there|contested|backlog|namesake",
    )
    one.add_argument("--record", metavar="RECORD")


def list_waiting(asked: argparse.Namespace, speak: Language) -> Answer:
    """`approve list`: what waits, by platform, field and reason."""
    from pipelines.columns import side_by_side
    from stewardship.approving import doubted, waiting

    if stray := _stray(asked.platform, speak):
        return stray
    site, snapshot = _read(asked, speak)
    groups = waiting(site, snapshot, _meant(asked))
    header = _header(speak, "platform", "field", "kind", "why", "cells")
    rows = [
        [
            g.platform,
            _field(g.field, speak),
            say(f"kind_{g.kind}", speak),
            _why(g.decision, g.why, speak),
            f"{g.cells:,}",
        ]
        for g in groups
    ]
    text = side_by_side(header, rows) + "\n" + say("approve_next", speak, site=asked.site)
    doubts = [] if _meant(asked).narrow else doubted(site, snapshot)
    told = [text] if rows else [] if doubts else [say("approve_clear", speak)]
    told += [say("approve_doubt", speak, **asdict(one), site=asked.site) for one in doubts]
    found = {"waiting": [asdict(g) for g in groups], "in_doubt": [asdict(one) for one in doubts]}
    return Answer(DONE, found, "\n".join(told))


def list_cells(asked: argparse.Namespace, speak: Language) -> Answer:
    """`approve cells`: each waiting cell, values masked."""
    from pipelines.columns import side_by_side
    from stewardship.approving import rows

    if stray := _stray(asked.platform, speak):
        return stray
    found = [cell for row in rows(*_read(asked, speak), _meant(asked), asked.limit) for cell in _masked(row)]
    header = _header(speak, "platform", "record", "person", "field", "held", "value", "source", "why")
    lines = [
        [
            c["platform"],
            c["record_id"],
            c["person"],
            _field(c["field"], speak),
            c["held"] or "—",
            c["value"],
            c["source"],
            _why(c["decision"], c["why"], speak),
        ]
        for c in found
    ]
    text = side_by_side(header, lines) if lines else say("approve_clear", speak)
    return Answer(DONE, {"cells": found}, text)


def _masked(row: WaitingRow) -> list[dict[str, str]]:
    """The cells of a waiting row, values masked."""
    from warehouse.values import shown

    return [
        {
            "platform": c.platform,
            "record_id": c.record_id,
            "person": shown("name", c.person),
            "field": c.field,
            "held": shown(c.field, c.held),
            "value": shown(c.field, c.told),
            "source": c.source,
            "rule": c.rule,
            "decision": c.decision,
            "why": c.why,
        }
        for c in row.cells
    ]


def list_told(asked: argparse.Namespace, speak: Language) -> Answer:
    """`told`: which fields of a resident went to which platform, when and on which grounds."""
    from pipelines.columns import side_by_side
    from pipelines.telling import told_of

    log = told_of(asked.site, asked.resident, speak)
    names = ("night", "platform", "field", "kind", "value", "receipt", "basis")
    rows = [
        [
            str(one.night),
            one.title if one.kind == "form" else one.platform,
            _field(one.field, speak),
            say(f"kind_{one.kind}", speak),
            one.value,
            say(f"receipt_{one.receipt or 'earlier'}", speak),
            f"{one.purpose} · {one.basis}",
        ]
        for one in log.told
    ]
    lines = [side_by_side(_header(speak, *names), rows)] if rows else []
    lines += [
        say("told_notice", speak, **asdict(one) | {"kind": say(f"notice_{one.kind}", speak)})
        for one in log.notices
    ]
    return Answer(DONE, asdict(log), "\n".join(lines) or say("told_nothing", speak, resident=log.resident_id))


def tell_blast(asked: argparse.Namespace, speak: Language) -> Answer:
    """`blast`: how many cells on which platforms would change if two records were merged, or split."""
    from pipelines.published import published_file
    from stewardship.blast import blast

    found = blast(published_file(asked.site, speak), asked.left, asked.right)
    lines = [say(f"blast_{found.verdict}", speak, **asdict(found))]
    if found.residents_before == found.residents_after:
        lines.append(say("blast_nothing", speak))
    for slug in sorted(found.cells.keys() | found.withdrawn.keys()):
        counts = {"cells": found.cells.get(slug, 0), "withdrawn": found.withdrawn.get(slug, 0)}
        lines.append(say("blast_platform", speak, platform=slug, **counts))
    return Answer(DONE, asdict(found), "\n".join(lines))


def say_yes(asked: argparse.Namespace, speak: Language) -> Answer:
    """`approve yes`: these cells may go, on the next run."""
    return _noted(asked, "approved", speak)


def say_no(asked: argparse.Namespace, speak: Language) -> Answer:
    """`approve no`: these cells must not go."""
    return _noted(asked, "declined", speak)


def _noted(asked: argparse.Namespace, word: Any, speak: Language) -> Answer:
    from stewardship.approving import decide_cells

    # Who names one record may change what was said of it since the night; nobody else's word is swept away.
    meant = replace(_meant(asked), word=None if asked.record else "")
    lines = decide_cells(*_read(asked, speak), word, meant, _said(asked), speak)
    text = "\n".join(say(f"approve_{word}", speak, **asdict(line), site=asked.site) for line in lines)
    return Answer(DONE, {"lines": [asdict(line) for line in lines]}, text)


def say_sent(asked: argparse.Namespace, speak: Language) -> Answer:
    """`approve sent`: the platform has this batch, of which nobody knew."""
    return _settled(asked, "sent", speak)


def say_unsent(asked: argparse.Namespace, speak: Language) -> Answer:
    """`approve unsent`: the platform does not have it; what it lacks is worked out anew on the next run."""
    return _settled(asked, "unsent", speak)


def _settled(asked: argparse.Namespace, word: Any, speak: Language) -> Answer:
    from stewardship.approving import settle_batch

    said = _said(asked)
    cells = settle_batch(*_read(asked, speak), word, asked.batch, said, speak)
    found = {"batch": asked.batch, "word": word, "cells": cells, "by": said.by}
    return Answer(DONE, found, say(f"approve_batch_{word}", speak, **found))


def list_notices(asked: argparse.Namespace, speak: Language) -> Answer:
    """`approve notices`: records of a platform that are one person, or two after all, of which it does not know."""
    from pipelines.columns import side_by_side
    from pipelines.noticing import waiting_notices

    if stray := _stray(asked.platform, speak):
        return stray
    found = waiting_notices(asked.site, asked.platform, speak)
    header = _header(speak, "platform", "kind", "record", "record", "person", "word")
    rows = [
        [
            one.platform,
            say(f"notice_{one.kind}", speak),
            one.kept,
            one.other,
            " · ".join(dict.fromkeys(one.persons)),
            say(f"notice_{one.word or 'waits'}", speak) if one.live else say("notice_shadow", speak),
        ]
        for one in found
    ]
    text = side_by_side(header, rows) + "\n" + say("notice_next", speak, site=asked.site) if rows else ""
    return Answer(DONE, {"notices": [asdict(one) for one in found]}, text or say("notice_none", speak))


def say_of_notice(asked: argparse.Namespace, speak: Language) -> Answer:
    """`approve notice yes|no`: whether a platform is told of these two records."""
    from pipelines.noticing import decide_notice

    word: Any = "approved" if asked.word == "yes" else "declined"
    pair = (asked.left, asked.right)
    line = decide_notice(asked.site, word, asked.slug, pair, _said(asked), speak)
    found = {"platform": asked.slug, "word": word, "line": line}
    return Answer(DONE, found, say(f"notice_noted_{word}", speak, **found))


def go_live(asked: argparse.Namespace, speak: Language) -> Answer:
    """`approve live`: from the next run on, the platform is sent what it lacks."""
    return _switched(asked, "live", speak)


def go_back(asked: argparse.Namespace, speak: Language) -> Answer:
    """`approve shadow`: nothing is sent to the platform any more."""
    return _switched(asked, "shadow", speak)


def _switched(asked: argparse.Namespace, mode: Any, speak: Language) -> Answer:
    from connectors.platform import read_platforms
    from stewardship.approving import switch
    from warehouse.site import read_site

    platforms, _ = read_platforms()
    if asked.slug not in (*platforms, "all"):
        return _unknown(asked.slug, platforms, speak)
    receivers = {slug for slug, one in platforms.items() if one.receive.fields}
    meant = receivers if asked.slug == "all" else {asked.slug}
    changed = switch(read_site(asked.site), mode, meant, receivers, _said(asked), speak)
    name = f"approve_{mode}" if changed else "approve_mode_already"
    return Answer(
        DONE,
        {"mode": mode, "platforms": changed},
        say(name, speak, platforms="、".join(changed), site=asked.site),
    )


def _stray(slug: str | None, speak: Language) -> Answer | None:
    """The answer to a platform that there is not, with those that there are; None where it is there, or none is named."""
    from connectors.platform import read_platforms

    if slug is None:
        return None
    platforms, _ = read_platforms()
    return None if slug in platforms else _unknown(slug, platforms, speak)


def _unknown(slug: str, platforms: Collection[str], speak: Language) -> Answer:
    known = "、".join(sorted(platforms))
    return refused(say("platform_unknown", speak, slug=slug, known=known), speak)


def _read(asked: argparse.Namespace, speak: Language) -> tuple[Site, Path]:
    """The site, and what its last night published."""
    from pipelines.published import published_file
    from warehouse.site import read_site

    return read_site(asked.site), published_file(asked.site, speak)


def _said(asked: argparse.Namespace) -> Said:
    from warehouse.approvals import Said

    return Said(asked.by or getpass.getuser(), asked.because)


def _meant(asked: argparse.Namespace) -> Asked:
    from stewardship.approving import Asked

    return Asked(asked.platform, asked.field, asked.why, asked.record)


def _header(speak: Language, *names: str) -> list[str]:
    return [say(f"approve_column_{name}", speak) for name in names]


def _field(name: str, speak: Language) -> str:
    from warehouse.fields import fields

    facts = fields()[name]
    return facts.zh if speak == "zh" else facts.en


def _why(decision: str, why: str, speak: Language) -> str:
    return say(f"why_{why if decision == 'approval' else decision}", speak)


def wrong_use() -> tuple[type[Exception], ...]:
    """Errors that say the command was used wrongly."""
    from dedup.explain import UnknownId
    from stewardship.approving import WrongApproval
    from warehouse.residents import UnknownResident

    return WrongApproval, UnknownId, UnknownResident
