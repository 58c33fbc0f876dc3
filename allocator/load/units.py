"""Units that planners write, and how many of a column's own unit they are."""

from __future__ import annotations

# How many of a column's unit one of the planner's unit is.
UNITS: dict[str, dict[str, float]] = {
    "人": {
        "人": 1,
        "百人": 100,
        "千人": 1e3,
        "万人": 1e4,
        "亿人": 1e8,
        "人次": 1,
        "名": 1,
        "口": 1,
    },
    "人次": {"人次": 1, "千人次": 1e3, "万人次": 1e4},
    "万元": {"万元": 1, "元": 1e-4, "千元": 0.1, "百万元": 100, "亿元": 1e4},
    "张": {"张": 1, "床": 1, "百张": 100, "千张": 1e3, "万张": 1e4},
    "分钟": {
        "分钟": 1,
        "分": 1,
        "min": 1,
        "秒": 1 / 60,
        "s": 1 / 60,
        "小时": 60,
        "h": 60,
    },
    "km": {"km": 1, "公里": 1, "千米": 1, "m": 1e-3, "米": 1e-3},
    "°": {"°": 1, "度": 1, "十进制度": 1, "m": 1, "米": 1},
}
