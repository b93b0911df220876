"""The rig's tablet over HTTP: it sends before anybody signs in, and reads nothing."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import AsyncClient, Response
from sqlmodel import select
from starlette.routing import Route

from api.app import API_ROUTES
from api.auth import COOKIE
from api.openapi import operation_of
from consult import devices
from consult.access import PUBLIC, Action
from consult.backends.jobs.table import Job
from consult.bootstrap import Backends
from consult.models import (
    WRITE_ONLY,
    AuditRow,
    Consult,
    Device,
    DeviceChallenge,
    LoginSession,
    Photo,
    Role,
    User,
    now,
    private,
)
from consult.sending import send_notice
from tests.api.accounts.people import Person, Service, a_person, own_page
from tests.authenticator import encode
from tests.conftest import ORIGIN
from tests.factories import People
from tests.imaging.photos import make_jpeg
from tests.tablet import COOKIE as DEVICE_COOKIE
from tests.tablet import Tablet

PHOTO, OTHER_PHOTO = make_jpeg(), make_jpeg(80, 60)


@pytest.fixture
def service(backends: Backends, client: AsyncClient) -> Service:
    return Service(client._transport, backends)  # pyright: ignore[reportArgumentType]


@pytest.fixture
async def tablet(service: Service) -> AsyncGenerator[Tablet]:
    """Medic 12, enrolled, with nobody signed in on it."""
    async with service.client() as browser:
        tablet = Tablet(browser, ORIGIN)
        await tablet.enrol(await code_for(service, "Medic 12"))
        yield tablet


@pytest.fixture
async def admin(service: Service) -> AsyncGenerator[Person]:
    async with a_person(service, role=Role.ADMIN) as person:
        await person.enrol()
        yield person


async def code_for(service: Service, name: str) -> str:
    async with service.backends.database.writes.begin() as session:
        return (await devices.add_device(session, name=name))[1]


@asynccontextmanager
async def crew_on(
    service: Service, tablet: Tablet, name: str, role: Role = Role.EMS
) -> AsyncGenerator[Person]:
    """Somebody who signs in on the tablet, with a passkey of their own.

    Their browser begins with the cookies of the tablet, and what they do leaves it alone.
    """
    async with a_person(service, role=role) as person:
        async with service.backends.database.writes.begin() as session:
            user = await session.get_one(User, person.user.id)
            user.name = private(name, user.id)
        if DEVICE_COOKIE in tablet.client.cookies:
            value = tablet.client.cookies[DEVICE_COOKIE]
            person.client.cookies.set(DEVICE_COOKIE, value, domain="consult.test")
        await person.enrol()
        yield person


async def claim(person: Person) -> Response:
    return await person.client.post("/api/uploads/claim", json={}, headers=own_page(person))


async def rows(backends: Backends, action: str) -> list[AuditRow]:
    async with backends.database.reads() as session:
        query = select(AuditRow).where(AuditRow.action == action).order_by("seq")
        return list((await session.exec(query)).all())


class TestEnrolment:
    async def test_an_administrator_adds_a_tablet_and_its_link_works_once(
        self, service: Service, admin: Person
    ) -> None:
        answer = await admin.client.post(
            "/api/devices", json={"name": "Medic 12"}, headers=own_page(admin)
        )
        assert answer.status_code == 201
        code = answer.json()["link"].removeprefix(f"{ORIGIN}/device#t=")

        async with service.client() as browser, service.client() as thief:
            enrolled = await Tablet(browser, ORIGIN).enrol(code)
            stolen = Tablet(thief, ORIGIN)
            refused = await thief.post("/api/devices/enrolment", json=await stolen.enrolment(code))

        assert (enrolled.status_code, enrolled.json()["name"]) == (201, "Medic 12")
        assert (refused.status_code, refused.json()["code"]) == (401, "device_refused")

    async def test_a_link_is_kept_as_a_hash_and_no_request_but_the_enrolment_uses_it_up(
        self, service: Service, backends: Backends
    ) -> None:
        code = await code_for(service, "Medic 12")
        for path in backends.settings.data_dir.glob("consult.db*"):
            assert code.encode() not in path.read_bytes()

        async with service.client() as scanner:
            for _ in range(100):
                await scanner.get(f"/device?t={code}")
                await scanner.head("/device")
                await scanner.post("/api/devices/challenge", json={})
            enrolled = await Tablet(scanner, ORIGIN).enrol(code)

        assert enrolled.status_code == 201

    async def test_a_lost_answer_does_not_cost_the_link(self, service: Service) -> None:
        code = await code_for(service, "Medic 12")
        async with service.client() as browser:
            tablet = Tablet(browser, ORIGIN)
            await tablet.enrol(code)

            again = await tablet.enrol(code)

        assert again.status_code == 201

    async def test_the_cookie_is_as_strict_as_that_of_a_person(self, service: Service) -> None:
        async with service.client() as browser:
            answer = await Tablet(browser, ORIGIN).enrol(await code_for(service, "Medic 12"))

        name, _, rest = answer.headers["set-cookie"].partition("=")
        secret, _, attributes = rest.partition("; ")
        assert (name, len(secret)) == ("__Host-device", 43)
        assert attributes == "Path=/; Secure; HttpOnly; SameSite=Strict"

    @pytest.mark.parametrize("role", [r for r in Role if r not in (Role.ADMIN, *WRITE_ONLY)])
    async def test_nobody_else_adds_lists_or_revokes_tablets(
        self, service: Service, role: Role
    ) -> None:
        async with a_person(service, role=role) as person:
            await person.enrol()
            asked = [
                await person.client.request(method, path, json=body, headers=own_page(person))
                for method, path, body in (
                    ("POST", "/api/devices", {"name": "Medic 12"}),
                    ("GET", "/api/devices", None),
                    ("POST", f"/api/devices/{uuid4()}/link", None),
                    ("DELETE", f"/api/devices/{uuid4()}", None),
                )
            ]

        assert {answer.status_code for answer in asked} <= {403, 404}

    async def test_adding_asks_for_a_passkey_touched_just_now(self, people: People) -> None:
        """SE-4. A token never has that, and of a tablet's secrets each is a way in."""
        answer = await people.admin.request("POST", "/api/devices", json={"name": "Medic 12"})

        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")

    @pytest.mark.parametrize("name", ["", " ", "a\x07b", "x" * 101])
    async def test_a_tablet_needs_a_name_that_can_be_read(self, admin: Person, name: str) -> None:
        answer = await admin.client.post(
            "/api/devices", json={"name": name}, headers=own_page(admin)
        )

        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "name")

    async def test_the_list_tells_names_and_times_and_no_secret(
        self, admin: Person, tablet: Tablet
    ) -> None:
        items = (await admin.client.get("/api/devices")).json()["items"]

        assert [(item["id"], item["name"]) for item in items] == [(tablet.device_id, "Medic 12")]
        assert set(items[0]) == {
            *("id", "name", "created_at", "enrolled_at", "last_seen_at", "revoked_at")
        }
        assert items[0]["last_seen_at"]

    async def test_a_tablet_that_lost_its_key_gets_a_new_link_and_the_old_key_is_out(
        self, service: Service, admin: Person, tablet: Tablet
    ) -> None:
        renewed = await admin.client.post(
            f"/api/devices/{tablet.device_id}/link", headers=own_page(admin)
        )
        code = renewed.json()["link"].partition("#t=")[2]
        async with service.client() as browser:
            fresh = Tablet(browser, ORIGIN)

            answer = await fresh.enrol(code)

            assert (answer.json()["device_id"], answer.json()["name"]) == (
                tablet.device_id,
                "Medic 12",
            )
            assert (await fresh.open()).status_code == 201
        assert (await tablet.open()).status_code == 401
        old = await tablet.client.post("/api/devices/session", json=await tablet.proof())
        assert (old.status_code, old.json()["code"]) == (401, "device_refused")


