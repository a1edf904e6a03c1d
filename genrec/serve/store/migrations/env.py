"""What Alembic runs for every command: our tables, on the connection that it was given."""

from alembic import context

from genrec.serve.store.schema import VERSION_TABLE
from genrec.serve.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,  # SQLite's is too, once its transactions are begun by hand
)
with context.begin_transaction():
    context.run_migrations()
