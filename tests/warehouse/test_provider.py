"""The identity provider of a site: read strictly, with no secret written out and no line that others can read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.warehouse.conftest import AREA
from warehouse.connections import WrongConnection
from warehouse.provider import read_provider
from warehouse.site import SiteError, create_site, read_site

LITERAL = "hunter2-plain"
GOOD = {
    "issuer": "https://id.example.gov.cn/realms/staff",
    "client_id": "enter-once",
    "client_secret": "env:OIDC_SECRET",
    "desk": "https://desk.example.gov.cn/",
}


def test_a_provider_reads_back_as_it_was_written() -> None:
    read = read_provider(GOOD)
    assert (read.issuer, read.claim, read.local) == (GOOD["issuer"], "preferred_username", True)
    assert read.way_back == "https://desk.example.gov.cn/login/back"
    assert read_provider(GOOD | {"local": False, "claim": "sub"}).local is False


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"client_secret": LITERAL}, "client_secret 应写 env:变量名 或 file:路径"),
        ({"ca": "env:CA"}, "ca 应写 file:路径"),
        ({"issuer": "http://id.example.gov.cn"}, "issuer 应写成 https"),
        ({"issuer": "id.example.gov.cn"}, "issuer 应写成 https"),
        ({"desk": "http://10.0.0.8:8765"}, "desk 应写成 https"),
        ({"desk": f"https://desk.example.gov.cn/?key={LITERAL}"}, "不能带用户、密码或参数"),
        ({"issuer": f"https://a:{LITERAL}@id.example.gov.cn"}, "不能带用户、密码或参数"),
        ({"client_id": ""}, "client_id 应为文字"),
        ({"local": "no"}, "local 应为true 或 false"),
        ({"secret": LITERAL}, "不认识的键 secret"),
    ],
)
def test_what_is_wrong_is_said_without_a_value_that_may_be_secret(more: dict[str, Any], says: str) -> None:
    with pytest.raises(WrongConnection) as refused:
        read_provider(GOOD | more)
    assert says in refused.value.problem
    assert LITERAL not in f"{refused.value.problem}{refused.value.next_move}"


def test_a_site_says_in_which_file_its_provider_is_wrong(tmp_path: Path) -> None:
    root = create_site(tmp_path / "site", name="望江街道", area=AREA, seed=7).root
    assert read_site(root).provider is None
    with (root / "site.toml").open("a", encoding="utf-8") as toml:
        toml.write('\n[oidc]\nissuer = "https://id.example.gov.cn"\n')
    with pytest.raises(SiteError, match=r"site\.toml.*缺少 client_id、desk"):
        read_site(root)
