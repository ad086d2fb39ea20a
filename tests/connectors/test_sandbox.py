"""A job that kills its worker costs only its own answer."""

from __future__ import annotations

import os
import time

from connectors.sandbox import Limits, Outcome, run_all

SMALL = Limits(memory=1 << 30, cpu_seconds=1, wall_seconds=20)


def outcomes(
    function: object, jobs: list[tuple[object, ...]], limits: Limits = SMALL, workers: int = 2
) -> list[Outcome]:
    return [outcome for _, outcome in sorted(run_all(function, jobs, limits=limits, workers=workers))]  # type: ignore[arg-type, type-var]


def test_every_job_is_answered_in_its_own_place() -> None:
    found = outcomes(dict, [([("n", n)],) for n in range(7)])
    assert [outcome.answer for outcome in found] == [{"n": n} for n in range(7)]


def test_a_worker_that_aborts_costs_its_own_job_and_the_others_go_on() -> None:
    found = outcomes(
        eval, [("1 + 1",), ("__import__('os').abort()",), ("__import__('os')._exit(3)",), ("2 + 2",)]
    )
    assert [outcome.fate for outcome in found] == ["done", "crashed", "crashed", "done"]
    assert found[1].detail == "SIGABRT" and found[2].detail == "exit 3"
    assert (found[0].answer, found[3].answer) == (2, 4)


def test_a_job_that_wants_too_much_memory_is_told_so() -> None:
    found = outcomes(eval, [("len(bytearray(1 << 33))",), ("3",)], workers=1)
    assert [outcome.fate for outcome in found] == ["memory", "done"]


def test_a_job_that_computes_for_ever_is_ended() -> None:
    assert outcomes(eval, [("sum(range(10 ** 12))",), ("3",)])[0].fate == "timeout"


def test_a_job_that_waits_for_ever_is_ended() -> None:
    found = outcomes(time.sleep, [(60,), (0,)], limits=Limits(wall_seconds=1.0), workers=1)
    assert [outcome.fate for outcome in found] == ["timeout", "done"]


def test_when_the_time_for_all_is_over_what_runs_is_ended_and_what_waits_is_not_begun() -> None:
    jobs = [(0,), (60,), (60,), (0,)]
    begun: list[int] = []
    running = run_all(time.sleep, jobs, workers=1, seconds=3.0, beginning=begun.append)  # type: ignore[arg-type]
    found = [outcome.fate for _, outcome in sorted(running)]  # type: ignore[type-var]
    assert found == ["done", "timeout", "unstarted", "unstarted"]
    assert begun == [0, 1]


def test_the_limit_on_computing_is_for_each_job_not_for_all_of_a_worker() -> None:
    busy = "sum(range(15_000_000)) and 1"
    found = outcomes(eval, [(busy,)] * 6, workers=1)
    assert [outcome.fate for outcome in found] == ["done"] * 6


def test_an_exception_tells_its_kind_and_never_its_words() -> None:
    found = outcomes(int, [("张三 330106198001011234",)])
    assert (found[0].fate, found[0].detail) == ("failed", "ValueError")


def test_a_library_that_prints_does_not_spoil_the_answer() -> None:
    assert outcomes(eval, [("print('x' * 10_000)",)])[0].fate == "done"


def test_no_worker_outlives_its_caller() -> None:
    running = run_all(os.getpid, [(), ()], workers=2)  # type: ignore[arg-type]
    _, first = next(running)
    running.close()
    pid = first.answer
    assert isinstance(pid, int)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return
    raise AssertionError("the worker still runs")
