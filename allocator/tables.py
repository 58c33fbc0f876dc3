"""The tables that planners give: every column once, with unit, meaning and aliases.

Readers, checks, documentation and exports all take column names from here, so that a
column is called the same everywhere (design contract, "Files a planner gives").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from allocator.errors import Text


class Kind(StrEnum):
    """What the values of a column are, once read."""

    ID = "id"  # text that names a row; leading zeros matter
    TEXT = "text"
    NUMBER = "number"  # float
    COUNT = "count"  # whole number of people or things, not negative
    DEGREES = "degrees"  # longitude or latitude
    FLAG = "flag"  # true or false, blank is unknown
    CHOICE = "choice"
    LIST = "list"  # several ids in one cell, separated by ; or ；


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a planner's table.

    Parameters
    ----------
    name
        The name of the column in the program and in the contract.
    kind
        What its values are.
    meaning
        One line for documentation and messages.
    required
        Whether a table without it cannot be used.
    unit
        The unit of its values, ``人`` or ``万元`` say; empty where there is none.
    aliases
        Headings that planners use for it, without any unit in brackets.
    choices
        The allowed values of a CHOICE column.
    may_be_blank
        Whether single cells of a required column may be empty.
    yields
        Those of the aliases that give way where the column has a better heading too,
        the strongest first.
    fallbacks
        Headings that are taken for it only where it has no other, and they are free.
    substitute
        The column that stands in for it where it has no heading at all.
    refers_to
        Name of the table whose key its values are.
    """

    name: str
    kind: Kind
    meaning: Text
    required: bool = False
    unit: str = ""
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    may_be_blank: bool = True
    yields: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] = ()
    substitute: str = ""
    refers_to: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of table: its columns, its key, and what other columns become.

    ``in_parts`` says whether several rows of a layer may be parts of one unit.
    """

    name: str
    title: Text
    key: str
    columns: tuple[Column, ...]
    in_parts: bool = False

    def column(self, name: str) -> Column:
        """Return the column called ``name``.

        Raises
        ------
        KeyError
            When the table has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """The column names, in the order of the contract."""
        return tuple(column.name for column in self.columns)


COUNTY_KINDS = ("区", "县", "other")
ZONE_KINDS = ("街道", "镇", "乡", "other")
STATUSES = ("existing", "candidate")
VERDICTS = ("accept", "reject", "lock", "defer", "move", "add")
ACTIONS = ("build", "upgrade", "close", "add")

# WS 218-2002: a letter for the group, then nothing or three digits.
FACILITY_CLASS_FORM = re.compile(r"[A-P]([0-9]{3})?")
# The classes that packs refer to; a register may hold others.
FACILITY_CLASSES = {
    "A100": Text("综合医院", "general hospital"),
    "A210": Text("中医医院", "hospital of Chinese medicine"),
    "A300": Text("中西医结合医院", "integrated hospital"),
    "A500": Text("专科医院", "special hospital"),
    "A600": Text("康复医院", "rehabilitation hospital"),
    "B100": Text("社区卫生服务中心", "community health centre"),
    "B200": Text("社区卫生服务站", "community health station"),
    "C100": Text("街道卫生院", "sub-district health centre"),
    "C210": Text("中心卫生院", "central township health centre"),
    "C220": Text("乡卫生院", "township health centre"),
    "D600": Text("村卫生室", "village clinic"),
    "E": Text("急救中心(站)", "emergency centre or station"),
    "G100": Text("妇幼保健院", "maternal and child hospital"),
    "H": Text("专科疾病防治机构", "special disease control institution"),
    "J": Text("疾病预防控制中心", "centre for disease control"),
    "P": Text("其他机构(公共场所、托育机构)", "other: public places, nurseries"),
}

_LON = Column(
    "lon",
    Kind.DEGREES,
    Text("经度", "longitude, degrees east"),
    unit="°",
    aliases=("经度", "东经", "lng", "longitude", "long", "经度坐标", "x"),
)
_LAT = Column(
    "lat",
    Kind.DEGREES,
    Text("纬度", "latitude, degrees north"),
    unit="°",
    aliases=("纬度", "北纬", "latitude", "纬度坐标", "y"),
)

