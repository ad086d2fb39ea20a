"""What an answer says of each row: by the platform's key, and of a newcomer, who had none, by the ID number."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connectors.platform_send import HttpSend, Results
from connectors.send.answers import hear_rows
from connectors.send.parcel import Row, all_of

RESULTS = Results("list", "bh", "ok", ("1",), refused=("0",), number="sfzh", message="msg")
SEND = HttpSend("/push", results=RESULTS)
ROWS = [Row("r1", "K1", "", {}, ()), Row("+r2", "", "330102198001011234", {}, ()), Row("+r3", "", "", {}, ())]


def hear(answer: Any) -> Any:
    heard = all_of(len(ROWS), "took")
    assert hear_rows(answer, SEND, ROWS, 0, heard)
    return heard


def test_a_newcomer_is_known_by_the_number_whatever_key_the_platform_gave() -> None:
    heard = hear(
        {
            "list": [
                {"bh": "K1", "ok": 1},
                {"bh": "K99", "sfzh": "330102198001011234", "ok": 0, "msg": "已有此人"},
                {"bh": "", "sfzh": "", "ok": 0, "msg": "谁都不是"},
            ]
        }
    )
    assert heard.refused == [(1, "已有此人")] and (heard.silent, heard.stray) == (1, 1)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["bh", "ok", "msg", "sfzh", "list"]), inner, max_size=5)
        ),
        max_leaves=12,
    )
)
def test_whatever_stands_in_a_list_of_results_is_refused_unclear_or_stray_and_nothing_breaks(
    one: Any,
) -> None:
    heard = hear({"list": [one, one]})
    assert 0 <= heard.silent <= len(ROWS) and heard.stray <= 2
    assert {at for at, _ in (*heard.refused, *heard.unclear)} <= {0, 1, 2}
