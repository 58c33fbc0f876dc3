"""Maps of a plan, and of two compared: for print and for the screen."""

from allocator.maps.change_interactive import write_comparison_html
from allocator.maps.change_static import draw_comparison
from allocator.maps.interactive import write_html
from allocator.maps.static import draw_map

__all__ = ["draw_comparison", "draw_map", "write_comparison_html", "write_html"]
