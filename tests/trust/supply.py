"""What the program rests on: locked, licensed, and built alike twice.

python -m tests.trust.supply              writes docs/licences.md
python -m tests.trust.supply release DIR  writes the wheel, built twice
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.trust.figures import Figure

ROOT = Path(__file__).resolve().parents[2]
LOCK, PAGE = ROOT / "requirements.lock", ROOT / "docs" / "licences.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
EPOCH = "1735689600"  # seconds: 2025-01-01, what the entries of the wheel are dated

# Licences under which a part may be used by a program under Apache-2.0, unchanged and
# installed beside it, as SPDX writes them.
COMPATIBLE = frozenset(
    {
        "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0",
        "EPL-2.0", "HPND", "ISC", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "OFL-1.1",
        "PSF-2.0", "Python-2.0", "Unlicense", "Zlib", "bzip2-1.0.6",
        "LGPL-2.1-or-later", "matplotlib",
    }
)  # fmt: skip
# What the parts write in words of their own, or not at all; read in their files.
_WORDS = {
    "apache 2.0": "Apache-2.0",
    "apache license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "apache-2.0 license": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "mpl 2.0": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "psf": "PSF-2.0",
}
_STATED = {
    "matplotlib": "matplotlib",  # its own, after PSF-2.0
    "pylopdf-fonts-zh-cn": "OFL-1.1",
    "orloge": "MIT",  # its read-me says so, no field of the wheel does
    "cbcbox": "EPL-2.0",  # the licence of CBC
}
# Not Python packages, and shipped in the repository or inside a part.
BUNDLED = (
    ("Leaflet", "reports/templates", "BSD-2-Clause"),
    ("Noto Sans SC", "pylopdf-fonts-zh-cn", "OFL-1.1"),
)


@dataclass(frozen=True)
class Part:
    """A package that the program needs, itself or through another."""

    name: str
    version: str
    licence: str


@dataclass(frozen=True)
class Locked:
    """An entry of the lock file."""

    version: str
    hashes: tuple[str, ...]


def direct() -> list[Requirement]:
    """Return what ``pyproject.toml`` says that the program needs."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return [Requirement(text) for text in content["project"]["dependencies"]]


def read_lock(path: Path = LOCK) -> dict[str, Locked]:
    """Return the entries of the lock file by name."""
    text = re.sub(r"\\\n\s*", " ", path.read_text("utf-8"))
    found: dict[str, Locked] = {}
    for line in text.splitlines():
        match = re.match(r"([A-Za-z0-9._-]+)==(\S+)(.*)", line)
        if match is not None:
            hashes = tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", match[3]))
            found[canonicalize_name(match[1])] = Locked(match[2], hashes)
    return found


def lock_faults() -> list[str]:
    """Return what is wrong with the lock file, without asking any network."""
    text, locked = LOCK.read_text("utf-8"), read_lock()
    faults = [f"{name}: no hash" for name, one in locked.items() if not one.hashes]
    for needed in direct():
        one = locked.get(canonicalize_name(needed.name))
        if one is None:
            faults.append(f"{needed.name} is not locked")
        elif not needed.specifier.contains(one.version):
            faults.append(f"{needed.name} {one.version} is not {needed.specifier}")
    faults += [f"{name} is not locked" for name in sorted(set(parts()) - set(locked))]
    if "://" in text or "index-url" in text:
        faults.append("names the host of a registry")
    return faults


def parts() -> dict[str, Part]:
    """Return every package that the program needs in this environment, by name."""
    found: dict[str, Part] = {}
    ahead = direct()
    while ahead:
        needed = ahead.pop()
        name = canonicalize_name(needed.name)
        environments = [{"extra": extra} for extra in (*needed.extras, "")]
        if name in found and not needed.extras:
            continue
        held = metadata.distribution(name)
        found[name] = Part(name, held.version, _licence(held))
        for text in held.requires or ():
            more = Requirement(text)
            marker = more.marker
            wanted = marker is None or any(marker.evaluate(e) for e in environments)
            if wanted and canonicalize_name(more.name) not in found:
                ahead.append(more)
    return dict(sorted(found.items()))


