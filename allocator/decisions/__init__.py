"""Decisions of a review: read, placed on the map, and turned into what binds a plan."""

from allocator.decisions.binding import bind
from allocator.decisions.classes import class_words, with_classes
from allocator.decisions.merging import Merged, Opinion, merge_opinions
from allocator.decisions.previous import Previous, read_previous
from allocator.decisions.reading import read_decisions, read_opinions
from allocator.decisions.returned import reviewed_rows
from allocator.decisions.sites import add_sites
from allocator.decisions.verdicts import Decision, Verdict

__all__ = [
    "Decision",
    "Merged",
    "Opinion",
    "Previous",
    "Verdict",
    "add_sites",
    "bind",
    "class_words",
    "merge_opinions",
    "read_decisions",
    "read_opinions",
    "read_previous",
    "reviewed_rows",
    "with_classes",
]