ZONES = Table(
    "zones",
    Text("乡镇级单元", "zones (township-level units)"),
    "zone_id",
    (
        Column(
            "zone_id",
            Kind.ID,
            Text("乡镇街道代码", "township-level code, 9 or 12 digits"),
            required=True,
            aliases=(
                "乡镇街道代码",
                "乡镇(街道)代码",
                "乡镇代码",
                "街道代码",
                "区划代码",
                "行政区划代码",
                "统计用区划代码",
                "统计用区划代码(12位)",
                "单元代码",
                "代码",
                "code",
            ),
            may_be_blank=False,
            yields=("统计用区划代码", "区划代码", "行政区划代码"),
        ),
        Column(
            "name",
            Kind.TEXT,
            Text("名称", "name"),
            required=True,
            aliases=(
                "名称",
                "乡镇街道",
                "乡镇(街道)",
                "乡镇名称",
                "街道名称",
                "乡镇街道名称",
                "乡镇(街道)名称",
                "区划名称",
                "单元名称",
            ),
            may_be_blank=False,
            yields=("区划名称",),
            fallbacks=("乡镇", "街道", "行政区划", "地区"),
        ),
        Column(
            "county_id",
            Kind.ID,
            Text("所属县区代码", "county it belongs to"),
            required=True,
            aliases=(
                "县区代码",
                "区县代码",
                "县(区)代码",
                "区(县)代码",
                "所属县区代码",
                "所属县区",
                "所属区县",
                "所属县(区)",
                "county_code",
            ),
            may_be_blank=False,
            yields=("所属县区", "所属区县", "所属县(区)"),
            fallbacks=("行政区划代码", "县区", "区县", "县(区)", "区(县)", "县区名称"),
            refers_to="counties",
        ),
        Column(
            "kind",
            Kind.CHOICE,
            Text("类型", "kind of unit"),
            aliases=("类型", "单元类型", "乡镇类型", "unit_kind"),
            choices=ZONE_KINDS,
            may_be_blank=False,
        ),
        Column(
            "population",
            Kind.COUNT,
            Text("常住人口", "resident population"),
            required=True,
            unit="人",
            aliases=(
                "常住人口",
                "常住人口数",
                "年末常住人口",
                "年末常住人口数",
                "常住总人口",
                "年末服务(常住)人口数",
                "总人口",
                "人口总数",
                "人口",
                "人口数",
                "服务人口数",
            ),
            may_be_blank=False,
            yields=("总人口", "人口总数", "人口", "人口数", "服务人口数"),
        ),
        Column(
            "urban",
            Kind.FLAG,
            Text("城镇", "urban"),
            aliases=("城镇", "是否城镇", "城乡"),
        ),
        Column(
            "population_0_6",
            Kind.COUNT,
            Text("0-6岁儿童", "children of 0 to 6 years"),
            unit="人",
            aliases=(
                "0-6岁儿童数",
                "0-6岁人口",
                "0-6岁人口数",
                "0~6岁儿童数",
                "0-6岁儿童",
            ),
        ),
        Column(
            "population_0_14",
            Kind.COUNT,
            Text("0-14岁人口", "people of 0 to 14 years"),
            unit="人",
            aliases=("0-14岁人口", "0-14岁人口数", "0~14岁人口", "0-14岁"),
        ),
        Column(
            "population_65",
            Kind.COUNT,
            Text("65岁及以上人口", "people of 65 years and above"),
            unit="人",
            aliases=(
                "65岁以上人口数",
                "65岁以上人口",
                "65岁及以上人口数",
                "65岁及以上人口",
                "65岁及以上",
                "65岁以上老年人口数",
                "65岁及以上老年人口数",
            ),
        ),
        _LON,
        _LAT,
    ),
    in_parts=True,
)

# Zone columns that are part of the population; a rate may be stated per any of them.
AGE_COLUMNS = ("population_0_6", "population_0_14", "population_65")

COUNTIES = Table(
    "counties",
    Text("县区", "counties"),
    "county_id",
    (
        Column(
            "county_id",
            Kind.ID,
            Text("县区代码", "county code"),
            required=True,
            aliases=(
                "县区代码",
                "区县代码",
                "县(区)代码",
                "区(县)代码",
                "行政区划代码",
                "代码",
                "code",
                "county_code",
            ),
            may_be_blank=False,
            yields=("行政区划代码",),
        ),
        Column(
            "name",
            Kind.TEXT,
            Text("名称", "name"),
            required=True,
            aliases=(
                "名称",
                "县区",
                "区县",
                "县(区)",
                "区(县)",
                "县区名称",
                "区县名称",
            ),
            may_be_blank=False,
        ),
        Column(
            "kind",
            Kind.CHOICE,
            Text("类型", "kind of county"),
            aliases=("类型",),
            choices=COUNTY_KINDS,
        ),
    ),
    in_parts=True,
)

