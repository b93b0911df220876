import hmac
import json
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import desc, select

from consult import audit
from consult.audit import chain
from consult.bootstrap import Backends
from consult.errors import AuditUnavailable
from consult.models import Actor, AuditRow, Outcome, Role, Via, now

ACTOR = Actor(uuid4(), Role.SPECIALIST, "Sol", "sol@consult.test", Via.SESSION, uuid4())
TAMPERINGS = {
    "edited": "UPDATE auditrow SET action = 'photo.image.forgotten' WHERE seq = 3",
    "re-timed": "UPDATE auditrow SET at = '2020-01-01T00:00:00+00:00' WHERE seq = 3",
    "deleted": "DELETE FROM auditrow WHERE seq = 3",
    "deleted at the head": "DELETE FROM auditrow WHERE seq = 1",
    "blamed on another": "UPDATE auditrow SET actor_id = zeroblob(16) WHERE seq = 3",
    "forged": "UPDATE auditrow SET mac = zeroblob(32) WHERE seq = 3",
}


async def record(backends: Backends, count: int) -> None:
    for _ in range(count):
        async with backends.database.writes.begin() as session:
            await audit.record(session, ACTOR, "photo.image.viewed", uuid4(), consult_id=uuid4())


async def verify(backends: Backends, *anchors: audit.Anchor) -> audit.ChainReport:
    async with backends.database.reads() as session:
        return await audit.verify(session, anchors)


async def test_an_untouched_chain_is_whole(backends: Backends) -> None:
    await record(backends, 5)

    assert await verify(backends) == audit.ChainReport(rows=5, first_bad_seq=None)


async def test_an_empty_chain_is_whole(backends: Backends) -> None:
    assert await verify(backends) == audit.ChainReport(rows=0, first_bad_seq=None)


async def test_a_row_tells_who_did_what_by_which_way_in(backends: Backends) -> None:
    await record(backends, 1)

    async with backends.database.reads() as session:
        row = (await session.exec(select(AuditRow))).one()
    assert (row.actor_id, row.role, row.via, row.via_id) == (
        str(ACTOR.user_id),
        "specialist",
        "session",
        str(ACTOR.via_id),
    )
    assert "Sol" not in repr(row)


@pytest.mark.parametrize("sql", TAMPERINGS.values(), ids=TAMPERINGS)
async def test_tampering_is_found_and_placed(backends: Backends, sql: str) -> None:
    """AU-2."""
    await record(backends, 5)
    async with backends.database.writes.begin() as session:
        connection = await session.connection()
        for change in ("update", "delete"):
            await connection.execute(text(f"DROP TRIGGER auditrow_no_{change}"))
        await connection.execute(text(sql))

    assert (await verify(backends)).first_bad_seq == (1 if "head" in sql or "= 1" in sql else 3)


@pytest.mark.parametrize("sql", ["UPDATE auditrow SET seq = 9", "DELETE FROM auditrow"])
async def test_the_database_itself_refuses_a_change(backends: Backends, sql: str) -> None:
    """AU-2."""
    await record(backends, 1)

    with pytest.raises(IntegrityError, match="only grows"):
        async with backends.database.writes.begin() as session:
            await (await session.connection()).execute(text(sql))


async def test_a_rolled_back_deed_leaves_no_row(backends: Backends) -> None:
    await record(backends, 1)
    async with backends.database.writes() as session:
        await audit.record(session, ACTOR, "photo.attached", uuid4())
        await session.rollback()
    await record(backends, 1)

    assert await verify(backends) == audit.ChainReport(rows=2, first_bad_seq=None)


