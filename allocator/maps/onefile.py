"""A page in one file that asks nothing of any network.

The page, its style, its scripts, Leaflet and the data are put into one file. A
Content-Security-Policy lets only these scripts run and nothing be fetched, so that a
name with markup in it can do nothing, wherever the file is opened.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.maps.glyphs import font_face
from allocator.resources import templates_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from allocator.errors import Language

_NO_SCRIPT = Text(
    "此地图需要启用 JavaScript 的浏览器。", "This map needs a browser with JavaScript."
)
_FAMILY = "Allocator Sans"  # first in the style sheet's list
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
# Leaflet's style sheet refers to pictures for controls that the page does not use.
_PICTURE = re.compile(r"url\([^)]*\)")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)


def write_page(
    path: Path,
    *,
    template: str,
    styles: Sequence[str],
    scripts: Sequence[str],
    data: dict[str, object],
    title: str,
    language: Language,
) -> None:
    """Write a page.

    Parameters
    ----------
    path
        The file to write; one that exists is replaced.
    template, styles, scripts
        Names of files in the folder of templates; styles and scripts are put together
        in their order.
    data
        What the script draws: only lists, mappings, texts, numbers and nulls.
    title
        Of the document.
    language
        Of the page.
    """
    folder = templates_folder()
    licence = _read(folder / "leaflet" / "LICENSE")
    leaflet = _SOURCE_MAP.sub("", _read(folder / "leaflet" / "leaflet.js"))
    leaflet_script = f"/*\n{licence}*/\n{leaflet}"
    leaflet_style = _COMMENT.sub("", _read(folder / "leaflet" / "leaflet.css"))
    leaflet_style = _PICTURE.sub("none", leaflet_style)
    script = "\n".join(_read(folder / name) for name in scripts)
    page = _read(folder / template)
    shown = json.dumps(data, ensure_ascii=False)
    font = font_face([shown, script, page, title], family=_FAMILY)
    style = font + "\n".join(_read(folder / name) for name in styles)
    parts = {
        "lang": "zh-CN" if language == "zh" else "en",
        "title": html.escape(title),
        "noscript": html.escape(_NO_SCRIPT.say(language)),
        "policy": _policy([leaflet_script, script], [leaflet_style, style]),
        "leaflet_style": leaflet_style,
        "style": style,
        "data": _inert(data),
        "leaflet_script": leaflet_script,
        "script": script,
    }
    text = _PLACEHOLDER.sub(lambda m: parts[m.group(1)], page)
    path.write_bytes(text.encode())


def _read(path: Path) -> str:
    # A hash in the policy is of the text as browsers read it: with line feeds.
    return path.read_text(encoding="utf-8").replace("\r\n", "\n")


def _policy(scripts: list[str], styles: list[str]) -> str:
    """Return the policy: these scripts and styles run, and nothing is loaded."""
    script = " ".join(_hash(text) for text in scripts)
    style = " ".join(_hash(text) for text in styles)
    return (
        f"default-src 'none'; script-src {script}; style-src {style}; img-src data:; "
        "font-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _inert(data: dict[str, object]) -> str:
    """Return the data as JSON that cannot end the element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text
