"""What the machine refuses, in a planner's words: memory, space, permission."""

from __future__ import annotations

import errno

from allocator.errors import Finding, Text

REFUSALS = frozenset(
    {
        errno.EACCES,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EIO,
        errno.EMFILE,
        errno.ENOMEM,
        errno.ENOSPC,
        errno.EPERM,
        errno.EROFS,
    }
)


def no_memory() -> Finding:
    """Return the finding of a program that needs more memory than there is."""
    return Finding(
        "memory-exhausted",
        Text(
            "内存不足, 没有写出任何文件",
            "there is not enough memory: nothing was written",
        ),
        remedy=Text(
            "加大 cell_m 或缩短 max_minutes, 或换内存更大的机器",
            "raise cell_m or lower max_minutes, or take a machine with more memory",
        ),
    )


def no_access(error: OSError) -> Finding:
    """Return the finding of a file that the machine lets nobody read or write."""
    reason = error.strerror or str(error)
    return Finding(
        "disk-refuses",
        Text(f"无法读写: {reason}", f"cannot be read or written: {reason}"),
        value=str(error.filename or ""),
        remedy=Text(
            "检查磁盘剩余空间和文件夹权限, 或换一个文件夹",
            "look at the space left and at who may write, or take another folder",
        ),
    )