def _licence(held: metadata.Distribution) -> str:
    about = held.metadata
    name = canonicalize_name(about["Name"])
    if name in _STATED:
        return _STATED[name]
    expression = about.get("License-Expression")
    if expression:
        return str(expression)
    said = [
        text.rpartition("::")[2].strip()
        for text in about.get_all("Classifier", [])
        if text.startswith("License ::")
    ]
    short = str(about.get("License") or "").strip().splitlines()[:1]
    for words in [*short, *said]:
        known: str = _WORDS.get(words.casefold(), words)
        if known in COMPATIBLE:
            return str(known)
    return " / ".join([*short, *said]) or "not stated"


def is_compatible(licence: str) -> bool:
    """Return whether an SPDX expression is met by licences of the list."""
    words = re.sub(r"[()]", " ", licence)
    return all(
        any(one.strip() in COMPATIBLE for one in re.split(r"\bOR\b", part))
        for part in re.split(r"\bAND\b", re.sub(r"\bWITH\s+\S+", "", words))
    )


def licence_faults() -> list[str]:
    """Return the packages whose licence is not in the list."""
    return [
        f"{part.name}: {part.licence}"
        for part in parts().values()
        if not is_compatible(part.licence)
    ]


def table() -> str:
    """Return the table of packages and licences."""
    rows = [f"| {p.name} | {p.version} | {p.licence} |\n" for p in parts().values()]
    rows += [f"| {name} | in {where} | {words} |\n" for name, where, words in BUNDLED]
    return "| part | version | licence |\n|---|---|---|\n" + "".join(rows)


def names_on_page() -> set[str]:
    """Return the packages that docs/licences.md lists."""
    listed = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    return set(re.findall(r"^\| (\S+) \| \d", listed, re.MULTILINE))


def build(source: Path, target: Path) -> Path:
    """Build the wheel of a checkout; return it."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    environment = os.environ | {"SOURCE_DATE_EPOCH": EPOCH}
    done = [*command, "-w", str(target), str(source)]
    subprocess.run(done, check=True, env=environment)
    (wheel,) = target.glob("*.whl")
    return wheel


def build_twice() -> tuple[bytes, bytes]:
    """Return the wheel of this checkout, and that of a copy elsewhere."""
    skipped = shutil.ignore_patterns(
        ".*venv*", ".git", ".*_cache", "*.pyc", "out", "dist"
    )
    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        copy = Path(second) / "elsewhere"
        shutil.copytree(ROOT, copy, ignore=skipped, copy_function=shutil.copyfile)
        wheels = []
        for source, home in ((ROOT, Path(first)), (copy, Path(second))):
            (home / "dist").mkdir()
            wheels.append(build(source, home / "dist").read_bytes())
    return wheels[0], wheels[1]


def figures(share: float) -> list[Figure]:
    """Check the lock, the licences and, at full size, that two builds are the same."""
    locked, faults, odd = read_lock(), lock_faults(), licence_faults()
    missing = set(parts()) ^ names_on_page()
    for words in (*faults, *odd, *sorted(missing)):
        print(words)  # noqa: T201 (what is wrong, for whoever runs it)
    found = [
        Figure("packages locked with their hashes", len(locked), len(faults)),
        Figure("licences that go together", len(parts()), len(odd)),
        Figure("packages of docs/licences.md", len(parts()), len(missing)),
    ]
    if share >= 1:
        first, second = build_twice()
        found.append(
            Figure("wheels built twice, in two folders", 1, int(first != second))
        )
    return found


def release(target: Path) -> int:
    """Build the wheel twice; put it into a folder where both are the same."""
    first, second = build_twice()
    if first != second:
        print("two builds differ", file=sys.stderr)  # noqa: T201 (a command)
        return 1
    with TemporaryDirectory() as made:
        wheel = build(ROOT, Path(made))
        shutil.copyfile(wheel, target / wheel.name)
    return 0


def main() -> None:
    """Write the table of docs/licences.md, or a wheel."""
    if sys.argv[1:2] == ["release"]:
        sys.exit(release(Path(sys.argv[2])))
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}{table()}{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
