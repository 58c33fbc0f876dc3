"""Names of institutions and units as they are compared.

The same health centre is 南昌县向塘镇中心卫生院 in one table and 向塘中心卫生院 in
another. A name is taken apart into where it is (向塘) and what it is (卫生院).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Spaces and marks that carry no meaning in a name.
_MARKS = re.compile(r"[\s·•・.,，、。:：;；'\"“”‘’`\-_—–~*#]+")
_BRACKETS = str.maketrans("〔〕【】[]{}<>《》「」", "()" * 7)
_BRACKETED = re.compile(r"\(([^()]*)\)")
# What planners add in brackets about a row, which is no part of the name.
_REMARKS = frozenset(
    {"样例", "在建", "拟建", "新建", "筹", "筹建", "规划", "备选", "停业"}
)
# Parts of an institution: a name with these in brackets is another place.
_PARTS = re.compile("院区|分院|分部|分中心|分站|门诊|校区|新址|老址")
_INSTITUTION = re.compile("(院|中心|站|室|所|诊部)$")
# The kinds of institution that are written in several ways, longest form first. The
# ending of a unit (镇, 街道) before the kind of a primary-care one is left out.
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("社区卫生服务站", re.compile("社区(?:卫生)?服务站$")),
    ("社区卫生服务中心", re.compile("社区(?:卫生)?服务中心$|社区卫生院$")),
    ("卫生院", re.compile("(?:乡镇)?(?:中心)?卫生院$")),
    ("卫生室", re.compile("(?:村)?卫生(?:室|所|站)$")),
    ("中医医院", re.compile("中医(?:医)?院$")),
    ("妇幼保健院", re.compile("妇幼保健(?:计划生育服务中心|服务中心|院|所)$|妇保院$")),
    ("疾病预防控制中心", re.compile("疾病预防控制中心$|疾控中心$")),
    ("人民医院", re.compile("人民医院$")),
)
_UNIT_OF_KIND = frozenset({"社区卫生服务站", "社区卫生服务中心", "卫生院"})
_UNIT_ENDING = re.compile("(?:街道办事处|街道办|办事处|街道|镇|乡|管理处|管委会)$")
_OFFICE = re.compile("(?:人民政府)?(?:街道办事处|街道办)$")
_LEADING = re.compile(r"^(?:(?P<province>.{2,4}?省))?(?P<city>.{2,3}?市)?")
# Names that differ in one of these name different places, however alike they are.
_TELLING = frozenset(
    "0123456789零〇一二三四五六七八九十百东南西北中上下左右前后新老大小"
)


@dataclass(frozen=True)
class Core:
    """A name taken apart.

    Parameters
    ----------
    stem
        Where, or whose: without county, city and the ending of the unit.
    kind
        What it is, in one form for all ways of writing; empty where not known.
    ending
        The ending of the unit that was left out: 街道, 镇, 乡, or another's.
    """

    stem: str
    kind: str
    ending: str = ""

    @property
    def text(self) -> str:
        """Both together."""
        return self.stem + self.kind


def plain_name(name: str) -> str:
    """Return a name in half width, without spaces and marks; brackets are ``()``."""
    text = unicodedata.normalize("NFKC", name).casefold().translate(_BRACKETS)
    return _MARKS.sub("", text)


def readings(name: str) -> tuple[str, ...]:
    """Return the plain names that a name may go by, at least one, the fullest first.

    A second name in brackets, 向塘镇卫生院(向塘医院), is a name of its own. A part
    of an institution in brackets, (东湖院区), belongs to the name; a remark, (拟建),
    does not.
    """
    text = plain_name(name)
    inside = _BRACKETED.findall(text)
    if not inside:
        return (text,)
    others = [t for t in inside if _INSTITUTION.search(t) and not _PARTS.search(t)]
    kept = [t for t in inside if t not in _REMARKS and t not in others]
    base = _BRACKETED.sub("", text) + "".join(kept)
    # A name of empty brackets and nothing else stays as it is.
    return tuple(dict.fromkeys(word for word in (base, *others) if word)) or (text,)


def shared_prefixes(names: Iterable[str]) -> tuple[str, ...]:
    """Return the provinces and cities that at least two names begin with.

    No list of cities is kept: what many names of one area begin with is its city. So
    东湖城市医院 does not lose its first three characters.
    """
    counts: Counter[str] = Counter()
    for name in names:
        match = _LEADING.match(name)
        if match is None:
            continue
        counts.update(word for word in match.groups() if word)
    most_common = (word for word, count in counts.items() if count > 1)
    return tuple(sorted(most_common, key=lambda word: (-len(word), word)))


def without_prefixes(name: str, prefixes: Iterable[str]) -> str:
    """Return a plain name without the provinces, cities and counties it begins with.

    A name that consists of nothing else is kept.
    """
    words = list(prefixes)
    while True:
        found = next((w for w in words if w and name.startswith(w) and name != w), None)
        if found is None:
            return name
        name = name.removeprefix(found)
        words.remove(found)


def core_of(name: str) -> Core:
    """Take a plain name without prefixes apart into stem and kind."""
    for kind, pattern in _KINDS:
        match = pattern.search(name)
        if match is None:
            continue
        stem = name[: match.start()]
        if kind in _UNIT_OF_KIND:
            whole = plain_unit(stem)
            stem = unit_stem(whole)
            return Core(stem, kind, whole.removeprefix(stem))
        return Core(stem, kind)
    return Core(name, "")


def plain_unit(name: str) -> str:
    """Return a plain unit's name, an office (街道办事处) being its 街道."""
    return _OFFICE.sub("街道", plain_name(name))


def unit_stem(name: str) -> str:
    """Return a unit's name without its ending: 向塘镇 is 向塘."""
    return _UNIT_ENDING.sub("", name) or name


def tell_apart(one: str, other: str) -> bool:
    """Whether two names differ in a number or a direction, as 第一 and 第二 do."""
    first, second = Counter(one), Counter(other)
    differing = (first - second) + (second - first)
    return any(letter in _TELLING for letter in differing)
