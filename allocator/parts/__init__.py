"""Planning counties apart that share budgets and totals, with proof of the whole."""

from allocator.parts.choices import choice_key, keep_choice, recall_choice
from allocator.parts.coordinate import Coordination
from allocator.parts.crew import Crew, at_work, put
from allocator.parts.cutting import cut_parts
from allocator.parts.known import Known, Option
from allocator.parts.memory import keep, recall
from allocator.parts.narrow import (
    Crossing,
    closed_borders,
    find_crossings,
    group_counties,
)
from allocator.parts.packing import join_plans, unpack_plans
from allocator.parts.part import Answer, Part, Question
from allocator.parts.proof import Shared
from allocator.parts.shared import Limit, Sharing, find_sharing
from allocator.parts.work import work

__all__ = [
    "Answer",
    "Coordination",
    "Crew",
    "Crossing",
    "Known",
    "Limit",
    "Option",
    "Part",
    "Question",
    "Shared",
    "Sharing",
    "at_work",
    "choice_key",
    "closed_borders",
    "cut_parts",
    "find_crossings",
    "find_sharing",
    "group_counties",
    "join_plans",
    "keep",
    "keep_choice",
    "put",
    "recall",
    "recall_choice",
    "unpack_plans",
    "work",
]