class TestRow:
    """AU-1 in part: what one row says."""

    async def test_it_says_everything_that_is_known(self, backends: Backends) -> None:
        patient, opened, photo, consult, device = (uuid4() for _ in range(5))
        proxy = Actor(
            uuid4(), Role.PATIENT, "Eva", None, Via.DEVICE, device, on_behalf_of=patient,
            address="192.0.2.7", request_id="r1",
        )  # fmt: skip
        before = now()
        row = await recorded(
            backends, proxy, "image.read", photo, consult_id=consult, patient_id=patient,
            outcome=Outcome.REFUSED, rule="stranger", purpose="teaching", break_glass_id=opened,
        )  # fmt: skip

        assert before.isoformat() <= row.at <= now().isoformat()
        assert len(row.mac) == 32
        assert row.model_dump(exclude={"at", "mac"}) == {
            "seq": 1,
            "actor_id": str(proxy.user_id),
            "role": "patient",
            "via": "device",
            "via_id": str(device),
            "action": "image.read",
            "object_id": str(photo),
            "consult_id": str(consult),
            "version": 2,
            "patient_id": str(patient),
            "consult_ids": None,
            "on_behalf_of": str(patient),
            "outcome": "refused",
            "rule": "stranger",
            "purpose": "teaching",
            "break_glass_id": str(opened),
            "address": "192.0.2.7",
            "request_id": "r1",
        }

    async def test_of_the_service_itself_it_says_only_what_was_done(
        self, backends: Backends
    ) -> None:
        row = await recorded(backends, None, "user.added")

        said = row.model_dump(exclude={"at", "mac"}, exclude_none=True)
        assert said == {"seq": 1, "action": "user.added", "version": 2, "outcome": "allowed"}

    @pytest.mark.parametrize(
        ("about", "purpose"),
        [
            ({}, None),
            ({"patient_id": UUID(int=1)}, None),
            ({"consult_id": UUID(int=1)}, "care"),
            ({"consult_ids": [UUID(int=1)]}, "care"),
            ({"consult_ids": []}, None),
            ({"consult_id": UUID(int=1), "purpose": "research"}, "research"),
        ],
    )
    async def test_what_concerns_a_consult_is_for_care_unless_it_says_otherwise(
        self, backends: Backends, about: dict[str, Any], purpose: str | None
    ) -> None:
        assert (await recorded(backends, ACTOR, "consult.viewed", **about)).purpose == purpose

    async def test_of_a_list_it_names_every_consult(self, backends: Backends) -> None:
        told = [uuid4(), uuid4()]
        row = await recorded(backends, ACTOR, "consults.listed", consult_ids=told)

        assert row.consult_ids == f"{told[0]} {told[1]}"

    async def test_it_says_where_the_request_came_from_unless_the_actor_does(
        self, backends: Backends
    ) -> None:
        audit.begin_occasion(address="198.51.100.1", request_id="r2")
        known = replace(ACTOR, address="192.0.2.7", request_id="r1")
        rows = [await recorded(backends, actor, "consult.viewed") for actor in (known, ACTOR, None)]

        assert [(row.address, row.request_id) for row in rows] == [
            ("192.0.2.7", "r1"),
            ("198.51.100.1", "r2"),
            ("198.51.100.1", "r2"),
        ]

    async def test_the_rows_of_a_request_are_counted(self, backends: Backends) -> None:
        audit.begin_occasion(address="", request_id="")
        assert audit.rows_left() == 0
        await record(backends, 2)
        assert audit.rows_left() == 2

        audit.begin_occasion(address="", request_id="")
        assert audit.rows_left() == 0

    def test_outside_of_a_request_there_are_none_to_count(self) -> None:
        assert audit.rows_left() == 0


class TestUnavailable:
    """AU-1. What cannot be recorded does not happen."""

    async def test_a_trail_that_takes_no_row_is_said_so(self, backends: Backends) -> None:
        audit.begin_occasion(address="", request_id="")
        async with backends.database.writes() as session:
            await (await session.connection()).execute(text("DROP TABLE auditrow"))
            with pytest.raises(AuditUnavailable):
                await audit.record(session, ACTOR, "photo.attached", uuid4())
            await session.rollback()

        assert audit.rows_left() == 0

    async def test_what_the_deed_got_wrong_is_not_the_trails_fault(
        self, backends: Backends
    ) -> None:
        await record(backends, 1)
        async with backends.database.writes() as session:
            taken = AuditRow(
                seq=1, at="", actor_id=None, role=None, via=None, via_id=None, action="",
                object_id=None, consult_id=None, mac=b"",
            )  # fmt: skip
            session.add(taken)
            with pytest.raises(IntegrityError):
                await audit.record(session, ACTOR, "photo.attached", uuid4())
            await session.rollback()


