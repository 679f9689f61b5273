"""Alembic's entry: run the migrations on the connection that `upgrade` holds."""

from alembic import context

from titian.kernel.db.metadata import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
