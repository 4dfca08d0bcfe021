"""Make the font files of printed documents from the font packages that PyPI has.

`fundsvc/static/print/fonts` holds what this script wrote; run it again only to change the letters
or after an update of a font. Noto Serif comes as one variable file of 2 MB: cut to one face per
file, and to the letters below, a receipt takes 40 ms to print instead of 90. Web fonts would not
do: a family cut into ranges under one name makes WeasyPrint print wrong letters.

Needs the packages `fontpkg-noto-serif` and `fontpkg-be-vietnam-pro` (both SIL OFL 1.1).
"""

import shutil
from importlib.util import find_spec
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from fundsvc.pdf import PRINTABLE

TARGET = Path(__file__).resolve().parent.parent / "fundsvc" / "static" / "print" / "fonts"
SERIF = "NotoSerif[wdth,wght].ttf"
FACES = (
    ("fontpkg_noto_serif", SERIF, 400, "NotoSerif-Regular.ttf"),
    ("fontpkg_noto_serif", SERIF, 700, "NotoSerif-Bold.ttf"),
    ("fontpkg_noto_serif", "NotoSerif-Italic[wdth,wght].ttf", 400, "NotoSerif-Italic.ttf"),
    ("fontpkg_be_vietnam_pro", "BeVietnamPro-Regular.ttf", None, "BeVietnamPro-Regular.ttf"),
    ("fontpkg_be_vietnam_pro", "BeVietnamPro-SemiBold.ttf", None, "BeVietnamPro-SemiBold.ttf"),
)


def main() -> None:
    """Write every face, and the licence beside them."""
    TARGET.mkdir(parents=True, exist_ok=True)
    wanted = [code for first, last in PRINTABLE for code in range(first, last + 1)]
    for package, source, weight, name in FACES:
        font = TTFont(_files(package) / source)
        if weight is not None:
            place = {"wght": weight, "wdth": 100}
            font = instancer.instantiateVariableFont(font, place, updateFontNames=True)
        options = subset.Options(name_IDs=["*"], notdef_outline=True)
        options.hinting = False
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=wanted)
        subsetter.subset(font)
        font["head"].modified = font["head"].created  # The same input gives the same bytes.
        font.recalcTimestamp = False
        font.save(TARGET / name)
    for package, name in (("noto_serif", "NotoSerif"), ("be_vietnam_pro", "BeVietnamPro")):
        licence = next(
            _files(f"fontpkg_{package}").parent.parent.glob(f"fontpkg_{package}-*.dist-info")
        )
        shutil.copyfile(licence / "licenses" / "LICENSE", TARGET / f"{name}-OFL.txt")


def _files(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        msg = f"install {package.replace('_', '-')} first"
        raise SystemExit(msg)
    return Path(spec.origin).parent / "files"


if __name__ == "__main__":
    main()