class TestProof:
    async def test_every_flaw_gets_the_same_answer(
        self, service: Service, backends: Backends, tablet: Tablet
    ) -> None:
        """ID-3. Challenges are single use; and ID-2's rule for passkeys, kept for keys."""
        used = await tablet.proof()
        await tablet.client.post("/api/devices/session", json=used)
        other = Tablet(tablet.client, ORIGIN, device_id=tablet.device_id)
        elsewhere = Tablet(tablet.client, "https://evil.test", tablet.key, tablet.device_id)
        expired = await tablet.proof()
        async with backends.database.writes.begin() as session:
            for challenge in (await session.exec(select(DeviceChallenge))).all():
                challenge.expires_at = now()
        wrong_purpose = await tablet.challenge()
        code = await code_for(service, "Medic 7")
        flawed = [
            used,
            expired,
            await other.proof(),
            await elsewhere.proof(),
            await tablet.proof(device_id=str(uuid4())),
            await tablet.proof(challenge="never given out"),
            await tablet.proof(signature=encode(b"")),
            await tablet.proof(signature=encode(bytes(64))),
            await tablet.proof(signature=encode(b"\xff" * 64)),
            await tablet.proof(
                challenge=wrong_purpose,
                signature=encode(tablet.sign("enrolment", wrong_purpose)),
            ),
        ]
        enrolments = [
            await other.enrolment("no such code"),
            await other.enrolment(code, public_key=encode(b"no key")),
            await other.enrolment(code, public_key=encode(tablet.public_key)),
            await elsewhere.enrolment(code),
        ]

        answers = [await tablet.client.post("/api/devices/session", json=each) for each in flawed]
        answers += [
            await tablet.client.post("/api/devices/enrolment", json=each) for each in enrolments
        ]
        revoked = await tablet.proof()
        async with backends.database.writes.begin() as session:
            await devices.revoke_device(session, UUID(tablet.device_id))
        answers.append(await tablet.client.post("/api/devices/session", json=revoked))

        assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
        assert answers[0].json()["code"] == "device_refused"
        async with service.client() as browser:
            assert (await Tablet(browser, ORIGIN).enrol(code)).status_code == 201

    @pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
    async def test_another_page_can_ask_for_nothing(self, tablet: Tablet, site: str) -> None:
        """CS-3. Before there is a session, where a request came from is all there is."""
        for path in ("challenge", "enrolment", "session"):
            answer = await tablet.client.post(
                f"/api/devices/{path}", json={}, headers={"Sec-Fetch-Site": site}
            )
            assert (answer.status_code, answer.json()["code"]) == (403, "csrf_refused")

    async def test_what_is_sent_needs_the_token_and_our_own_page(self, tablet: Tablet) -> None:
        """CS-3."""
        for headers in (
            {"X-CSRF-Token": "wrong"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "cross-site"},
        ):
            answer = await tablet.request(
                "POST", "/api/consults", json={"kind": "emergency"}, headers=headers
            )
            assert (answer.status_code, answer.json()["code"]) == (403, "csrf_refused")

    async def test_a_cookie_and_a_token_at_once_are_refused(
        self, tablet: Tablet, people: People
    ) -> None:
        """CS-2."""
        headers = {"Authorization": f"Bearer {people.ems.token}"}

        answer = await tablet.client.get("/api/consults", headers=headers)

        assert (answer.status_code, answer.json()["code"]) == (400, "two_credentials")

    async def test_two_cookies_of_a_tablet_are_refused(self, tablet: Tablet) -> None:
        """SE-1."""
        secret = tablet.client.cookies[DEVICE_COOKIE]
        twice = {"Cookie": f"{DEVICE_COOKIE}={secret}; {DEVICE_COOKIE}={secret}"}
        refused = await tablet.request(
            "POST", "/api/consults", json={"kind": "emergency"}, headers=twice
        )

        assert (refused.status_code, refused.json()["code"]) == (400, "two_cookies")

    async def test_the_cookie_of_a_tablet_is_no_session_of_a_person(
        self, service: Service, tablet: Tablet
    ) -> None:
        secret = tablet.client.cookies[DEVICE_COOKIE]
        async with service.client() as browser:
            browser.cookies.set(COOKIE, secret, domain="consult.test")
            for path in ("/api/session", "/api/me", "/api/consults"):
                assert (await browser.get(path)).status_code == 401


