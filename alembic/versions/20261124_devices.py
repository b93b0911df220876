"""The tablets of ambulances, their sessions, and who claimed what they sent."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "devicechallenge",
        sa.Column("challenge_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_devicechallenge")),
    )
    with op.batch_alter_table("devicechallenge", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_devicechallenge_expires_at"), ["expires_at"], unique=False
        )

    op.create_table(
        "device",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("code_used_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("enrolled_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("enrolled_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("last_seen_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("revoked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["enrolled_by"], ["user.id"], name=op.f("fk_device_enrolled_by_user")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_device_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_device_code_hash")),
        sa.UniqueConstraint("user_id", name=op.f("uq_device_user_id")),
    )
    op.create_table(
        "devicesession",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_devicesession_device_id_device")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devicesession")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_devicesession_token_hash")),
    )
    with op.batch_alter_table("devicesession", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_devicesession_device_id"), ["device_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_devicesession_expires_at"), ["expires_at"], unique=False
        )

    with op.batch_alter_table("consult", schema=None) as batch_op:
        batch_op.add_column(sa.Column("claimed_by", sa.Uuid(), nullable=True))
        batch_op.add_column(
            sa.Column("claimed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True)
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_consult_claimed_by_user"), "user", ["claimed_by"], ["id"]
        )

    with op.batch_alter_table("loginsession", schema=None) as batch_op:
        batch_op.add_column(sa.Column("device_id", sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f("ix_loginsession_device_id"), ["device_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_loginsession_device_id_device"), "device", ["device_id"], ["id"]
        )

    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.add_column(sa.Column("claimed_by", sa.Uuid(), nullable=True))
        batch_op.add_column(
            sa.Column("claimed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True)
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_photo_claimed_by_user"), "user", ["claimed_by"], ["id"]
        )


def downgrade() -> None:
    """Whoever is signed in on a tablet is signed out: the older code has no short sessions."""
    op.execute(
        "UPDATE loginsession SET ended_at = seen_at"
        " WHERE device_id IS NOT NULL AND ended_at IS NULL"
    )
    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_photo_claimed_by_user"), type_="foreignkey")
        batch_op.drop_column("claimed_at")
        batch_op.drop_column("claimed_by")

    with op.batch_alter_table("loginsession", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_loginsession_device_id_device"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_loginsession_device_id"))
        batch_op.drop_column("device_id")

    with op.batch_alter_table("consult", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_consult_claimed_by_user"), type_="foreignkey")
        batch_op.drop_column("claimed_at")
        batch_op.drop_column("claimed_by")

    with op.batch_alter_table("devicesession", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_devicesession_expires_at"))
        batch_op.drop_index(batch_op.f("ix_devicesession_device_id"))

    op.drop_table("devicesession")
    op.drop_table("device")
    with op.batch_alter_table("devicechallenge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_devicechallenge_expires_at"))

    op.drop_table("devicechallenge")
