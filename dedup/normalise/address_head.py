"""The front of an address: district, street, community, road and number.

Belongs here: taking each of these off the front of a text, with the site's own area as the only context.
Lives elsewhere: building to room (`address_tail.py`), completing what was not stated (`addresses.py`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from dedup.normalise.characters import HAN
from dedup.normalise.facts import facts

_WORDS = facts("addresses")
_NAMES: list[str] = list(facts("provinces")["provinces"].values())
_SHORT = [re.sub("(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)$", "", name) for name in _NAMES]
_STEM = f"(?:(?![路街道巷弄号幢栋楼室省市区县])[{HAN}])"
_SPECIAL = "|".join(_WORDS["districts"])
_COUNTY = f"(?:{_SPECIAL}|{_STEM}{{1,10}}?(?:(?<![小社园])区|县|旗|市))(?![\\d路街幢栋号楼])"
_BARE = f"(?:{_SPECIAL}|{_STEM}{{2,10}}?(?:(?<![{_WORDS['inner_areas']}])区|自治县|县))(?=[{HAN}])(?![路街幢栋号楼])"

_PROVINCE = re.compile(
    f"(?:{'|'.join(_NAMES)})|(?:{'|'.join(_SHORT)})(?=省|市?{_STEM}{{2,6}}?(?:市|州|盟|地区|县|(?<![{_WORDS['inner_areas']}])区))"
)
_CITY = re.compile(f"({_STEM}{{1,7}}?(?:市|自治州|地区|盟))(?=({_COUNTY}|{_STEM}{{1,8}}?(?:街道|镇|乡)))?")
_COUNTY_AFTER = re.compile(_COUNTY)
_COUNTY_ALONE = re.compile(_BARE)
_STREET = re.compile(
    f"({_STEM}{{1,10}}?)(街道办事处|街道办|街道|[镇乡](?=$|[{HAN}]+?[村路街社组巷道号]))(?![路街巷])"
)
_COMMUNITY = re.compile(
    f"({_STEM}{{1,12}}?)(?:(社区居民委员会|社区居委会|居民委员会|居委会|社区)|(村民委员会|村委会))"
)
_VILLAGE = re.compile(f"({_STEM}{{1,8}}?(?<!新)村)(?=\\d+组|\\d+号(?!楼)|$)")
_ROAD = re.compile(
    f"([{HAN}A-Z\\d]{{1,14}}?(?:大道|公路|胡同|路|街|巷|[弄道里条线](?=\\d+(?:-\\d+)?[号弄](?!楼))))(?=[甲乙丙丁]?\\d|$)"
)
_NUMBER = re.compile(
    r"(\d+组)?(?:([甲乙丙丁]?\d+(?:[-之]\d+)?)(号|弄)(?![楼路街线房室门])(?:附(\d+)号?)?(?:大院|院内|院|内)?)?",
    re.ASCII,
)
_BARE_NUMBER = re.compile(f"(\\d{{1,5}})(?=[{HAN}])(?![幢栋座楼单门梯层室户房期区组号])|(\\d{{1,5}})$")


class Region(NamedTuple):
    """Province, city and district as stated ('' when not), and the text behind them."""

    province: str
    city: str
    district: str
    rest: str


def region_of(text: str) -> Region:
    """Province, city and district at the front of a text. A district without city is believed only when it cannot
    be a part of an estate.

    >>> region_of("浙江省杭州市上城区望江街道")
    Region(province='浙江省', city='杭州市', district='上城区', rest='望江街道')
    >>> region_of("朝阳区建国路88号"), region_of("采荷东区5幢").rest
    (Region(province='', city='', district='朝阳区', rest='建国路88号'), '采荷东区5幢')
    """
    province = city = ""
    found = _PROVINCE.match(text)
    if found is not None:
        province = _full(found[0])
        text = text[found.end() :].removeprefix("省")
        if province.endswith("市"):
            city = province
            text = _without_repeat(text, province)
    if not city:
        found = _CITY.match(text)
        if found is not None and (province or found[2]):
            city, text = found[1], text[found.end(1) :]
            text = text.removeprefix(city)
    if province or city:
        district, text = county_of(text)
    else:
        alone = _COUNTY_ALONE.match(text)
        district = alone[0] if alone is not None else ""
        text = text[len(district) :]
    return Region(province, city, district, text)


def county_of(text: str) -> tuple[str, str]:
    """The district or county behind a city, and the rest.

    >>> county_of("西湖区文三路"), county_of("近江小区5幢")
    (('西湖区', '文三路'), ('', '近江小区5幢'))
    """
    found = _COUNTY_AFTER.match(text)
    return (found[0], text[found.end() :]) if found is not None else ("", text)


def street_of(text: str, *, after_region: bool) -> tuple[str, str]:
    """The street office, town or township, and the rest. A 镇 or 乡 counts only behind a district.

    >>> street_of("望江街道近江社区", after_region=False), street_of("水乡人家5幢", after_region=False)
    (('望江街道', '近江社区'), ('', '水乡人家5幢'))
    """
    found = _STREET.match(text)
    if found is None or (found[2] in "镇乡" and not after_region):
        return "", text
    return found[1] + ("街道" if found[2].startswith("街道") else found[2]), text[found.end() :]


def community_of(text: str) -> tuple[str, str]:
    """The community or village, and the rest.

    >>> community_of("近江社区居委会近江路"), community_of("东湖村12组"), community_of("采荷新村5幢")
    (('近江社区', '近江路'), ('东湖村', '12组'), ('', '采荷新村5幢'))
    """
    found = _COMMUNITY.match(text)
    if found is not None:
        name = found[1] + ("社区" if found[2] else "" if found[1].endswith("村") else "村")
        return name, text[found.end() :]
    found = _VILLAGE.match(text)
    return (found[1], text[found.end() :]) if found is not None else ("", text)


def road_of(text: str) -> tuple[str, str]:
    """The road, when a number or nothing follows it, and the rest.

    >>> road_of("中山中路12号"), road_of("铁路新村5幢")
    (('中山中路', '12号'), ('', '铁路新村5幢'))
    """
    found = _ROAD.match(text)
    return (found[1], text[found.end() :]) if found is not None else ("", text)


def number_of(text: str, *, after_road: bool) -> tuple[str, str]:
    """The door number: `12`, `12-1`, Shanghai's `123弄`, a village's `3组` or `3组5`; and the rest.

    >>> number_of("12号附1近江家园", after_road=True), number_of("123弄4号501室", after_road=True)
    (('12-1', '近江家园'), ('123弄', '4号501室'))
    """
    found = _NUMBER.match(text)
    if found is not None and found.end():
        number = (found[2] or "").replace("之", "-")
        number = number.lstrip("0") or number[:1]
        number += f"-{found[4]}" if found[4] else ""
        return (found[1] or "") + number + ("弄" if found[3] == "弄" else ""), text[found.end() :]
    found = _BARE_NUMBER.match(text) if after_road else None
    if found is not None:
        return found[0].lstrip("0") or "0", text[found.end() :]
    return "", text


def _full(province: str) -> str:
    return province if province in _NAMES else _NAMES[_SHORT.index(province)]


def _without_repeat(text: str, city: str) -> str:
    """上海市上海市 and 北京北京市 say it once."""
    return text.removeprefix("市").removeprefix(city).removeprefix("市辖区")
