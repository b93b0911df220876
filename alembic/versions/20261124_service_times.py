"""Services own the times of links, reminders and questions after the end."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TIMES = {
    "remind_hours": 24,
    "link_grace_hours": 72,
    "outcome_after_days": 7,
    "outcome_within_days": 30,
}


def upgrade() -> None:
    for name, default in _TIMES.items():
        column = sa.Column(name, sa.Integer(), server_default=str(default), nullable=False)
        op.add_column("service", column)


def downgrade() -> None:
    with op.batch_alter_table("service", schema=None) as batch_op:
        for name in reversed(_TIMES):
            batch_op.drop_column(name)
