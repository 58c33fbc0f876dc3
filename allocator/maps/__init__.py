"""Maps of a plan, and of two compared: for print and for the screen."""

from allocator.maps.change_interactive import write_comparison_html
from allocator.maps.change_static import draw_comparison
from allocator.maps.figures import FIGURES, draw_figure, figures_of
from allocator.maps.interactive import write_html
from allocator.maps.static import draw_map

__all__ = [
    "FIGURES",
    "draw_comparison",
    "draw_figure",
    "draw_map",
    "figures_of",
    "write_comparison_html",
    "write_html",
]
