"""The part of the bundled Chinese font that a page needs, to be put into the page."""

from __future__ import annotations

import base64
from contextlib import closing
from io import BytesIO
from typing import TYPE_CHECKING

from fontTools import subset

from allocator.resources import chinese_font

if TYPE_CHECKING:
    from collections.abc import Iterable

# Letters, digits and signs that scripts put together at run time.
_ALWAYS = "".join(map(chr, range(0x20, 0x7F))) + "·–—…≤≥±×°,。:;()“”、"


def font_face(texts: Iterable[str], *, family: str) -> str:
    """Return an ``@font-face`` rule that carries the glyphs of some texts.

    The map must be readable on a machine without any Chinese font, and may fetch
    nothing: only the glyphs that occur are put in, as WOFF in base64.

    Parameters
    ----------
    texts
        All texts that the page may show.
    family
        The name that the style sheet uses.
    """
    wanted = {character for text in texts for character in text} | set(_ALWAYS)
    options = subset.Options()
    options.flavor = "woff"
    options.layout_features = []
    options.hinting = False
    options.name_IDs = []
    options.notdef_outline = True
    options.recalc_timestamp = False
    packed = BytesIO()
    with closing(subset.load_font(str(chinese_font()), options)) as font:
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=sorted(ord(character) for character in wanted))
        subsetter.subset(font)
        subset.save_font(font, packed, options)
    data = base64.b64encode(packed.getvalue()).decode()
    return (
        f'@font-face{{font-family:"{family}";'
        f'src:url(data:font/woff;base64,{data}) format("woff");}}'
    )
