"""Donors merged, what they agreed to, and their erasure."""

from typing import Final

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Day, Flag, Moment
from fundsvc.secrecy import email_hash, phone_hash, seal_text
from migrations.guarding import run_guards
from migrations.redefining import redefine

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BETWEEN: Final = str.maketrans("", "", " .-()")


def upgrade() -> None:
    """Seal the contacts that are there, make the tables, and run the guards."""
    _contacts()
    _merging()
    _versions()
    _consents()
    _erasures()
    run_guards("donors")


def _contacts() -> None:
    """Put a keyed hash and a sealed text in the place of each phone number and e-mail."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for name in ("phone", "email"):
        sealed = f"{name}_sealed TEXT NOT NULL"
        op.execute(f"ALTER TABLE donor RENAME COLUMN {name} TO {name}_hash")
        op.execute(f"ALTER TABLE donor ADD COLUMN {sealed} DEFAULT ''")
    _seal()
    for name in ("phone", "email"):
        sealed = f"{name}_sealed TEXT NOT NULL"
        if on_sqlite:
            redefine("donor", f"{sealed} DEFAULT ''", sealed)
        else:
            op.execute(f"ALTER TABLE donor ALTER COLUMN {name}_sealed DROP DEFAULT")
        op.create_index(
            f"ix_donor_{name}_hash",
            "donor",
            [f"{name}_hash"],
            unique=False,
            postgresql_where=sa.text(f"{name}_hash <> ''"),
            sqlite_where=sa.text(f"{name}_hash <> ''"),
        )


def _seal() -> None:
    """Write every row anew, for on SQLite those left alone would lose the default of a column."""
    connection = op.get_bind()
    taking = sa.text(
        "SELECT id, phone_hash, email_hash FROM donor WHERE id > :last ORDER BY id LIMIT 10000"
    )
    sealing = sa.text(
        "UPDATE donor SET phone_hash = :phone_hash, phone_sealed = :phone_sealed,"
        " email_hash = :email_hash, email_sealed = :email_sealed WHERE id = :id"
    )
    last = 0
    while rows := connection.execute(taking, {"last": last}).all():
        changes = [_sealed(*row) for row in rows]
        connection.execute(sealing, changes)
        last = rows[-1].id


def _sealed(donor_id: int, phone: str, email: str) -> dict[str, object]:
    tidy = phone.translate(BETWEEN)
    return {
        "id": donor_id,
        "phone_hash": phone_hash(tidy) if tidy else "",
        "phone_sealed": seal_text(phone),
        "email_hash": email_hash(email),
        "email_sealed": seal_text(email),
    }


def _merging() -> None:
    """Let a donor be merged into another one, and be erased."""
    dialect = op.get_bind().dialect
    big, moment = Big.compile(dialect), Moment().compile(dialect)
    op.execute(
        f"ALTER TABLE donor ADD COLUMN merged_into_id {big}"
        " CONSTRAINT fk_donor_merged_into_id REFERENCES donor (id)"
        " CONSTRAINT ck_donor_merged CHECK (merged_into_id <> id)"
    )
    op.execute(
        f"ALTER TABLE donor ADD COLUMN erased_at {moment} CONSTRAINT ck_donor_erased"
        " CHECK (erased_at IS NULL OR (salt IS NULL AND folded = '' AND address = ''"
        " AND phone_hash = '' AND phone_sealed = '' AND email_hash = '' AND email_sealed = ''))"
    )
    op.create_index(
        "ix_donor_merged_into_id",
        "donor",
        ["merged_into_id"],
        unique=False,
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
        sqlite_where=sa.text("merged_into_id IS NOT NULL"),
    )


def _versions() -> None:
    op.create_table(
        "donor_version",
        sa.Column("id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("donor_id", Big, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("phone_hash", sa.Text(), nullable=False),
        sa.Column("phone_sealed", sa.Text(), nullable=False),
        sa.Column("email_hash", sa.Text(), nullable=False),
        sa.Column("email_sealed", sa.Text(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_by", Big, nullable=True),
        sa.CheckConstraint("name <> ''", name=op.f("ck_donor_version_name")),
        *_of_donor("donor_version"),
        sqlite_strict=True,
    )
    op.create_index("ix_donor_version_donor_id", "donor_version", ["donor_id"], unique=False)


def _consents() -> None:
    op.create_table(
        "donor_consent",
        sa.Column("id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("donor_id", Big, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("given", Flag(), nullable=False),
        sa.Column("said_on", Day(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("noted_at", Moment(), nullable=False),
        sa.Column("noted_by", Big, nullable=True),
        sa.CheckConstraint(
            "purpose IN ('named', 'written', 'kept')", name=op.f("ck_donor_consent_purpose")
        ),
        sa.CheckConstraint(
            "way IN ('online', 'form', 'phone', 'letter', 'person')",
            name=op.f("ck_donor_consent_way"),
        ),
        *_of_donor("donor_consent"),
        sqlite_strict=True,
    )
    op.create_index("ix_donor_consent_donor_id", "donor_consent", ["donor_id"], unique=False)


def _erasures() -> None:
    op.create_table(
        "donor_erasure",
        sa.Column("id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("donor_id", Big, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("asked_by", Big, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_at", Moment(), nullable=True),
        sa.Column("decided_by", Big, nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'approved', 'refused', 'withdrawn')",
            name=op.f("ck_donor_erasure_state"),
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_donor_erasure_reason")),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL) AND (state = 'asked') = (decided_by IS NULL)",
            name=op.f("ck_donor_erasure_decided"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'refused') OR decided_by <> asked_by",
            name=op.f("ck_donor_erasure_two_people"),
        ),
        *_of_donor("donor_erasure"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_donor_erasure_open",
        "donor_erasure",
        ["donor_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('asked', 'approved')"),
        sqlite_where=sa.text("state IN ('asked', 'approved')"),
    )


def _of_donor(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["donor_id"], ["donor.id"], name=op.f(f"fk_{table}_donor_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f(f"fk_{table}_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]
