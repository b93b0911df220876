"""The audit trail says more: for whom, by which rule, why, from where, to which end.

Rows from before stay as they are, and so do their macs: `version` says which form a row has.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TEXTS = (
    "patient_id",
    "consult_ids",
    "on_behalf_of",
    "outcome",
    "rule",
    "purpose",
    "break_glass_id",
    "address",
    "request_id",
)
_COLUMNS = ", ".join(("version", *_TEXTS))
_KEPT = "auditrow_of_0006"


def upgrade() -> None:
    # One by one, not in a batch: the table is never made anew, and its triggers stay.
    op.add_column(
        "auditrow", sa.Column("version", sa.Integer(), server_default="1", nullable=False)
    )
    for column in _TEXTS:
        op.add_column("auditrow", sa.Column(column, sa.String(), nullable=True))
    if sa.inspect(op.get_bind()).has_table(_KEPT):
        _take_back()
    op.create_index(op.f("ix_auditrow_patient_id"), "auditrow", ["patient_id"])
    op.create_index(
        "ix_auditrow_listed", "auditrow", ["seq"], sqlite_where=sa.text("consult_ids IS NOT NULL")
    )
    # REPLACE deletes a row without a word to the trigger on DELETE. This one hears of it.
    op.execute(
        "CREATE TRIGGER auditrow_grows_by_one BEFORE INSERT ON auditrow "
        "WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM auditrow) "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail only grows, by one row at a time'); END"
    )


def downgrade() -> None:
    """What the older schema has no place for is put aside, or the chain would be broken for good."""
    op.execute(f"CREATE TABLE {_KEPT} AS SELECT seq, {_COLUMNS} FROM auditrow WHERE version > 1")  # noqa: S608 - names of ours
    op.execute("DROP TRIGGER auditrow_grows_by_one")
    op.drop_index("ix_auditrow_listed", "auditrow")
    op.drop_index(op.f("ix_auditrow_patient_id"), "auditrow")
    for column in (*reversed(_TEXTS), "version"):
        op.drop_column("auditrow", column)


def _take_back() -> None:
    op.execute("DROP TRIGGER auditrow_no_update")
    op.execute(
        f"UPDATE auditrow SET ({_COLUMNS}) ="  # noqa: S608 - names of ours
        f" (SELECT {_COLUMNS} FROM {_KEPT} WHERE {_KEPT}.seq = auditrow.seq)"
        f" WHERE seq IN (SELECT seq FROM {_KEPT})"
    )
    op.execute(
        "CREATE TRIGGER auditrow_no_update BEFORE UPDATE ON auditrow "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END"
    )
    op.drop_table(_KEPT)
