"""Pictures of campaign pages: known by their content, and made small for a slow phone."""

import io
from typing import Final

from flask_babel import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from fundsvc import uploads
from fundsvc.errors import Reason, Refusal

LARGEST: Final = uploads.LARGEST_EACH
MOST_PIXELS: Final = 40_000_000
SIZES: Final = ((960, 540), (800, 450), (640, 360), (480, 270))
MOST_BYTES: Final = 36_000
"""With page and style sheet the first view stays below 60 kB."""
MEDIA_TYPE: Final = "image/webp"
_QUALITIES: Final = (80, 68, 56, 44, 32, 20)


def small(data: bytes) -> bytes:
    """Return a picture of 16 by 9 as WebP of at most 36 kB, without what a camera wrote into it.

    Raises:
        Refusal: it is no JPEG, PNG or WebP, or too large.
    """
    if len(data) > LARGEST:
        raise Refusal(Reason(_("Ảnh lớn quá 10 MB."), field="file"))
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as found:
            if found.width * found.height > MOST_PIXELS:
                raise Refusal(
                    Reason(_("Ảnh có quá nhiều điểm ảnh (tối đa 40 triệu)."), field="file")
                )
            found.draft("RGB", SIZES[0])
            turned = ImageOps.exif_transpose(found).convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        why = _("Tệp này không phải ảnh JPEG, PNG hoặc WebP đọc được.")
        raise Refusal(Reason(why, field="file")) from None
    paper = Image.new("RGBA", turned.size, "white")
    whole = Image.alpha_composite(paper, turned).convert("RGB")
    made = b""
    for size in SIZES:
        fitted = ImageOps.fit(whole, size)
        for quality in _QUALITIES:
            made = _webp(fitted, quality)
            if len(made) <= MOST_BYTES:
                return made
    return made


def _webp(picture: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=quality, method=4)
    return file.getvalue()