class TestSending:
    async def test_it_opens_an_emergency_and_adds_photos_and_gets_receipts_only(
        self, tablet: Tablet, backends: Backends
    ) -> None:
        consult_id, photo_id = str(uuid4()), str(uuid4())

        opened = await tablet.open(consult_id=consult_id)
        sent = await tablet.put_photo(consult_id, PHOTO, photo_id=photo_id)

        assert (opened.status_code, opened.json()) == (
            201,
            {"id": consult_id, "state": "received"},
        )
        async with backends.database.reads() as session:
            photo = await session.get_one(Photo, UUID(photo_id))
        assert sent.status_code == 201
        assert sent.json() == {
            "id": photo_id,
            "consult_id": consult_id,
            "state": "received",
            "sha256": photo.sha256,
            "sha256_before": photo.sha256_before,
        }

    async def test_sending_again_changes_nothing(self, tablet: Tablet, people: People) -> None:
        consult_id, photo_id = str(uuid4()), str(uuid4())
        await tablet.open(consult_id=consult_id)
        first = await tablet.put_photo(consult_id, PHOTO, photo_id=photo_id)

        again = await tablet.put_photo(consult_id, PHOTO, photo_id=photo_id)
        opened_again = await tablet.open(consult_id=consult_id)
        other = await tablet.put_photo(consult_id, OTHER_PHOTO, photo_id=photo_id)

        assert (again.status_code, again.json()) == (200, first.json())
        assert opened_again.status_code == 200
        assert (other.status_code, other.json()["code"]) == (409, "id_taken")
        assert len((await people.specialist.read(f"/api/consults/{consult_id}"))["photos"]) == 1

    async def test_its_answer_says_nothing_of_what_others_did(
        self, tablet: Tablet, people: People
    ) -> None:
        consult_id = await tablet.send(PHOTO)
        before = await tablet.open(consult_id=consult_id)
        await people.specialist.say(consult_id, "Cool it for twenty minutes.")

        after = await tablet.open(consult_id=consult_id)

        assert after.json() == before.json()

    async def test_its_consult_waits_in_the_inbox_as_from_the_tablet(
        self, tablet: Tablet, people: People
    ) -> None:
        consult_id = await tablet.send(PHOTO)

        (listed,) = (await people.specialist.read("/api/consults"))["items"]
        shown = await people.specialist.read(f"/api/consults/{consult_id}")

        assert (listed["id"], listed["kind"], listed["urgency"]) == (
            consult_id,
            "emergency",
            "stat",
        )
        assert (listed["patient"], listed["claimed_by"]) == (None, None)
        assert (listed["opened_by"]["name"], listed["opened_by"]["role"]) == ("Medic 12", "device")
        assert shown["photos"][0]["created_by"]["name"] == "Medic 12"
        assert [person["name"] for person in shown["people"]] == ["Medic 12"]

    async def test_the_service_is_told_and_no_mail_goes_to_a_tablet(
        self, tablet: Tablet, people: People, backends: Backends
    ) -> None:
        consult_id = await tablet.send(PHOTO)
        await people.specialist.say(consult_id, "Cool it.")

        async with backends.database.reads() as session:
            jobs = (await session.exec(select(Job))).all()
            account = (await session.exec(select(User).where(User.role == Role.DEVICE))).one()
        hearers = {job.args["user_id"] for job in jobs}
        assert {str(people.specialist.user.id), str(people.coordinator.user.id)} <= hearers
        assert str(account.id) not in hearers
        # Even a notice that was queued for it would end here.
        await send_notice(
            backends, user_id=str(account.id), consult_id=consult_id, notice_id=str(uuid4())
        )
        assert not list(backends.settings.data_dir.rglob("*.eml"))

    @pytest.mark.parametrize(
        ("fields", "status", "code"),
        [
            ({"kind": "follow_up"}, 403, "forbidden"),
            ({"kind": "second_opinion"}, 403, "forbidden"),
            ({"patient_id": str(uuid4())}, 422, "invalid_fields"),
        ],
    )
    async def test_it_opens_emergencies_about_somebody_unknown_only(
        self, tablet: Tablet, fields: dict[str, Any], status: int, code: str
    ) -> None:
        answer = await tablet.open(**fields)

        assert (answer.status_code, answer.json()["code"]) == (status, code)

    async def test_a_known_patient_and_none_are_refused_alike(
        self, tablet: Tablet, people: People
    ) -> None:
        """AZ-9."""
        known = await tablet.open(patient_id=str(people.patient.user.id))
        unknown = await tablet.open(patient_id=str(uuid4()))

        assert known.text == unknown.text

    async def test_the_consult_of_anybody_else_is_not_there(
        self, service: Service, tablet: Tablet, people: People
    ) -> None:
        """AZ-9."""
        theirs = await people.ems.open_consult(kind="emergency")
        async with service.client() as browser:
            neighbour = Tablet(browser, ORIGIN)
            await neighbour.enrol(await code_for(service, "Medic 7"))
            beside = await neighbour.send(PHOTO)

        answers = [
            await tablet.put_photo(consult_id, PHOTO)
            for consult_id in (theirs, beside, str(uuid4()))
        ]

        assert {(answer.status_code, answer.text) for answer in answers} == {
            (404, answers[-1].text)
        }

    async def test_after_a_shift_it_adds_nothing_more_to_what_it_opened(
        self, tablet: Tablet, backends: Backends
    ) -> None:
        consult_id = await tablet.send(PHOTO)
        await age(backends, consult_id, hours=12)

        answer = await tablet.put_photo(consult_id, OTHER_PHOTO)

        assert answer.status_code == 404

    async def test_no_other_route_is_open_to_it(self, tablet: Tablet, people: People) -> None:
        """Of every route there is, it may use two; what it is refused names nobody."""
        consult_id = await tablet.send(PHOTO)
        shown = await people.specialist.read(f"/api/consults/{consult_id}")
        ids = {"consult_id": consult_id, "photo_id": shown["photos"][0]["id"]}
        its_own = {Action.CONSULT_OPEN, Action.PHOTO_ATTACH}
        asked = 0

        for route in API_ROUTES:
            assert isinstance(route, Route)
            declared = operation_of(route)
            assert declared
            if declared.action in PUBLIC | its_own or route.path.startswith("/api/link/"):
                continue
            path = route.path.replace(":uuid", "")
            for name in ("consult_id", "photo_id", "message_id", "device_id"):
                path = path.replace(f"{{{name}}}", ids.get(name, str(uuid4())))
            for method in route.methods or ():
                answer = await tablet.request(method, path, json={} if method != "GET" else None)
                assert answer.status_code in {401, 403, 404}, (method, path, answer.text)
                assert "Medic 12" not in answer.text
                asked += 1

        assert asked >= 30

    async def test_it_reads_nothing_of_what_it_sent(self, tablet: Tablet, people: People) -> None:
        consult_id = await tablet.send(PHOTO)
        photo = (await people.specialist.read(f"/api/consults/{consult_id}"))["photos"][0]
        mine, absent = (
            [
                f"/api/consults/{consult}",
                f"/api/consults/{consult}/messages",
                f"/api/consults/{consult}/events",
                *(f"/api/photos/{photo_id}{rest}" for rest in ("", "/image", "/preview", "/dicom")),
            ]
            for consult, photo_id in ((consult_id, photo["id"]), (uuid4(), uuid4()))
        )

        answers = [await tablet.client.get(path) for path in (*mine, *absent, "/api/consults")]

        assert {(answer.status_code, answer.text) for answer in answers} == {(403, answers[0].text)}

    async def test_revoking_stops_it_at_once_even_in_the_middle_of_a_photo(
        self, tablet: Tablet, admin: Person, people: People, backends: Backends
    ) -> None:
        consult_id = await tablet.send(PHOTO)

        async def body() -> AsyncGenerator[bytes]:
            yield OTHER_PHOTO[:100]
            revoked = await admin.client.delete(
                f"/api/devices/{tablet.device_id}", headers=own_page(admin)
            )
            assert revoked.status_code == 204
            yield OTHER_PHOTO[100:]

        path = f"/api/consults/{consult_id}/photos/{uuid4()}"
        cut = await tablet.request("PUT", path, content=body())

        assert cut.status_code == 404
        assert (await tablet.open()).status_code == 401
        assert len((await people.specialist.read(f"/api/consults/{consult_id}"))["photos"]) == 1
        assert len(await rows(backends, "device.revoked")) == 1

    async def test_the_audit_names_the_tablet(self, tablet: Tablet, backends: Backends) -> None:
        await tablet.send(PHOTO)

        (row,) = await rows(backends, "photo.attached")

        assert (row.role, row.via, row.via_id) == ("device", "device", tablet.device_id)


