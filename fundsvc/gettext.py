"""Texts in the language of a page, where Babel is loaded; a bare command speaks Vietnamese.

Texts are written in Vietnamese, and only pages are ever in another language. So what is loaded for
a command that reads need not load Flask and Babel to say, or never to say, why it was refused.
"""

import sys


def gettext(text: str, **values: object) -> str:
    """Return a text in the language of this page, with its values filled in."""
    if "flask_babel" in sys.modules:
        from flask_babel import gettext as translated  # noqa: PLC0415 - it is there already

        return str(translated(text, **values))
    return text % values if values else text
