"""The loop that answers: services, shifts, steps, escalations, webhooks, advice, notices."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from alembic.operations import BatchOperations

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TIME = sqlmodel.sql.sqltypes.UTCDateTime
_TEXT = sqlmodel.sql.sqltypes.AutoString
_STATES = (
    "submitted",
    "triaged",
    "assigned",
    "awaiting_info",
    "in_review",
    "answered",
    "transfer_requested",
    "transfer_accepted",
    "transfer_declined",
    "follow_up",
    "closed",
    "declined",
    "redirected",
    "redirected_emergency",
    "expired",
    "lost_to_follow_up",
    "cancelled",
    "entered_in_error",
)
_STATES_BEFORE = ("submitted", "in_review", "answered", "closed")
_TIMES = (
    "due_at",
    "waiting_since",
    "delivered_at",
    "seen_at",
    "acknowledged_at",
    "answered_at",
    "acknowledge_by",
    "reply_by",
    "emergency_seen_at",
)


def upgrade() -> None:
    """Every consult goes to the one service that there is; what is open is due in a day."""
    _tables()
    op.execute(
        "INSERT INTO service (id, name, time_zone, telephone, levels, week, holidays, texts,"
        " asker_hours, active, created_at) VALUES"
        " ('5e41ce00000040008000000000000001', 'Burn service', 'UTC', '', '{}', '[]', '[]', '{}',"
        " 72, 1, strftime('%Y-%m-%d %H:%M:%f000', 'now'))"
    )
    for name in _TIMES:
        op.add_column("consult", sa.Column(name, _TIME(), nullable=True))
    op.add_column("consult", sa.Column("service_id", sa.Uuid(), nullable=True))
    op.add_column("consult", sa.Column("owner_id", sa.Uuid(), nullable=True))
    op.add_column("consult", sa.Column("before_waiting", sa.String(32), nullable=True))
    op.add_column(
        "consult", sa.Column("step_count", sa.Integer(), server_default="0", nullable=False)
    )
    with op.batch_alter_table("consult", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_consult_consultstate"), type_="check")
    _carry_over()
    with op.batch_alter_table("consult", schema=None) as batch_op:
        batch_op.alter_column("service_id", existing_type=sa.Uuid(), nullable=False)
        batch_op.create_index("ix_consult_service_id", ["service_id"])
        batch_op.create_foreign_key(
            "fk_consult_service_id_service", "service", ["service_id"], ["id"]
        )
        batch_op.create_foreign_key("fk_consult_owner_id_user", "user", ["owner_id"], ["id"])
        _check(batch_op, "state", _STATES)
        _check(batch_op, "before_waiting", _STATES, column="before_waiting")
    _freeze()


def downgrade() -> None:
    """The older schema knows four states, and no owner: each consult becomes the nearest."""
    with op.batch_alter_table("consult", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_consult_state"), type_="check")
    op.execute(
        "UPDATE consult SET closed_at = coalesce(closed_at, updated_at), state = 'closed' WHERE"
        " state IN ('closed', 'declined', 'redirected', 'redirected_emergency', 'expired',"
        " 'lost_to_follow_up', 'cancelled', 'entered_in_error')"
    )
    op.execute(
        "UPDATE consult SET state = 'submitted' WHERE state IN"
        " ('triaged', 'assigned', 'awaiting_info')"
    )
    op.execute(
        "UPDATE consult SET state = 'answered' WHERE state NOT IN ('submitted', 'in_review', 'closed')"
    )
    with op.batch_alter_table("consult", schema=None) as batch_op:
        batch_op.drop_constraint("fk_consult_owner_id_user", type_="foreignkey")
        batch_op.drop_constraint("fk_consult_service_id_service", type_="foreignkey")
        batch_op.drop_index("ix_consult_service_id")
        batch_op.drop_constraint(batch_op.f("ck_consult_before_waiting"), type_="check")
        for name in ("service_id", "owner_id", "before_waiting", "step_count", *_TIMES):
            batch_op.drop_column(name)
        _check(batch_op, "consultstate", _STATES_BEFORE)
    op.drop_table("notice")
    op.drop_table("attempt")
    op.drop_table("step")
    op.drop_table("handover")
    op.drop_table("escalation")
    op.drop_table("delivery")
    op.drop_table("advice")
    op.drop_table("webhook")
    op.drop_table("shift")
    op.drop_table("service")
    op.drop_table("quiethours")
    op.drop_table("preference")


def _carry_over() -> None:
    op.execute("UPDATE consult SET service_id = (SELECT id FROM service)")
    op.execute(
        "UPDATE consult SET state = 'assigned' WHERE state = 'submitted'"
        " AND assigned_to IS NOT NULL"
    )
    op.execute(
        "UPDATE consult SET state = 'submitted' WHERE state = 'in_review' AND assigned_to IS NULL"
    )
    op.execute(
        "UPDATE consult SET acknowledged_at = created_at, seen_at = created_at,"
        " delivered_at = created_at WHERE assigned_to IS NOT NULL"
    )
    op.execute("UPDATE consult SET answered_at = updated_at WHERE state = 'answered'")
    op.execute(
        "UPDATE consult SET acknowledge_by = strftime('%Y-%m-%d %H:%M:%f000', 'now', '+1 day')"
        " WHERE state != 'closed'"
    )
    op.execute(
        "UPDATE consult SET due_at = acknowledge_by, reply_by = acknowledge_by,"
        " owner_id = CASE state WHEN 'submitted' THEN NULL"
        " WHEN 'answered' THEN coalesce(claimed_by, opened_by) ELSE assigned_to END"
        " WHERE state != 'closed'"
    )


def _check(
    batch_op: BatchOperations, name: str, values: tuple[str, ...], *, column: str = "state"
) -> None:
    words = ", ".join(f"'{value}'" for value in values)
    batch_op.create_check_constraint(batch_op.f(f"ck_consult_{name}"), f"{column} IN ({words})")


def _freeze() -> None:
    """The history is never changed, nor is advice once it was signed."""
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER step_no_{event.lower()} BEFORE {event} ON step"
            " BEGIN SELECT RAISE(ABORT, 'a step is never changed'); END"
        )
    op.execute(
        "CREATE TRIGGER advice_frozen BEFORE UPDATE OF consult_id, author_id, text, disposition,"
        " valid_until, until_next_photo, signed_at, sha256, number ON advice"
        " WHEN OLD.signed_at IS NOT NULL"
        " BEGIN SELECT RAISE(ABORT, 'signed advice is never changed'); END"
    )
    op.execute(
        "CREATE TRIGGER advice_stays BEFORE DELETE ON advice WHEN OLD.signed_at IS NOT NULL"
        " BEGIN SELECT RAISE(ABORT, 'signed advice is never deleted'); END"
    )


def _tables() -> None:
    op.create_table(
        "preference",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "event",
            _words("consult_opened", "news", "advice", "page", "handover", name="noticeevent"),
            nullable=False,
        ),
        sa.Column("mode", _words("on", "digest", name="noticemode"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_preference_user_id_user")),
        sa.PrimaryKeyConstraint("user_id", "event", name=op.f("pk_preference")),
    )
    op.create_table(
        "quiethours",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("begins", _TEXT(), nullable=True),
        sa.Column("ends", _TEXT(), nullable=True),
        sa.Column("digest_at", _TEXT(), nullable=False),
        sa.Column("time_zone", _TEXT(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_quiethours_user_id_user")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_quiethours")),
    )
    op.create_table(
        "service",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", _TEXT(), nullable=False),
        sa.Column("time_zone", _TEXT(), nullable=False),
        sa.Column("telephone", _TEXT(), nullable=False),
        sa.Column("supervisor_id", sa.Uuid(), nullable=True),
        sa.Column("levels", sa.JSON(), nullable=False),
        sa.Column("week", sa.JSON(), nullable=False),
        sa.Column("holidays", sa.JSON(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("asker_hours", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", _TIME(), nullable=False),
        sa.ForeignKeyConstraint(
            ["supervisor_id"], ["user.id"], name=op.f("fk_service_supervisor_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service")),
        sa.UniqueConstraint("name", name=op.f("uq_service_name")),
    )
    op.create_table(
        "shift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("rung", _words("primary", "backup", "supervisor", name="rung"), nullable=False),
        sa.Column("starts_at", _TIME(), nullable=False),
        sa.Column("ends_at", _TIME(), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column("added_at", _TIME(), nullable=False),
        sa.Column("cancelled_by", sa.Uuid(), nullable=True),
        sa.Column("cancelled_at", _TIME(), nullable=True),
        sa.Column("handed_over_from", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["added_by"], ["user.id"], name=op.f("fk_shift_added_by_user")),
        sa.ForeignKeyConstraint(
            ["cancelled_by"], ["user.id"], name=op.f("fk_shift_cancelled_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["handed_over_from"], ["shift.id"], name=op.f("fk_shift_handed_over_from_shift")
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name=op.f("fk_shift_service_id_service")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_shift_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    op.create_index("ix_shift_service_id_ends_at", "shift", ["service_id", "ends_at"])
    op.create_index("ix_shift_user_id", "shift", ["user_id"])

    op.create_table(
        "webhook",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("url", _TEXT(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column("added_at", _TIME(), nullable=False),
        sa.Column("ended_at", _TIME(), nullable=True),
        sa.ForeignKeyConstraint(["added_by"], ["user.id"], name=op.f("fk_webhook_added_by_user")),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name=op.f("fk_webhook_service_id_service")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_index("ix_webhook_service_id", "webhook", ["service_id"])

    op.create_table(
        "advice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consult_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column(
            "disposition",
            _words(
                "transfer", "treat_locally", "clinic", "redirect", "more_images", name="disposition"
            ),
            nullable=False,
        ),
        sa.Column("valid_until", _TIME(), nullable=True),
        sa.Column("until_next_photo", sa.Boolean(), nullable=False),
        sa.Column("created_at", _TIME(), nullable=False),
        sa.Column("changed_at", _TIME(), nullable=False),
        sa.Column("signed_at", _TIME(), nullable=True),
        sa.Column("sha256", _TEXT(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("superseded_by", sa.Uuid(), nullable=True),
        sa.Column("acknowledged_at", _TIME(), nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["acknowledged_by"], ["user.id"], name=op.f("fk_advice_acknowledged_by_user")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_advice_author_id_user")),
        sa.ForeignKeyConstraint(
            ["consult_id"], ["consult.id"], name=op.f("fk_advice_consult_id_consult")
        ),
        sa.ForeignKeyConstraint(
            ["superseded_by"], ["advice.id"], name=op.f("fk_advice_superseded_by_advice")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advice")),
    )
    op.create_index("ix_advice_consult_id", "advice", ["consult_id"])

    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("consult_id", sa.Uuid(), nullable=True),
        sa.Column("body", _TEXT(), nullable=False),
        sa.Column("created_at", _TIME(), nullable=False),
        sa.Column("delivered_at", _TIME(), nullable=True),
        sa.Column("given_up_at", _TIME(), nullable=True),
        sa.Column("next_at", _TIME(), nullable=True),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consult_id"], ["consult.id"], name=op.f("fk_delivery_consult_id_consult")
        ),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name=op.f("fk_delivery_webhook_id_webhook")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    op.create_index("ix_delivery_consult_id", "delivery", ["consult_id"])
    op.create_index("ix_delivery_webhook_id", "delivery", ["webhook_id"])

    op.create_table(
        "escalation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consult_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            _words("acknowledge", "reply", "information", "emergency", name="escalationkind"),
            nullable=False,
        ),
        sa.Column("rung", _words("primary", "backup", "supervisor", name="rung"), nullable=False),
        sa.Column("due_at", _TIME(), nullable=True),
        sa.Column("left_seconds", sa.Float(), nullable=True),
        sa.Column("settled_at", _TIME(), nullable=True),
        sa.Column(
            "outcome",
            _words("paged", "telephone", "stopped", name="escalationoutcome"),
            nullable=True,
        ),
        sa.Column("paged_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", _TIME(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consult_id"], ["consult.id"], name=op.f("fk_escalation_consult_id_consult")
        ),
        sa.ForeignKeyConstraint(
            ["paged_id"], ["user.id"], name=op.f("fk_escalation_paged_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation")),
    )
    op.create_index("ix_escalation_consult_id", "escalation", ["consult_id"])
    op.create_index(
        "ix_escalation_due_at_open",
        "escalation",
        ["due_at"],
        sqlite_where=sa.text("settled_at IS NULL"),
    )

    op.create_table(
        "handover",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("shift_id", sa.Uuid(), nullable=True),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("offered_at", _TIME(), nullable=False),
        sa.Column("due_at", _TIME(), nullable=False),
        sa.Column("accepted_at", _TIME(), nullable=True),
        sa.Column("declined_at", _TIME(), nullable=True),
        sa.Column("alarmed_at", _TIME(), nullable=True),
        sa.ForeignKeyConstraint(["from_id"], ["user.id"], name=op.f("fk_handover_from_id_user")),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name=op.f("fk_handover_service_id_service")
        ),
        sa.ForeignKeyConstraint(
            ["shift_id"], ["shift.id"], name=op.f("fk_handover_shift_id_shift")
        ),
        sa.ForeignKeyConstraint(["to_id"], ["user.id"], name=op.f("fk_handover_to_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    op.create_index("ix_handover_from_id", "handover", ["from_id"])
    op.create_index("ix_handover_to_id", "handover", ["to_id"])

    op.create_table(
        "step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consult_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", _TEXT(), nullable=False),
        sa.Column("from_state", _states("from_state"), nullable=True),
        sa.Column("to_state", _states("state"), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("on_behalf_of", sa.Uuid(), nullable=True),
        sa.Column("reason_code", _TEXT(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("owner", _words("service", "clinician", "asker", name="owner"), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", _TIME(), nullable=True),
        sa.Column("at", _TIME(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_step_by_id_user")),
        sa.ForeignKeyConstraint(
            ["consult_id"], ["consult.id"], name=op.f("fk_step_consult_id_consult")
        ),
        sa.ForeignKeyConstraint(
            ["on_behalf_of"], ["user.id"], name=op.f("fk_step_on_behalf_of_user")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_step_owner_id_user")),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name=op.f("fk_step_service_id_service")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step")),
        sa.UniqueConstraint("consult_id", "number", name=op.f("uq_step_consult_id_number")),
    )
    op.create_index("ix_step_service_id", "step", ["service_id"])

    op.create_table(
        "attempt",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", _TIME(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", _TEXT(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_attempt_delivery_id_delivery")
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_attempt")),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("consult_id", sa.Uuid(), nullable=True),
        sa.Column("escalation_id", sa.Uuid(), nullable=True),
        sa.Column("words", _TEXT(), nullable=False),
        sa.Column("created_at", _TIME(), nullable=False),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("sent_at", _TIME(), nullable=True),
        sa.Column("failed_at", _TIME(), nullable=True),
        sa.Column("needless_at", _TIME(), nullable=True),
        sa.ForeignKeyConstraint(
            ["consult_id"], ["consult.id"], name=op.f("fk_notice_consult_id_consult")
        ),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalation.id"], name=op.f("fk_notice_escalation_id_escalation")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_notice_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index("ix_notice_consult_id", "notice", ["consult_id"])
    op.create_index("ix_notice_escalation_id", "notice", ["escalation_id"])
    op.create_index("ix_notice_user_id", "notice", ["user_id"])


def _states(name: str) -> sa.Enum:
    return _words(*_STATES, name=name)


def _words(*words: str, name: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)
