"""Make the web fonts of the pages from the font package that PyPI has.

`fundsvc/static/fonts` holds what this script wrote; run it again only to change the letters or
after an update of the font. One file per face, never split by unicode-range. Be Vietnam Pro has no
tabular figures of its own, so figures in columns would not stand under each other: the script adds
a figure of equal width for each digit under the OpenType feature `tnum`, which CSS asks for by
`font-variant-numeric: tabular-nums`.

Needs the packages `fontpkg-be-vietnam-pro` (SIL OFL 1.1), `fonttools` and `brotli`.
"""

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.feaLib.builder import addOpenTypeFeaturesFromString
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

TARGET = Path(__file__).resolve().parent.parent / "fundsvc" / "static" / "fonts"
FACES = (
    ("BeVietnamPro-Regular.ttf", "be-vietnam-pro-400.woff2"),
    ("BeVietnamPro-SemiBold.ttf", "be-vietnam-pro-600.woff2"),
)
LETTERS = (
    (0x20, 0x7E),
    (0xA0, 0xFF),
    (0x102, 0x103),
    (0x110, 0x111),
    (0x128, 0x129),
    (0x168, 0x169),
    (0x1A0, 0x1A1),
    (0x1AF, 0x1B0),
    (0x300, 0x303),
    (0x309, 0x309),
    (0x323, 0x323),
    (0x1EA0, 0x1EF9),
    (0x2010, 0x2014),
    (0x2018, 0x201E),
    (0x2022, 0x2022),
    (0x2026, 0x2026),
    (0x2039, 0x203A),
    (0x20AB, 0x20AB),
    (0x2212, 0x2212),
)
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SUFFIX = ".tnum"
MIDDLE = len(DIGITS) // 2


def main() -> None:
    """Write every face, and the licence beside them."""
    TARGET.mkdir(parents=True, exist_ok=True)
    wanted = [code for first, last in LETTERS for code in range(first, last + 1)]
    for source, name in FACES:
        font = TTFont(_files() / source, recalcTimestamp=False)
        add_tabular_figures(font)
        options = subset.Options(
            flavor="woff2",
            layout_features=["kern", "ccmp", "locl", "mark", "mkmk", "liga", "tnum", "case"],
            name_IDs=[1, 2, 3, 4, 5, 6, 13, 14],
            notdef_outline=True,
            hinting=False,
            desubroutinize=True,
        )
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=wanted)
        subsetter.subset(font)
        font.flavor = "woff2"
        font.save(TARGET / name)
    shutil.copyfile(_files().parent / "LICENSE", TARGET / "BeVietnamPro-OFL.txt")


def add_tabular_figures(font: TTFont) -> None:
    """Give every digit a twin of one width, centred in it, under the feature `tnum`."""
    names = [font.getBestCmap()[ord("0") + value] for value in range(len(DIGITS))]
    widths = sorted(font["hmtx"][name][0] for name in names)
    width = widths[MIDDLE]
    glyphs = font.getGlyphSet()
    for name in names:
        recording = DecomposingRecordingPen(glyphs)
        glyphs[name].draw(recording)
        advance, left = font["hmtx"][name]
        shift = (width - advance) // 2
        pen = TTGlyphPen(None)
        recording.replay(TransformPen(pen, (1, 0, 0, 1, shift, 0)))
        font["glyf"][name + SUFFIX] = pen.glyph()
        font["hmtx"][name + SUFFIX] = (width, left + shift)
    font.setGlyphOrder(font.getGlyphOrder())
    rules = "\n".join(f"  sub {name} by {name}{SUFFIX};" for name in names)
    keep = _existing_layout(font)
    addOpenTypeFeaturesFromString(font, f"feature tnum {{\n{rules}\n}} tnum;", tables=["GSUB"])
    _merge_layout(font, keep)


def _existing_layout(font: TTFont) -> Any:
    return font["GSUB"].table


def _merge_layout(font: TTFont, kept: Any) -> None:
    """Append the new lookup and feature to the layout the font came with."""
    added = font["GSUB"].table
    lookup = added.LookupList.Lookup[0]
    feature = added.FeatureList.FeatureRecord[0]
    kept.LookupList.Lookup.append(lookup)
    kept.LookupList.LookupCount = len(kept.LookupList.Lookup)
    feature.Feature.LookupListIndex = [kept.LookupList.LookupCount - 1]
    kept.FeatureList.FeatureRecord.append(feature)
    kept.FeatureList.FeatureCount = len(kept.FeatureList.FeatureRecord)
    index = kept.FeatureList.FeatureCount - 1
    for script in kept.ScriptList.ScriptRecord:
        systems = [script.Script.DefaultLangSys, *(s.LangSys for s in script.Script.LangSysRecord)]
        for system in systems:
            if system is not None:
                system.FeatureIndex.append(index)
                system.FeatureCount = len(system.FeatureIndex)
    font["GSUB"].table = kept


def _files() -> Path:
    spec = find_spec("fontpkg_be_vietnam_pro")
    if spec is None or spec.origin is None:
        raise SystemExit("install fontpkg-be-vietnam-pro first")
    return Path(spec.origin).parent / "files"


if __name__ == "__main__":
    main()