class TestSignedInOnATablet:
    async def test_the_person_acts_and_the_session_remembers_the_tablet(
        self, service: Service, tablet: Tablet, backends: Backends
    ) -> None:
        async with crew_on(service, tablet, "Sam Rivera") as sam:
            opened = await sam.client.post(
                "/api/consults", json={"kind": "emergency"}, headers=own_page(sam)
            )
            session_read = (await sam.client.get("/api/session")).json()

        assert opened.json()["opened_by"]["name"] == "Sam Rivera"
        assert session_read["device_id"] == tablet.device_id
        (row,) = await rows(backends, "consult.opened")
        async with backends.database.reads() as session:
            login = await session.get_one(LoginSession, UUID(row.via_id))
        assert str(login.device_id) == tablet.device_id

    async def test_elsewhere_no_tablet_is_remembered(self, service: Service) -> None:
        async with a_person(service, role=Role.EMS) as person:
            answer = await person.enrol()

            assert answer.json()["device_id"] is None
            assert (await person.client.get("/api/uploads")).status_code == 404
            assert (await claim(person)).status_code == 404

    async def test_ending_the_shift_signs_out_and_names_the_passkeys_that_are_good(
        self, service: Service, tablet: Tablet
    ) -> None:
        """ID-8. What the page needs for `signalAllAcceptedCredentials`."""
        async with crew_on(service, tablet, "Sam Rivera") as sam:
            ended = await sam.client.post("/api/session/end-shift", headers=own_page(sam))

            assert ended.status_code == 200
            assert ended.json() == {
                "rp_id": "consult.test",
                "user_handle": encode(sam.user.handle),
                "credential_ids": [encode(sam.authenticator.credential_id)],
            }
            assert ended.headers["clear-site-data"] == '"cache","cookies"'
            sam.client.cookies.clear()
            assert (await sam.client.get("/api/session")).status_code == 401

    async def test_when_the_session_has_ended_the_tablet_sends_again_and_reads_still_say_so(
        self, service: Service, tablet: Tablet, backends: Backends
    ) -> None:
        async with crew_on(service, tablet, "Sam Rivera") as sam:
            async with backends.database.writes.begin() as session:
                for login in (await session.exec(select(LoginSession))).all():
                    login.ended_at = now()

            sent = await sam.client.post(
                "/api/consults", json={"kind": "emergency"}, headers=tablet.own_page
            )
            read = await sam.client.get("/api/consults")
            forged = await sam.client.post(
                "/api/consults", json={"kind": "emergency"}, headers=own_page(sam)
            )

        assert (sent.status_code, sent.json()["state"]) == (201, "received")
        assert (read.status_code, read.json()["code"]) == (401, "not_signed_in")
        assert (forged.status_code, forged.json()["code"]) == (403, "csrf_refused")

    async def test_revoking_the_tablet_ends_the_sessions_on_it(
        self, service: Service, tablet: Tablet, backends: Backends
    ) -> None:
        async with crew_on(service, tablet, "Sam Rivera") as sam:
            async with backends.database.writes.begin() as session:
                await devices.revoke_device(session, UUID(tablet.device_id))

            assert (await sam.client.get("/api/session")).status_code == 401


