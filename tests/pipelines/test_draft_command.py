"""`platform draft` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from connectors.platform import read_platform
from pipelines.cli import main

SAMPLE = Path(__file__).parents[2] / "docs" / "samples" / "new-arrivals.csv"


def test_a_draft_passes_the_check(tmp_path, capsys):
    assert main(["platform", "draft", str(SAMPLE), "--slug", "new_arrivals"]) == 0
    page = tmp_path / "new_arrivals.toml"
    page.write_text(capsys.readouterr().out, encoding="utf-8")

    assert read_platform(page).fields["name"].column == "新住户姓名"


def test_programs_get_one_object(capsys):
    assert main(["platform", "draft", str(SAMPLE), "--json", "--lang", "en"]) == 0
    found = json.loads(capsys.readouterr().out)

    assert found["columns"]["联系手机"]["field"] == "phone"
    assert found["columns"]["健康情况"]["field"] is None
    assert all(0 <= one["confidence"] <= 1 for one in found["columns"].values())
    assert found["toml"].startswith("# Drafted by")


def test_what_cannot_be_drafted_is_wrong_use(tmp_path, capsys):
    (tmp_path / "a.csv").write_bytes(b"")

    assert main(["platform", "draft", str(tmp_path / "a.csv")]) == 2
    assert main(["platform", "draft", str(tmp_path / "gone.csv"), "--json"]) == 2
    told = capsys.readouterr()
    assert "0 字节" in told.err
    assert json.loads(told.out)["status"] == "error"
