"""Kernels are cached where that can be, and compiled quietly where not."""

from __future__ import annotations

import os
import subprocess
import sys

KERNEL = """
import numpy as np
from allocator.bounds.lists import Lists, cost_of
lists = Lists(np.array([0, 1]), np.zeros(1, np.int32), np.ones(1), np.full(1, 3.0))
print(cost_of(lists, np.array([True])), cost_of(lists, np.array([False])))
"""


def test_without_a_place_for_a_cache_kernels_work_and_say_nothing(tmp_path):
    # A file in place of each folder that numba would write to.
    (tmp_path / "file").touch()
    nowhere = str(tmp_path / "file")
    environment = {
        **os.environ,
        "HOME": nowhere,
        "XDG_CACHE_HOME": nowhere,
        "NUMBA_CACHE_DIR": nowhere,
    }
    done = subprocess.run(
        [sys.executable, "-c", KERNEL],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "1.0 3.0\n"