class TestClaim:
    async def test_the_crew_member_reads_what_they_claim_and_the_tablet_stays_its_opener(
        self, service: Service, tablet: Tablet, people: People, backends: Backends
    ) -> None:
        consult_id = await tablet.send(PHOTO)
        await people.specialist.say(consult_id, "Cool it for twenty minutes.")
        async with crew_on(service, tablet, "Sam Rivera") as sam:
            before = await sam.client.get(f"/api/consults/{consult_id}")
            offered = (await sam.client.get("/api/uploads")).json()

            claimed = await claim(sam)

            shown = (await sam.client.get(f"/api/consults/{consult_id}")).json()
            thread = (await sam.client.get(f"/api/consults/{consult_id}/messages")).json()
            again = await claim(sam)

        assert before.status_code == 404
        assert (offered["device"]["name"], offered["photos"]) == ("Medic 12", 1)
        assert (claimed.status_code, claimed.json()["consults"]) == (200, [consult_id])
        assert claimed.json()["photos"] == 1
        assert (shown["opened_by"]["name"], shown["claimed_by"]["name"]) == (
            "Medic 12",
            "Sam Rivera",
        )
        photo = shown["photos"][0]
        assert (photo["created_by"]["name"], photo["claimed_by"]["name"]) == (
            "Medic 12",
            "Sam Rivera",
        )
        assert [item["body"] for item in thread["items"]] == ["Cool it for twenty minutes."]
        assert (again.status_code, again.json()["photos"]) == (200, 0)
        (row,) = await rows(backends, "consult.claimed")
        assert (row.actor_id, row.object_id, row.consult_id) == (
            str(sam.user.id),
            tablet.device_id,
            consult_id,
        )

    async def test_of_two_at_once_one_wins_and_the_other_is_told_who(
        self, service: Service, tablet: Tablet
    ) -> None:
        await tablet.send(PHOTO)
        async with (
            crew_on(service, tablet, "Sam Rivera") as sam,
            crew_on(service, tablet, "Kim Otieno") as kim,
        ):
            answers = await asyncio.gather(claim(sam), claim(kim))

        won = [answer for answer in answers if answer.status_code == 200]
        lost = [answer for answer in answers if answer.status_code == 409]
        assert (len(won), len(lost)) == (1, 1)
        winner = "Sam Rivera" if answers[0].status_code == 200 else "Kim Otieno"
        assert lost[0].json()["code"] == "claimed_already"
        assert winner in lost[0].json()["detail"]

    async def test_only_this_shift_and_only_this_tablet(
        self, service: Service, tablet: Tablet, backends: Backends
    ) -> None:
        old, fresh = await tablet.send(PHOTO), await tablet.send(OTHER_PHOTO)
        await age(backends, old, hours=12)
        async with service.client() as browser:
            neighbour = Tablet(browser, ORIGIN)
            await neighbour.enrol(await code_for(service, "Medic 7"))
            await neighbour.send(PHOTO)

        async with crew_on(service, tablet, "Sam Rivera") as sam:
            claimed = (await claim(sam)).json()

        assert (claimed["consults"], claimed["photos"]) == ([fresh], 1)

    async def test_a_photo_that_arrives_after_the_claim_is_claimed_by_the_same_person(
        self, service: Service, tablet: Tablet
    ) -> None:
        consult_id = await tablet.send(PHOTO)
        async with (
            crew_on(service, tablet, "Sam Rivera") as sam,
            crew_on(service, tablet, "Kim Otieno") as kim,
        ):
            await claim(sam)
            await tablet.put_photo(consult_id, OTHER_PHOTO)

            theirs, mine = await claim(kim), await claim(sam)

        assert theirs.status_code == 409
        assert (mine.json()["consults"], mine.json()["photos"]) == ([consult_id], 1)

    async def test_what_was_answered_and_closed_meanwhile_can_still_be_claimed_and_read(
        self, service: Service, tablet: Tablet, people: People
    ) -> None:
        consult_id = await tablet.send(PHOTO)
        await people.specialist.say(consult_id, "Bring them in.")
        await people.specialist.close(consult_id)

        async with crew_on(service, tablet, "Sam Rivera") as sam:
            await claim(sam)
            shown = await sam.client.get(f"/api/consults/{consult_id}")

        assert (shown.status_code, shown.json()["state"]) == (200, "closed")

    @pytest.mark.parametrize("role", [Role.PATIENT, Role.SPECIALIST, Role.COORDINATOR, Role.ADMIN])
    async def test_nobody_but_a_crew_claims(
        self, service: Service, tablet: Tablet, backends: Backends, role: Role
    ) -> None:
        consult_id = await tablet.send(PHOTO)

        async with crew_on(service, tablet, "Somebody Else", role) as person:
            answer = await claim(person)

        assert answer.status_code in {403, 404}
        async with backends.database.reads() as session:
            assert (await session.get_one(Consult, UUID(consult_id))).claimed_by is None

    async def test_a_photo_turned_before_the_claim_is_claimed_and_one_turned_after_it_too(
        self, service: Service, tablet: Tablet, people: People
    ) -> None:
        consult_id = await tablet.send(PHOTO)
        path = f"/api/consults/{consult_id}"
        await turn(people, (await people.specialist.read(path))["photos"][-1]["id"])
        async with crew_on(service, tablet, "Sam Rivera") as sam:
            await claim(sam)
        last = (await people.specialist.read(path))["photos"]
        await turn(people, next(each["id"] for each in last if not each["replaced_by"]))

        photos = (await people.specialist.read(path))["photos"]

        assert len(photos) == 3
        assert {photo["claimed_by"]["name"] for photo in photos} == {"Sam Rivera"}

    async def test_without_the_tablets_cookie_nothing_can_be_claimed_afterwards(
        self, service: Service, tablet: Tablet, backends: Backends
    ) -> None:
        await tablet.send(PHOTO)
        async with crew_on(service, tablet, "Sam Rivera") as sam:
            async with backends.database.writes.begin() as session:
                device = await session.get_one(Device, UUID(tablet.device_id))
                device.revoked_at = now()

            answer = await claim(sam)

        assert answer.status_code == 404


async def turn(people: People, photo_id: str) -> None:
    answer = await people.specialist.request(
        "POST", f"/api/photos/{photo_id}/turn", json={"clockwise": 90}
    )
    assert answer.status_code == 201, answer.text


async def age(backends: Backends, consult_id: str, *, hours: int) -> None:
    async with backends.database.writes.begin() as session:
        consult = await session.get_one(Consult, UUID(consult_id))
        consult.created_at -= timedelta(hours=hours)
