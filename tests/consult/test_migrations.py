"""Every step of the schema, with rows of the step before in it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest
from alembic import command
from alembic.config import Config
from sqlmodel import select

from consult.accounts import find_user
from consult.backends.database import upgrade
from consult.backends.keys import open_keys
from consult.bootstrap import open_backends
from consult.config import Settings
from consult.models import (
    DEFAULT_SERVICE,
    ApiToken,
    BreakGlass,
    Consult,
    Credential,
    Message,
    Participant,
    Photo,
    Preview,
    User,
)
from consult.tasks import NAMES, sweep_orphans

VERSIONS = Path(__file__).parents[2] / "alembic"
PHOTO = "0b" * 16


@pytest.fixture
def fresh(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


def test_photos_from_before_photos_could_be_turned_stay_as_they_are(fresh: Settings) -> None:
    step(fresh, "0001")
    with closing(sqlite3.connect(fresh.database_path)) as connection, connection:
        insert(connection, "user", id="0a" * 16, role="patient")
        insert(
            connection, "consult", id="0c" * 16, kind="follow_up", urgency="routine",
            state="submitted", opened_by="0a" * 16,
        )  # fmt: skip
        insert(connection, "photo", id=PHOTO, consult_id="0c" * 16, created_by="0a" * 16, width=4)
        insert(connection, "preview", photo_id=PHOTO, jpeg=b"\xff\xd8")

    step(fresh, "0002")

    with closing(sqlite3.connect(fresh.database_path)) as connection:
        columns = "width, turned_from, replaced_by, turned_clockwise, turned_by, turned_at"
        photos = connection.execute(f"SELECT {columns} FROM photo").fetchall()
        previews = connection.execute("SELECT photo_id, jpeg FROM preview").fetchall()
    assert photos == [(4, None, None, 0, None, None)]
    assert previews == [(PHOTO, b"\xff\xd8")]


def test_a_photo_is_replaced_by_one_photo_only(fresh: Settings) -> None:
    upgrade(fresh)
    with closing(sqlite3.connect(fresh.database_path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        insert(connection, "photo", id="01" * 16, turned_from=PHOTO)

        with pytest.raises(sqlite3.IntegrityError, match=r"photo\.turned_from"):
            insert(
                connection, "photo", id="02" * 16, turned_from=PHOTO,
                sop_instance_uid="2", storage_key="2",
            )  # fmt: skip


def test_going_back_a_step_and_forth_again_loses_no_photo_and_counts_them_all(
    fresh: Settings,
) -> None:
    step(fresh, "0002")
    with closing(sqlite3.connect(fresh.database_path)) as connection, connection:
        insert(connection, "user", id="0a" * 16, role="patient")
        insert(
            connection, "consult", id="0c" * 16, kind="follow_up", urgency="routine",
            state="submitted", opened_by="0a" * 16,
        )  # fmt: skip
        insert(connection, "photo", id=PHOTO, consult_id="0c" * 16, created_by="0a" * 16)

    command.downgrade(config(fresh), "0001")
    step(fresh, "0002")

    with closing(sqlite3.connect(fresh.database_path)) as connection:
        assert connection.execute("SELECT id FROM photo").fetchall() == [(PHOTO,)]
        assert connection.execute("SELECT photo_count FROM consult").fetchall() == [(1,)]


def test_photos_by_sender_and_time_are_found_by_an_index_and_lost_in_neither_direction(
    fresh: Settings,
) -> None:
    step(fresh, "0002")
    with closing(sqlite3.connect(fresh.database_path)) as connection, connection:
        insert(connection, "user", id="0a" * 16, role="patient")
        insert(
            connection, "consult", id="0c" * 16, kind="follow_up", urgency="routine",
            state="submitted", opened_by="0a" * 16,
        )  # fmt: skip
        insert(connection, "photo", id=PHOTO, consult_id="0c" * 16, created_by="0a" * 16)

    upgrade(fresh)

    with closing(sqlite3.connect(fresh.database_path)) as connection:
        query = "SELECT id FROM photo WHERE created_by = ? AND created_at > '2000'"
        plan = connection.execute(f"EXPLAIN QUERY PLAN {query}", ("0a" * 16,)).fetchall()
        assert "ix_photo_created_by_created_at" in str(plan)
    command.downgrade(config(fresh), "0002")
    with closing(sqlite3.connect(fresh.database_path)) as connection:
        assert connection.execute("SELECT id FROM photo").fetchall() == [(PHOTO,)]


def test_ways_in_from_before_still_open_and_the_new_ones_close_when_going_back(
    fresh: Settings,
) -> None:
    step(fresh, "0003")
    with closing(sqlite3.connect(fresh.database_path)) as connection, connection:
        insert(connection, "user", id="0a" * 16, role="device", email="a@example.org")
        insert(connection, "credential", id="0b" * 16, user_id="0a" * 16)
        insert(connection, "invitation", id="0c" * 16, user_id="0a" * 16)
        insert(connection, "challenge", ceremony="registration", invitation_id="0c" * 16)
        insert(connection, "loginsession", id="0d" * 16, user_id="0a" * 16)
        insert(connection, "apitoken", id="0e" * 16, user_id="0a" * 16)

    step(fresh, "0008")

    with closing(sqlite3.connect(fresh.database_path)) as connection, connection:
        assert rows(connection, "credential", "name, usable_from") == [("Passkey", None)]
        assert rows(connection, "invitation", "kind, revoked_at") == [("link", None)]
        assert rows(connection, "loginsession", "device, proved_at") == [("", None)]
        assert rows(connection, "apitoken", "scopes, network") == [(None, None)]
        assert rows(connection, "challenge", "*") == []
        insert(
            connection, "user", id="1a" * 16, role="patient", email=None, handle=b"1",
        )  # fmt: skip
        insert(
            connection, "invitation", id="1c" * 16, user_id="1a" * 16, kind="qr", token_hash=b"1",
        )  # fmt: skip
        insert(
            connection, "recoverycode", id="1d" * 16, user_id="1a" * 16, method="saved",
        )  # fmt: skip
        insert(
            connection, "apitoken", id="1e" * 16, user_id="1a" * 16, scopes="[]", token_hash=b"1",
        )  # fmt: skip
        with pytest.raises(sqlite3.IntegrityError, match="ck_user_role"):
            insert(connection, "user", id="2a" * 16, role="nobody", email="b", handle=b"2")

    command.downgrade(config(fresh), "0003")

    with closing(sqlite3.connect(fresh.database_path)) as connection:
        assert rows(connection, "user", "email") == [
            ("a@example.org",),
            (f"{'1a' * 16}@no-address.invalid",),
        ]
        assert rows(connection, "apitoken", "revoked_at IS NOT NULL") == [(0,), (1,)]
        used = rows(connection, "invitation", "used_at IS NOT NULL")
        assert used == [(0,), (1,)]
    upgrade(fresh)


def rows(connection: sqlite3.Connection, table: str, columns: str) -> list[tuple[object, ...]]:
    return connection.execute(f'SELECT {columns} FROM "{table}" ORDER BY rowid').fetchall()


class TestConsent:
    """What stood before consents were kept gets what its opening spoke of."""

    def test_a_patients_own_consult_was_wanted_anybody_elses_was_an_emergency(
        self, fresh: Settings
    ) -> None:
        step(fresh, "0003")
        patient, crew = "0a" * 16, "0e" * 16
        with closing(sqlite3.connect(fresh.database_path)) as connection, connection:
            insert(connection, "user", id=patient, role="patient", email="a", handle=b"a")
            insert(connection, "user", id=crew, role="ems", email="e", handle=b"e")
            opened = [(patient, patient), (patient, crew), (None, crew)]
            for number, (about, opened_by) in enumerate(opened):
                insert(
                    connection, "consult", id=f"c{number}" * 16, kind="emergency", urgency="stat",
                    state="submitted", patient_id=about, opened_by=opened_by,
                    study_instance_uid=str(number), created_at=f"2026-11-0{number + 1}",
                )  # fmt: skip

        upgrade(fresh)

        with closing(sqlite3.connect(fresh.database_path)) as connection:
            columns = "consult_id, patient_id, purpose, given, capacity, method, given_by, at"
            found = connection.execute(f"SELECT {columns} FROM consentrow ORDER BY seq").fetchall()
        assert found == [
            ("c0" * 16, patient, "care", 1, "self", "tap", patient, "2026-11-01"),
            ("c1" * 16, patient, "care", 1, "clinician", "emergency", crew, "2026-11-02"),
            ("c2" * 16, None, "care", 1, "clinician", "emergency", crew, "2026-11-03"),
        ]

    def test_going_back_gives_nobody_more_than_they_had(self, fresh: Settings) -> None:
        step(fresh, "0008")
        patient, guest, consult = "0a" * 16, "0b" * 16, "0c" * 16
        with closing(sqlite3.connect(fresh.database_path)) as connection, connection:
            insert(connection, "user", id=patient, role="patient", email="a", handle=b"a", active=1)
            insert(
                connection, "user", id=guest, role="specialist", email="b", handle=b"b", active=1,
                ours=0,
            )  # fmt: skip
            insert(
                connection, "consult", id=consult, kind="follow_up", urgency="routine",
                state="submitted", opened_by=patient, confidential=1,
            )  # fmt: skip
            insert(connection, "participant", consult_id=consult, user_id=patient)
            insert(connection, "participant", consult_id=consult, user_id=guest, granted_by=patient)
            insert(
                connection, "consentrow", consult_id=consult, purpose="care", capacity="self",
                method="tap", given_by=patient,
            )  # fmt: skip
            insert(
                connection, "message", id="0d" * 16, consult_id=consult, author_id=guest,
                on_behalf_of=patient, audience="everyone", photo_ids="[]",
            )  # fmt: skip
            insert(
                connection, "proxy", id="0f" * 16, patient_id=patient, proxy_id=guest,
                basis="parent", added_by=patient,
            )  # fmt: skip
            insert(
                connection, "breakglass", id="0f" * 16, user_id=guest, consult_id=consult,
                reason_code="other",
            )  # fmt: skip

        command.downgrade(config(fresh), "0003")
        with closing(sqlite3.connect(fresh.database_path)) as connection:
            seats = connection.execute("SELECT user_id FROM participant").fetchall()
            active = dict(connection.execute('SELECT id, active FROM "user"').fetchall())
            said = connection.execute("SELECT author_id FROM message").fetchall()
        upgrade(fresh)

        assert seats == [(patient,)]
        assert active == {patient: 1, guest: 0}
        assert said == [(guest,)]


def test_the_audit_trail_of_before_stays_whole_and_nothing_is_lost_on_the_way_back(
    fresh: Settings,
) -> None:
    """AU-5."""
    step(fresh, "0003")
    with closing(sqlite3.connect(fresh.database_path)) as connection, connection:
        insert(connection, "auditrow", seq=1, at="then", action="photo.attached", mac=b"\x01")
    upgrade(fresh)
    with closing(sqlite3.connect(fresh.database_path)) as connection, connection:
        insert(
            connection, "auditrow", seq=2, at="now", action="photo.image.viewed", mac=b"\x02",
            version=2, patient_id="p", consult_ids="c", rule="role", address="::1",
        )  # fmt: skip
        before = connection.execute("SELECT * FROM auditrow ORDER BY seq").fetchall()

    command.downgrade(config(fresh), "0003")
    with closing(sqlite3.connect(fresh.database_path)) as connection, connection:
        assert connection.execute("SELECT seq, mac FROM auditrow").fetchall() == [
            (1, b"\x01"),
            (2, b"\x02"),
        ]
        insert(connection, "auditrow", seq=3, at="back", action="photo.attached", mac=b"\x03")
    upgrade(fresh)

    with closing(sqlite3.connect(fresh.database_path)) as connection:
        after = connection.execute("SELECT * FROM auditrow ORDER BY seq").fetchall()
        versions = connection.execute("SELECT version FROM auditrow ORDER BY seq").fetchall()
        assert after[:2] == before
        assert versions == [(1,), (2,), (1,)]
        for change in ("UPDATE auditrow SET at = ''", "DELETE FROM auditrow"):
            with pytest.raises(sqlite3.IntegrityError, match="only grows"):
                connection.execute(change)


class TestSealing:
    """EN-1. What was kept in clear is sealed by the migration that brings the seals."""

    async def test_all_that_was_kept_in_clear_is_sealed_and_reads_as_before(
        self, fresh: Settings
    ) -> None:
        keep_in_clear(fresh)

        upgrade(fresh)

        assert [path for path, content in files(fresh) if b"Canary" in content] == [old(fresh)]
        async with open_backends(fresh, task_names=[]) as backends:
            async with backends.database.reads() as session:
                user = await session.get_one(User, UUID(USER))
                consult = await session.get_one(Consult, UUID(CONSULT))
                message = await session.get_one(Message, UUID(MESSAGE))
                photo = await session.get_one(Photo, UUID(PHOTO))
                preview = await session.get_one(Preview, UUID(PHOTO))
                found = await find_user(session, "canary@example.org")
                token = (await session.exec(select(ApiToken))).one()
                passkey = (await session.exec(select(Credential))).one()
                glass = (await session.exec(select(BreakGlass))).one()
                guest = await session.get_one(Participant, (UUID(CONSULT), UUID(GUEST)))
                member = await session.get_one(Participant, (UUID(CONSULT), UUID(USER)))
            stored = await backends.storage.read(photo.storage_key, subject=photo.subject_id)
        assert (user.name, user.email, found) == ("Canary Ana", "canary@example.org", user)
        assert (user.born_on, user.time_zone) == ("2019-03-04", "Canary/Lisbon")
        assert (consult.reason, consult.subject_id) == ("Canary reason", user.id)
        assert (passkey.name, guest.purpose, member.purpose) == ("Canary key", "Canary ask", None)
        assert (glass.reason_text, glass.comment) == ("Canary glass", None)
        assert glass.reason_text.subject == user.id
        assert (message.body, token.name) == ("Canary körper", "Canary token")
        assert (photo.device_make, photo.device_model, photo.note) == ("Canary", None, "")
        assert (photo.certificate, preview.jpeg) == ({"steps": ["Canary"]}, b"\xff\xd8Canary")
        assert stored == OBJECT

    async def test_the_photo_in_clear_goes_with_the_first_sweep(self, fresh: Settings) -> None:
        keep_in_clear(fresh)
        upgrade(fresh)
        async with open_backends(fresh, task_names=NAMES) as backends:
            await sweep_orphans(backends)

        assert [path for path, content in files(fresh) if b"Canary" in content] == []

    async def test_the_way_back_opens_everything(self, fresh: Settings) -> None:
        keep_in_clear(fresh)
        before = tables(fresh)
        upgrade(fresh)

        command.downgrade(config(fresh), "0008")

        after = tables(fresh)
        stored = fresh.data_dir / "objects" / object_path(str(after["photo"][0].pop("storage_key")))
        before["photo"][0].pop("storage_key")
        assert after == before
        assert stored.read_bytes() == OBJECT

    async def test_on_the_way_back_a_shredded_patient_stays_shredded(self, fresh: Settings) -> None:
        keep_in_clear(fresh)
        upgrade(fresh)
        with open_keys(fresh) as keys:
            keys.shred(UUID(USER))

        command.downgrade(config(fresh), "0008")

        after = tables(fresh)
        assert after["user"][0]["email"] == f"{USER}@shredded.invalid"
        assert (after["user"][0]["name"], after["message"][0]["body"]) == ("", "")
        assert (after["user"][0]["born_on"], after["user"][0]["time_zone"]) == (None, None)
        assert after["photo"][0]["certificate"] == "{}"

    def test_no_rule_of_a_table_is_lost(self, fresh: Settings) -> None:
        step(fresh, "0008")
        before = rules(fresh)

        step(fresh, "0009")
        up = rules(fresh)
        command.downgrade(config(fresh), "0008")

        assert len([rule for rule in before if rule.startswith("CONSTRAINT ck_")]) >= 6
        assert before - up == {"CONSTRAINT uq_user_email UNIQUE (email)"}
        assert rules(fresh) == before


USER, CONSULT, MESSAGE, GUEST = "0a" * 16, "0c" * 16, "0d" * 16, "1a" * 16
OBJECT = b"DICM Canary" * 20_000


def keep_in_clear(settings: Settings) -> None:
    step(settings, "0008")
    key = "5e" * 16
    stored = settings.data_dir / "objects" / object_path(key)
    (settings.data_dir / "objects" / "partial").mkdir(parents=True)
    stored.parent.mkdir(parents=True)
    stored.write_bytes(OBJECT)
    with closing(sqlite3.connect(settings.database_path)) as connection, connection:
        insert(
            connection, "user", id=USER, role="patient", name="Canary Ana",
            email="canary@example.org", created_at=TIME, born_on="2019-03-04",
            time_zone="Canary/Lisbon",
        )  # fmt: skip
        insert(
            connection, "user", id=GUEST, role="device", name="Canary guest", email=None,
            handle=b"guest", created_at=TIME,
        )  # fmt: skip
        insert(
            connection, "credential", id="0e" * 16, user_id=USER, name="Canary key",
            created_at=TIME,
        )  # fmt: skip
        insert(
            connection, "apitoken", id="0f" * 16, user_id=USER, name="Canary token",
            created_at=TIME, expires_at=TIME,
        )  # fmt: skip
        insert(
            connection, "consult", id=CONSULT, kind="follow_up", urgency="routine",
            state="submitted", opened_by=USER, patient_id=USER, reason="Canary reason",
            created_at=TIME, updated_at=TIME, updated_at_clinicians=TIME,
        )  # fmt: skip
        insert(
            connection, "participant", consult_id=CONSULT, user_id=USER, joined_at=TIME,
        )  # fmt: skip
        insert(
            connection, "participant", consult_id=CONSULT, user_id=GUEST, granted_by=USER,
            purpose="Canary ask", joined_at=TIME,
        )  # fmt: skip
        insert(
            connection, "breakglass", id="0b" * 16, user_id=GUEST, consult_id=CONSULT,
            reason_code="other", reason_text="Canary glass", opened_at=TIME, expires_at=TIME,
            review_due_at=TIME,
        )  # fmt: skip
        insert(
            connection, "message", id=MESSAGE, consult_id=CONSULT, author_id=USER,
            audience="everyone", body="Canary körper", photo_ids="[]", created_at=TIME,
        )  # fmt: skip
        insert(
            connection, "photo", id=PHOTO, consult_id=CONSULT, created_by=USER, storage_key=key,
            device_make="Canary", certificate='{"steps":["Canary"]}', quality="{}", created_at=TIME,
        )  # fmt: skip
        insert(connection, "preview", photo_id=PHOTO, jpeg=b"\xff\xd8Canary")


TIME = "2026-03-04 05:06:07.000000"


def object_path(key: str) -> Path:
    return Path(key[:2]) / key[2:4] / key


def old(settings: Settings) -> Path:
    return settings.data_dir / "objects" / object_path("5e" * 16)


def files(settings: Settings) -> list[tuple[Path, bytes]]:
    return [(path, path.read_bytes()) for path in settings.data_dir.rglob("*") if path.is_file()]


def tables(settings: Settings) -> dict[str, list[dict[str, object]]]:
    with closing(sqlite3.connect(settings.database_path)) as connection:
        connection.row_factory = sqlite3.Row
        return {
            table: [dict(row) for row in connection.execute(f'SELECT * FROM "{table}"')]
            for table in (
                *("user", "credential", "apitoken", "consult", "participant", "breakglass"),
                *("message", "photo", "preview"),
            )
        }


def rules(settings: Settings) -> set[str]:
    """Every constraint and index that has a name."""
    with closing(sqlite3.connect(settings.database_path)) as connection:
        query = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
        made = "\n".join(row[0] for row in connection.execute(query))
    return {
        line.strip().rstrip(",").replace('"', "")
        for line in made.splitlines()
        if "CONSTRAINT" in line or "INDEX" in line
    }


def test_links_and_reviews_leave_no_way_in_and_lose_no_photo_when_going_back(
    fresh: Settings,
) -> None:
    upgrade(fresh)
    patient, link, consult, retake = "0a" * 16, "0b" * 16, "0c" * 16, "0d" * 16
    with closing(sqlite3.connect(fresh.database_path)) as connection, connection:
        service = connection.execute("SELECT id FROM service").fetchone()[0]
        insert(connection, "user", id=patient, role="patient", email="a", handle=b"a", active=1)
        insert(connection, "user", id=link, role="link", email=None, handle=b"b", active=1)
        insert(
            connection, "consult", id=consult, kind="follow_up", urgency="routine",
            state="submitted", opened_by=patient, service_id=service,
        )  # fmt: skip
        for photo, number in ((PHOTO, "1"), (retake, "2")):
            insert(
                connection, "photo", id=photo, consult_id=consult, created_by=link,
                sop_instance_uid=number, storage_key=number, verdict="rejected",
                rejected_for="blurred", retake_of=PHOTO if photo == retake else None,
            )  # fmt: skip
        insert(connection, "link", id=link, kind="photos", user_id=link, consult_id=consult)
        insert(
            connection, "imagerequest", id=link, consult_id=consult, purpose="retake",
            wanted="[]", addressee="patient", language="es", requested_by=patient, link_id=link,
            retake_of=PHOTO, series_id=link,
        )  # fmt: skip
        insert(connection, "review", id=link, photo_id=PHOTO, verdict="rejected",
               reason="blurred", reviewed_by=patient)  # fmt: skip
        insert(connection, "patientoutcome", consult_id=consult, went="home")
        with pytest.raises(sqlite3.IntegrityError, match="ck_photo_rejectionreason"):
            connection.execute("UPDATE photo SET rejected_for = 'ugly'")

    command.downgrade(config(fresh), "0010")
    with closing(sqlite3.connect(fresh.database_path)) as connection:
        users = dict(connection.execute('SELECT id, active FROM "user"').fetchall())
        photos = connection.execute("SELECT id, created_by FROM photo ORDER BY id").fetchall()
    upgrade(fresh)

    assert users == {patient: 1, link: 0}
    assert photos == [(PHOTO, link), (retake, link)]
    with closing(sqlite3.connect(fresh.database_path)) as connection:
        assert rows(connection, "photo", "verdict, retake_of") == [(None, None)] * 2


def test_services_of_before_get_the_times_that_were_fixed(fresh: Settings) -> None:
    columns = "remind_hours, link_grace_hours, outcome_after_days, outcome_within_days"
    step(fresh, "0012")
    with closing(sqlite3.connect(fresh.database_path)) as connection, connection:
        connection.execute("UPDATE service SET telephone = '+351 21 000 000'")

    upgrade(fresh)
    with closing(sqlite3.connect(fresh.database_path)) as connection:
        after = rows(connection, "service", columns)
    command.downgrade(config(fresh), "0012")

    assert after == [(24, 72, 7, 30)]
    with closing(sqlite3.connect(fresh.database_path)) as connection:
        assert rows(connection, "service", "telephone") == [("+351 21 000 000",)]


def test_every_consult_of_before_has_an_owner_and_a_due_time_and_finds_its_way_back(
    fresh: Settings,
) -> None:
    step(fresh, "0009")
    crew, sol = "0a" * 16, "0b" * 16
    states = ("submitted", "submitted", "in_review", "in_review", "answered", "closed")
    with closing(sqlite3.connect(fresh.database_path)) as connection, connection:
        insert(connection, "user", id=crew, role="ems", email="a@example.org", handle=b"1")
        insert(connection, "user", id=sol, role="specialist", email="b@example.org", handle=b"2")
        for number, state in enumerate(states):
            taken = sol if number not in (0, 2) else None
            insert(
                connection, "consult", id=f"{number:032}", kind="emergency", urgency="stat",
                state=state, opened_by=crew, assigned_to=taken, created_at="2026-01-01 00:00:00",
                study_instance_uid=f"2.25.{number}", updated_at="2026-01-02 00:00:00",
            )  # fmt: skip
        insert(connection, "photo", id=PHOTO, consult_id=f"{0:032}", created_by=crew)

    upgrade(fresh)

    with closing(sqlite3.connect(fresh.database_path)) as connection, connection:
        columns = "state, owner_id, due_at IS NOT NULL, acknowledged_at IS NOT NULL"
        assert rows(connection, "consult", columns) == [
            ("submitted", None, 1, 0),
            ("assigned", sol, 1, 1),
            ("submitted", None, 1, 0),
            ("in_review", sol, 1, 1),
            ("answered", crew, 1, 1),
            ("closed", None, 0, 1),
        ]
        named = connection.execute("SELECT DISTINCT service_id FROM consult").fetchall()
        assert named == [(DEFAULT_SERVICE.hex,)]
        (step_id, service) = ("0d" * 16, DEFAULT_SERVICE.hex)
        insert(
            connection, "step", id=step_id, consult_id=f"{0:032}", name="open",
            to_state="submitted", service_id=service, details="{}", from_state=None,
        )  # fmt: skip
        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            connection.execute("UPDATE step SET reason = 'another'")
        connection.execute("UPDATE consult SET state = 'awaiting_info' WHERE rowid = 1")
        connection.execute("UPDATE consult SET state = 'follow_up' WHERE state = 'answered'")

    command.downgrade(config(fresh), "0009")

    with closing(sqlite3.connect(fresh.database_path)) as connection:
        back = [state for (state,) in rows(connection, "consult", "state")]
        assert back == ["submitted", "submitted", "submitted", "in_review", "answered", "closed"]
        assert connection.execute("SELECT id FROM photo").fetchall() == [(PHOTO,)]
        with pytest.raises(sqlite3.IntegrityError, match="ck_consult_consultstate"):
            connection.execute("UPDATE consult SET state = 'follow_up'")
    upgrade(fresh)


def test_what_is_on_its_way_is_forgotten_and_what_has_come_is_not_when_going_back(
    fresh: Settings,
) -> None:
    upgrade(fresh)
    user, consult = "0a" * 16, "0c" * 16
    with closing(sqlite3.connect(fresh.database_path)) as connection, connection:
        service = connection.execute("SELECT id FROM service").fetchone()[0]
        insert(connection, "user", id=user, role="patient", email="a", handle=b"a")
        insert(
            connection, "consult", id=consult, kind="follow_up", urgency="routine",
            state="submitted", opened_by=user, service_id=service,
        )  # fmt: skip
        insert(connection, "photo", id=PHOTO, consult_id=consult, created_by=user)
        insert(
            connection, "earlypreview", photo_id="0f" * 16, consult_id=consult, created_by=user,
            jpeg=b"\xff\xd8",
        )  # fmt: skip
        insert(
            connection, "upload", id="0d" * 16, photo_id="0e" * 16, consult_id=consult,
            created_by=user, request_id=None,
        )  # fmt: skip
        with pytest.raises(sqlite3.IntegrityError, match=r"upload\.created_by, upload\.photo_id"):
            insert(
                connection, "upload", id="0f" * 16, photo_id="0e" * 16, consult_id=consult,
                created_by=user, request_id=None,
            )  # fmt: skip

    command.downgrade(config(fresh), "0011")
    upgrade(fresh)

    with closing(sqlite3.connect(fresh.database_path)) as connection:
        assert connection.execute("SELECT id FROM photo").fetchall() == [(PHOTO,)]
        assert rows(connection, "upload", "*") == rows(connection, "earlypreview", "*") == []
    command.check(config(fresh))


def step(settings: Settings, revision: str) -> None:
    settings.data_dir.mkdir(mode=0o700, exist_ok=True)
    command.upgrade(config(settings), revision)


def config(settings: Settings) -> Config:
    made = Config(attributes={"settings": settings})
    made.set_main_option("script_location", str(VERSIONS))
    return made


def insert(connection: sqlite3.Connection, table: str, **values: object) -> None:
    """One row; what must have a value and is not named gets an empty one."""
    info = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    for _, name, kind, required, default, _ in info:
        if required and default is None:
            values.setdefault(name, 0 if kind in {"INTEGER", "BOOLEAN"} else "")
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    connection.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', list(values.values()))
