"""Live updates over a real socket: the application as its own process."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from uuid import UUID, uuid4

import httpx2
import pytest

from tests import service as services
from tests.service import Service

Event = tuple[str, str]

OPEN: list[httpx2.Client] = []


class Person:
    def __init__(self, service: Service, email: str, role: str) -> None:
        service.add_user(email, role)
        self.http = httpx2.Client(
            base_url=service.origin,
            headers={"Authorization": f"Bearer {service.token(email)}"},
            timeout=30,
        )
        OPEN.append(self.http)

    def open_consult(self) -> str:
        return self.http.post("/api/consults", json={"kind": "follow_up"}).json()["id"]

    def say(self, consult_id: str, body: str, audience: str = "everyone") -> None:
        path = f"/api/consults/{consult_id}/messages/{uuid4()}"
        self.http.put(path, json={"body": body, "audience": audience}).raise_for_status()

    def follow(self, consult_id: str, *, after: int | None = None, query: str = "") -> "Stream":
        return Stream(self.http, f"/api/consults/{consult_id}/events{query}", after)


class Stream:
    """An open event stream; what arrives is (id, event).

    The consult's clock moves by itself, when somebody was paged or mailed: those are passed over.
    """

    def __init__(self, http: httpx2.Client, path: str, after: int | None) -> None:
        self.arrived: Queue[Event | None] = Queue()
        self.numbers: list[int] = []
        self._opened = threading.Event()
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        threading.Thread(target=self._read, args=(http, path, headers), daemon=True).start()
        assert self._opened.wait(10)

    def next(self, seconds: float = 10) -> Event | None:
        while event := self.arrived.get(timeout=seconds):
            if event[0]:
                self.numbers.append(int(event[0]))
            if event[1] != "clock.moved":
                break
        return event

    def next_events(self, count: int) -> list[str]:
        events = [self.next() for _ in range(count)]
        return [event[1] for event in events if event]

    def _read(self, http: httpx2.Client, path: str, headers: dict[str, str]) -> None:
        number = ""
        with http.stream("GET", path, headers=headers) as answer:
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name == "retry":
                    self._opened.set()
                elif name == "id":
                    number = value
                elif name == "event":
                    self.arrived.put((number, value))
                    number = ""
        self.arrived.put(None)


@pytest.fixture(scope="module")
def closing() -> Generator[None]:
    """Close every client once its service has ended, and its streams with it."""
    yield
    for client in OPEN:
        client.close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, closing: None) -> Generator[Service]:
    with services.running(tmp_path_factory.mktemp("events") / "data") as service:
        yield service


@pytest.fixture(scope="module")
def patient(service: Service) -> Person:
    return Person(service, "pat@consult.test", "patient")


@pytest.fixture(scope="module")
def specialist(service: Service) -> Person:
    return Person(service, "sol@consult.test", "specialist")


def test_a_message_arrives_live(patient: Person, specialist: Person) -> None:
    consult_id = patient.open_consult()
    stream = patient.follow(consult_id)

    specialist.say(consult_id, "Good morning.")

    assert stream.next_events(1) == ["message.posted"]


def test_a_stream_resumes_where_it_was_cut(patient: Person, specialist: Person) -> None:
    consult_id = patient.open_consult()
    whole = patient.follow(consult_id)
    for body in ("One", "Two", "Three"):
        specialist.say(consult_id, body)
    one, *rest = [whole.next() for _ in range(3)]
    assert one

    stream = patient.follow(consult_id, after=int(one[0]))

    assert [stream.next(), stream.next()] == rest


def test_following_from_what_was_read_misses_nothing(patient: Person, specialist: Person) -> None:
    consult_id = patient.open_consult()
    after = patient.http.get(f"/api/consults/{consult_id}").json()["last_event"]
    specialist.say(consult_id, "Said between the reading and the following.")

    stream = patient.follow(consult_id, query=f"?after={after}")

    assert stream.next_events(1) == ["message.posted"]
    assert stream.numbers[0] == after + 1


def test_event_numbers_tell_a_patient_nothing_about_clinicians(
    patient: Person, specialist: Person
) -> None:
    consult_id = patient.open_consult()
    patients, clinicians = patient.follow(consult_id), specialist.follow(consult_id)

    specialist.say(consult_id, "Deep.", "clinicians")
    specialist.say(consult_id, "Hello.")
    specialist.say(consult_id, "Theatre.", "clinicians")
    specialist.say(consult_id, "Goodbye.")

    assert patients.next_events(2) == ["message.posted"] * 2
    assert clinicians.next_events(4) == ["message.posted"] * 4
    for stream in (patients, clinicians):
        first, *_, last = stream.numbers
        assert stream.numbers == list(range(first, last + 1))


def test_a_stranger_gets_404(service: Service, patient: Person) -> None:
    stranger = Person(service, "other@consult.test", "patient")

    answer = stranger.http.get(f"/api/consults/{patient.open_consult()}/events")

    assert answer.status_code == 404


def test_a_last_event_id_of_ones_own_making_is_refused(patient: Person) -> None:
    path = f"/api/consults/{patient.open_consult()}/events"

    for words in ("-1", "x", "9" * 30):
        answer = patient.http.get(path, headers={"Last-Event-ID": words})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_fields")


class TestLosingTheSeat:
    """AZ-10, AZ-11. A page that is open ends with the seat, within five seconds."""

    def test_a_guest_whose_seat_is_ended(
        self, service: Service, patient: Person, specialist: Person
    ) -> None:
        consult_id = patient.open_consult()
        specialist.say(consult_id, "Mine.")
        guest = Person(service, "gus@consult.test", "specialist")
        give_seat(service, consult_id, guest, by=specialist, hours=1)
        stream = guest.follow(consult_id)
        ended_at = time.monotonic()

        path = f"/api/consults/{consult_id}/seats/{id_of(guest)}"
        patient.http.delete(path).raise_for_status()

        assert stream.next() == ("", "bye")
        assert stream.next() is None
        assert time.monotonic() - ended_at < 5

    def test_a_guest_whose_time_is_over(
        self, service: Service, patient: Person, specialist: Person
    ) -> None:
        consult_id = patient.open_consult()
        specialist.say(consult_id, "Mine.")
        guest = Person(service, "gil@consult.test", "specialist")
        give_seat(service, consult_id, guest, by=specialist, hours=2 / 3600)
        over = time.monotonic() + 2

        stream = guest.follow(consult_id)

        assert stream.next() == ("", "bye")
        assert time.monotonic() - over < 5.5

    def test_a_guest_whose_time_is_over_while_others_talk(
        self, service: Service, patient: Person, specialist: Person
    ) -> None:
        """What rings meanwhile does not put off that the right is shown again."""
        consult_id = patient.open_consult()
        specialist.say(consult_id, "Mine.")
        guest = Person(service, "gia@consult.test", "specialist")
        give_seat(service, consult_id, guest, by=specialist, hours=2 / 3600)
        over = time.monotonic() + 2
        stream = guest.follow(consult_id)

        time.sleep(max(0, over + 1 - time.monotonic()))
        specialist.say(consult_id, "Still talking.")

        while stream.next() != ("", "bye"):
            pass
        assert time.monotonic() - over < 5.5

    def test_a_mother_who_no_longer_acts(self, service: Service, patient: Person) -> None:
        consult_id = patient.open_consult()
        mother = Person(service, "mia@consult.test", "patient")
        proxy_id = add_proxy(service, patient, mother)
        stream = mother.follow(consult_id)
        ended_at = time.monotonic()

        path = f"/api/patients/{id_of(patient)}/proxies/{proxy_id}"
        patient.http.delete(path).raise_for_status()

        assert stream.next() == ("", "bye")
        assert time.monotonic() - ended_at < 5


def test_stopping_ends_streams_at_once_and_finishes_the_request_in_hand(
    tmp_path: Path, closing: None
) -> None:
    with services.running(tmp_path / "data") as service:
        patient = Person(service, "pat@consult.test", "patient")
        consult_id = patient.open_consult()
        stream = patient.follow(consult_id)
        answers: Queue[httpx2.Response] = Queue()
        body_begun = threading.Event()

        def slowly() -> Generator[bytes]:
            yield b'{"body": "'
            body_begun.set()
            time.sleep(1)
            yield b'Still with you."}'

        def send() -> None:
            path = f"/api/consults/{consult_id}/messages/{uuid4()}"
            answers.put(patient.http.put(path, content=slowly()))

        threading.Thread(target=send, daemon=True).start()
        assert body_begun.wait(10)
        time.sleep(0.2)  # the first half is on its way
        seconds = service.stop()

    assert stream.next() == ("", "bye")
    assert stream.next() is None
    assert answers.get(timeout=5).status_code == 201
    assert seconds < 10


def id_of(person: Person) -> UUID:
    return UUID(person.http.get("/api/me").raise_for_status().json()["id"])


def give_seat(
    service: Service, consult_id: str, colleague: Person, *, by: Person, hours: float
) -> None:
    """As if it had been given: to give one over HTTP takes a passkey."""
    guest, giver = id_of(colleague).hex, id_of(by).hex
    until = datetime.now(UTC) + timedelta(hours=hours)
    with _database(service) as connection:
        connection.execute('UPDATE "user" SET ours = 0 WHERE id = ?', (guest,))
        connection.execute(
            "INSERT INTO participant (consult_id, user_id, in_the_open, joined_at, granted_by,"
            " expires_at) VALUES (?, ?, 1, ?, ?, ?)",
            (UUID(consult_id).hex, guest, _text(datetime.now(UTC)), giver, _text(until)),
        )


def add_proxy(service: Service, patient: Person, proxy: Person) -> UUID:
    proxy_id, patient_id = uuid4(), id_of(patient).hex
    with _database(service) as connection:
        connection.execute(
            "INSERT INTO proxy (id, patient_id, proxy_id, basis, valid_from, added_by)"
            " VALUES (?, ?, ?, 'parent', ?, ?)",
            (
                proxy_id.hex,
                patient_id,
                id_of(proxy).hex,
                _text(datetime.now(UTC)),
                patient_id,
            ),
        )
    return proxy_id


@contextmanager
def _database(service: Service) -> Generator[sqlite3.Connection]:
    path = service.data_dir / "consult.db"
    with contextlib.closing(sqlite3.connect(path, timeout=10)) as connection, connection:
        yield connection


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")
