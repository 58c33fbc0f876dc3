"""Applying an order to a register: read, draw up, write a copy, read it again."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from allocator.errors import Finding, InputError, Text
from allocator.load.cells import parse_numbers
from allocator.load.extents import check_extent
from allocator.load.remarks import Remarks
from allocator.register.drafting import draw_up
from allocator.register.edits import Edit, Edits, shown
from allocator.register.geopackage import (
    read_layer_log,
    remark_open_elsewhere,
    write_layer,
)
from allocator.register.losses import remark_losses
from allocator.register.places import OURS, find_system
from allocator.register.reading import read_again, read_register
from allocator.register.text_cells import FORMULA_STARTS
from allocator.register.text_table import (
    log_path,
    read_text_log,
    write_text,
    write_text_log,
)
from allocator.register.workbook_file import remark_totals, write_workbook
from allocator.register.workbook_log import read_workbook_log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from allocator.register.changes import Change
    from allocator.register.order import Order
    from allocator.register.reading import Register

WORKBOOKS = (".xlsx", ".xlsm")
LAYERS = (".gpkg",)
MOST_EDITED_CELLS = 2_000_000  # editing takes far more memory for a cell than reading
ROUNDED = 1e-6  # what the text of a number may leave off


@dataclass(frozen=True)
class Applied:
    """What was written.

    Parameters
    ----------
    edits
        The cells that changed; none where all was written before.
    findings
        Warnings and notes.
    before
        Whether the log already named this run.
    log
        Where the log is: a sheet, a table, or a file beside the register.
    """

    edits: Edits
    findings: tuple[Finding, ...]
    before: bool
    log: str


def refuse_output(register: Path, target: Path, *, force: bool) -> None:
    """Check, before any work is done, that the copy may be written.

    Raises
    ------
    InputError
        When it would replace the register itself, is of another format, or exists.
    """
    findings = []
    if target.suffix.lower() != register.suffix.lower():
        findings.append(
            _refusal(
                "register-other-format",
                target,
                Text(
                    f"副本须与登记表同一格式 {register.suffix}",
                    f"the copy must be {register.suffix} as the register is",
                ),
            )
        )
    if target.exists() and register.exists() and target.samefile(register):
        findings.append(
            _refusal(
                "register-is-output",
                target,
                Text("原登记表从不改动", "the register itself is never changed"),
            )
        )
    elif (there := _in_the_way(target)) and (there.is_dir() or not force):
        findings.append(
            _refusal(
                "output-exists",
                there,
                Text("文件已存在, 不会覆盖", "it exists and is not overwritten"),
                Text("换一个文件名, 或加 --force", "choose another, or add --force"),
            )
        )
    if findings:
        raise InputError(findings)


def _in_the_way(target: Path) -> Path | None:
    """Return the copy, or the log beside it, where one of them is there."""
    written = [target]
    if target.suffix.lower() not in (*WORKBOOKS, *LAYERS):
        written.append(log_path(target))
    return next((path for path in written if path.exists()), None)


def _refusal(
    code: str, target: Path, message: Text, remedy: Text | None = None
) -> Finding:
    other = Text("换一个文件名", "choose another file name")
    return Finding(code, message, table=str(target), remedy=remedy or other)


def apply_order(
    order: Order,
    register: Path,
    target: Path,
    *,
    crs: str | None = None,
    strict: bool = False,
    force: bool = False,
) -> Applied:
    """Write a copy of a register in which an order is carried out.

    The copy is written beside its target, read again, and moved there when every cell
    holds what it should; a killed run leaves no half file.

    Parameters
    ----------
    order
        What is asked for.
    register
        The planner's register: xlsx, xlsm, csv, tsv, txt or gpkg. It is only read.
    target
        Where the copy goes.
    crs
        The system of the register's coordinate columns; None: as `find_system` tells.
    strict
        Whether what a workbook would lose stops the work.
    force
        Whether an existing copy is replaced.

    Raises
    ------
    InputError
        With every reason why the register cannot be written; nothing is written then.
    """
    refuse_output(register, target, force=force)
    remarks = Remarks(register.name)
    suffix = register.suffix.lower()
    if suffix in LAYERS:
        remark_open_elsewhere(register, remarks)
    if suffix in WORKBOOKS and _may_be_edited(register, remarks):
        remark_losses(register, remarks, strict=strict)
    _refuse(remarks)
    with _beside(target) as folder:
        # Only this copy is opened: some readers leave files beside what they open.
        source = _copy(register, folder / f"before{suffix}")
        read = read_register(source, remarks)
        if read is None:
            raise InputError(remarks.findings)
        done = _read_log(register, source, suffix, remarks)
        edits = _draw_up(order, read, done, crs, remarks)
        written = folder / target.name
        _write(read, edits, written, remarks)
        _refuse(remarks)
        _check_written(written, edits, remarks)
        _refuse(remarks)
        if suffix not in (*WORKBOOKS, *LAYERS):
            write_text_log((*done, *edits.changes), log_path(written))
            log_path(written).replace(log_path(target))
        written.replace(target)
    before = any(change.run == order.run for change in done)
    return Applied(edits, tuple(remarks.findings), before, _log_name(target, suffix))


def _may_be_edited(register: Path, remarks: Remarks) -> bool:
    """Return whether a workbook is of a size that can be edited; else with a finding.

    A file that is not there is left to the reader.
    """
    return register.is_file() and check_extent(
        register, remarks, most_cells=MOST_EDITED_CELLS
    )


def _copy(register: Path, target: Path) -> Path:
    """Return a copy of the register; itself where there is nothing to copy."""
    try:
        target.write_bytes(register.read_bytes())
    except OSError:
        return register  # the reader says what is wrong with it
    return target


def _draw_up(
    order: Order,
    read: Register,
    done: tuple[Change, ...],
    crs: str | None,
    remarks: Remarks,
) -> Edits:
    has_columns = read.find("lon") is not None and read.find("lat") is not None
    system = find_system(read, order, crs, remarks) if has_columns else OURS
    edits = draw_up(order, read, system, done, remarks)
    if read.path.suffix.lower() not in (*WORKBOOKS, *LAYERS):
        _check_text_totals(read, edits, remarks)
    _refuse(remarks)
    return edits


def _refuse(remarks: Remarks) -> None:
    if remarks.failed():
        raise InputError(remarks.findings)


def _read_log(
    register: Path, copy: Path, suffix: str, remarks: Remarks
) -> tuple[Change, ...]:
    if suffix in WORKBOOKS:
        return read_workbook_log(copy, remarks)
    if suffix in LAYERS:
        return read_layer_log(copy)
    return read_text_log(register)


def _log_name(target: Path, suffix: str) -> str:
    if suffix in WORKBOOKS:
        return f"{target.name}: 更改记录"
    return (
        f"{target.name}: allocator_changes"
        if suffix in LAYERS
        else (log_path(target).name)
    )


def _write(register: Register, edits: Edits, target: Path, remarks: Remarks) -> None:
    suffix = register.path.suffix.lower()
    if not edits.cells:
        # Nothing changes, so nothing is to be written anew.
        target.write_bytes(register.path.read_bytes())
    elif suffix in WORKBOOKS:
        write_workbook(register, edits, target, remarks)
    elif suffix in LAYERS:
        write_layer(register, edits, target, remarks)
    else:
        write_text(register, edits, target, remarks)


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Give a folder beside the target, removed whatever happens."""
    folder = target.parent / f".{target.name}.new-{secrets.token_hex(6)}"
    try:
        folder.mkdir(parents=True)
        yield folder
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            [
                _refusal(
                    "output-not-writable",
                    target,
                    Text(f"无法写入: {reason}", f"cannot write: {reason}"),
                )
            ]
        ) from error
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def _check_text_totals(register: Register, edits: Edits, remarks: Remarks) -> None:
    amounts = any(edit.change.what == "amount" for edit in edits.cells)
    if register.totals and amounts:
        remark_totals([f"第{row}行" for row in register.totals], remarks)