DEMAND = Table(
    "demand",
    Text("需求点", "demand points"),
    "demand_id",
    (
        Column(
            "demand_id",
            Kind.ID,
            Text("需求点编号", "id of the demand point"),
            required=True,
            aliases=("编号", "需求点编号", "村代码"),
            may_be_blank=False,
        ),
        Column(
            "zone_id",
            Kind.ID,
            Text(
                "所属乡镇街道代码",
                "zone it belongs to; found from the location where blank",
            ),
            aliases=("乡镇街道代码", "所属乡镇"),
            refers_to="zones",
        ),
        Column(
            "people",
            Kind.COUNT,
            Text("人数", "people"),
            required=True,
            unit="人",
            aliases=("人数", "人口", "人口数", "常住人口", "常住人口数", "population"),
            may_be_blank=False,
            yields=("人数", "人口", "人口数"),
        ),
        Column(
            "lon",
            Kind.DEGREES,
            _LON.meaning,
            required=True,
            unit="°",
            aliases=_LON.aliases,
        ),
        Column(
            "lat",
            Kind.DEGREES,
            _LAT.meaning,
            required=True,
            unit="°",
            aliases=_LAT.aliases,
        ),
    ),
)

SITES = Table(
    "sites",
    Text("现有机构与备选点", "existing facilities and candidates"),
    "site_id",
    (
        Column(
            "site_id",
            Kind.ID,
            Text("机构编号", "id of the site"),
            required=True,
            aliases=(
                "机构ID",
                "机构编号",
                "机构代码",
                "机构编码",
                "医疗机构代码",
                "组织机构代码",
                "编号",
            ),
            may_be_blank=False,
            yields=("机构编号", "机构代码", "机构编码", "医疗机构代码", "组织机构代码"),
            fallbacks=("序号",),
        ),
        Column(
            "name",
            Kind.TEXT,
            Text("机构名称", "name"),
            required=True,
            aliases=("机构名称", "单位名称", "医疗机构名称", "医院名称", "名称"),
            may_be_blank=False,
            yields=("单位名称",),
        ),
        Column(
            "lon",
            Kind.DEGREES,
            _LON.meaning,
            unit="°",
            aliases=_LON.aliases,
        ),
        Column(
            "lat",
            Kind.DEGREES,
            _LAT.meaning,
            unit="°",
            aliases=_LAT.aliases,
        ),
        Column(
            "status",
            Kind.CHOICE,
            Text("现状或备选", "whether it exists today or is a candidate"),
            aliases=("状态", "现状"),
            choices=STATUSES,
            may_be_blank=False,
        ),
        Column(
            "zone_id",
            Kind.ID,
            Text("所属乡镇街道代码", "zone; found from the location where blank"),
            aliases=(
                "乡镇街道代码",
                "乡镇(街道)代码",
                "所属乡镇(街道)",
                "所属乡镇",
                "所属街道",
                "所属乡镇街道",
                "所在乡镇",
                "所在乡镇(街道)",
            ),
            yields=(
                "所属乡镇(街道)",
                "所属乡镇街道",
                "所属乡镇",
                "所属街道",
                "所在乡镇(街道)",
                "所在乡镇",
            ),
            fallbacks=("乡镇街道", "乡镇(街道)", "乡镇", "街道"),
            refers_to="zones",
        ),
        Column(
            "class",
            Kind.ID,
            Text("机构类别代码(WS 218)", "class of facility (WS 218 code)"),
            aliases=(
                "卫生机构类别代码",
                "机构类别代码",
                "类别代码",
                "机构类别",
                "机构类型",
                "类别",
            ),
            yields=("类别代码", "机构类别", "机构类型", "类别"),
        ),
        Column(
            "services",
            Kind.LIST,
            Text(
                "现有服务",
                "services held today, ';' between; a counted one as often as held",
            ),
            aliases=("现有服务", "服务"),
        ),
        Column(
            "level",
            Kind.NUMBER,
            Text("医院等级(1 一级 2 二级 3 三级)", "hospital level, 1 to 3"),
            aliases=("级别", "等级", "等次"),
        ),
        Column(
            "public",
            Kind.FLAG,
            Text("公立", "publicly owned"),
            aliases=("公立", "是否公立", "是否政府办"),
        ),
        Column(
            "branch",
            Kind.FLAG,
            Text("分支机构", "branch of another facility: never counted"),
            aliases=("是否分支机构", "分支机构"),
        ),
        Column(
            "locked",
            Kind.CHOICE,
            Text(
                "锁定(in 必选 out 不选)",
                "in: must receive a service; out: receives nothing",
            ),
            aliases=("锁定",),
            choices=("in", "out"),
        ),
        Column(
            "capacity_people",
            Kind.NUMBER,
            Text("服务能力", "most people it can serve with one service"),
            unit="人",
            aliases=("服务能力", "服务人口上限"),
        ),
        Column(
            "served_people",
            Kind.NUMBER,
            Text("服务人口", "people it serves by the register"),
            unit="人",
            aliases=("年末服务(常住)人口数", "服务人口数", "服务人口"),
            yields=("服务人口数", "服务人口"),
        ),
        Column(
            "beds",
            Kind.NUMBER,
            Text("实有床位", "beds in place"),
            unit="张",
            aliases=(
                "实有床位",
                "实有床位数",
                "年末实有床位",
                "年末实有床位数",
                "现有床位",
                "现有床位数",
                "床位数",
                "床位",
            ),
            yields=("现有床位", "现有床位数", "床位数", "床位"),
            substitute="approved_beds",
        ),
        Column(
            "approved_beds",
            Kind.NUMBER,
            Text("编制床位", "approved beds"),
            unit="张",
            aliases=("编制床位", "编制床位数", "核定床位", "核定床位数", "批准床位数"),
            yields=("核定床位", "核定床位数", "批准床位数"),
        ),
        Column(
            "admissions",
            Kind.NUMBER,
            Text("年入院人次", "admissions a year"),
            unit="人次",
            aliases=("入院人次", "入院人次数", "出院人次", "出院人次数"),
        ),
        Column(
            "stay_days",
            Kind.NUMBER,
            Text("平均住院日", "mean stay"),
            unit="天",
            aliases=("平均住院日", "出院者平均住院日"),
        ),
        Column(
            "gps",
            Kind.NUMBER,
            Text("全科医生", "general practitioners"),
            unit="人",
            aliases=(
                "全科医生",
                "全科医生数",
                "全科医师",
                "全科医师数",
                "注册为全科医学专业的人数",
            ),
        ),
        Column(
            "physicians",
            Kind.NUMBER,
            Text("执业(助理)医师", "licensed physicians"),
            unit="人",
            aliases=("执业医师", "执业医师数", "执业(助理)医师", "执业(助理)医师数"),
            yields=("执业医师", "执业医师数"),
        ),
        Column(
            "nurses",
            Kind.NUMBER,
            Text("注册护士", "registered nurses"),
            unit="人",
            aliases=("注册护士", "注册护士数", "护士"),
            yields=("护士",),
        ),
        Column(
            "established",
            Kind.FLAG,
            Text(
                "建制乡镇卫生院(否: 不计入每乡镇一所)",
                "health centre of a township that exists; else it is not counted",
            ),
            aliases=("是否建制乡镇卫生院", "建制乡镇卫生院"),
        ),
        Column(
            "government_code",
            Kind.ID,
            Text(
                "政府办卫生机构隶属关系代码(填了即公立)",
                "which government it belongs to; given: publicly owned",
            ),
            aliases=("政府办卫生机构隶属关系代码", "政府办卫生机构隶属关系"),
        ),
        Column(
            "region_code",
            Kind.ID,
            Text("行政区划代码", "code of its county"),
            aliases=("行政区划代码", "区划代码"),
            yields=("区划代码",),
        ),
    ),
)

