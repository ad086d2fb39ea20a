"""Connections: read strictly, and a secret that is written out is refused without being shown."""

from __future__ import annotations

from typing import Any

import pytest

from warehouse.connections import Connection, WrongConnection, read_connections
from warehouse.site import Site, SiteError, read_site

GOOD = {"address": "https://ybt.example.gov.cn/open", "user": "wj", "secret": "env:ONE_TABLE"}
LITERAL = "hunter2-plain"


def test_a_connection_reads_back_as_it_was_written() -> None:
    read = read_connections({"one_table": GOOD})
    assert read == {"one_table": Connection(**GOOD)}
    assert (read["one_table"].scheme, read["one_table"].local) == ("https", False)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"secret": LITERAL}, "secret 应写 env:变量名 或 file:路径"),
        ({"secret": "env:"}, "secret 应写"),
        ({"secret": f"env:A {LITERAL}"}, "secret 应写"),
        ({"private_key": f"-----BEGIN {LITERAL}"}, "private_key 应写"),
        ({"private_key": "env:KEY"}, "private_key 应写 file:路径"),
        ({"ca": LITERAL}, "ca 应写"),
        ({"address": f"https://wj:{LITERAL}@ybt.example.gov.cn"}, "不能带用户、密码或参数"),
        ({"address": f"https://ybt.example.gov.cn/?token={LITERAL}"}, "不能带用户、密码或参数"),
        ({"address": "ftp://ybt.example.gov.cn"}, "address 应写成"),
        ({"address": "ybt.example.gov.cn"}, "address 应写成"),
        ({"address": "https://ybt.example.gov.cn:port"}, "address 应写成"),
        ({"address": ""}, "缺少 address"),
        ({"address": "http://ybt.example.gov.cn"}, "不加密"),
        ({"address": "http://ybt.example.gov.cn", "without_tls": " "}, "不加密"),
        ({"pasword": LITERAL}, "pasword"),
        ({"user": 7}, "都是文字"),
    ],
)
def test_a_wrong_connection_is_told_by_its_place_and_never_by_its_value(
    more: dict[str, Any], says: str
) -> None:
    with pytest.raises(WrongConnection) as refused:
        read_connections({"one_table": GOOD | more})
    told = f"{refused.value.problem}。{refused.value.next_move}"
    assert says in told and "[connections.one_table]" in told
    assert LITERAL not in told


@pytest.mark.parametrize(
    "more",
    [
        {"address": "http://127.0.0.1:8000"},
        {"address": "http://localhost"},
        {"address": "http://[::1]:8000"},
        {"address": "http://10.1.2.3", "without_tls": "政务专线，平台没有 https"},
        {"address": "sftp://sbk.example.gov.cn:2222", "private_key": "file:keys/sbk"},
        {"address": "postgresql://10.1.2.3/city"},
    ],
)
def test_what_is_fine_is_taken(more: dict[str, str]) -> None:
    assert read_connections({"one_table": GOOD | more})["one_table"].address == more["address"]


def test_a_site_has_the_connections_of_its_site_toml(site: Site) -> None:
    assert site.connections == {}
    file = site.root / "site.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + '\n[connections.grid]\naddress = "https://x.example"\n', encoding="utf-8")
    assert read_site(site.root).connections == {"grid": Connection("https://x.example")}
    file.write_text(text + f'\n[connections.grid]\nsecret = "{LITERAL}"\naddress = "https://x"\n')
    with pytest.raises(SiteError, match=r"site\.toml.*connections\.grid") as refused:
        read_site(site.root)
    assert LITERAL not in str(refused.value)
    file.write_text("connections = 3\n" + text)
    with pytest.raises(SiteError, match="connections"):
        read_site(site.root)


def test_a_way_in_gives_no_way_out(site: Site) -> None:
    file = site.root / "site.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + '\n[connections.grid]\naddress = "https://x.example"\n', encoding="utf-8")
    assert read_site(site.root).sending == {}
    file.write_text(text + '\n[sending.grid]\naddress = "https://y.example"\n', encoding="utf-8")
    read = read_site(site.root)
    assert (read.connections, read.sending["grid"].place) == ({}, "[sending.grid]")
    file.write_text(text + f'\n[sending.grid]\nsecret = "{LITERAL}"\naddress = "https://x"\n')
    with pytest.raises(SiteError, match=r"site\.toml.*sending\.grid") as refused:
        read_site(site.root)
    assert LITERAL not in str(refused.value)


def test_where_a_connection_is_stated_cannot_be_stated() -> None:
    with pytest.raises(WrongConnection, match="place"):
        read_connections({"one_table": GOOD | {"place": "[x]"}})
