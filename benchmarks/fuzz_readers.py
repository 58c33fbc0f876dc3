"""Damage good files at random and read them: nothing but findings may come of it.

    python benchmarks/fuzz_readers.py SECONDS [SEED]

Prints what raised, with the seed of the round, and ends with 1 if anything did.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

from allocator.errors import errors_in
from allocator.load import read_area, read_brief

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.load.damage import damaged, write_damaged


def attempt(seed: int) -> str:
    """Read one damaged task; return what went wrong, or nothing."""
    with tempfile.TemporaryDirectory() as made:
        brief_path = write_damaged(Path(made), damaged(random.Random(seed)))  # noqa: S311
        try:
            brief, _ = read_brief(brief_path)
            if brief is None:
                return "the brief was refused"
            area, findings = read_area(brief)
        except Exception:
            return traceback.format_exc()
        if (area is None) != bool(errors_in(findings)):
            return f"area {area is not None}, errors {errors_in(findings)}"
    return ""


def main() -> int:
    """Run until the time is over."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())  # noqa: PLR2004
    end, rounds, wrong = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        problem = attempt(seed + rounds)
        if problem:
            wrong += 1
            print(f"--- seed {seed + rounds}\n{problem}", flush=True)
        rounds += 1
    print(f"{rounds} rounds from seed {seed}, {wrong} wrong")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
