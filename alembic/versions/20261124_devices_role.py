"""A role for the tablets of an ambulance."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_PEOPLE = ("patient", "ems", "specialist", "coordinator", "admin")


def upgrade() -> None:
    _allow((*_PEOPLE, "device"))


def downgrade() -> None:
    """A device has no place in the older schema: its account becomes one that cannot sign in."""
    op.execute("UPDATE user SET role = 'ems', active = 0 WHERE role = 'device'")
    _allow(_PEOPLE)


def _allow(roles: tuple[str, ...]) -> None:
    # SQLite has no ALTER for a CHECK. The batch makes the table anew, without the old one.
    words = ", ".join(f"'{role}'" for role in roles)
    with op.batch_alter_table("user", schema=None, recreate="always") as batch_op:
        batch_op.create_check_constraint(batch_op.f("ck_user_role"), f"role IN ({words})")