COSTS = Table(
    "costs",
    Text("单位造价", "unit costs"),
    "",
    (
        Column("service", Kind.ID, Text("服务", "service"), aliases=("服务",)),
        Column("resource", Kind.ID, Text("资源", "resource"), aliases=("资源",)),
        Column(
            "action",
            Kind.CHOICE,
            Text("动作", "action paid for"),
            required=True,
            aliases=("动作", "建设性质"),
            choices=ACTIONS,
            may_be_blank=False,
        ),
        Column(
            "capital_wan",
            Kind.NUMBER,
            Text("一次性投资", "capital cost, once"),
            required=True,
            unit="万元",
            aliases=("投资估算", "总投资", "建设投资", "投资"),
            may_be_blank=False,
        ),
        Column(
            "yearly_wan",
            Kind.NUMBER,
            Text("年运行费", "running cost a year"),
            unit="万元",
            aliases=("年运行费", "运行费"),
        ),
        Column(
            "class",
            Kind.ID,
            Text("机构类别", "only for this class"),
            aliases=("机构类别",),
        ),
        Column(
            "site_id",
            Kind.ID,
            Text("机构编号", "only for this site"),
            aliases=("机构编号",),
            refers_to="sites",
        ),
        Column(
            "source",
            Kind.TEXT,
            Text("来源", "where the figure is from"),
            aliases=("来源",),
        ),
        Column("year", Kind.TEXT, Text("年份", "year of prices"), aliases=("年份",)),
    ),
)

