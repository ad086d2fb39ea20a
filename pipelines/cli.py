"""The command line `enter-once`.

Belongs here: running one command, its exit status, and printing what it answers.
Lives elsewhere: the commands and their arguments (`pipelines/commands/`), the work.

Exit status: 0 done (rows in quarantine are no failure); 1 partial, blocked or a check failed; 2 wrong use.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines.commands import (
    PARTIAL,
    WRONG_USE,
    Answer,
    Command,
    desk,
    forms,
    intake,
    living,
    matching,
    pinning,
    platforms,
    publishing,
    running,
)
from pipelines.messages import language, say

MODULES = (running, living, matching, platforms, intake, pinning, publishing, forms, desk)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    asked = _parser().parse_args(arguments)
    speak = language(asked.lang)
    os.umask(0o077)
    command: Command = asked.command
    try:
        answer = command(asked, speak)
    except _expected_errors() as error:
        status = WRONG_USE if isinstance(error, _wrong_use()) else PARTIAL
        answer = Answer(status, {"status": "error", "error": str(error)}, say("error", speak) + str(error))
    try:
        _tell(answer, as_json=asked.json)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return answer.status


def _tell(answer: Answer, *, as_json: bool) -> None:
    """One JSON object and nothing else on standard output, or the text; what went wrong on standard error."""
    failed = answer.found.get("status") == "error"
    if as_json:
        sys.stdout.write(json.dumps(answer.found, ensure_ascii=False, default=str) + "\n")
        sys.stdout.flush()
    if failed or not as_json:
        print(answer.text, file=sys.stderr if failed else sys.stdout, flush=True)


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--site", type=Path, default=Path("var"), metavar="DIR", help="站点文件夹 / the site's folder"
    )
    shared.add_argument(
        "--json", action="store_true", help="标准输出只打印一个 JSON 对象 / print one JSON object"
    )
    shared.add_argument("--lang", choices=("zh", "en"), help="语言，默认随系统 / language, default by locale")
    parser = argparse.ArgumentParser(
        prog="enter-once", description="一次录入，处处可用 / one entry reaches every platform"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Command, doc: str, group: Any = None) -> argparse.ArgumentParser:
        one: argparse.ArgumentParser = (group or commands).add_parser(
            name, parents=[shared], help=doc, description=doc
        )
        one.set_defaults(command=run)
        return one

    def group(name: str, doc: str, words: str) -> Any:
        return commands.add_parser(name, help=doc).add_subparsers(required=True, metavar=words)

    for module in MODULES:
        module.add(command, group)
    return parser


def _wrong_use() -> tuple[type[Exception], ...]:
    """Errors that say the command was used wrongly."""
    from warehouse.site import SiteError

    return (SiteError, *(error for module in MODULES for error in module.wrong_use()))


def _expected_errors() -> tuple[type[Exception], ...]:
    """Errors that say themselves what is wrong and what to do, without a personal value."""
    from dedup.site import ModelRefused
    from expectations.door import DoorBroken
    from pipelines.applying import NotShown
    from pipelines.seal import StepFailed
    from warehouse.books import Unreachable
    from warehouse.lock import AlreadyRunning
    from warehouse.snapshot import SnapshotError

    return (
        *_wrong_use(),
        AlreadyRunning,
        DoorBroken,
        ModelRefused,
        NotShown,
        SnapshotError,
        StepFailed,
        Unreachable,
    )


if __name__ == "__main__":
    sys.exit(main())
