"""Options and fixtures of the test suite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from allocator.formulation import Formulation

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write tests/golden anew instead of comparing with it",
    )


@pytest.fixture(autouse=True)
def only_map_and_workbook(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let ``allocator plan`` leave report and figures out, which take it seconds.

    Tests marked ``renders`` have it write all that it writes outside tests.
    """
    if request.node.get_closest_marker("renders") is None:
        monkeypatch.setattr("allocator.cli.planning.RENDERED", ("map", "workbook"))


@pytest.fixture(autouse=True)
def _own_cache(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keep travel that tests compute out of the cache of whoever runs them."""
    monkeypatch.setenv("ALLOCATOR_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def same_as_golden(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Callable[[str, Formulation], None]:
    """Compare a built program with ``tests/golden/<kind>.lp``, in any order."""

    def compare(kind: str, formulation: Formulation) -> None:
        target = GOLDEN / f"{kind}.lp"
        if request.config.getoption("--update-golden"):
            formulation.problem.writeLP(str(target))
        written = tmp_path / "program.lp"
        formulation.problem.writeLP(str(written))
        assert _statements(written) == _statements(target)

    return compare


def _statements(path: Path) -> list[tuple[str, list[str]]]:
    """Return the statements of an LP file, section by section, sorted.

    The terms of a row are sorted too: an expression has no order.
    """
    sections: dict[str, list[str]] = {}
    name = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(("\\", "End")) or not line.strip():
            continue
        if line[0] != " " and ":" not in line:
            name = line.strip()
        elif ":" in line or name not in _OF_ROWS:
            sections.setdefault(name, []).append(line.strip())
        else:  # a long row goes on
            sections[name][-1] += " " + line.strip()
    return sorted(
        (name, sorted(map(_sorted_terms, lines))) for name, lines in sections.items()
    )


_OF_ROWS = ("Minimize", "Subject To")


def _sorted_terms(line: str) -> str:
    label, colon, body = line.partition(":")
    if not colon:
        return line
    words = body.split()
    if words and words[0] not in "+-":
        words.insert(0, "+")
    end = next((n for n, w in enumerate(words) if w in ("<=", ">=", "=")), len(words))
    terms: list[list[str]] = []
    for word in words[:end]:
        if word in "+-":
            terms.append([])
        terms[-1].append(word)
    ordered = [" ".join(term) for term in sorted(terms)]
    return " ".join([label, ":", *ordered, *words[end:]])
