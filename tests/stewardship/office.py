"""A small office with one question of every kind, over a night of matching that really ran.

Belongs here: its people, and making or changing its snapshot. Who is meant by whom is known, so that a test can say what
must be asked. Lives elsewhere: the steps themselves, which are the night's own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from dedup.households import resolve_households
from dedup.night import match_night
from dedup.normalise.id_numbers import check_character
from tests.warehouse.conftest import AREA, World, platform
from warehouse.golden import build_golden, choose_values
from warehouse.ledger import open_ledger
from warehouse.one_person import one_person
from warehouse.pins import load_pins
from warehouse.publish import decide, find_wanted
from warehouse.site import Site, create_site
from warehouse.snapshot import publish_snapshot
from warehouse.store import open_store, rebuild
from warehouse.told import load_told

FIRST, SECOND = date(2026, 11, 19), date(2026, 11, 20)
HTML_NAME = "<script>document.title='owned'</script>"

HOME = "上城区|望江街道|近江社区|近江路|12|近江家园||3|1||302"
OTHER_HOME = "上城区|望江街道|近江社区|近江路|12|近江家园||5|2||1104"


def number(head: str) -> str:
    return head + check_character(head)


JIANGUO = {"name": "李建国", "birth_date": "1990-05-06", "sex": "1", "address": HOME, "phone": "13900000001"}
TWIN = {**JIANGUO, "name": "李建军"}
ONE_NUMBER = number("33010219720301123")
WEILING = {"name": "张玮玲", "birth_date": "1985-03-07", "sex": "2", "phone": "13800000009"}
MING = {"name": "欧阳明哲", "birth_date": "2015-02-03", "sex": "1", "address": OTHER_HOME}

# hukou is a sensitive, trusted platform; grid and civil are not.
PEOPLE: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "hukou": {
        "brother": {**JIANGUO, "id_number": number("33010219900506111")},
        "tied_one": {**WEILING, "id_number": number("33010219850307122")},
        "tied_other": {**WEILING, "id_number": number("33010219850307124")},
        "alone": {
            "name": "周若涵",
            "id_number": number("33010219660708234"),
            "birth_date": "1966-07-08",
            "sex": "2",
        },
        "double": {**MING, "id_number": number("33010220150203111")},
    },
    "grid": {
        "twin": TWIN,
        "between": WEILING,
        "one_name": {"name": "陈素芬", "id_number": ONE_NUMBER, "birth_date": "1972-03-01", "sex": "2"},
        "child": {"name": "欧阳明泽", "birth_date": "2015-02-03", "sex": "1", "address": OTHER_HOME},
        "html": {"name": HTML_NAME, "birth_date": "1980-10-11", "sex": "1", "phone": "13700000003"},
    },
    "civil": {
        "other_name": {
            "name": "吴立新",
            "id_number": ONE_NUMBER,
            "birth_date": "1972-03-01",
            "sex": "2",
            "phone": "13600000005",
        },
        "html_too": {"name": HTML_NAME + "x", "birth_date": "1980-10-11", "sex": "1", "phone": "13700000003"},
        "brother_too": JIANGUO,
    },
}


def office(root: Path) -> Site:
    """A site after its first night."""
    site = create_site(root, name="望江街道", area=AREA, seed=7)
    night(site, FIRST, PEOPLE)
    return site


def night(
    site: Site,
    day: date,
    people: Mapping[str, Mapping[str, Mapping[str, Any]]],
    *,
    books: Collection[str] = (),
) -> None:
    """What a night does with these exports, as far as the desk sees it; a snapshot of it. books: the platforms whose household
    numbers stand for books; with any, people are grouped into households."""
    with open_store(site) as con, open_ledger(site) as ledger:
        world = World(site, con)
        world.platforms(
            platform(
                "hukou",
                tier="T3",
                trust=95,
                title="户籍",
                receives=["phone"],
                authority=("name", "id_number"),
                household="registered" if "hukou" in books else "none",
            ),
            platform("grid", tier="T2", trust=60, title="网格", receives=["phone", "address"]),
            platform(
                "civil",
                tier="T2",
                trust=40,
                title="民政",
                receives=["phone"],
                household="registered" if "civil" in books else "none",
            ),
        )
        for slug, rows in people.items():
            world.states(slug, rows, night=day)
        rebuild(con, "staged.echo")
        rebuild(con, "staged.person")
        said, numbers = ledger.verdicts(), one_person(ledger)
        match_night(con, key=site.key, verdicts=said, one_person=numbers, night=day)
        load_pins(con, ledger, day)
        choose_values(con)
        if books:
            resolve_households(con, key=site.key)
        build_golden(con)
        load_told(con, ledger, day)
        find_wanted(con, day)
        decide(con, ledger, day)
    publish_snapshot(site, day)


# Twenty people whom the registry and the grid state in the same way: by a name of two characters, behind two doors of one
# building. Of another one both say the same household number, and one is in the grid twice.
SURNAMES = "韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁"
ALIKE = {
    slug: {
        f"{slug}_{at}": {
            "name": f"{surname}岚",
            "sex": "2",
            "address": f"上城区|望江街道|近江社区|近江路|12|近江家园||{at + 20}|1||{room}",
            **({"household_number": "N1"} if at == 20 else {}),
        }
        for at, surname in enumerate(SURNAMES)
    }
    for slug, room in (("hukou", 302), ("grid", 501))
}
ALIKE["grid"]["grid_21_too"] = {
    **ALIKE["grid"]["grid_21"],
    "address": "上城区|望江街道|近江社区|近江路|12|近江家园||41|1||702",
}


def alike_night(site: Site, day: date) -> None:
    """A night on which these people come, too."""
    night(site, day, {slug: {**PEOPLE[slug], **ALIKE[slug]} for slug in ALIKE})
