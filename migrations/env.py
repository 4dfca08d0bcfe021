"""How Alembic reaches the database: with the URL and the models that the caller hands over."""

from alembic import context

config = context.config
connection = config.attributes["connection"]
metadata = config.attributes["metadata"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    transaction_per_migration=False,
    **config.attributes.get("options", {}),
)
with context.begin_transaction():
    context.run_migrations()
