"""Looking up a secret by its reference, at the moment it is needed.

Belongs here: `env:NAME` and `file:path` (beside the site's `site.toml`, readable by its owner only).
Lives elsewhere: refusing a secret that is written out (`connections.py`).

No message here or elsewhere holds a secret: messages name the reference.
"""

from __future__ import annotations

import os
from pathlib import Path


class NoSecret(RuntimeError):
    """A reference that leads to no secret: what is wrong and what to do; names the reference only."""

    def __init__(self, problem: str, next_move: str) -> None:
        super().__init__(f"{problem}。{next_move}")
        self.problem = problem
        self.next_move = next_move


def reveal(reference: str, root: Path) -> str:
    """The secret behind a reference; '' for none.

    Raises:
        NoSecret: it is not there, is empty, or others may read it.
    """
    if not reference:
        return ""
    kind, _, name = reference.partition(":")
    if kind == "env":
        found = os.environ.get(name, "")
        if not found:
            raise NoSecret(f"环境变量 {name} 没有设置", f"请在运行 enter-once 的环境里设置 {name}")
        return found
    found = referred_file(reference, root).read_text(encoding="utf-8").strip()
    if not found:
        raise NoSecret(f"{reference} 是空的", "请把密码或密钥写进这个文件")
    return found


def referred_file(reference: str, root: Path, *, private: bool = True) -> Path:
    """The file that a reference names.

    Raises:
        NoSecret: it is not there, or others may read what is private.
    """
    path = root / reference.removeprefix("file:")
    if not path.is_file():
        raise NoSecret(f"找不到 {reference}", f"请把它放到 {path}")
    if private and path.stat().st_mode & 0o077:
        raise NoSecret(f"{reference} 可被他人读取", f"请运行 chmod 600 {path}")
    return path
