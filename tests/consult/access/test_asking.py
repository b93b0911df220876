"""How a decision is asked for, how a refusal is told, and what proves that it was allowed."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from consult.access import (
    Action,
    Consent,
    Decision,
    Proof,
    Relation,
    Standing,
    Verdict,
    ask,
    noting,
    refusal,
    require,
)
from consult.bootstrap import Backends
from consult.consults import Seat, close_consult
from consult.errors import Conflict, ConsultError, Forbidden, Gone, NotFound, NotSignedIn
from consult.models import Actor, Consult, ConsultKind, Role, Urgency, Via, private

ROOT = Path(__file__).parents[3]


def actor(role: Role = Role.SPECIALIST, **more: object) -> Actor:
    return replace(Actor(uuid4(), role, "Sol", "sol@consult.test", Via.SESSION), **more)


class TestRequire:
    def test_it_returns_what_allowed_it(self) -> None:
        decision = require(actor(), Action.IMAGE_READ, relation=Relation.MEMBER)

        assert decision == Decision(Verdict.ALLOW, "seat_member")

    @pytest.mark.parametrize(
        ("action", "facts", "error", "code"),
        [
            (Action.IMAGE_READ, {}, NotFound, "not_found"),
            (Action.PROXY_ADD, {"relation": Relation.MEMBER}, Forbidden, "forbidden"),
            (Action.SEAT_GIVE, {"relation": Relation.MEMBER}, Forbidden, "step_up_required"),
            (
                Action.IMAGE_READ,
                {"relation": Relation.MEMBER, "consent": Consent.WITHDRAWN},
                Forbidden,
                "consent_required",
            ),
            (
                Action.MESSAGE_POST,
                {"relation": Relation.MEMBER, "standing": Standing.CLOSED},
                Conflict,
                "consult_closed",
            ),
            (
                Action.MESSAGE_READ,
                {"relation": Relation.MEMBER, "standing": Standing.SHREDDED},
                Gone,
                "gone",
            ),
        ],
    )
    def test_each_refusal_is_told_in_its_own_way(
        self, action: Action, facts: dict[str, object], error: type[ConsultError], code: str
    ) -> None:
        with pytest.raises(error) as raised:
            require(actor(), action, **facts)  # pyright: ignore[reportArgumentType] - the facts of each case

        assert raised.value.code == code

    def test_whoever_proved_nothing_is_to_sign_in(self) -> None:
        with pytest.raises(NotSignedIn):
            require(actor(proof=Proof.NONE), Action.CONSULT_LIST)

    def test_a_token_is_good_for_its_scopes_and_nothing_else(self) -> None:
        narrow = actor(proof=Proof.TOKEN, scopes=frozenset({"consult.list"}))

        assert ask(narrow, Action.CONSULT_LIST).allowed
        with pytest.raises(Forbidden) as raised:
            require(narrow, Action.CONSULT_OPEN)
        assert raised.value.code == "out_of_scope"
        assert str(raised.value) == "This token is not good for this."

    def test_a_colleague_from_elsewhere_opens_nothing(self) -> None:
        with pytest.raises(NotFound):
            require(actor(ours=False), Action.CONSULT_OPEN)

    def test_every_verdict_but_the_good_one_has_its_words(self) -> None:
        for verdict in frozenset(Verdict) - {Verdict.ALLOW}:
            assert isinstance(refusal(Decision(verdict, "a rule")), ConsultError)

    def test_a_refusal_carries_the_rule_for_the_audit_trail(self) -> None:
        for decision in (
            ask(actor(), Action.IMAGE_READ),
            ask(actor(proof=Proof.TOKEN, scopes=frozenset[str]()), Action.CONSULT_LIST),
        ):
            assert refusal(decision).rule == decision.rule

    def test_what_is_asked_in_a_block_is_noted_and_nothing_after_it(self) -> None:
        with noting() as asked:
            ask(actor(), Action.CONSULT_LIST)
        ask(actor(), Action.CONSULT_OPEN)

        assert asked == {Action.CONSULT_LIST}


class TestSeat:
    def consult(self) -> Consult:
        subject = uuid4()
        return Consult(
            kind=ConsultKind.EMERGENCY,
            urgency=Urgency.STAT,
            reason=private("", subject),
            subject_id=subject,
            opened_by=uuid4(),
            service_id=uuid4(),
            study_instance_uid="2.25.1",
        )

    def test_there_is_none_without_leave(self) -> None:
        refused = Decision(Verdict.FORBIDDEN, "not_in_role")

        with pytest.raises(RuntimeError, match="not_in_role"):
            Seat(self.consult(), actor(), Relation.NONE, Action.IMAGE_READ, refused)

    async def test_one_that_was_taken_for_another_deed_is_refused(self, backends: Backends) -> None:
        allowed = require(actor(), Action.CONSULT_READ, relation=Relation.MEMBER)
        seat = Seat(self.consult(), actor(), Relation.MEMBER, Action.CONSULT_READ, allowed)

        async with backends.database.reads() as session:
            with pytest.raises(RuntimeError, match=r"consult\.read"):
                await close_consult(session, seat)


QUERIES = {
    *("select", "select_from", "join", "get", "get_one", "update", "delete", "aliased"),
    *("text", "exec_driver_sql"),
}
HEALTH = {
    *("Consult", "Message", "Photo", "Preview", "Event"),
    *("ImageRequest", "RequestedPhoto", "Review", "PatientOutcome", "Upload", "EarlyPreview"),
}
WITHOUT_A_SEAT = {
    "consult/consults/facts.py:known": "what the decision is taken by",
    "consult/consults/seats.py:_consent_to": "what the decision is taken by",
    "consult/consults/lifecycle.py:_opener": "whose id it is, before a seat is asked for",
    "consult/consults/taking.py:_holder": "who has it, for a colleague who was shown it before",
    "consult/notifications/hearing.py:page": "how urgent it is, for somebody who is being paged",
    "consult/handovers.py:weight_of": "how many there are of each priority, and not which",
    "consult/handovers.py:_open_consults": "which seats to ask for, in the place of who leaves",
    "consult/escalations.py:fire": "what is due, done by the service itself",
    "consult/escalations.py:release_abandoned": "the same",
    "consult/sending.py:_is_settled": "whether a page has become needless",
    "consult/sending.py:_delivered": "the time at which somebody was told",
    "consult/sending.py:_unreachable": "which page of whom waits is to look again",
    "consult/photos/rows.py:consult_of": "which consult to ask for a seat in",
    "consult/quotas.py:_require_consult": "how many photos there are, to its members",
    "consult/quotas.py:_require_hour": "when the actor's own photos came",
    "consult/quotas.py:_require_day": "how large the actor's own photos are",
    "consult/photos/rows.py:consult_of_either": "the same",
    "consult/quotas.py:_early": "how many there are, to their members or their sender",
    "consult/quotas.py:bytes_coming": "how large all will be that are on their way",
    "consult/quotas.py:_coming": "how many are on their way, and how large they will be",
    "consult/uploads/beginning.py:find_begun": "the actor's own, of a photo that they may send",
    "consult/uploads/beginning.py:begin_upload": "the same",
    "consult/uploads/beginning.py:_coming_by": "how many are on their way by a link",
    "consult/uploads/going_on.py:find_upload": "the actor's own; where it goes is asked next",
    "consult/uploads/going_on.py:finish_upload": "whether it is still wanted",
    "consult/uploads/going_on.py:drop_upload": "deletes, and shows nobody anything",
    "consult/uploads/sweeping.py:sweep_uploads": "the same",
    "consult/consults/events.py:_events_after": "the words of a query that `events_after` asks with a seat",
    "consult/consults/readers.py:disclosures_to_others": "which consults are the patient's own",
    "consult/consents.py:count_overdue": "a number, for a monitor",
    "consult/devices/claiming.py:_sent_by": "what a tablet sent, behind `_tablet_of`'s decision",
    "consult/devices/claiming.py:_unclaimed_photos": "the same",
    "consult/shredding.py:find_estate": "whose keys the operator is about to have forgotten",
    "consult/shredding.py:clear_up": "deletes and marks, and shows nobody anything",
    "consult/reviews.py:photos_to_review": "which consults wait; the seats are taken by it",
    "consult/image_requests/reading.py:overdue_requests": "the same",
    "consult/image_requests/reminding.py:mail_due_requests": "the clock's, for nobody's eyes",
    "consult/image_requests/reminding.py:end_of_closed": "the same",
    "consult/image_requests/reminding.py:_link_ends": "which service's times hold for it",
    "consult/outcomes.py:ask_for_outcomes": "the same",
    "consult/figures.py:turn_round_figures": "times and numbers, behind a decision of their own",
    "consult/tasks.py:send_image_request": "whom to write to, and whether still",
    "consult/tasks.py:send_outcome_question": "the same",
    "consult/tasks.py:sweep_orphans": "the names of stored files, none of what is in them",
}
"""The functions that query health data and take no seat, and why that is right."""

MAKERS = {
    "Seat": {"consult/consults/seats.py:_seat", "consult/consults/lifecycle.py:open_consult"},
    "read_one": {"consult/consults/seats.py:get_seat"},
    "read_known": {
        "consult/consults/facts.py:read_one",
        "consult/consults/seats.py:list_seats",
        "consult/consults/seats.py:seats_where",
    },
    "PatientSeat": {"consult/patients.py:get_patient"},
    "decide": {"consult/access/asking.py:ask"},
}
"""Who alone may call what makes a seat, or what one is made of."""


class TestLint:
    """AZ-8 in part: rows of health data are read through the proof of a decision or not at all."""

    def test_every_query_of_health_data_takes_a_seat(self) -> None:
        without = {
            where
            for where, function in functions()
            if queries(function) and not takes_a_seat(function)
        }

        assert without == WITHOUT_A_SEAT.keys()

    @pytest.mark.parametrize("made", MAKERS)
    def test_nothing_makes_a_seat_around_the_decision(self, made: str) -> None:
        assert {where for where, function in functions() if calls(function, made)} == MAKERS[made]

    def test_nothing_but_the_decision_makes_decisions(self) -> None:
        deciding = {where for where, function in functions() if calls(function, "Decision")}

        assert {where.partition(":")[0] for where in deciding} == {"consult/access/decision.py"}

    @pytest.mark.parametrize(
        "query",
        [
            "session.get(Photo, photo_id)",
            "session.get_one(models.Message, message_id)",
            "session.exec(select(Photo.note))",
            "session.exec(select(User, Consult).join(Consult))",
            "session.exec(select(func.max(Message.body)))",
            "session.exec(sa.select(Preview))",
            "session.exec(select(func.count()).select_from(Photo))",
            "session.exec(select(User).where(User.id.in_(select(Photo.created_by))))",
            "session.exec(update(Photo).returning(Photo.note))",
            "session.exec(text('SELECT note FROM photo'))",
        ],
    )
    def test_it_sees_a_query_however_it_is_written(self, query: str) -> None:
        (function,) = ast.parse(f"async def peek(session): return await {query}").body

        assert queries(function)
        assert not takes_a_seat(function)

    def test_it_does_not_take_any_name_for_a_seat(self) -> None:
        (function,) = ast.parse("async def peek(session, seat: UUID): ...").body

        assert not takes_a_seat(function)


def functions() -> Iterator[tuple[str, ast.AST]]:
    """Every function of the service, by file and name; what stands in none is the module's."""
    for path in sorted([*ROOT.glob("consult/**/*.py"), *ROOT.glob("api/**/*.py")]):
        where = path.relative_to(ROOT).as_posix()
        for node in ast.parse(path.read_text()).body:
            yield from named(where, node)


def named(where: str, node: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.ClassDef):
        for inner in node.body:
            yield from named(where, inner)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield f"{where}:{node.name}", node
    else:
        yield f"{where}:(module)", node


def queries(function: ast.AST) -> bool:
    """Whether it asks the database for rows or columns of health data."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    return any(name_of(call) in QUERIES and mentions(call) for call in calls)


def mentions(call: ast.Call) -> bool:
    nodes = list(ast.walk(call))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    texts = [node.value for node in nodes if isinstance(node, ast.Constant)]
    tables = "|".join(HEALTH).lower()
    written = any(re.search(rf"\bfrom \W*({tables})\b", str(text), re.IGNORECASE) for text in texts)
    return bool((names | attributes) & HEALTH) or written


def takes_a_seat(function: ast.AST) -> bool:
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    written = {ast.unparse(one.annotation) for one in arguments if one.annotation}
    return bool(written & {"Seat", "Sequence[Seat]", "PatientSeat"})


def calls(function: ast.AST, name: str) -> bool:
    return any(isinstance(node, ast.Call) and name_of(node) == name for node in ast.walk(function))


def name_of(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
