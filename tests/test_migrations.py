"""The migrations make exactly the tables that the models declare, and run twice without harm."""

from alembic import command
from flask import Flask
from sqlalchemy import create_engine, inspect, text

from fundsvc import schema
from fundsvc.config import Settings
from fundsvc.db import equip
from fundsvc.secrecy import email_hash, open_phone, open_text, phone_hash
from tests.support.databases import Databases


def test_migrations_give_the_tables_of_the_models(database_url: str) -> None:
    engine = create_engine(database_url)
    equip(engine)
    with engine.connect() as connection:
        assert schema.drift(connection) == []
    engine.dispose()


def test_the_index_by_size_is_there(database_url: str, engine_name: str) -> None:
    """It is made of an expression, which the comparison of tables leaves out."""
    tables = {"sqlite": "sqlite_master WHERE name =", "postgresql": "pg_indexes WHERE indexname ="}
    engine = create_engine(database_url)
    equip(engine)
    with engine.connect() as connection:
        found = text(f"SELECT count(*) FROM {tables[engine_name]} 'ix_bank_line_size'")
        assert connection.scalar(found) == 1
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


def test_numbers_that_are_there_are_sealed_and_days_counted(
    engine_name: str, databases: Databases, settings: Settings
) -> None:
    app = Flask("migrating")
    app.config["FUNDSVC"] = settings
    with databases.blank(engine_name) as url, app.app_context():
        engine = create_engine(url)
        equip(engine)
        with engine.connect().execution_options(fundsvc_writes=True) as connection:
            with connection.begin():
                command.upgrade(schema._config(connection), "0007")
                for statement in BEFORE:
                    connection.exec_driver_sql(statement)
            with connection.begin():
                command.upgrade(schema._config(connection), "head")
            rows = connection.execute(text("SELECT * FROM sms_message ORDER BY request_id")).all()
            day = connection.execute(text("SELECT messages, gross FROM sms_day")).one()
            assert schema.drift(connection) == []
        engine.dispose()
        assert [open_phone(row.phone_hash, row.phone_sealed) for row in rows] == [
            "84912345678",
            "84987654321",
            "84912345678",
        ]
        assert rows[0].phone_hash == phone_hash("0912345678")
        assert tuple(day) == (2, 120_000)


MESSAGE = (
    "INSERT INTO sms_message (operator, request_id, msisdn, short_code, message, received_at,"
    " received_on, status, file_id, row, amount, campaign_id) VALUES ('viettel', {0}, '1400', 'TS',"
    " '2026-07-05T01:30:00.000000+00:00', '2026-07-05', {1})"
)
BEFORE = (
    "INSERT INTO fund VALUES (1, 'f', 'F', 'F', 'F', 'none')",
    """INSERT INTO unit (id, code, name, kind, address, folded)
    VALUES (1, 'TW', 'x', 'centre', '', 'x')""",
    """INSERT INTO campaign
    VALUES (1, '1400', 'TS', 'units', 20000, 1, 1, '2026-07-01', '2026-08-31')""",
    MESSAGE.format("'A', '84912345678'", "'booked', 1, 2, 100000, 1"),
    MESSAGE.format("'B', '84987654321'", "'booked', 1, 3, 20000, 1"),
    MESSAGE.format("'C', '0912345678'", "'failed', 1, 4, NULL, NULL"),
)


def test_contacts_of_donors_that_are_there_are_sealed(
    engine_name: str, databases: Databases, settings: Settings
) -> None:
    app = Flask("migrating")
    app.config["FUNDSVC"] = settings
    with databases.blank(engine_name) as url, app.app_context():
        engine = create_engine(url)
        equip(engine)
        with engine.connect().execution_options(fundsvc_writes=True) as connection:
            with connection.begin():
                command.upgrade(schema._config(connection), "0012")
                for statement in (BEFORE[0], BEFORE[1], *DONORS):
                    connection.exec_driver_sql(statement)
            with connection.begin():
                command.upgrade(schema._config(connection), "head")
            rows = connection.execute(text("SELECT * FROM donor ORDER BY id")).all()
            assert schema.drift(connection) == []
        engine.dispose()
        assert [open_text(row.phone_sealed) for row in rows] == ["0912 345 678", "", ""]
        assert [open_text(row.email_sealed) for row in rows] == ["", "An@example.vn", ""]
        assert rows[0].phone_hash == phone_hash("+84912345678")
        assert [row.email_hash for row in rows] == ["", email_hash("an@EXAMPLE.vn"), ""]


