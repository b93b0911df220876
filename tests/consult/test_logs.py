import errno
import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import anyio
import pytest
import structlog
from aiosmtplib import SMTPRecipientRefused
from sqlalchemy.exc import OperationalError

from consult import logs
from consult.backends.jobs.table import Job
from consult.bootstrap import Backends
from consult.errors import NotFound

PHOTO_ID = UUID("0b8f9c1e-5a4d-4f0e-9a51-3f1f6b1f2a77")


class Lines(io.StringIO):
    def read_all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def only(self) -> dict[str, Any]:
        (line,) = self.read_all()
        return line


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Logging as the service sets it up, into memory; put back as it was afterwards."""
    root = logging.getLogger()
    handlers, level, raises = root.handlers[:], root.level, logging.raiseExceptions
    lines = Lines()
    logs.configure("info", stream=lines)
    yield lines
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raises


class TestOwnLines:
    """LG-2."""

    def test_a_line_is_one_json_object_with_level_and_time(self, lines: Lines) -> None:
        structlog.get_logger().info("photo.attached", photo_id=PHOTO_ID, bytes=17, status=201)

        line = lines.only()
        assert (line["event"], line["level"]) == ("photo.attached", "info")
        assert (line["photo_id"], line["bytes"], line["status"]) == (str(PHOTO_ID), 17, 201)
        assert line["timestamp"].endswith("Z")

    def test_a_field_that_is_not_on_the_list_is_dropped(self, lines: Lines) -> None:
        structlog.get_logger().info("message.posted", body="my arm hurts", name="Jane", seq=3)

        assert set(lines.only()) == {"event", "level", "timestamp", "seq"}

    @pytest.mark.parametrize(
        "value",
        [
            "jane@example.org",
            "/api/consults?name=Jane",
            "Jane\nDoe",
            "Müller",
            "x" * 301,
            b"x",
            {"a": 1},
        ],
    )
    def test_a_value_that_may_be_a_persons_words_is_dropped(
        self, lines: Lines, value: object
    ) -> None:
        structlog.get_logger().info("request.done", route=value)

        assert lines.only()["route"] == "(dropped)"

    def test_a_route_template_passes(self, lines: Lines) -> None:
        structlog.get_logger().info("request.done", route="/api/photos/{photo_id:uuid}/image")

        assert lines.only()["route"] == "/api/photos/{photo_id:uuid}/image"

    def test_the_request_id_goes_with_every_line(self, lines: Lines) -> None:
        structlog.contextvars.bind_contextvars(request_id="r1")
        structlog.get_logger().info("request.done")

        assert lines.only()["request_id"] == "r1"

    def test_less_severe_lines_are_left_out(self, lines: Lines) -> None:
        structlog.get_logger().debug("too.much")
        logging.getLogger("sqlalchemy").debug("too much")

        assert lines.read_all() == []


class TestExceptions:
    """LG-3."""

    def test_are_told_by_type_and_place_without_their_words(self, lines: Lines) -> None:
        try:
            fail("jane@example.org")
        except ValueError:
            structlog.get_logger().exception("request.failed")

        line = lines.only()
        assert line["error_type"] == "ValueError"
        assert [place.rpartition(":")[0] for place in line["trace"]] == [
            f"{__name__}:TestExceptions.test_are_told_by_type_and_place_without_their_words",
            f"{__name__}:fail",
        ]
        assert "jane" not in lines.getvalue()

    def test_of_a_library_too(self, lines: Lines) -> None:
        try:
            fail("jane@example.org")
        except ValueError:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")

        assert lines.only()["error_type"] == "ValueError"
        assert "jane" not in lines.getvalue()

    def test_told_after_the_fact_keep_their_place(self, lines: Lines) -> None:
        with pytest.raises(ValueError, match="jane") as caught:
            fail("jane@example.org")
        structlog.get_logger().error("request.failed", exc_info=caught.value)

        assert lines.only()["trace"][-1].startswith(f"{__name__}:fail:")

    def test_a_line_that_only_says_so_has_none(self, lines: Lines) -> None:
        structlog.get_logger().error("request.failed", exc_info=True)

        assert "error_type" not in lines.only()

    def test_the_place_is_where_it_was_raised(self) -> None:
        with pytest.raises(ValueError, match="jane") as caught:
            fail("jane@example.org")

        assert logs.place(caught.value).startswith(f"ValueError at {__name__}:fail:")

    async def test_of_a_group_the_first_is_told(self) -> None:
        with pytest.raises(ExceptionGroup) as caught:
            async with anyio.create_task_group() as group:
                group.start_soon(fail_soon, "jane@example.org")

        assert logs.place(caught.value).startswith(f"ValueError at {__name__}:fail:")

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (OSError(errno.ENOSPC, "jane is too large"), errno.ENOSPC),
            (SMTPRecipientRefused(550, "who is jane?", "jane@example.org"), 550),
            (NotFound(), "not_found"),
            (ValueError("jane"), None),
        ],
    )
    def test_a_code_tells_the_operator_what_the_words_would_have(
        self, error: Exception, code: object
    ) -> None:
        fields = logs.describe(error)

        assert fields.get("error_code") == code
        assert "jane" not in str(fields)

    async def test_a_database_error_is_told_by_its_name(self, backends: Backends) -> None:
        async with backends.database.reads() as session:
            session.add(Job(name="a", args={}, run_at=datetime.now(UTC)))
            with pytest.raises(OperationalError) as caught:
                await session.flush()

        assert logs.describe(caught.value)["error_code"] == "SQLITE_READONLY"

    def test_one_that_was_never_raised_has_no_place(self) -> None:
        assert logs.place(KeyError("jane")) == "KeyError"


class TestLibraries:
    """LG-3."""

    def test_only_say_that_they_spoke(self, lines: Lines) -> None:
        logging.getLogger("asyncio").error("Task failed: %r", {"name": "Jane Doe"})

        line = lines.only()
        assert (line["event"], line["logger"], line["level"]) == (
            "library.logged",
            "asyncio",
            "error",
        )
        assert "Jane" not in lines.getvalue()

    def test_a_line_that_cannot_be_formatted_is_not_printed_either(
        self, lines: Lines, capsys: pytest.CaptureFixture[str]
    ) -> None:
        logging.getLogger("asyncio").error("%d photos", "Jane Doe")

        assert "Jane" not in lines.getvalue() + "".join(capsys.readouterr())

    def test_the_server_may_speak_of_itself(self, lines: Lines) -> None:
        logging.getLogger("uvicorn.error").info("Started server process [%d]", 7)

        assert lines.only()["event"] == "Started server process [7]"


def test_a_terminal_gets_text_with_the_same_care(lines: Lines) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    logs.configure("info", stream=terminal)
    structlog.get_logger().warning("job.failed", job_id=7, email="jane@example.org")

    assert "job.failed" in terminal.getvalue()
    assert "jane" not in terminal.getvalue()


async def fail_soon(words: str) -> None:
    await anyio.sleep(0.01)
    fail(words)


def fail(words: str) -> None:
    raise ValueError(words)
