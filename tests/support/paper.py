"""Printed documents read back: their text page by page, and that no letter lies on another."""

import pypdfium2


def pages(data: bytes) -> list[str]:
    """Return the text of each page."""
    opened = pypdfium2.PdfDocument(data)
    return [page.get_textpage().get_text_range() for page in opened]


def flat(data: bytes) -> str:
    """Return the whole text with blanks for line ends."""
    return " ".join(" ".join(pages(data)).split())


def assert_nothing_overlaps(data: bytes) -> None:
    """Check that every letter lies on the page and shares little of its box with another."""
    for page in pypdfium2.PdfDocument(data):
        width, height = page.get_size()
        text = page.get_textpage()
        boxes = sorted(
            (text.get_charbox(place), place)
            for place in range(text.count_chars())
            if text.get_text_range(place, 1).strip()
        )
        for rank, ((left, bottom, right, top), place) in enumerate(boxes):
            assert left >= 0
            assert bottom >= 0
            assert right <= width
            assert top <= height
            for (near_left, near_bottom, near_right, near_top), near in boxes[rank + 1 :]:
                if near_left >= right:
                    break
                wide = min(right, near_right) - near_left
                tall = min(top, near_top) - max(bottom, near_bottom)
                area = (right - left) * (top - bottom)
                # Neighbours of one word may lean into each other, as italics do.
                kerned = abs(place - near) == 1
                assert kerned or wide <= 0 or tall <= 0 or wide * tall < area / 2
