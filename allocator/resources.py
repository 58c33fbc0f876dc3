"""Finding what is shipped with the program: policy packs, sample areas, templates.

A wheel carries them under ``allocator/_bundled``; an editable install finds them at
the top of the checkout.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _root() -> Path:
    bundled = _PACKAGE / "_bundled"
    return bundled if bundled.is_dir() else _PACKAGE.parent


def packs_folder() -> Path:
    """Return the folder of bundled policy packs, one ``<id>.toml`` each."""
    return _root() / "models"


def samples_folder() -> Path:
    """Return the folder of bundled sample areas, one folder each."""
    return _root() / "data" / "samples"


def pack_ids() -> tuple[str, ...]:
    """Return the ids of the bundled packs, sorted."""
    return tuple(sorted(path.stem for path in packs_folder().glob("*.toml")))


def sample_names() -> tuple[str, ...]:
    """Return the names of the bundled samples, sorted."""
    folder = samples_folder()
    return tuple(sorted(p.parent.name for p in folder.glob("*/brief.toml")))


def chinese_font() -> Path:
    """Return the font file that maps are labelled with (Noto Sans SC, OFL 1.1)."""
    import pylopdf_fonts_zh_cn  # noqa: PLC0415 (only maps need it)

    return Path(pylopdf_fonts_zh_cn.__file__).parent / "NotoSansSC-Regular.otf"


def templates_folder() -> Path:
    """Return the folder of templates: the page of the map, and Leaflet."""
    return _root() / "reports" / "templates"


def codes_folder() -> Path:
    """Return the folder of tables of codes: what became of counties."""
    return _root() / "data" / "codes"
