"""What a workbook holds that is lost when it is edited, told from its parts."""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import TYPE_CHECKING

from allocator.errors import Text

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.load.remarks import Remarks

# Names of parts that openpyxl does not read, so that it cannot write them.
LOST_PARTS = {
    r"xl/slicers?/|xl/slicerCaches/|xl/timelines?/|xl/timelineCaches/": Text(
        "切片器、日程表", "slicers and timelines"
    ),
    r"xl/charts/chartEx": Text("新式图表 (旭日图、瀑布图等)", "charts of new kinds"),
    r"xl/ctrlProps/|xl/activeX/": Text("表单控件", "form controls"),
    r"xl/embeddings/": Text("嵌入的对象", "embedded objects"),
    r"xl/threadedComments/|xl/persons/": Text(
        "对话式批注 (留下旧式批注)", "threaded comments (old comments stay)"
    ),
    r"xl/connections\.xml|xl/queryTables/": Text("数据连接", "data connections"),
    r"xl/metadata\.xml|xl/richData/": Text(
        "动态数组与富数据类型", "dynamic arrays and rich data"
    ),
    r"xl/media/.*\.(?:emf|wmf|svg|wdp)$": Text("矢量图片", "vector pictures"),
    r"xl/diagrams/": Text("SmartArt 图示", "SmartArt"),
    r"xl/ink/": Text("手写墨迹", "ink"),
    r"_xmlsignatures/": Text("数字签名", "digital signatures"),
    r"customXml/": Text("自定义 XML 数据", "custom XML data"),
    r"docMetadata/": Text("敏感度标签", "sensitivity labels"),
}
# Parts that are kept, but not to the letter.
CHANGED_PARTS = {
    r"xl/charts/chart\d": Text(
        "图表保留, 个别格式可能变化",
        "charts are kept, some of their formats may change",
    ),
    r"xl/pivotCache/": Text(
        "数据透视表保留, 打开后需刷新", "pivot tables are kept and need a refresh"
    ),
}
# What is lost of drawings and sheets, by words in them.
LOST_WORDS = {
    r"xl/drawings/drawing\d+\.xml": {
        rb"<(?:xdr:)?(?:sp|cxnSp|grpSp)[ >]": Text(
            "文本框、形状", "text boxes and shapes"
        ),
    },
    r"xl/drawings/vmlDrawing\d+\.vml": {
        rb'ObjectType="(?!Note)': Text("旧式控件", "old form controls"),
    },
    r"xl/worksheets/sheet\d+\.xml": {
        rb"x14:dataValidation[ >]": Text(
            "引用其他工作表的数据有效性", "validations that refer to other sheets"
        ),
        rb"x14:conditionalFormatting[ >]": Text(
            "新式条件格式 (数据条、图标集)", "conditional formats of new kinds"
        ),
        rb"x14:sparkline[ >]": Text("迷你图", "sparklines"),
        rb"<legacyDrawingHF": Text("页眉页脚中的图片", "pictures in page headers"),
    },
    r"xl/sharedStrings\.xml": {
        rb"<rPh[ >]": Text("拼音标注", "phonetic guides"),
    },
}
MACROS = "xl/vbaProject.bin"


def find_losses(path: Path) -> tuple[list[Text], list[Text]]:
    """Return what is lost of a workbook, and what is kept but may change.

    Raises
    ------
    zipfile.BadZipFile
        When it is no workbook.
    """
    lost: list[Text] = []
    changed: list[Text] = []
    with zipfile.ZipFile(path) as archive:
        names = sorted(archive.namelist())
        for pattern, words in LOST_PARTS.items():
            if any(re.match(pattern, name) for name in names):
                lost.append(words)
        for pattern, words in CHANGED_PARTS.items():
            if any(re.match(pattern, name) for name in names):
                changed.append(words)
        for pattern, inside in LOST_WORDS.items():
            parts = [archive.read(n) for n in names if re.fullmatch(pattern, n)]
            for sign, words in inside.items():
                if any(re.search(sign, part) for part in parts):
                    lost.append(words)
        if MACROS in names and path.suffix.lower() != ".xlsm":
            lost.append(Text("宏", "macros"))
    return lost, changed


def remark_losses(path: Path, remarks: Remarks, *, strict: bool) -> None:
    """Report what editing a workbook loses, before it is edited.

    Parameters
    ----------
    path
        The workbook.
    remarks
        Receives a warning, or with ``strict`` an error.
    strict
        Whether a loss stops the work.
    """
    try:
        lost, changed = find_losses(path)
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, ValueError):
        return  # the reader says what is wrong with it
    if lost:
        add = remarks.error if strict else remarks.warning
        add(
            "workbook-loses",
            Text(
                f"写出的副本会丢失: {'、'.join(t.zh for t in lost)}",
                f"the copy loses: {', '.join(t.en for t in lost)}",
            ),
            remedy=Text(
                "原文件不变; 需要时在副本里重新插入, 或改用不含它们的工作簿",
                "the original stays; put them in again, or give a workbook without",
            ),
        )
    if changed:
        remarks.note(
            "workbook-changes",
            Text("; ".join(t.zh for t in changed), "; ".join(t.en for t in changed)),
        )
