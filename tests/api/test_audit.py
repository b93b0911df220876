"""Who looked: what the patient, an admin and another system are told."""

import csv
import io
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fhir.resources.R4B.bundle import Bundle
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, select

from consult import audit
from consult.bootstrap import Backends
from consult.models import AuditRow, User, now, private
from tests.factories import People, Somebody
from tests.imaging.photos import make_jpeg
from tests.signing_in import session_of

PHOTO = make_jpeg(320, 240)


class TestReaders:
    """AU-4. The patient sees everybody who was shown a photo or the consult."""

    async def test_each_photo_has_its_readers_in_plain_words(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        first, second = [
            (await people.patient.attach(consult_id, make_jpeg(320, 240, quality=quality)))["id"]
            for quality in (70, 71)
        ]
        for path in ("image", "image", "dicom"):
            await people.specialist.get(f"/api/photos/{first}/{path}")
        await people.other_specialist.get(f"/api/photos/{second}/preview")

        readers = await people.patient.read(f"/api/consults/{consult_id}/readers")

        assert seen(readers, first) == {
            ("Sol Specialist", "specialist", "saw the photo", 2),
            ("Sol Specialist", "specialist", "downloaded the photo", 1),
            ("Pat Patient", "patient", "sent the photo", 1),
        }
        assert seen(readers, second) == {
            ("Sky Specialist", "specialist", "saw the photo, small", 1),
            ("Pat Patient", "patient", "sent the photo", 1),
        }

    async def test_the_consult_itself_has_readers_those_of_a_list_among_them(
        self, people: People
    ) -> None:
        consult_id = await people.patient.open_consult()
        await people.other_patient.open_consult()
        await people.coordinator.read("/api/consults")
        await people.specialist.read(f"/api/consults/{consult_id}/messages")

        readers = await people.patient.read(f"/api/consults/{consult_id}/readers")

        assert {(look["who"]["name"], look["what"]) for look in readers["consult"]} == {
            ("Cal Coordinator", "saw the consult in a list"),
            ("Sol Specialist", "read the messages"),
        }
        assert readers["photos"] == []

    async def test_a_look_says_when_for_what_and_that_it_was_no_emergency(
        self, people: People
    ) -> None:
        consult_id, before = await people.patient.open_consult(), now()
        await people.specialist.read(f"/api/consults/{consult_id}")

        (look,) = (await people.patient.read(f"/api/consults/{consult_id}/readers"))["consult"]

        assert before - timedelta(seconds=1) < datetime.fromisoformat(look["first_at"]) <= now()
        assert look["last_at"] == look["first_at"]
        assert look["who"]["id"] == str(people.specialist.user.id)
        assert (look["purpose"], look["emergency"], look["on_behalf_of"]) == ("care", False, None)

    async def test_an_emergency_and_on_whose_behalf_are_said(
        self, people: People, backends: Backends
    ) -> None:
        consult_id = await people.patient.open_consult()
        proxied = replace(people.specialist.actor, on_behalf_of=people.other_patient.user.id)
        async with backends.database.writes.begin() as session:
            await audit.record(
                session,
                proxied,
                "consult.viewed",
                UUID(consult_id),
                consult_id=UUID(consult_id),
                break_glass_id=people.admin.user.id,
            )

        (look,) = (await people.patient.read(f"/api/consults/{consult_id}/readers"))["consult"]

        assert (look["emergency"], look["on_behalf_of"]) == (True, "Other Patient")

    async def test_who_was_refused_has_not_looked(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        await people.other_patient.get(f"/api/consults/{consult_id}")

        readers = await people.patient.read(f"/api/consults/{consult_id}/readers")

        assert readers == {"consult": [], "photos": []}

    async def test_it_is_the_patients_to_read(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        await people.specialist.say(consult_id, "Mine.")

        statuses = [
            (await somebody.get(f"/api/consults/{consult_id}/readers")).status_code
            for somebody in (people.specialist, people.other_patient, people.admin)
        ]

        assert statuses == [403, 404, 404]


class TestDisclosures:
    """AU-4. The patient takes along who was shown what, over all consults."""

    async def test_each_time_is_a_line_and_ones_own_looks_are_not(
        self, people: People, backends: Backends
    ) -> None:
        consult_id = await people.patient.open_consult()
        await people.other_patient.open_consult()
        await people.patient.read(f"/api/consults/{consult_id}")
        for _ in range(2):
            await people.specialist.read(f"/api/consults/{consult_id}")
        await people.coordinator.read("/api/consults")

        items = (await exported(people.patient, backends)).json()["items"]

        assert [(item["recipient"], item["what"], item["purpose"]) for item in items] == [
            ("Sol Specialist", "read the consult", "care"),
            ("Sol Specialist", "read the consult", "care"),
            ("Cal Coordinator", "saw the consult in a list", "care"),
        ]

    @pytest.mark.parametrize("way", ["text/csv", None])
    async def test_as_csv_no_name_is_a_formula(
        self, people: People, backends: Backends, way: str | None
    ) -> None:
        async with backends.database.writes.begin() as session:
            user = await session.get_one(User, people.specialist.user.id)
            user.name = private('=HYPERLINK("https://elsewhere.test")', user.id)
        consult_id = await people.patient.open_consult()
        await people.specialist.read(f"/api/consults/{consult_id}")

        query = "" if way else "?format=csv"
        answer = await exported(people.patient, backends, query=query, accept=way)

        (line,) = csv.DictReader(io.StringIO(answer.text))
        assert answer.headers["content-type"].startswith("text/csv")
        assert line["recipient"] == '\'=HYPERLINK("https://elsewhere.test")'
        assert (line["what"], line["consult_id"]) == ("read the consult", consult_id)

    async def test_it_takes_a_passkey_touched_a_moment_ago(
        self, people: People, backends: Backends
    ) -> None:
        """SE-4."""
        stale = await exported(people.patient, backends, ago=timedelta(minutes=6))
        token = await people.patient.get("/api/me/disclosures")

        for answer in (stale, token):
            assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")

    async def test_nobody_but_a_patient_has_disclosures(
        self, people: People, backends: Backends
    ) -> None:
        assert (await exported(people.specialist, backends)).status_code == 404


class TestTrail:
    async def test_an_admin_reads_it_page_by_page(self, people: People, backends: Backends) -> None:
        first = await trail(people.admin, backends, "?limit=3")
        second = await trail(people.admin, backends, f"?limit=3&after={first['next']}")

        assert [row["seq"] for row in first["items"] + second["items"]] == [1, 2, 3, 4, 5, 6]

    async def test_the_last_page_says_so(self, people: People, backends: Backends) -> None:
        page = await trail(people.admin, backends, "?limit=500")

        assert page["next"] is None

    async def test_it_is_asked_by_actor_patient_consult_and_time(
        self, people: People, backends: Backends
    ) -> None:
        consult_id = await people.patient.open_consult()
        await people.other_patient.open_consult()
        await people.specialist.read(f"/api/consults/{consult_id}")
        await people.coordinator.read("/api/consults")
        specialist, patient = people.specialist.user.id, people.patient.user.id

        assert await deeds(people, backends, f"actor={specialist}") == ["consult.viewed"]
        assert await deeds(people, backends, f"patient={patient}") == [
            "consult.opened",
            "consult.viewed",
        ]
        assert await deeds(people, backends, f"consult={consult_id}") == [
            "consult.opened",
            "consult.viewed",
            "consults.listed",
        ]
        assert await deeds(people, backends, "until=2020-01-01T00:00:00Z") == []
        assert await deeds(people, backends, f"since=2020-01-01T00:00:00Z&actor={specialist}") == [
            "consult.viewed"
        ]

    async def test_reading_it_is_on_record(self, people: People, backends: Backends) -> None:
        await trail(people.admin, backends, "")

        page = await trail(people.admin, backends, f"?actor={people.admin.user.id}")

        assert "audit.viewed" in [row["action"] for row in page["items"]]

    async def test_it_takes_an_admin_with_a_passkey_touched_a_moment_ago(
        self, people: People, backends: Backends
    ) -> None:
        """SE-4."""
        by_token = await people.admin.get("/api/audit")
        other = await people.specialist.client.get(
            "/api/audit", headers=await session_of(backends, people.specialist)
        )

        assert (by_token.status_code, by_token.json()["code"]) == (403, "step_up_required")
        assert other.status_code == 404

    async def test_as_fhir_it_is_a_valid_bundle_that_leads_on(
        self, people: People, backends: Backends
    ) -> None:
        """AU-3."""
        headers = await session_of(backends, people.admin)
        answer = await people.admin.client.get("/api/audit?format=fhir&limit=5", headers=headers)

        bundle = Bundle.model_validate_json(answer.text).model_dump()
        assert answer.headers["content-type"] == "application/fhir+json"
        assert len(bundle["entry"]) == 5
        assert bundle["link"][0]["url"] == "/api/audit?format=fhir&limit=5&after=5"


class TestRetention:
    """AU-5. Rows stay, whatever happens to what they are about."""

    async def test_rows_outlive_the_photo_the_consult_and_the_person(
        self, people: People, backends: Backends
    ) -> None:
        consult_id = await people.patient.open_consult()
        await people.patient.attach(consult_id, PHOTO)
        async with backends.database.reads() as session:
            before = len((await session.exec(select(AuditRow))).all())

        async with backends.database.writes.begin() as session:
            connection = await session.connection()
            await connection.execute(text("PRAGMA defer_foreign_keys = ON"))
            for trigger in ("consentrow_no_delete", "step_no_delete", "advice_stays"):
                await connection.execute(text(f"DROP TRIGGER IF EXISTS {trigger}"))
            for table in reversed(SQLModel.metadata.sorted_tables):
                if table.name != "auditrow":
                    await connection.execute(table.delete())

        async with backends.database.reads() as session:
            assert len((await session.exec(select(AuditRow))).all()) == before
            assert (await audit.verify(session)).first_bad_seq is None

    @pytest.mark.parametrize(
        "sql",
        [
            "DELETE FROM auditrow WHERE at < '2999-01-01'",
            "DELETE FROM auditrow WHERE seq = 1",
            "UPDATE auditrow SET address = NULL",
            "REPLACE INTO auditrow SELECT * FROM auditrow WHERE seq = 1",
            "INSERT INTO auditrow (seq, at, action, mac) VALUES (99, '', '', x'')",
        ],
    )
    @pytest.mark.usefixtures("people")
    async def test_no_row_can_be_cleared_away_or_replaced(
        self, backends: Backends, sql: str
    ) -> None:
        async with backends.database.writes() as session:
            connection = await session.connection()
            with pytest.raises(IntegrityError, match="only grows"):
                await connection.execute(text(sql))


def seen(readers: Any, photo_id: str) -> set[tuple[str, str, str, int]]:
    (photo,) = [photo for photo in readers["photos"] if photo["photo_id"] == photo_id]
    return {
        (look["who"]["name"], look["who"]["role"], look["what"], look["times"])
        for look in photo["looks"]
    }


async def exported(
    somebody: Somebody,
    backends: Backends,
    *,
    query: str = "",
    ago: timedelta = timedelta(),
    accept: str | None = None,
) -> Any:
    headers = {"Accept": accept} if accept else {}
    session = await session_of(backends, somebody, ago=ago)
    return await somebody.client.get(f"/api/me/disclosures{query}", headers=session | headers)


async def trail(admin: Somebody, backends: Backends, query: str) -> Any:
    headers = await session_of(backends, admin)
    answer = await admin.client.get(f"/api/audit{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def deeds(people: People, backends: Backends, query: str) -> list[str]:
    page = await trail(people.admin, backends, f"?{query}&limit=500")
    return [row["action"] for row in page["items"]]
