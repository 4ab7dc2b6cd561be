"""Run by Alembic for each command, on the connection that ``database.py`` gives it."""

from alembic import context

from senryu.store.tables import METADATA

__all__: list[str] = []

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
