"""Turned photos: which photo replaces which."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.add_column(sa.Column("turned_from", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("replaced_by", sa.Uuid(), nullable=True))
        batch_op.add_column(
            sa.Column("turned_clockwise", sa.Integer(), server_default="0", nullable=False)
        )
        batch_op.add_column(sa.Column("turned_by", sa.Uuid(), nullable=True))
        batch_op.add_column(
            sa.Column("turned_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True)
        )
        batch_op.create_unique_constraint(batch_op.f("uq_photo_turned_from"), ["turned_from"])
        for column, table in (
            ("turned_from", "photo"),
            ("replaced_by", "photo"),
            ("turned_by", "user"),
        ):
            batch_op.create_foreign_key(
                batch_op.f(f"fk_photo_{column}_{table}"), table, [column], ["id"]
            )


def downgrade() -> None:
    """The turned photos stay, as photos of their own."""
    with op.batch_alter_table("photo", schema=None) as batch_op:
        for column, table in (
            ("turned_from", "photo"),
            ("replaced_by", "photo"),
            ("turned_by", "user"),
        ):
            batch_op.drop_constraint(batch_op.f(f"fk_photo_{column}_{table}"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_photo_turned_from"), type_="unique")
        for column in ("turned_at", "turned_by", "turned_clockwise", "replaced_by", "turned_from"):
            batch_op.drop_column(column)
    op.execute(
        "UPDATE consult SET photo_count ="
        " (SELECT count(*) FROM photo WHERE photo.consult_id = consult.id)"
    )
