"""A town of sixty people at three platforms, written in the platforms' own formats: small enough for every test.

Everyone stands at the social card and at the grid; the grid lacks every third phone, and the residents' points
platform has only a phone and a name. Each fact is known, so that a test can say what must come out.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from connectors.platform import PLATFORMS, read_platform
from connectors.write import Cell, write_export
from dedup.normalise.area import Area, Estate
from dedup.normalise.id_numbers import check_character
from pipelines.night import Night, open_night
from pipelines.steps import run_step
from warehouse.site import Site, create_site, read_site

AREA = Area(
    province="浙江省",
    city="杭州市",
    district="上城区",
    street="望江街道",
    division_code="330102",
    phone_area_code="0571",
    estates=(Estate(name="近江家园", community="近江社区", road="近江路", number="12号"),),
)
NIGHTS = [date(2026, 11, 19), date(2026, 11, 20)]
PEOPLE = 60
SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈", "伟芳娜敏静丽强磊洋艳"

FILES = {"grid": "人员.xlsx", "social_card": "持卡人.csv", "resident_points": "积分.csv"}


def person(number: int) -> dict[str, str]:
    first17 = f"330102{1950 + number % 60}{number % 12 + 1:02d}{number % 28 + 1:02d}{number:03d}"
    id_number = first17 + check_character(first17)
    return {
        "name": SURNAMES[number % 10] + GIVEN[number // 10] + GIVEN[(number * 7) % 10],
        "id_number": id_number,
        "sex": "男" if int(id_number[16]) % 2 else "女",
        "born": id_number[6:14],
        "phone": f"139{57100000 + number * 37}",
        "address": f"近江家园{number % 5 + 1}幢{number % 3 + 1}单元{number // 5 + 1}01室",
    }


def rows(slug: str, people: range) -> list[dict[str, Cell]]:
    every = [(number, person(number)) for number in people]
    match slug:
        case "grid":
            return [
                {
                    "人员编号": f"G{number:05d}",
                    "姓名": one["name"],
                    "身份证号": one["id_number"],
                    "性别": one["sex"],
                    "出生日期": one["born"],
                    "联系电话": one["phone"] if number % 3 else "",
                    "门牌地址": one["address"],
                }
                for number, one in every
            ]
        case "social_card":
            return [
                {
                    "卡号": f"C{number:07d}",
                    "姓名": one["name"],
                    "证件号码": one["id_number"],
                    "出生日期": one["born"],
                    "手机号码": one["phone"],
                    "通讯地址": one["address"],
                }
                for number, one in every
            ]
        case _:
            return [
                {
                    "积分账号": f"J{number}",
                    "姓名": one["name"],
                    "手机号": one["phone"],
                    "地址": one["address"],
                }
                for number, one in every
            ]


def deliver(site: Site, slug: str, night: date = NIGHTS[0], people: range = range(PEOPLE)) -> Path:
    """Put a platform's export of some people into the inbox of a night."""
    file = site.inbox / night.isoformat() / slug / FILES[slug]
    file.parent.mkdir(parents=True, exist_ok=True)
    write_export(read_platform(PLATFORMS / f"{slug}.toml"), rows(slug, people), file)
    return file


def town(root: Path) -> Site:
    """A site with the exports of one night in its inbox."""
    site = create_site(root, name="近江小城", area=AREA, seed=1)
    for slug in FILES:
        deliver(site, slug)
    return site


def stage_night(root: Path, night: date) -> Night:
    """Land and stage a night and let readers see it: what is not about matching needs no more."""
    with open_night(root, night) as opened:
        for step in ("land", "stage", "snapshot"):
            run_step(opened, step)
    return opened


__all__ = ["AREA", "FILES", "NIGHTS", "PEOPLE", "deliver", "person", "read_site", "stage_night", "town"]
