"""Photos that arrive in pieces, and the small pictures that are sent ahead of them."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column("consult_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("body_site", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("laterality", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("view", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("finished_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["consult_id"], ["consult.id"], name=op.f("fk_upload_consult_id_consult")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user.id"], name=op.f("fk_upload_created_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["imagerequest.id"], name=op.f("fk_upload_request_id_imagerequest")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint("created_by", "photo_id", name=op.f("uq_upload_created_by_photo_id")),
    )
    op.create_index(op.f("ix_upload_consult_id"), "upload", ["consult_id"])
    op.create_index(op.f("ix_upload_expires_at"), "upload", ["expires_at"])
    op.create_table(
        "earlypreview",
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column("consult_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("jpeg", sa.LargeBinary(), nullable=False),
        sa.Column("sha256_before", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("body_site", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("laterality", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("view", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consult_id"], ["consult.id"], name=op.f("fk_earlypreview_consult_id_consult")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user.id"], name=op.f("fk_earlypreview_created_by_user")
        ),
        sa.PrimaryKeyConstraint("photo_id", name=op.f("pk_earlypreview")),
    )
    op.create_index(op.f("ix_earlypreview_consult_id"), "earlypreview", ["consult_id"])
    op.create_index(
        "ix_earlypreview_created_by_created_at", "earlypreview", ["created_by", "created_at"]
    )


def downgrade() -> None:
    """What was under way is sent again."""
    op.drop_table("earlypreview")
    op.drop_index(op.f("ix_upload_expires_at"), table_name="upload")
    op.drop_index(op.f("ix_upload_consult_id"), table_name="upload")
    op.drop_table("upload")