def _check_written(path: Path, edits: Edits, remarks: Remarks) -> None:
    """Read the copy again: every cell must hold what was to be written there."""
    last = {(e.site_id, e.field.position): e for e in edits.cells}
    read = read_again(path)
    wrong = [edit for edit in last.values() if read is None or not _holds(read, edit)]
    if wrong:
        remarks.error(
            "register-not-as-meant",
            Text(
                "写出的副本读回后与应有内容不符, 已放弃",
                "read again, the copy does not hold what it should: it is given up",
            ),
            keys=dict.fromkeys(edit.site_id for edit in wrong),
            values=[f"{e.field.heading}={shown(e.value)}" for e in wrong],
            remedy=Text(
                "检查登记表中这些单元格的格式, 或另存为新的文件",
                "look at these cells' formats, or save the register as a new file",
            ),
        )


def _holds(read: Register, edit: Edit) -> bool:
    if edit.site_id not in read.rows:
        return False
    field = read.find(edit.field.heading)
    if field is None:
        return False
    text = read.text(edit.site_id, field)
    wanted = shown(edit.value)
    if text == wanted:
        return True
    numbers, _ = parse_numbers(pd.Series([text, wanted], dtype=str))
    if not isinstance(edit.value, str):
        return abs(float(numbers.iloc[0]) - float(numbers.iloc[1])) <= ROUNDED
    # Readers drop blanks around a text and the guard of a formula.
    return text.strip() == wanted.strip().lstrip("".join(FORMULA_STARTS[4:]))
