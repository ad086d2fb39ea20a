"""Errors that nobody foresaw, told without what they may carry.

Belongs here: writing down where a fault happened, and the error that a step becomes.
Lives elsewhere: the errors that were foreseen; each says itself what to do.

The message of an exception from a database or a parser can quote the value it choked on. Dagster stores messages,
terminals scroll and logs are mailed around: so only the kind of exception and the lines of code leave this module.
"""

from __future__ import annotations

import os
import traceback
from datetime import date
from pathlib import Path

from warehouse.site import Site


class StepFailed(RuntimeError):
    """A step stopped for a reason nobody foresaw: which step, what kind of error, where it is written down."""

    def __init__(self, step: str, kind: str, log: Path) -> None:
        super().__init__(
            f"第「{step}」步出错（{kind}），这一夜没有完成。细节（不含个人信息）见 {log}。"
            "直接再运行一次即可，已完成的部分不会重做；若再次出错，请把该文件报给开发者"
        )
        self.step = step
        self.kind = kind
        self.log = log


def note_fault(site: Site, night: date, place: str, fault: BaseException) -> Path:
    """Write down where a fault happened, without its message; the file it stands in."""
    site.reports.mkdir(mode=0o700, exist_ok=True)
    log = site.reports / f"{night.isoformat()}-faults.log"
    chain: list[BaseException] = []
    current: BaseException | None = fault
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    lines = [f"{place}\n"]
    for one in reversed(chain):
        frames = traceback.extract_tb(one.__traceback__)
        lines += [*frames.format(), f"{type(one).__module__}.{type(one).__qualname__}\n\n"]
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as out:
        out.writelines(lines)
    return log
