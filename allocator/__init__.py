"""Plan where health services go, under written policy.

The package is layered: every module imports only from layers below its own (see
``docs/architecture.md``). ``allocator.pipeline`` is the door for notebooks and
scripts; ``allocator.cli`` is the same for the command line.
"""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("health-allocator")
