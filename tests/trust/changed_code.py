"""Changed source of a module: taken over by functions, or imported in its place."""

from __future__ import annotations

import ast
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from inspect import CO_NEWLOCALS
from types import CodeType
from typing import TYPE_CHECKING

from tests.trust.mutants import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def new_code(
    path: Path, original: str, changed: str
) -> dict[tuple[str, int], CodeType] | None:
    """Return the changed code of each function: by name and number among its namesakes.

    None where more than the bodies of functions changes: constants, defaults and
    decorators are read once, when a module is imported.
    """
    before = compile(original, str(path), "exec", dont_inherit=True)
    try:
        after = compile(changed, str(path), "exec", dont_inherit=True)
    except SyntaxError:
        return None
    if _without_bodies(original) != _without_bodies(changed):
        return None
    old, new = list(_functions(before)), list(_functions(after))
    if [code.co_qualname for code in old] != [code.co_qualname for code in new]:
        return None
    return {
        (code.co_qualname, code.co_firstlineno): other
        for code, other in zip(old, new, strict=True)
    }


def _without_bodies(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body = [ast.Pass()]
    return ast.dump(tree)


def _functions(code: CodeType) -> Iterator[CodeType]:
    """Yield functions of a module and methods of its classes, not what is inside."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_flags & CO_NEWLOCALS:  # a function; a class has none
                yield constant
            else:
                yield from _functions(constant)


class Changed(SourceFileLoader):
    """Loads one module from other source than its file has."""

    source = ""

    def get_code(self, fullname: str) -> CodeType:
        """Compile the changed source."""
        return compile(self.source, self.path, "exec", dont_inherit=True)


class Finder(MetaPathFinder):
    """Finds one module, with its changed source."""

    def __init__(self, path: Path, source: str) -> None:
        parts = path.relative_to(ROOT).with_suffix("").parts
        package = parts[-1] == "__init__"
        self.name = ".".join(parts[:-1] if package else parts)
        self.loader = Changed(self.name, str(path))
        self.loader.source = source
        self.package = [str(path.parent)] if package else None

    def find_spec(
        self, fullname: str, path: object, target: object = None
    ) -> ModuleSpec | None:
        """Return how to load the changed module; None for any other."""
        if fullname != self.name:
            return None
        return spec_from_file_location(
            fullname,
            self.loader.path,
            loader=self.loader,
            submodule_search_locations=self.package,
        )
