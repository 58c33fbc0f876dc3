"""Small wrong changes to a module's source, by the operators of cosmic-ray.

A place is a token and a kind of change: ``<=`` in line 40 as a comparison. Each place
gives one mutant; which of the changes of its kind it is, and the order in which places
are sampled, follow from a hash of the line itself. So a sample does not change where
the source does not, and grows with its share.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.provider import OperatorProvider

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PACKAGES = ("formulation", "audit")

# These need names to be chosen for them; the others need nothing.
_WITH_ARGUMENTS = {"VariableReplacer", "VariableInserter"}
# Of the many ways to replace an operator, those that programmers mistake for another:
# the rest (`<<` for `+`) raise TypeError on numbers and tables and prove nothing.
_LIKELY = {
    "ReplaceBinaryOperator": {
        ("Add", "Sub"), ("Sub", "Add"), ("Mul", "Div"), ("Div", "Mul"),
        ("FloorDiv", "Div"), ("Mod", "FloorDiv"), ("Pow", "Mul"), ("Pow", "Div"),
        ("BitAnd", "BitOr"), ("BitOr", "BitAnd"),
    },
    "ReplaceComparisonOperator": {
        ("Lt", "LtE"), ("LtE", "Lt"), ("Gt", "GtE"), ("GtE", "Gt"),
        ("Lt", "GtE"), ("LtE", "Gt"), ("Gt", "LtE"), ("GtE", "Lt"),
        ("Eq", "NotEq"), ("NotEq", "Eq"), ("Is", "IsNot"), ("IsNot", "Is"),
    },
    "ReplaceUnaryOperator": {
        ("USub", "UAdd"), ("Delete", "Not"), ("Delete", "Invert"),
    },
}  # fmt: skip
_BARE = {"continue", "break"}
# Guards of the program against itself; they change no result of a right program.
_GUARDS = {"frozen", "slots", "strict", "init"}


@dataclass(frozen=True)
class Mutant:
    """One changed module.

    Parameters
    ----------
    path
        The module, relative to the checkout.
    line
        Number of the first line changed, from 1.
    within
        The function, and its class, that the line is in; empty for none.
    was, becomes
        The line before and after, without indentation; a bare ``continue`` with the
        line above it. Of a line with several such places ``becomes`` tells them apart.
    operator
        The name of cosmic-ray.
    source
        The whole module with the change.
    """

    path: str
    line: int
    within: str
    was: str
    becomes: str
    operator: str
    source: str


@dataclass(frozen=True)
class Place:
    """Where a module can be changed, and the ways of one kind to do so."""

    path: str
    order: str
    ways: tuple[tuple[str, int], ...]  # operator, occurrence


def places(path: Path) -> list[Place]:
    """Return the places of a module, in the order in which they are sampled."""
    source = path.read_text(encoding="utf-8")
    lines = source.split("\n")
    nodes = list(ast_nodes(get_ast(source)))
    found: dict[tuple[Any, str], list[tuple[str, int]]] = {}
    for name, operator in _operators():
        starts = [(n, at) for n in nodes for at, _ in operator.mutation_positions(n)]
        for occurrence, (node, start) in enumerate(starts):
            alias = lines[start[0] - 1].startswith("type ")
            if not alias and not _is_left_out(node):
                kind = name.split("_")[0]
                found.setdefault((start, kind), []).append((name, occurrence))
    relative = path.relative_to(ROOT).as_posix()
    seen: Counter[str] = Counter()
    result = []
    for ((row, column), kind), ways in sorted(found.items()):
        what = f"{relative}\0{lines[row - 1]}\0{column}\0{kind}"
        seen[what] += 1
        order = hashlib.sha256(f"{what}\0{seen[what]}".encode()).hexdigest()
        result.append(Place(relative, order, tuple(ways)))
    return sorted(result, key=lambda place: place.order)


def _operators() -> Iterator[tuple[str, Any]]:
    provider = OperatorProvider()
    for name in sorted(provider):
        kind, _, change = name.partition("_")
        likely = _LIKELY.get(kind)
        if name in _WITH_ARGUMENTS:
            continue
        if likely is None or tuple(change.split("_")) in likely:
            yield name, provider[name]()


def mutant_of(place: Place) -> Mutant | None:
    """Return the mutant of a place; None when the change leaves the source as it is."""
    name, occurrence = place.ways[int(place.order[:8], 16) % len(place.ways)]
    source = (ROOT / place.path).read_text(encoding="utf-8")
    changed = mutate_code(source, OperatorProvider()[name](), occurrence)
    if changed is None or changed == source:
        return None
    before, after = source.split("\n"), changed.split("\n")
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    _, low, high, low_after, high_after = next(
        code for code in matcher.get_opcodes() if code[0] != "equal"
    )
    above = before[low - 1 : low] if before[low].strip() in _BARE else []
    return Mutant(
        place.path,
        low + 1,
        _within(source, low + 1),
        _joined([*above, *before[low:high]]),
        _joined([*above, *after[low_after:high_after]]),
        name,
        changed,
    )


def _within(source: str, line: int) -> str:
    """Return the names of the definitions that a line is in, the outermost first."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    around = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, kinds) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return ".".join(node.name for node in sorted(around, key=lambda n: n.lineno))


def _joined(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())


def modules() -> list[Path]:
    """Return the modules that are mutated, sorted."""
    return sorted(
        path
        for package in PACKAGES
        for path in (ROOT / "allocator" / package).glob("*.py")
    )


def sample(share: float) -> list[Place]:
    """Return a share of all places, the same for the same share; 1 is all."""
    every = sorted(
        (place for path in modules() for place in places(path)),
        key=lambda place: place.order,
    )
    return every[: max(1, round(share * len(every)))]


def _is_left_out(node: Any) -> bool:
    """Return whether a node is in a type hint, a guard, or what only types need."""
    if node.type == "decorator":
        return True
    if node.type == "if_stmt":
        condition: str = node.children[1].get_code()
        return condition.strip() == "TYPE_CHECKING"
    child = node
    while (parent := child.parent) is not None:
        if _is_hint(parent, child) or _is_guard(parent, child):
            return True
        child = parent
    return False


def _is_hint(parent: Any, child: Any) -> bool:
    if parent.type == "annassign":
        return child is parent.children[1]
    if parent.type == "tfpdef":  # a named argument and its hint
        return child is parent.children[-1]
    return bool(parent.type == "funcdef" and child is parent.annotation)


def _is_guard(parent: Any, child: Any) -> bool:
    if parent.type == "argument":
        name: str = parent.children[0].get_code()
        return name.strip() in _GUARDS
    # The star after which arguments are named.
    return bool(parent.type == "parameters" and child.type == "operator")
