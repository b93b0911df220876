"""Photos on their way: looked at first, sent once, refused in plain words, never lost."""

import re
from pathlib import Path

from playwright.sync_api import Route, expect

from tests.web.person import Person
from tests.web.pictures import make_photo


def test_a_photo_arrives_live_with_its_place_time_and_scrub(
    patient: Person, specialist: Person, photo: Path
) -> None:
    address = patient.ask_for_help("Look at this.")
    specialist.read(address)
    patient.choose_photos(photo)
    patient.page.get_by_label("Where on the body is Photo 1?").select_option("hand")
    patient.page.get_by_label("Which side is Photo 1?").select_option("L")

    patient.say("My hand.")

    message = specialist.page.get_by_role("article")
    expect(message).to_contain_text("My hand.")
    expect(message).to_contain_text("Left hand")
    expect(message).to_contain_text("2:14")
    expect(message).to_contain_text("Location and 1 other hidden item were removed.")
    picture = message.get_by_role("img", name=re.compile("Left hand, taken"))
    expect(picture).to_have_js_property("complete", value=True)
    assert picture.evaluate("image => image.naturalWidth") > 0


def test_a_photo_without_words_stands_in_the_thread_too(patient: Person, photo: Path) -> None:
    patient.ask_for_help("Only a photo.")
    patient.choose_photos(photo)

    patient.send()

    expect(patient.page.get_by_role("article").get_by_role("img")).to_be_visible()
    expect(patient.page.get_by_role("list", name="Photos to send")).to_be_hidden()


def test_a_photo_of_no_message_stands_at_its_place_in_time(
    patient: Person, specialist: Person, tmp_path: Path
) -> None:
    photo = make_photo(tmp_path / "small.jpg", size=(400, 300))
    address = patient.ask_for_help("Uploaded by another program.")
    patient.say("Before.")
    patient.page.evaluate(
        """async ([consult, bytes]) => {
            const {csrf_token} = await (await fetch("/api/session")).json();
            const answer = await fetch(`/api/consults/${consult}/photos/${crypto.randomUUID()}`, {
                method: "PUT", body: new Uint8Array(bytes),
                headers: {"X-CSRF-Token": csrf_token, "Content-Type": "image/jpeg"}});
            if (answer.status !== 201) throw new Error(await answer.text());
        }""",
        [address.rsplit("/", 1)[-1], list(photo.read_bytes())],
    )
    patient.say("After.")

    specialist.read(address)

    entries = specialist.page.get_by_role("article")
    expect(entries).to_have_count(3)
    expect(entries.nth(0)).to_contain_text("Before.")
    expect(entries.nth(1).get_by_role("img")).to_be_visible()
    expect(entries.nth(2)).to_contain_text("After.")


def test_photos_can_be_looked_at_and_taken_out_before_they_are_sent(
    patient: Person, photo: Path, tmp_path: Path
) -> None:
    sent: list[str] = []
    patient.page.on("request", lambda request: sent.append(request.method))
    patient.ask_for_help("Two photos.")
    sent.clear()

    patient.choose_photos(photo, make_photo(tmp_path / "second.jpg", size=(800, 600)))

    waiting = patient.page.get_by_role("list", name="Photos to send").get_by_role("listitem")
    expect(waiting).to_have_count(2)
    expect(waiting.first.get_by_role("img")).to_be_visible()
    assert "PUT" not in sent, "a photo left the phone before anybody said so"
    patient.page.get_by_role("button", name="Remove Photo 2").click()
    expect(waiting).to_have_count(1)
    patient.say("One.")
    expect(patient.page.get_by_role("article").get_by_role("img")).to_have_count(1)


def test_a_refused_photo_says_why_and_nothing_else_is_lost(
    patient: Person, photo: Path, tmp_path: Path
) -> None:
    patient.ask_for_help("One is no photo.")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"These are not the bytes of a photo.")
    patient.expected = {415, 422}
    patient.choose_photos(photo, broken)
    patient.write("Here they are.")

    patient.send()

    refused = patient.page.get_by_role("listitem").filter(has_text="Photo 2")
    expect(refused).to_contain_text("This kind of file cannot be used")
    expect(patient.page.get_by_role("alert")).to_contain_text("Remove it and send again")
    expect(patient.page.get_by_label("Your message")).to_have_value("Here they are.")
    expect(patient.page.get_by_role("listitem").filter(has_text="Photo 1")).to_contain_text("Sent")
    patient.page.get_by_role("button", name="Remove Photo 2").click()
    patient.send()
    message = patient.page.get_by_role("article").filter(has_text="Here they are.")
    expect(message.get_by_role("img")).to_have_count(1)


def test_without_a_line_nothing_is_lost_and_it_goes_by_itself_later(
    patient: Person, photo: Path
) -> None:
    """PW-1."""
    patient.ask_for_help("In a dead spot.")
    puts: list[str] = []
    patient.page.on(
        "request", lambda request: puts.append(request.url) if request.method == "PUT" else None
    )
    patient.choose_photos(photo)
    patient.write("Sent from the basement.")
    patient.page.context.set_offline(True)

    patient.send()

    alert = patient.page.get_by_role("form").get_by_role("alert")
    expect(alert).to_contain_text("Not sent yet")
    expect(patient.page.get_by_label("Your message")).to_have_value("Sent from the basement.")
    patient.page.context.set_offline(False)
    message = patient.page.get_by_role("article").filter(has_text="Sent from the basement.")
    expect(message.get_by_role("img")).to_have_count(1)
    uploads = [url for url in puts if "/photos/" in url]
    assert len(uploads) == 2
    assert len(set(uploads)) == 1, "another try must carry the same id"