class TestChain:
    """AU-2. The mac is the one that is written down: in another form no trail of before holds."""

    async def test_it_is_made_by_hand_from_the_description_alone(self, backends: Backends) -> None:
        key, before = backends.database.writes().info["audit_key"], b""
        for _ in range(2):
            row = await recorded(
                backends, ACTOR, "photo.image.viewed", uuid4(), consult_id=uuid4(), rule="ä"
            )
            fields = sorted(row.model_dump(exclude={"mac"}).items())
            said = ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in fields)
            message = f"consult-audit-v2\0{{{said}}}\0".encode() + before

            assert row.mac == hmac.digest(key, message, "sha256")
            before = row.mac


class TestVerify:
    """AU-2. What the report says."""

    async def test_rows_before_the_first_bad_one_are_counted(self, backends: Backends) -> None:
        await record(backends, 5)
        await unguarded(backends, "DELETE FROM auditrow WHERE seq = 3")

        assert await verify(backends) == audit.ChainReport(rows=2, first_bad_seq=3)

    async def test_the_last_row_that_an_anchor_vouches_for_is_named(
        self, backends: Backends
    ) -> None:
        await record(backends, 5)
        anchors = [await anchor_of(backends, seq) for seq in (2, 4)]

        assert await verify(backends, *anchors) == audit.ChainReport(5, None, anchored=4)

    async def test_an_anchor_of_another_row_is_believed_more_than_the_chain(
        self, backends: Backends
    ) -> None:
        await record(backends, 5)
        true, forged = await anchor_of(backends, 4), audit.Anchor.of(2, b"another")

        assert await verify(backends, true, forged) == audit.ChainReport(1, 2)

    async def test_two_anchors_that_contradict_each_other_are_not_both_believed(
        self, backends: Backends
    ) -> None:
        await record(backends, 5)
        both = (await anchor_of(backends, 4), audit.Anchor.of(4, b"another"))

        for anchors in (both, both[::-1]):
            assert await verify(backends, *anchors) == audit.ChainReport(3, 4)

    @pytest.mark.parametrize("left", [0, 4])
    async def test_a_cut_tail_is_placed_after_the_last_row_and_nothing_is_vouched_for(
        self, backends: Backends, left: int
    ) -> None:
        await record(backends, 5)
        anchors = [await anchor_of(backends, seq) for seq in (1, 5)]
        await unguarded(backends, f"DELETE FROM auditrow WHERE seq > {left}")

        assert await verify(backends, *anchors) == audit.ChainReport(left, left + 1, anchored=0)

    async def test_a_chain_of_several_pages_is_walked_to_its_end(
        self, backends: Backends, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chain, "_PAGE", 2)
        await record(backends, 5)
        assert await verify(backends) == audit.ChainReport(rows=5, first_bad_seq=None)

        await unguarded(backends, "UPDATE auditrow SET rule = 'another' WHERE seq = 5")
        assert await verify(backends) == audit.ChainReport(rows=4, first_bad_seq=5)

    async def test_a_row_is_no_row_of_the_first_form_for_saying_so(
        self, backends: Backends
    ) -> None:
        """Nor is one of the first form a later one."""
        await record(backends, 3)
        await unguarded(
            backends,
            "UPDATE auditrow SET version = 1, outcome = NULL, purpose = NULL WHERE seq = 2",
        )

        assert (await verify(backends)).first_bad_seq == 2


async def recorded(
    backends: Backends, actor: Actor | None, action: str, *about: Any, **more: Any
) -> AuditRow:
    async with backends.database.writes.begin() as session:
        await audit.record(session, actor, action, *about, **more)
    async with backends.database.reads() as session:
        return (await session.exec(select(AuditRow).order_by(desc(AuditRow.seq)))).all()[0]


async def anchor_of(backends: Backends, seq: int) -> audit.Anchor:
    async with backends.database.reads() as session:
        return audit.Anchor.of(seq, (await session.get_one(AuditRow, seq)).mac)


async def unguarded(backends: Backends, sql: str) -> None:
    """Somebody with the database and without the key."""
    async with backends.database.writes.begin() as session:
        connection = await session.connection()
        for change in ("update", "delete"):
            await connection.execute(text(f"DROP TRIGGER auditrow_no_{change}"))
        await connection.execute(text(sql))
