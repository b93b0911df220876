"""Proxies, consent, guests, broken glass."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TIME = sqlmodel.sql.sqltypes.UTCDateTime
_TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ours", sa.Boolean(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("born_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("time_zone", _TEXT(), nullable=True))
    with op.batch_alter_table("consult", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("confidential", sa.Boolean(), server_default="0", nullable=False)
        )
    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.add_column(sa.Column("granted_by", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("purpose", _TEXT(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("expires_at", _TIME(), nullable=True))
        batch_op.add_column(sa.Column("ended_at", _TIME(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_participant_granted_by_user"), "user", ["granted_by"], ["id"]
        )
    for table in ("message", "photo"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("on_behalf_of", sa.Uuid(), nullable=True))
            batch_op.create_foreign_key(
                batch_op.f(f"fk_{table}_on_behalf_of_user"), "user", ["on_behalf_of"], ["id"]
            )
    _create_proxy()
    _create_consent()
    _create_break_glass()


def downgrade() -> None:
    """Whoever the older schema would give more than they had, is left with nothing."""
    op.drop_table("breakglass")
    op.drop_table("consentrow")
    op.drop_table("proxy")
    for table in ("photo", "message"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(
                batch_op.f(f"fk_{table}_on_behalf_of_user"), type_="foreignkey"
            )
            batch_op.drop_column("on_behalf_of")
    op.execute("DELETE FROM participant WHERE granted_by IS NOT NULL OR ended_at IS NOT NULL")
    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_participant_granted_by_user"), type_="foreignkey")
        for column in ("ended_at", "expires_at", "purpose", "granted_by"):
            batch_op.drop_column(column)
    with op.batch_alter_table("consult", schema=None) as batch_op:
        batch_op.drop_column("confidential")
    op.execute('UPDATE "user" SET active = 0 WHERE NOT ours')
    with op.batch_alter_table("user", schema=None) as batch_op:
        for column in ("time_zone", "born_on", "ours"):
            batch_op.drop_column(column)


def _create_proxy() -> None:
    op.create_table(
        "proxy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("proxy_id", sa.Uuid(), nullable=False),
        sa.Column(
            "basis",
            _words("proxybasis", "parent", "guardian", "delegate", "representative"),
            nullable=False,
        ),
        sa.Column("valid_from", _TIME(), nullable=False),
        sa.Column("ends_at", _TIME(), nullable=True),
        sa.Column("ended_at", _TIME(), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        *(_key("proxy", name) for name in ("patient_id", "proxy_id", "ended_by", "added_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proxy")),
    )
    _index("proxy", "patient_id", "proxy_id")


def _create_consent() -> None:
    op.create_table(
        "consentrow",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("consult_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", _words("purpose", "care", "teaching", "research"), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("capacity", _words("capacity", "self", "proxy", "clinician"), nullable=False),
        sa.Column(
            "method",
            _words("consentmethod", "tap", "verbal", "signature", "emergency"),
            nullable=False,
        ),
        sa.Column("text_version", _TEXT(), nullable=False),
        sa.Column("given_by", sa.Uuid(), nullable=False),
        sa.Column("at", _TIME(), nullable=False),
        *(_key("consentrow", name) for name in ("patient_id", "given_by")),
        _key("consentrow", "consult_id", "consult"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_consentrow")),
    )
    _index("consentrow", "patient_id", "consult_id")
    # A patient who opened a consult wanted care; of everybody else's nobody wrote down more
    # than that help was asked for.
    op.execute(
        "INSERT INTO consentrow"
        " (patient_id, consult_id, purpose, given, capacity, method, text_version, given_by, at)"
        " SELECT patient_id, id, 'care', 1,"
        " CASE WHEN patient_id = opened_by THEN 'self' ELSE 'clinician' END,"
        " CASE WHEN patient_id = opened_by THEN 'tap' ELSE 'emergency' END,"
        " '', opened_by, created_at FROM consult ORDER BY created_at, id"
    )
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER consentrow_no_{change.lower()} BEFORE {change} ON consentrow "
            "BEGIN SELECT RAISE(ABORT, 'consents are only added'); END"
        )


def _create_break_glass() -> None:
    op.create_table(
        "breakglass",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("consult_id", sa.Uuid(), nullable=False),
        sa.Column(
            "reason_code",
            _words("glassreason", "emergency", "cover", "safety", "other"),
            nullable=False,
        ),
        sa.Column("reason_text", _TEXT(), nullable=False),
        sa.Column("opened_at", _TIME(), nullable=False),
        sa.Column("expires_at", _TIME(), nullable=False),
        sa.Column("review_due_at", _TIME(), nullable=False),
        sa.Column("reminded_at", _TIME(), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", _TIME(), nullable=True),
        sa.Column("outcome", _words("glassoutcome", "justified", "not_justified"), nullable=True),
        sa.Column("comment", _TEXT(), nullable=False),
        *(_key("breakglass", name) for name in ("user_id", "reviewed_by")),
        _key("breakglass", "consult_id", "consult"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breakglass")),
    )
    _index("breakglass", "user_id", "consult_id")


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _key(table: str, column: str, other: str = "user") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
    )


def _index(table: str, *columns: str) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        for column in columns:
            batch_op.create_index(batch_op.f(f"ix_{table}_{column}"), [column], unique=False)
