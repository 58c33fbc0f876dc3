"""Groups of institutions: medical communities (医共体) and urban groups (医疗集团).

The zones of a network's scope are divided among its leads by an integer program; every
member belongs to the group of the zone that it stands in. How a group is checked is in
`allocator.audit.networks`, which shares no code with this package.
"""

from allocator.networks.form import Formed, GroupResult, form_groups

__all__ = ["Formed", "GroupResult", "form_groups"]
