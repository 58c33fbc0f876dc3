"""Writing accepted placements into a copy of the planner's own register of facilities.

``order`` says what a run asks for, ``reading`` how the register is laid out, ``edits``
which cells change; a writer for each format changes these cells and nothing else.
"""

from allocator.register.changes import Change
from allocator.register.edits import Edits
from allocator.register.order import Amount, Order, Placement, SiteFacts
from allocator.register.writing import Applied, apply_order, refuse_output

__all__ = [
    "Amount",
    "Applied",
    "Change",
    "Edits",
    "Order",
    "Placement",
    "SiteFacts",
    "apply_order",
    "refuse_output",
]
