"""`consult keys …` against a service in a process of its own."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from tests import service as services
from tests.imaging.photos import make_jpeg
from tests.service import ROOT, Service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    with services.running(tmp_path_factory.mktemp("keys") / "data") as service:
        for name in ("pat", "eva"):
            service.add_user(f"{name}@consult.test", "patient")
        yield service


def test_a_first_start_says_where_the_key_is_and_to_back_it_up(service: Service) -> None:
    said = service.data_dir.with_name("data.log").read_text()

    assert f"A key was made: {service.data_dir}-keys/kek.json" in said
    assert "Back it up" in said


def test_the_status_tells_ids_and_counts_and_never_a_key(service: Service) -> None:
    (kek,) = ring(service)
    said = service.command("keys", "status")

    assert f"key       {kek['id']}  made {kek['made_at']}  wraps 3 subjects' keys" in said
    assert kek["key"] not in "".join(said)


def test_the_doctor_tells_the_id_and_never_the_key(service: Service) -> None:
    (kek,) = ring(service)
    done = consult(service, "doctor")

    assert f"ok      keys: {kek['id']}" in done.stdout
    assert kek["key"] not in done.stdout + done.stderr


def test_a_rotation_is_not_noticed_by_who_uses_the_service(service: Service) -> None:
    """EN-3. Online: what was sealed before is read, and more is sealed, without a restart."""
    (before,) = ring(service)
    with signed_in(service, "eva@consult.test") as http:
        consult_id = http.post("/api/consults", json={"kind": "follow_up"}).json()["id"]
        photo = f"/api/consults/{consult_id}/photos/{uuid4()}"
        photo_id = http.put(photo, content=make_jpeg(320, 240)).json()["id"]

        said = service.command("keys", "rotate")

        (after,) = ring(service)
        assert said[1] == f"Removed: {before['id']}."
        assert after["id"] != before["id"]
        assert http.get(f"/api/photos/{photo_id}/image").status_code == 200
        emergency = http.post("/api/consults", json={"kind": "emergency", "reason": "New"})
        assert emergency.json()["reason"] == "New"
    assert service.command("audit", "verify")[-1].endswith("is whole.")


def test_a_shredding_is_seen_by_the_service_at_once(service: Service) -> None:
    """EN-4. By command, while the service has read with the key."""
    with signed_in(service, "pat@consult.test") as http:
        assert http.get("/api/me").json()["name"] == "Pat"
        wrapped = wrapped_keys(service)

        said = service.command("keys", "shred", "--patient", "pat@consult.test")

        assert "0 consults. No key is left in keys.db." in said[0]
        assert http.get("/api/me").status_code == 401
    (gone,) = set(wrapped) - set(wrapped_keys(service))
    files = [path for path in service.data_dir.rglob("*") if path.is_file()]
    assert [path for path in files if gone in path.read_bytes()] == []
    assert "in backups until" in service.command("keys", "report")[0]
    assert consult(service, "keys", "shred", "--patient", "pat@consult.test").returncode == 2


def test_only_patients_are_shredded(service: Service) -> None:
    service.add_user("sol@consult.test", "specialist")
    done = consult(service, "keys", "shred", "--patient", "sol@consult.test")

    assert (done.returncode, done.stderr) == (2, "consult: Only patients are shredded.\n")


@pytest.mark.parametrize("command", [["serve"], ["keys", "status"], ["migrate"]])
def test_a_service_whose_key_is_missing_does_not_start(
    service: Service, tmp_path: Path, command: list[str]
) -> None:
    """EN-5. In words on stderr, and without making another key."""
    shutil.copytree(service.data_dir, tmp_path / "data")
    alone = Service(tmp_path / "data", services.free_port(), service.process)
    done = consult(alone, *command)

    if command == ["migrate"]:  # nothing is to be sealed: it does not ask for the key
        assert done.returncode == 0
    else:
        assert done.returncode == 2
        assert done.stderr.startswith("consult: CONSULT_KEY_FILE: ")
        assert "is missing" in done.stderr
    assert not (tmp_path / "data-keys").exists()


def test_a_copy_of_the_data_without_its_keys_database_does_not_start(
    service: Service, tmp_path: Path
) -> None:
    """EN-5. The other half is missing: a new one would be of no use."""
    with closing(sqlite3.connect(service.data_dir / "consult.db")) as connection:
        (tmp_path / "data").mkdir()
        connection.execute("VACUUM INTO ?", (str(tmp_path / "data" / "consult.db"),))
    shutil.copytree(f"{service.data_dir}-keys", tmp_path / "data-keys")
    done = consult(Service(tmp_path / "data", services.free_port(), service.process), "serve")

    assert done.returncode == 2
    assert "keys.db is missing or empty" in done.stderr


def consult(service: Service, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "api", *arguments],
        cwd=ROOT,
        env=service.environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def signed_in(service: Service, email: str) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {service.token(email)}"}
    return httpx2.Client(base_url=service.origin, headers=headers, timeout=60)


def ring(service: Service) -> list[dict[str, str]]:
    return json.loads(Path(f"{service.data_dir}-keys", "kek.json").read_text())["keys"]


def wrapped_keys(service: Service) -> list[bytes]:
    with closing(sqlite3.connect(service.data_dir / "keys.db")) as connection:
        query = "SELECT wrapped FROM subject WHERE wrapped IS NOT NULL"
        return [row[0] for row in connection.execute(query)]