LOCATIONS = Table(
    "locations",
    Text("位置表", "places to look sites up in"),
    "",
    (
        Column(
            "code",
            Kind.ID,
            Text("机构编号", "code that the register knows the site by"),
            aliases=("site_id", "机构ID", "机构编号", "机构代码", "编号"),
        ),
        Column(
            "name",
            Kind.TEXT,
            Text("名称", "name"),
            aliases=("机构名称", "单位名称", "医疗机构名称", "名称"),
        ),
        Column(
            "lon",
            Kind.DEGREES,
            _LON.meaning,
            required=True,
            unit="°",
            aliases=_LON.aliases,
        ),
        Column(
            "lat",
            Kind.DEGREES,
            _LAT.meaning,
            required=True,
            unit="°",
            aliases=_LAT.aliases,
        ),
    ),
)

ALIASES = Table(
    "aliases",
    Text("别名表", "other names of sites"),
    "",
    (
        Column(
            "name",
            Kind.TEXT,
            Text("登记表中的名称", "name in the register"),
            required=True,
            aliases=("名称", "机构名称"),
            may_be_blank=False,
        ),
        Column(
            "alias",
            Kind.TEXT,
            Text("位置表中的名称", "name in the table of places"),
            required=True,
            aliases=("别名", "又名", "曾用名"),
            may_be_blank=False,
        ),
    ),
)

# What the place of a site or a zone rests on, in its column ``location_basis``. The
# first five are given by the program; planners' own words are kept as they are.
LOCATION_BASES = {
    "given": Text("表中坐标", "coordinates of the table"),
    "joined_code": Text("按代码关联", "joined by code"),
    "joined_name": Text("按名称关联", "joined by name"),
    "joined_similar": Text("按相近名称关联", "joined by a similar name"),
    "zone_centre": Text("所属单元中心", "centre of its zone"),
}

TRAVEL = Table(
    "travel",
    Text("出行时间", "travel times"),
    "",
    (
        Column(
            "demand_id",
            Kind.ID,
            Text("需求点编号", "demand point"),
            required=True,
            aliases=("需求点编号",),
            may_be_blank=False,
        ),
        Column(
            "site_id",
            Kind.ID,
            Text("机构编号", "site"),
            required=True,
            aliases=("机构编号",),
            may_be_blank=False,
        ),
        Column(
            "minutes",
            Kind.NUMBER,
            Text("单程时间", "one-way travel time"),
            required=True,
            unit="分钟",
            aliases=("分钟", "时间"),
            may_be_blank=False,
        ),
        Column(
            "km",
            Kind.NUMBER,
            Text("距离", "distance"),
            unit="km",
            aliases=("公里", "距离"),
        ),
    ),
)

DECISIONS = Table(
    "decisions",
    Text("评审决定", "decisions of the review"),
    "",
    (
        Column(
            "site_id",
            Kind.ID,
            Text("机构编号", "site"),
            required=True,
            aliases=("机构编号", "编号"),
        ),
        Column(
            "service",
            Kind.ID,
            Text("服务", "service; blank: everything at the site"),
            required=True,
            aliases=("服务", "服务代码"),
        ),
        Column(
            "verdict",
            Kind.CHOICE,
            Text("评审意见", "what was decided"),
            required=True,
            aliases=("评审意见", "意见", "决定"),
            choices=VERDICTS,
        ),
        Column(
            "phase",
            Kind.NUMBER,
            Text("年份", "year of the placement that was reviewed"),
            aliases=("建设时序", "年份"),
        ),
        Column("reviewer", Kind.TEXT, Text("评审人", "who"), aliases=("评审人",)),
        Column("reason", Kind.TEXT, Text("理由", "why"), aliases=("理由",)),
        Column("date", Kind.TEXT, Text("日期", "when"), aliases=("日期",)),
        _LON,
        _LAT,
        Column(
            "name",
            Kind.TEXT,
            Text("新备选点名称", "name of a new candidate"),
            aliases=("机构名称", "名称", "新备选点名称"),
        ),
        Column(
            "class",
            Kind.ID,
            Text(
                "新备选点的机构类别代码(WS 218)或名称",
                "class of a new candidate (WS 218 code or its name)",
            ),
            aliases=("类别代码", "机构类别"),
        ),
    ),
)

ALL_TABLES = (
    ZONES,
    COUNTIES,
    DEMAND,
    SITES,
    LOCATIONS,
    ALIASES,
    COSTS,
    TRAVEL,
    DECISIONS,
)
