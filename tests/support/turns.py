"""What takes turns by the day: a run takes a share of it, and the next day's run the next share."""

import os
from datetime import date
from typing import Final

ALL: Final = bool(os.environ.get("FUNDSVC_TEST_WALK"))
"""Whether this run takes everything there is (`make walk`)."""
TODAY: Final = date.today().toordinal()  # noqa: DTZ011 - any day does
