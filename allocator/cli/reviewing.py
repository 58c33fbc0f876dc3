"""``allocator review``: a run in the browser of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from allocator.errors import Finding, InputError, Text
from allocator.review.room import House

if TYPE_CHECKING:
    from allocator.cli.console import Console
    from allocator.errors import Language


def review(
    run: Path,
    brief: Path | None,
    console: Console,
    *,
    language: Language | None,
    port: int | None,
    browser: bool,
) -> None:
    """Serve a review until Ctrl-C.

    Raises
    ------
    InputError
        When run or brief cannot be read, or the port is taken.
    """
    from allocator.review.server import free_port, serve  # noqa: PLC0415 (slow)

    if brief is not None and not brief.is_file():
        text = Text("没有这个文件", "there is no such file")
        raise InputError([Finding("file-missing", text, table=str(brief))])
    console.say(Text("读取方案", "reading the run"))
    house = House(run, brief, language, [Path.cwd()])
    for note in house.first.notes:
        console.say(Text(note, note))
    try:
        free = free_port(port)
    except OSError as error:
        text = Text("端口已被占用", "the port is in use")
        remedy = Text("换一个 --port, 或不指定", "choose another, or none")
        found = Finding("port-taken", text, value=str(port), remedy=remedy)
        raise InputError([found]) from error

    def ready(address: str) -> None:
        if console.as_json:
            console.data({"address": address})
            return
        console.result(address)
        console.say(
            Text(
                "在本机浏览器打开以上地址; 意见即时存盘; 按 Ctrl-C 结束",
                "open this address in a browser of this machine; decisions are saved "
                "at once; Ctrl-C ends it",
            )
        )

    serve(house, port=free, browser=browser, ready=ready)
