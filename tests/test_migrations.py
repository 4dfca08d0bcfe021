"""The migrations make exactly the tables that the models declare, and run twice without harm."""

from sqlalchemy import create_engine, inspect, text

from fundsvc import schema
from fundsvc.db import equip


def test_migrations_give_the_tables_of_the_models(database_url: str) -> None:
    engine = create_engine(database_url)
    equip(engine)
    with engine.connect() as connection:
        assert schema.drift(connection) == []
    engine.dispose()


def test_upgrading_an_upgraded_database_changes_nothing(database_url: str) -> None:
    engine = create_engine(database_url)
    equip(engine)
    before = _counts(database_url)
    schema.upgrade(engine)
    engine.dispose()
    assert _counts(database_url) == before
    assert before["unit"] == 1, "the centre TW comes with the schema"
    assert before["fund"] == 3
    assert before["province"] == 63 + 34


def test_every_table_is_strict_on_sqlite(database_url: str, engine_name: str) -> None:
    if engine_name != "sqlite":
        return
    engine = create_engine(database_url)
    with engine.connect() as connection:
        loose = connection.execute(
            text("SELECT name FROM pragma_table_list WHERE schema = 'main' AND NOT strict")
        ).scalars()
        # Alembic's own table is the one exception, SQLite's are not ours.
        assert {name for name in loose if not name.startswith("sqlite_")} <= {"alembic_version"}
    engine.dispose()


def _counts(url: str) -> dict[str, int]:
    engine = create_engine(url)
    with engine.connect() as connection:
        counts = {
            table: connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar_one()
            for table in inspect(engine).get_table_names()
        }
    engine.dispose()
    return counts
