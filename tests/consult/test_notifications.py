import re

from consult.bootstrap import Backends
from consult.tasks import tasks_of
from tests.factories import People
from tests.imaging.photos import make_jpeg
from tests.mailbox import addressees, mails, work

NOTICE = """\
There is something new for you in Consult.

Sign in to read it:
https://consult.test/consults/(id)

This mailbox is not read. In an emergency call 911.
"""
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def test_a_new_consult_is_told_to_the_service_and_not_to_who_opened_it(
    people: People, backends: Backends
) -> None:
    await people.patient.open_consult()

    await work(backends, tasks_of(backends))

    assert set(addressees(backends)) == {
        people.specialist.user.email,
        people.other_specialist.user.email,
        people.coordinator.user.email,
    }


async def test_the_patient_is_told_of_a_reply(people: People, backends: Backends) -> None:
    """EM-1."""
    consult_id = await people.patient.open_consult()
    await people.specialist.say(consult_id, "It heals well. Diagnosis: superficial burn.")

    await work(backends, tasks_of(backends))

    (mail,) = [mail for mail in mails(backends) if mail["To"] == people.patient.user.email]
    body = mail.get_content()
    assert mail["Subject"] == "You have a new message"
    assert f"https://consult.test/consults/{consult_id}" in body
    assert not any(word in str(mail) for word in ("burn", "Sol", "Pat Patient", "superficial"))


async def test_every_notice_has_the_same_words(people: People, backends: Backends) -> None:
    """EM-1."""
    first = await people.patient.open_consult(reason="Scald")
    await people.specialist.attach(first, make_jpeg(320, 240))
    await people.other_patient.open_consult(kind="emergency")
    await people.ems.say(await people.ems.open_consult(kind="emergency"), "ETA 20 min")

    await work(backends, tasks_of(backends))

    texts = {
        (mail["Subject"], ID.sub("(id)", mail.get_content().replace("\r\n", "\n")))
        for mail in mails(backends)
    }
    assert texts == {("You have a new message", NOTICE)}
    lengths = {len(mail.get_content()) for mail in mails(backends)}
    assert len(lengths) == 1


async def test_a_burst_is_one_mail_to_each(people: People, backends: Backends) -> None:
    consult_id = await people.patient.open_consult()
    await work(backends, tasks_of(backends))
    before = addressees(backends)
    for number in range(5):
        await people.patient.attach(consult_id, make_jpeg(320, 240, quality=70 + number))
        await people.patient.say(consult_id, f"Photo {number}")

    await work(backends, tasks_of(backends))

    assert set((addressees(backends) - before).values()) == {1}


async def test_who_cannot_read_it_any_more_is_not_told(people: People, backends: Backends) -> None:
    consult_id = await people.patient.open_consult()
    await people.specialist.say(consult_id, "I have it.")

    await work(backends, tasks_of(backends))

    # The other specialist was to hear of the new consult; it was taken before the mail went.
    assert people.other_specialist.user.email not in addressees(backends)
