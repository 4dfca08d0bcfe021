"""The guards of the first release: what the database refuses whoever asks."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

GUARDS = Path(__file__).parent.parent / "guards"


def upgrade() -> None:
    """Run every file of guards for this engine; its statements are parted by `--;` lines."""
    connection = op.get_bind().execution_options(no_parameters=True)
    for path in sorted(GUARDS.glob(f"*.{connection.dialect.name}.sql")):
        for statement in path.read_text(encoding="utf-8").split("\n--;\n"):
            connection.exec_driver_sql(statement)
