"""Which files belong to a run: stated in its certificate, and checked again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allocator.errors import Finding, Severity, Text
from allocator.export import RUN_MARKER, write_json
from allocator.provenance import fingerprint, parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Forms that people fill in: that they change is what they are for.
FORMS = ("decisions.csv", "plan.xlsx")
REVIEW_FOLDER = "review"  # where a review in the browser keeps its journal


def seal_run(folder: Path) -> None:
    """State the fingerprint of every file of a run in its ``run.json``.

    Parameters
    ----------
    folder
        The run folder, with all its files written.
    """
    marker = folder / RUN_MARKER
    content = parse_json(marker.read_text("utf-8"))
    content["files"] = [
        {**fingerprint(path), "file": name} for name, path in _files(folder).items()
    ]
    write_json(content, marker)


def _files(folder: Path) -> dict[str, Path]:
    """Return the files of a run by name from its folder, without the certificate."""
    found = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file()
    }
    found.pop(RUN_MARKER, None)
    return dict(sorted(found.items()))


def other_files(run: Path, certificate: Mapping[str, Any]) -> list[Finding]:
    """Return a finding for each file that is not as the run was written.

    Files that were changed or are gone are errors, a form that was filled in is a
    note; files that were put there later are warnings.
    """
    stated = certificate.get("files")
    if not isinstance(stated, list):
        return [
            Finding(
                "run-unsealed",
                Text(
                    "证书没有列出方案的文件, 只核对可重算的内容",
                    "the certificate lists no files: only what can be computed again "
                    "is checked",
                ),
                Severity.NOTE,
                f"{run.name}/{RUN_MARKER}",
                column="files",
            )
        ]
    then = {str(o["file"]): o for o in stated if isinstance(o, dict) and "file" in o}
    now = _files(run)
    findings = []
    for name, one in sorted(then.items()):
        if name not in now:
            findings.append(_finding("missing", run, name))
        elif fingerprint(now[name])["sha256"] != one.get("sha256"):
            findings.append(_finding("form" if name in FORMS else "changed", run, name))
    findings += [
        _finding("unknown", run, name)
        for name in now
        if name not in then and not name.startswith(f"{REVIEW_FOLDER}/")
    ]
    return findings


def _finding(kind: str, run: Path, name: str) -> Finding:
    message, severity, remedy = _KINDS[kind]
    return Finding(
        f"run-file-{kind}", message, severity, run.name, (name,), "", "", remedy
    )


_AGAIN = Text("用 allocator plan 重新写出方案", "write the run again with plan")
_KINDS: Mapping[str, tuple[Text, Severity, Text | None]] = {
    "missing": (
        Text("方案文件夹缺少这个文件", "this file of the run is gone"),
        Severity.ERROR,
        _AGAIN,
    ),
    "changed": (
        Text("文件在写出后改过", "the file was changed since it was written"),
        Severity.ERROR,
        _AGAIN,
    ),
    "form": (
        Text("审核表已填写", "the form of the review was filled in"),
        Severity.NOTE,
        None,
    ),
    "unknown": (
        Text("不是这个方案写出的文件", "this file was not written with the run"),
        Severity.WARNING,
        Text("移到别处", "keep it elsewhere"),
    ),
}
