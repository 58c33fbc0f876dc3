"""How each file was understood, as a planner reads it: heading by heading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.cli.console import print_table
from allocator.errors import Text
from allocator.load.account import CERTAINTY_WORDS, Certainty

if TYPE_CHECKING:
    from allocator.cli.console import Console
    from allocator.load import Account, HeadingAccount

MOST_WIDTH = 34  # terminal columns of one cell
MOST_SKIPPED = 6  # rows left out that are shown one by one

HEADINGS = (
    Text("列", "col"),
    Text("原表头", "heading"),
    Text("", ""),
    Text("读作", "read as"),
    Text("含义", "meaning"),
    Text("单位", "unit"),
    Text("乘以", "times"),
    Text("把握", "certainty"),
)


def show_mapping(account: Account, console: Console) -> None:
    """Print how one file was understood, on stdout; nothing for one not opened."""
    if account.path is None or account.table is None:
        return
    say = console.language
    title = account.table.title.say(say)
    console.result(f"== {account.file} — {title} ==")
    console.result(_opening(account).say(say))
    if account.headings:
        rows = [_row(heading, console) for heading in account.headings]
        headings = [heading.say(say) for heading in HEADINGS]
        print_table(console, headings, rows, MOST_WIDTH)
    for skipped in account.skipped[:MOST_SKIPPED]:
        line = Text(
            f"  未读 {skipped.row}: {skipped.why.zh} [{skipped.text[:60]}]",
            f"  left out {skipped.row}: {skipped.why.en} [{skipped.text[:60]}]",
        )
        console.result(line.say(say))
    more = len(account.skipped) - MOST_SKIPPED
    if more > 0:
        rest = Text(f"  另有 {more} 行未读 (见提示)", f"  and {more} rows more")
        console.result(rest.say(say))
    console.result()


def _opening(account: Account) -> Text:
    """Return one line on how the file was opened."""
    zh, en = [], []
    if account.encoding:
        zh.append(f"编码 {account.encoding}")
        en.append(f"encoding {account.encoding}")
    if account.separator:
        zh.append(f"分隔 {account.separator}")
        en.append(f"separated by {account.separator}")
    if account.sheet:
        zh.append(f"工作表 {account.sheet}")
        en.append(f"sheet {account.sheet}")
    if account.layer:
        zh.append(f"图层 {account.layer}")
        en.append(f"layer {account.layer}")
    if account.heading_rows:
        numbers = ", ".join(map(str, account.heading_rows))
        zh.append(f"表头第 {numbers} 行")
        en.append(f"headings in row {numbers}")
    zh.append(f"数据 {len(account.cells)} 行, 未读 {len(account.skipped)} 行")
    en.append(f"{len(account.cells)} rows read, {len(account.skipped)} left out")
    return Text("; ".join(zh), "; ".join(en))


def _row(heading: HeadingAccount, console: Console) -> tuple[str, ...]:
    say = console.language
    column = heading.column
    if heading.certainty is Certainty.EXTRA:
        column = "="
    mark = "?" if heading.certainty.doubtful else ""
    words = CERTAINTY_WORDS[heading.certainty].say(say)
    remark = heading.remark.say(say)
    factor = "" if heading.factor == 1 else f"{heading.factor:g}"
    return (
        heading.letter,
        heading.heading or "-",
        "->",
        column or "-",
        heading.meaning.say(say),
        heading.unit,
        factor,
        " ".join(part for part in (mark, words, remark) if part),
    )
