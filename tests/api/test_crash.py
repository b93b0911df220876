"""kill -9 at any moment: what was answered is there afterwards, and everything still works."""

import random
import threading
import time
from pathlib import Path
from uuid import uuid4

import httpx2

from tests import service as services
from tests.imaging.photos import make_jpeg


def test_what_was_answered_survives_and_nothing_is_half_there(tmp_path: Path) -> None:
    dice, data = random.Random(4), tmp_path / "data"
    photos = {str(uuid4()): make_jpeg(320, 240, quality=70 + n) for n in range(12)}
    answered: set[str] = set()
    with services.running(data) as service:
        service.add_user("pat@consult.test", "patient")
        headers = {"Authorization": f"Bearer {service.token('pat@consult.test')}"}
        with httpx2.Client(base_url=service.origin, headers=headers) as http:
            consult = http.post("/api/consults", json={"kind": "follow_up"}).json()["id"]
        port = service.port

    for _ in range(4):
        with services.start(data, port=port) as service:
            sender = threading.Thread(
                target=_send, args=(service, headers, consult, photos, answered)
            )
            sender.start()
            time.sleep(dice.uniform(0.02, 0.3))
            service.kill()
            sender.join()

    with (
        services.start(data, port=port) as service,
        httpx2.Client(base_url=service.origin, headers=headers) as http,
    ):
        present = {photo["id"] for photo in http.get(f"/api/consults/{consult}").json()["photos"]}
        assert answered <= present
        for photo_id in present:
            assert http.get(f"/api/photos/{photo_id}/image").status_code == 200
        for photo_id, body in photos.items():
            path = f"/api/consults/{consult}/photos/{photo_id}"
            assert http.put(path, content=body).status_code in (200, 201)
        whole = http.get(f"/api/consults/{consult}").json()
        assert {photo["id"] for photo in whole["photos"]} == set(photos)
        assert whole["photo_count"] == len(photos)
        assert service.command("audit", "verify")[-1].endswith("is whole.")


def _send(
    service: services.Service,
    headers: dict[str, str],
    consult: str,
    photos: dict[str, bytes],
    answered: set[str],
) -> None:
    try:
        with httpx2.Client(base_url=service.origin, headers=headers) as http:
            for photo_id, body in photos.items():
                path = f"/api/consults/{consult}/photos/{photo_id}"
                if http.put(path, content=body).status_code in (200, 201):
                    answered.add(photo_id)
    except httpx2.TransportError:
        return  # killed in the middle: what was not answered may or may not be there
