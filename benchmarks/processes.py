"""Measuring: stages inside a process, a whole process from outside, and the machine.

Lives elsewhere: what is measured (`matching.py` and the modules it starts).
"""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dedup.stopwatch import Stopwatch

LAUNCHER = Path(__file__).parent / "launcher.py"


class Stages(Stopwatch):
    """The stages of a measured process."""

    def report(self, **more: Any) -> None:
        """Print everything so far as one line of JSON: the answer of a measured process."""
        answer = {
            "seconds": {name: round(value, 3) for name, value in self.wall.items()},
            "cpu": {name: round(value, 3) for name, value in self.cpu.items()},
            "cpu_seconds": round(time.process_time(), 2),
            "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }
        print(json.dumps(answer | more), flush=True)


def run(command: Sequence[str | os.PathLike[str]]) -> dict[str, Any]:
    """Run a command that prints JSON: its answer, and wall, CPU and peak memory of it and its children.

    Raises:
        RuntimeError: the command failed; the message carries what it said.
    """
    words = [str(part) for part in command]
    with tempfile.TemporaryDirectory() as folder:
        used = Path(folder) / "used.json"
        launched = [sys.executable, "-I", "-S", str(LAUNCHER), str(used), *words]
        done = subprocess.run(launched, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)} failed\n{done.stderr[-3000:]}")
        figures: dict[str, Any] = json.loads(used.read_text())
    return figures | {"answer": json.loads(done.stdout.strip().splitlines()[-1])}


def module(name: str, *arguments: str | os.PathLike[str]) -> list[str]:
    """The command that runs a module of this folder."""
    return [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)]


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
