"""Maps of a plan: for print (``static``) and for the screen (``interactive``)."""

from allocator.maps.interactive import write_html
from allocator.maps.static import draw_map

__all__ = ["draw_map", "write_html"]
