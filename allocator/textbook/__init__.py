"""Briefs that are one of the textbook problems, solved with proof without a program.

p-median, p-center, maximal covering and covering everyone: `textbook_of` says which of
them a task is, if any; `solve_textbook` gives its journeys to `allocator.bounds` and
makes a plan of what comes back. A task that is none of them, or that has no plan, is
left to the integer program, which can say why. `solve_narrowly` helps where
a task is p-median with further rules: it leaves out the journeys of no good plan.
"""

from allocator.textbook.narrowing import solve_narrowly
from allocator.textbook.problem import Textbook, textbook_of
from allocator.textbook.solving import Alone, solve_textbook

__all__ = ["Alone", "Textbook", "solve_narrowly", "solve_textbook", "textbook_of"]
