"""PostgreSQL tells the processes that listen of each change of the signals."""

from alembic import op

revision = "0009"
down_revision = "0008"

FUNCTION = """
CREATE FUNCTION vigie_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('vigie_signals', '');
  RETURN NULL;
END $$
"""
TRIGGER = "CREATE TRIGGER vigie_tell AFTER UPDATE ON signals FOR EACH STATEMENT EXECUTE FUNCTION vigie_tell()"


def upgrade() -> None:
    """SQLite has nobody to tell: processes look for themselves."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(FUNCTION)
        op.execute(TRIGGER)
