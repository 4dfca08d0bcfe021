"""${message}."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Day, Flag, Json, Moment, Small

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    ${upgrades if upgrades else "pass"}
