"""Policy texts as typed data: packs, services, resources, rules."""

from allocator.policy.combine import check_policy, combine, read_policy
from allocator.policy.hosting import classes_for, holdable
from allocator.policy.packs import Pack, PackHead, Policy, pack_path, read_pack
from allocator.policy.rules import (
    KINDS,
    CountInUnit,
    Coverage,
    Indicator,
    Members,
    Network,
    PopulationBand,
    Priority,
    Rate,
    Resource,
    Rule,
    Scope,
    Service,
    ShareOfClass,
    Unit,
)

__all__ = [
    "KINDS",
    "CountInUnit",
    "Coverage",
    "Indicator",
    "Members",
    "Network",
    "Pack",
    "PackHead",
    "Policy",
    "PopulationBand",
    "Priority",
    "Rate",
    "Resource",
    "Rule",
    "Scope",
    "Service",
    "ShareOfClass",
    "Unit",
    "check_policy",
    "classes_for",
    "combine",
    "holdable",
    "pack_path",
    "read_pack",
    "read_policy",
]
