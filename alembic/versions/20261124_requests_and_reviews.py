"""Links, image requests, reviews of photos, and what became of the patient."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ROLES = ("patient", "ems", "specialist", "coordinator", "admin", "device")


def upgrade() -> None:
    _allow((*_ROLES, "link"))
    op.create_table(
        "link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "photos",
                "outcome",
                name="linkkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("consult_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("most_uses", sa.Integer(), nullable=False),
        sa.Column("wrong_tries", sa.Integer(), nullable=False),
        sa.Column("ended_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["consult_id"], ["consult.id"], name=op.f("fk_link_consult_id_consult")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_link_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_link_secret_hash")),
        sa.UniqueConstraint("user_id", name=op.f("uq_link_user_id")),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_consult_id"), ["consult_id"], unique=False)

    op.create_table(
        "imagerequest",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consult_id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "assessment",
                "dressing_change",
                "before_visit",
                "follow_up",
                "retake",
                name="requestpurpose",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column(
            "addressee",
            sa.Enum(
                "patient",
                "colleague",
                name="addressee",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column(
            "language",
            sa.Enum(
                "en", "es", name="language", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("opens_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("due_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("remind_hours", sa.Integer(), nullable=False),
        sa.Column("mail_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("retake_of", sa.Uuid(), nullable=True),
        sa.Column("met_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("cancelled_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["cancelled_by"], ["user.id"], name=op.f("fk_imagerequest_cancelled_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["consult_id"], ["consult.id"], name=op.f("fk_imagerequest_consult_id_consult")
        ),
        sa.ForeignKeyConstraint(
            ["link_id"], ["link.id"], name=op.f("fk_imagerequest_link_id_link")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["user.id"], name=op.f("fk_imagerequest_requested_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["retake_of"], ["photo.id"], name=op.f("fk_imagerequest_retake_of_photo")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_imagerequest_user_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imagerequest")),
        sa.UniqueConstraint("link_id", name=op.f("uq_imagerequest_link_id")),
    )
    with op.batch_alter_table("imagerequest", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_imagerequest_consult_id"), ["consult_id"], unique=False
        )
        batch_op.create_index(
            "ix_imagerequest_open_due_at",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index(
            "ix_imagerequest_open_mail_at",
            ["mail_at"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_imagerequest_series_id"), ["series_id"], unique=False)

    op.create_table(
        "patientoutcome",
        sa.Column("consult_id", sa.Uuid(), nullable=False),
        sa.Column("asked_of", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column(
            "went",
            sa.Enum(
                "burn_centre",
                "other_hospital",
                "clinic",
                "home",
                "unknown",
                name="went",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "healing",
            sa.Enum(
                "healed",
                "healing",
                "operated",
                "worse",
                "died",
                "unknown",
                name="healing",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "advice_taken",
            sa.Enum(
                "followed",
                "partly",
                "not_followed",
                "unknown",
                name="advicetaken",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["asked_of"], ["user.id"], name=op.f("fk_patientoutcome_asked_of_user")
        ),
        sa.ForeignKeyConstraint(
            ["consult_id"], ["consult.id"], name=op.f("fk_patientoutcome_consult_id_consult")
        ),
        sa.ForeignKeyConstraint(
            ["link_id"], ["link.id"], name=op.f("fk_patientoutcome_link_id_link")
        ),
        sa.PrimaryKeyConstraint("consult_id", name=op.f("pk_patientoutcome")),
        sa.UniqueConstraint("link_id", name=op.f("uq_patientoutcome_link_id")),
    )
    op.create_table(
        "review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "accepted",
                "rejected",
                name="photoverdict",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "reason",
            sa.Enum(
                "blurred",
                "too_dark",
                "too_bright",
                "wrong_site",
                "too_far",
                "too_near",
                "no_scale",
                "obstructed",
                "other",
                name="rejectionreason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("reviewed_by", sa.Uuid(), nullable=False),
        sa.Column("reviewed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name=op.f("fk_review_photo_id_photo")),
        sa.ForeignKeyConstraint(
            ["reviewed_by"], ["user.id"], name=op.f("fk_review_reviewed_by_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_photo_id"), ["photo_id"], unique=False)

    op.create_table(
        "requestedphoto",
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["photo.id"], name=op.f("fk_requestedphoto_photo_id_photo")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["imagerequest.id"],
            name=op.f("fk_requestedphoto_request_id_imagerequest"),
        ),
        sa.PrimaryKeyConstraint("photo_id", name=op.f("pk_requestedphoto")),
    )
    with op.batch_alter_table("requestedphoto", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_requestedphoto_request_id"), ["request_id"], unique=False
        )

    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.add_column(sa.Column("retake_of", sa.Uuid(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "verdict",
                sa.Enum(
                    "accepted",
                    "rejected",
                    name="photoverdict",
                    native_enum=False,
                    create_constraint=True,
                    length=32,
                ),
                nullable=True,
            )
        )
        batch_op.add_column(
            sa.Column(
                "rejected_for",
                sa.Enum(
                    "blurred",
                    "too_dark",
                    "too_bright",
                    "wrong_site",
                    "too_far",
                    "too_near",
                    "no_scale",
                    "obstructed",
                    "other",
                    name="rejectionreason",
                    native_enum=False,
                    create_constraint=True,
                    length=32,
                ),
                nullable=True,
            )
        )
        batch_op.create_index(
            "ix_photo_to_review",
            ["consult_id"],
            unique=False,
            sqlite_where=sa.text("verdict IS NULL AND replaced_by IS NULL"),
        )
        batch_op.create_unique_constraint(batch_op.f("uq_photo_retake_of"), ["retake_of"])
        batch_op.create_foreign_key(
            batch_op.f("fk_photo_retake_of_photo"), "photo", ["retake_of"], ["id"]
        )


def downgrade() -> None:
    """A link has no place in the older schema: its account becomes one that cannot sign in."""
    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_photo_retake_of_photo"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_photo_retake_of"), type_="unique")
        batch_op.drop_index(
            "ix_photo_to_review", sqlite_where=sa.text("verdict IS NULL AND replaced_by IS NULL")
        )
        batch_op.drop_constraint(batch_op.f("ck_photo_rejectionreason"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_photo_photoverdict"), type_="check")
        batch_op.drop_column("rejected_for")
        batch_op.drop_column("verdict")
        batch_op.drop_column("retake_of")

    with op.batch_alter_table("requestedphoto", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_requestedphoto_request_id"))

    op.drop_table("requestedphoto")
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_photo_id"))

    op.drop_table("review")
    op.drop_table("patientoutcome")
    with op.batch_alter_table("imagerequest", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_imagerequest_series_id"))
        batch_op.drop_index(
            "ix_imagerequest_open_mail_at", sqlite_where=sa.text("ended_at IS NULL")
        )
        batch_op.drop_index("ix_imagerequest_open_due_at", sqlite_where=sa.text("ended_at IS NULL"))
        batch_op.drop_index(batch_op.f("ix_imagerequest_consult_id"))

    op.drop_table("imagerequest")
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_link_consult_id"))

    op.drop_table("link")

    op.execute("UPDATE user SET role = 'ems', active = 0 WHERE role = 'link'")
    op.execute(
        "UPDATE user SET email = id || '@no-address.invalid' WHERE role = 'ems' AND email IS NULL"
    )
    _allow(_ROLES)


def _allow(roles: tuple[str, ...]) -> None:
    # SQLite has no ALTER for a CHECK. The batch makes the table anew, without the old one.
    words = ", ".join(f"'{role}'" for role in roles)
    with op.batch_alter_table("user", schema=None, recreate="always") as batch_op:
        batch_op.create_check_constraint(batch_op.f("ck_user_role"), f"role IN ({words})")
