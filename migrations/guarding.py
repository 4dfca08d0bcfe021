"""Run files of guards: statements of one engine, parted by `--;` lines."""

from pathlib import Path

from alembic import op

GUARDS = Path(__file__).parent / "guards"


def run_guards(*names: str) -> None:
    """Run `guards/<name>.<engine>.sql` for each name, in order.

    A migration names its files one by one: a file that a later migration brings speaks of tables
    that are not here yet.
    """
    connection = op.get_bind().execution_options(no_parameters=True)
    for name in names:
        path = GUARDS / f"{name}.{connection.dialect.name}.sql"
        for statement in path.read_text(encoding="utf-8").split("\n--;\n"):
            connection.exec_driver_sql(statement)