DONORS = tuple(
    "INSERT INTO donor (unit_id, name, folded, kind, address, phone, email)"
    f" VALUES (1, 'An', 'an', 'person', '', '{phone}', '{email}')"
    for phone, email in (("0912 345 678", ""), ("", "An@example.vn"), ("", ""))
)


def test_what_promises_became_keeps_its_rows_and_tells_page_amount_and_consent(
    engine_name: str, databases: Databases, settings: Settings
) -> None:
    app = Flask("migrating")
    app.config["FUNDSVC"] = settings
    with databases.blank(engine_name) as url, app.app_context():
        engine = create_engine(url)
        equip(engine)
        with engine.connect().execution_options(fundsvc_writes=True) as connection:
            with connection.begin():
                command.upgrade(schema._config(connection), "0029")
                if engine_name == "postgresql":
                    # There an entry comes with its postings in one statement, SQLite knows none.
                    connection.exec_driver_sql("ALTER TABLE entry DISABLE TRIGGER USER")
                for statement in (BEFORE[0], BEFORE[1], *GIVEN):
                    connection.exec_driver_sql(statement)
            with connection.begin():
                command.upgrade(schema._config(connection), "head")
            rows = connection.execute(
                text(
                    """SELECT donation_id, pledge_id, page_id, amount, may_be_named, origin
                    FROM pledge_donation"""
                )
            ).all()
            assert schema.drift(connection) == []
        engine.dispose()
        assert [tuple(row) for row in rows] == [(1, 2, 1, 700, True, "bank-line:1")]


AT = "'2026-07-05T01:30:00.000000+00:00'"
PLEDGE = (
    "INSERT INTO pledge (id, page_id, unit_id, key, token, code, digest, amount, method, locale,"
    " made_at, name, on_behalf_of, in_memory_of, may_be_named, state, told) VALUES"
    f" ({{0}}, 1, 1, 'k{{0}}', 'tttttttttttttttttttttt{{0}}', 'TS{{0}}', 'x', 500, 'bank', 'vi',"
    f" {AT}, 'An',"
    " '', '', {1}, 'open', '')"
)
GIVEN = (
    """INSERT INTO account (id, code, name, name_en, type, line) VALUES
    (1, '112.TW', 'x', 'x', 'asset', NULL), (2, '7113', 'x', 'x', 'income', '1')""",
    "INSERT INTO bank_account VALUES (1, 'TW', 'x', '1', 1, 1, 1)",
    f"""INSERT INTO campaign_page (id, unit_id, fund_id, slug, title, made_at, title_en, story,
    story_en, picture_text, amounts, bank_bin, account_holder, state, version, bank_account_id)
    VALUES (1, 1, 1, 'mai-am', 'x', {AT}, '', '', '', '', '{{}}', '970405', 'x', 'draft', 1, 1)""",
    f"UPDATE campaign_page SET state = 'published', published_at = {AT}",
    PLEDGE.format(1, "false"),
    PLEDGE.format(2, "true"),
    f"""INSERT INTO entry (id, date, kind, description, unit_id, source, external_id, lines,
    posted_at) VALUES (1, '2026-07-05', 'x', 'x', 1, 'x', '1', 2, {AT})""",
    """INSERT INTO posting VALUES (1, 1, 2, '2026-07-05', 1, 1, 1, 700, 0),
    (1, 2, 2, '2026-07-05', 2, 1, 1, 0, 700)""",
    f"""INSERT INTO donation (id, unit_id, fund_id, amount, received_on, method, entry_id, key,
    recorded_at, earmark, on_behalf_of, in_memory_of, note)
    VALUES (1, 1, 1, 700, '2026-07-05', 'bank', 1, 'pledge:2:1', {AT}, '', '', '', '')""",
    f"INSERT INTO pledge_donation VALUES (1, 2, 'bank-line:1', {AT})",
)
