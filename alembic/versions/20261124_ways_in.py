"""Names and holds of passkeys, proofs of sessions, codes, recovery, scopes of tokens."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TIME = sqlmodel.sql.sqltypes.UTCDateTime
_TEXT = sqlmodel.sql.sqltypes.AutoString
_CEREMONIES = ("registration", "authentication")
_MORE_CEREMONIES = (*_CEREMONIES, "adding", "proving", "recovery")


def upgrade() -> None:
    _user_email(nullable=True)
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.add_column(sa.Column("read_only_until", _TIME(), nullable=True))
    with op.batch_alter_table("credential", schema=None) as batch_op:
        batch_op.add_column(sa.Column("name", _TEXT(), server_default="Passkey", nullable=False))
        batch_op.add_column(sa.Column("usable_from", _TIME(), nullable=True))
    _invitation()
    _recovery_code()
    _ceremonies(_MORE_CEREMONIES)
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.add_column(sa.Column("user_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_challenge_user_id_user"), "user", ["user_id"], ["id"]
        )
    with op.batch_alter_table("loginsession", schema=None) as batch_op:
        batch_op.add_column(sa.Column("credential_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("device", _TEXT(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("proved_at", _TIME(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_loginsession_credential_id_credential"),
            "credential",
            ["credential_id"],
            ["id"],
        )
    with op.batch_alter_table("apitoken", schema=None) as batch_op:
        batch_op.add_column(sa.Column("scopes", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("network", _TEXT(), nullable=True))


def downgrade() -> None:
    """The older schema knows no codes and no limits of tokens: what had them opens nothing."""
    op.execute("UPDATE invitation SET used_at = expires_at WHERE revoked_at IS NOT NULL")
    op.execute(
        "UPDATE invitation SET used_at = expires_at WHERE kind != 'link' AND used_at IS NULL"
    )
    op.execute(
        "UPDATE apitoken SET revoked_at = created_at"
        " WHERE revoked_at IS NULL AND (scopes IS NOT NULL OR network IS NOT NULL)"
    )
    op.execute("UPDATE user SET email = id || '@no-address.invalid' WHERE email IS NULL")
    op.execute(
        "UPDATE credential SET revoked_at = usable_from"
        " WHERE revoked_at IS NULL AND usable_from > CURRENT_TIMESTAMP"
    )
    with op.batch_alter_table("apitoken", schema=None) as batch_op:
        batch_op.drop_column("network")
        batch_op.drop_column("scopes")
    with op.batch_alter_table("loginsession", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_loginsession_credential_id_credential"), type_="foreignkey"
        )
        for column in ("proved_at", "device", "credential_id"):
            batch_op.drop_column(column)
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_challenge_user_id_user"), type_="foreignkey")
        batch_op.drop_column("user_id")
    _ceremonies(_CEREMONIES)
    op.drop_table("recoverycode")
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_invitation_made_by_user"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("ck_invitation_invitationkind"), type_="check")
        for column in ("revoked_at", "made_by", "kind"):
            batch_op.drop_column(column)
    with op.batch_alter_table("credential", schema=None) as batch_op:
        batch_op.drop_column("usable_from")
        batch_op.drop_column("name")
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.drop_column("read_only_until")
    _user_email(nullable=False)


def _user_email(*, nullable: bool) -> None:
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.alter_column("email", existing_type=_TEXT(), nullable=nullable)


def _invitation() -> None:
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "kind",
                _words("link", "qr", "printed", name="invitationkind"),
                server_default="link",
                nullable=False,
            )
        )
        batch_op.add_column(sa.Column("made_by", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("revoked_at", _TIME(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_invitation_made_by_user"), "user", ["made_by"], ["id"]
        )


def _recovery_code() -> None:
    op.create_table(
        "recoverycode",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "method",
            _words("mail", "saved", "witness", "card", name="recoverymethod"),
            nullable=False,
        ),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column(
            "reason",
            _words("lost", "stolen", "broken", "replaced", name="witnessreason"),
            nullable=True,
        ),
        sa.Column("created_at", _TIME(), nullable=False),
        sa.Column("expires_at", _TIME(), nullable=True),
        sa.Column("used_at", _TIME(), nullable=True),
        sa.Column("revoked_at", _TIME(), nullable=True),
        sa.ForeignKeyConstraint(
            ["made_by"], ["user.id"], name=op.f("fk_recoverycode_made_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_recoverycode_user_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recoverycode")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_recoverycode_code_hash")),
    )
    with op.batch_alter_table("recoverycode", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recoverycode_user_id"), ["user_id"], unique=False)


def _ceremonies(words: tuple[str, ...]) -> None:
    """Challenges live for five minutes: none is carried over."""
    op.execute("DELETE FROM challenge")
    listed = ", ".join(f"'{word}'" for word in words)
    with op.batch_alter_table("challenge", schema=None, recreate="always") as batch_op:
        # Under the name of the one before, which it replaces.
        batch_op.create_check_constraint(
            batch_op.f("ck_challenge_ceremony"), f"ceremony IN ({listed})"
        )


def _words(*words: str, name: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)
