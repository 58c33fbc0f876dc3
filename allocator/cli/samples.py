"""``allocator sample``."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from allocator.errors import Finding, InputError, Text, nearest
from allocator.resources import sample_names, samples_folder

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.cli.console import Console


def copy_sample(name: str, folder: Path, console: Console) -> None:
    """Copy a sample to a folder that does not exist yet.

    Raises
    ------
    InputError
        When there is no such sample, or the folder exists or cannot be written.
    """
    if name not in sample_names():
        close = nearest(name, sample_names())
        known = ", ".join(sample_names())
        raise InputError(
            [
                Finding(
                    "sample-unknown",
                    Text(f"没有名为 {name} 的样例", f"there is no sample {name}"),
                    remedy=Text(f"是否应为 {close}?", f"did you mean {close}?")
                    if close
                    else Text(f"可用: {known}", f"there are: {known}"),
                )
            ]
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            [
                Finding(
                    "folder-exists",
                    Text(
                        f"{folder} 已存在且不为空", f"{folder} exists and is not empty"
                    ),
                    remedy=Text("换一个文件夹名", "give another folder"),
                )
            ]
        )
    try:
        shutil.copytree(
            samples_folder() / name,
            folder,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    except OSError as error:
        message = Text(f"无法写入: {error}", f"cannot be written: {error}")
        raise InputError([Finding("folder-unwritable", message)]) from error
    files = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    if console.as_json:
        console.data({"folder": str(folder), "files": files})
        return
    console.result(str(folder / "brief.toml"))
    command = f"allocator plan {folder / 'brief.toml'}"
    console.say(
        Text(
            f"已复制样例 {name}; 接着运行: {command} -o 结果文件夹",
            f"copied sample {name}; next: {command} -o RUN",
        )
    )