def lose_the_first_answers(person: Person, path: str) -> list[str]:
    """Let each address below `path` be answered to nobody once; the addresses that were."""
    lost: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method != "PUT" or route.request.url in lost:
            return route.continue_()
        lost.append(route.request.url)
        route.fetch()  # it arrives
        return route.abort()  # and nobody hears of it

    person.page.route(re.compile(path), lose)
    return lost


def test_a_lost_answer_does_not_send_anything_twice(patient: Person, photo: Path) -> None:
    patient.page.route(re.compile("/events"), lambda route: route.abort())
    patient.ask_for_help("A tunnel.")
    lost = lose_the_first_answers(patient, "/photos/|/messages/")
    alert = patient.page.get_by_role("form").get_by_role("alert")
    patient.choose_photos(photo)
    patient.write("Once, please.")
    patient.send()
    expect(alert).to_contain_text("Not sent yet")
    patient.send()
    expect(alert).to_contain_text("reach Consult right now")

    patient.send()

    expect(patient.page.get_by_label("Your message")).to_have_value("")
    patient.page.reload()
    expect(patient.page.get_by_role("article")).to_have_count(1)
    expect(patient.page.get_by_role("article").get_by_role("img")).to_have_count(1)
    assert len(lost) == 2
    patient.page.unroute_all()


def test_a_message_that_shows_up_in_the_thread_has_been_sent(patient: Person) -> None:
    patient.ask_for_help("Another tunnel.")
    lost = lose_the_first_answers(patient, "/messages/")
    patient.write("It arrived after all.")

    patient.send()

    expect(patient.page.get_by_role("article")).to_contain_text("It arrived after all.")
    expect(patient.page.get_by_label("Your message")).to_have_value("")
    expect(patient.page.get_by_role("button", name="Send")).to_be_visible()
    assert len(lost) == 1
    patient.page.unroute_all()


def test_a_blurred_photo_comes_with_advice_and_is_sent_all_the_same(
    patient: Person, tmp_path: Path
) -> None:
    patient.ask_for_help("Shaky hands.")
    patient.choose_photos(make_photo(tmp_path / "blurred.jpg", blurred=True))

    patient.say("Is this good enough?")

    message = patient.page.get_by_role("article")
    expect(message.get_by_role("img")).to_be_visible()
    expect(message).to_contain_text("blurred")


def test_the_whole_picture_opens_with_its_certificate_and_its_dicom_file(
    patient: Person, specialist: Person, photo: Path
) -> None:
    address = patient.ask_for_help("Open it.")
    patient.choose_photos(photo)
    patient.say("Look closer.")
    specialist.read(address)

    specialist.page.get_by_role("button", name="Open photo").click()

    viewer = specialist.page.get_by_role("dialog")
    picture = viewer.get_by_role("img")
    expect(picture).to_have_js_property("naturalWidth", 1200)
    viewer.get_by_text("Location and 1 other hidden item were removed.").click()
    expect(viewer.get_by_text("Found and taken out: camera settings, location.")).to_be_visible()
    expect(viewer.get_by_text("Not one pixel was changed.")).to_be_visible()
    with specialist.page.expect_download() as download:
        viewer.get_by_role("link", name="Download DICOM").click()
    assert download.value.path().read_bytes()[128:132] == b"DICM"
    viewer.get_by_role("button", name="Make the photo larger").click()
    expect(picture).to_have_css("width", "1200px")
    specialist.page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    expect(specialist.page.get_by_role("button", name="Open photo")).to_be_focused()


def test_a_patient_is_not_offered_the_dicom_file(patient: Person, photo: Path) -> None:
    patient.ask_for_help("My own photo.")
    patient.choose_photos(photo)
    patient.say("Mine.")

    patient.page.get_by_role("button", name="Open photo").click()

    viewer = patient.page.get_by_role("dialog")
    expect(viewer.get_by_role("img")).to_be_visible()
    expect(viewer.get_by_role("link", name="Download DICOM")).to_be_hidden()


def test_a_coordinator_is_told_of_a_photo_and_never_fetches_it(
    patient: Person, coordinator: Person, photo: Path
) -> None:
    address = patient.ask_for_help("A private place.")
    patient.choose_photos(photo)
    patient.say("Here.")

    coordinator.read(address)

    message = coordinator.page.get_by_role("article")
    expect(message).to_contain_text("Seen only by the patient and those who treat")
    expect(message.get_by_role("img")).to_have_count(0)


def test_the_camera_button_asks_for_the_camera_on_the_back(patient: Person) -> None:
    patient.ask_for_help("Camera.")

    camera = patient.page.get_by_label("Take a photo")

    expect(camera).to_have_attribute("capture", "environment")
    expect(patient.page.get_by_label("Choose photos")).to_have_attribute("multiple", "")
