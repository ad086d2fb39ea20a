"""Sites: made once, read strictly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dedup.normalise.area import Estate
from warehouse.site import Review, Site, SiteError, create_site, read_site


def test_a_site_reads_back_as_it_was_made(site: Site) -> None:
    assert read_site(site.root) == site
    assert site.root.joinpath("secret.key").stat().st_mode & 0o777 == 0o600


def test_names_with_quotes_and_rare_characters_survive(tmp_path: Path, site: Site) -> None:
    area = replace(site.area, estates=(Estate('𠮷"祥\\里', "近江\n社区", "近江路", "1\t号"),))
    made = create_site(tmp_path / "odd", name='"望江"', area=area)
    assert read_site(made.root).area == area


def test_the_same_seed_gives_the_same_key_and_none_gives_another_each_time(
    tmp_path: Path, site: Site
) -> None:
    made = [
        create_site(tmp_path / name, name="x", area=site.area, seed=seed)
        for name, seed in (("a", 7), ("b", 8), ("c", None), ("d", None))
    ]
    assert made[0].key == site.key
    assert len({one.key for one in made}) == 4


def test_an_existing_site_is_never_made_again(site: Site) -> None:
    with pytest.raises(SiteError, match="已经有一个站点"):
        create_site(site.root, name="again", area=site.area)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("\n[area]", "\nmodle = 3\n[area]", "modle"),
        ("name = ", "# name = ", "缺少 name"),
        ("\n[area]", "\nmodel = 3\n[area]", "model 类型不对"),
        ("\n[area]", '\nmodel = "../own.toml"\n[area]', "站点文件夹内"),
        ("\n[area]", '\nmodel = "own.toml"\n[area]', "没有这个文件"),
        ('road = "近江路"', 'raod = "近江路"', "raod"),
        ('division_code = "330102"', 'division_code = "33010"', "6 位数字"),
        ("[area]", "[area", "不是有效的 TOML"),
    ],
)
def test_a_typo_in_site_toml_is_an_error_that_names_it(
    site: Site, before: str, after: str, says: str
) -> None:
    file = site.root / "site.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    with pytest.raises(SiteError, match=says):
        read_site(site.root)


def test_a_folder_that_is_no_site_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="enter-once city"):
        read_site(tmp_path)


def test_a_key_that_others_can_read_is_refused(site: Site) -> None:
    site.root.joinpath("secret.key").chmod(0o644)
    with pytest.raises(SiteError, match="chmod 600"):
        read_site(site.root)


@pytest.mark.parametrize("text", ["not hex", "abcd"])
def test_a_damaged_key_is_refused_without_showing_it(site: Site, text: str) -> None:
    site.root.joinpath("secret.key").write_text(text)
    with pytest.raises(SiteError) as refused:
        read_site(site.root)
    assert text not in str(refused.value)


def test_a_site_may_name_a_model_of_its_own(site: Site) -> None:
    assert site.model is None
    file = site.root / "site.toml"
    file.write_text('model = "models/own.toml"\n' + file.read_text(encoding="utf-8"), encoding="utf-8")
    (site.root / "models").mkdir()
    (site.root / "models" / "own.toml").touch()
    assert read_site(site.root).model == site.root / "models" / "own.toml"


def test_a_site_may_let_one_person_judge_everything(site: Site) -> None:
    assert site.review.four_eyes
    file = site.root / "site.toml"
    stated = file.read_text(encoding="utf-8")
    file.write_text(stated + "\n[review]\nfour_eyes = false\n", encoding="utf-8")
    assert not read_site(site.root).review.four_eyes
    file.write_text(stated + "\n[review]\nblind = 0.05\n", encoding="utf-8")
    assert read_site(site.root).review == Review(four_eyes=True, blind=0.05)
    for wrong in ('four_eyes = "no"', "six_eyes = true", "blind = 1.5", "blind = true"):
        file.write_text(f"{stated}\n[review]\n{wrong}\n", encoding="utf-8")
        with pytest.raises(SiteError, match="review"):
            read_site(site.root)
