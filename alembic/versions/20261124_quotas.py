"""Photos by sender and time: what the quotas count."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_photo_created_by_created_at", "photo", ["created_by", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_photo_created_by_created_at", table_name="photo")
