"""Running a function on hostile input in a worker process with limits, so that it can cost only its own answer.

Belongs here: the pool of workers, their limits on memory, processor time and wall time, and what became of each job.
Lives elsewhere: what is run in them (`connectors/land/parse.py`), checks before parsing (`connectors/read/guard.py`).

A worker is a fresh Python that imports only what its job needs: not the caller's main module (a command line or a test
runner), none of its locks, threads or open databases. Jobs go in pickled; answers come back as JSON, so that a worker
taken over by its input cannot reach the caller through them.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import selectors
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, inf
from typing import IO, Any, Literal

Fate = Literal["done", "failed", "crashed", "timeout", "memory", "unstarted"]
Answer = dict[str, Any]
_DEATHS: dict[Fate, str] = {
    "crashed": "文件使解析程序崩溃，可能已损坏或有害",
    "memory": "读取这个文件所需的内存超过上限",
    "timeout": "读取这个文件的时间超过上限",
    "unstarted": "没有轮到读取这个文件",
    "failed": "读取时发生意外错误",
    "done": "读取没有得到结果",
}
_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may use."""

    memory: int = 4 << 30  # bytes of address space, libraries included
    cpu_seconds: int = 300
    wall_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job: its answer, or why there is none."""

    fate: Fate
    answer: Answer | None = None
    detail: str = ""

    @property
    def problem(self) -> str:
        """Why there is no answer of use about a file, in words for a clerk."""
        return _DEATHS[self.fate] + (f"（{self.detail}）" if self.detail else "")


def run_all(
    function: Callable[..., Answer],
    jobs: Sequence[tuple[Any, ...]],
    *,
    workers: int = 2,
    limits: Limits = Limits(),
    seconds: float = inf,
    beginning: Callable[[int], None] = lambda _: None,
) -> Iterator[tuple[int, Outcome]]:
    """Run the function on each job's arguments; yields the job's place and outcome as each one ends.

    `function` must be importable by name and return what JSON can hold. A job that kills its worker, or outlives its
    limits, ends alone: the others go on in a new worker. `beginning` is called with a job's place before it is begun. After
    so many seconds all that still run are ended, and those that have to wait are not begun.
    """
    waiting = list(enumerate(jobs))[::-1]
    end = time.monotonic() + seconds
    pool = [_Worker(limits) for _ in range(min(workers, len(jobs)))]

    def hand(worker: _Worker) -> None:
        at, job = waiting.pop()
        beginning(at)
        worker.take(at, job, function)

    try:
        with selectors.DefaultSelector() as selector:
            for worker in pool:
                hand(worker)
                selector.register(worker.answers, selectors.EVENT_READ, worker)
            while selector.get_map():
                patience = min(key.data.left(end) for key in selector.get_map().values())
                ready = {key.data for key, _ in selector.select(max(patience, 0))}
                late = {key.data for key in selector.get_map().values() if key.data.left(end) <= 0}
                if time.monotonic() >= end:
                    yield from ((at, Outcome("unstarted")) for at, _ in waiting[::-1])
                    waiting.clear()
                for worker in ready | late:
                    yield worker.job, worker.outcome() if worker in ready else worker.overdue()
                    selector.unregister(worker.answers)
                    if not waiting:
                        worker.stop()
                        continue
                    fresh = worker if worker.alive else _Worker(limits)
                    if fresh is not worker:
                        worker.stop()
                        pool.append(fresh)
                    hand(fresh)
                    selector.register(fresh.answers, selectors.EVENT_READ, fresh)
    finally:
        for worker in pool:
            worker.stop()


class _Worker:
    """One worker process, and the job it has in hand."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from connectors.sandbox import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._jobs: IO[bytes] = self._process.stdin
        self.answers: IO[bytes] = self._process.stdout
        self.job = -1
        self._begun = self._deadline = 0.0
        self.alive = True

    def left(self, end: float) -> float:
        """Seconds until the job in hand is overdue, or all have to end."""
        return min(self._deadline, end) - time.monotonic()

    def take(self, job: int, arguments: tuple[Any, ...], function: Callable[..., Answer]) -> None:
        """Take a job in hand."""
        self.job, self._begun = job, time.monotonic()
        self._deadline = self._begun + self._limits.wall_seconds
        packed = pickle.dumps((function, arguments, self._limits))
        try:
            self._jobs.write(_LENGTH.pack(len(packed)) + packed)
            self._jobs.flush()
        except BrokenPipeError:
            self.alive = False  # it died before its first job; the end of its answers will say so

    def outcome(self) -> Outcome:
        """The answer to the job in hand, or how the worker died over it."""
        head = self.answers.read(_LENGTH.size)
        body = self.answers.read(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else b""
        try:
            told = json.loads(body)
            outcome = Outcome(told["fate"], told["answer"], told["detail"])
        except (ValueError, KeyError, TypeError):
            outcome = self._death()
        # After a lack of memory nothing in the process can be relied on.
        self.alive = self.alive and outcome.fate in ("done", "failed")
        return outcome

    def overdue(self) -> Outcome:
        """End the worker, because its job took too long."""
        self.stop()
        return Outcome("timeout", detail=f"{time.monotonic() - self._begun:.0f} s")

    def stop(self) -> None:
        """End the process, whatever it does."""
        self.alive = False
        self._process.kill()
        self._process.wait()
        self._jobs.close() if not self._jobs.closed else None
        self.answers.close()

    def _death(self) -> Outcome:
        self.alive = False
        self._process.kill()
        code = self._process.wait()
        if code == -signal.SIGXCPU:
            return Outcome("timeout", detail=f"{self._limits.cpu_seconds} s CPU")
        # Killed for memory by the system, or aborted by a library that could not get any.
        name = signal.Signals(-code).name if code < 0 else f"exit {code}"
        return Outcome("crashed", detail=name)


def serve() -> None:
    """Answer jobs until the caller closes the pipe. Runs in the worker only."""
    jobs, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # A library that prints must not write between the answers.
    os.dup2(2, 1)
    while len(head := jobs.read(_LENGTH.size)) == _LENGTH.size:
        packed = jobs.read(_LENGTH.unpack(head)[0])
        body = json.dumps(_answer(packed), ensure_ascii=False).encode("utf-8")
        answers.write(_LENGTH.pack(len(body)) + body)
        answers.flush()


def _answer(packed: bytes) -> dict[str, Any]:
    try:
        function, arguments, limits = pickle.loads(packed)
        _limit(limits)
        return {"fate": "done", "answer": function(*arguments), "detail": ""}
    except MemoryError:
        return {"fate": "memory", "answer": None, "detail": ""}
    except Exception as error:
        # The kind of error only: its words may quote a cell.
        return {"fate": "failed", "answer": None, "detail": type(error).__name__}


def _limit(limits: Limits) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = resource.getrusage(resource.RUSAGE_SELF)
    # The limit counts from the worker's start; what earlier jobs used is added, rounded in this job's favour.
    seconds = ceil(used.ru_utime + used.ru_stime) + limits.cpu_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))
