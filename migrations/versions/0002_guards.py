"""The guards of the first release: what the database refuses whoever asks."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

GUARDS = Path(__file__).parent.parent / "guards"
# Named one by one: a file that a later migration brings speaks of tables that are not here yet.
FILES = ("books", "ground", "dues", "receipts", "reconciliation", "sms", "spending")


def upgrade() -> None:
    """Run the guards of this engine; their statements are parted by `--;` lines."""
    connection = op.get_bind().execution_options(no_parameters=True)
    for name in FILES:
        path = GUARDS / f"{name}.{connection.dialect.name}.sql"
        for statement in path.read_text(encoding="utf-8").split("\n--;\n"):
            connection.exec_driver_sql(statement)
