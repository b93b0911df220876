"""What became of the patient, as those who advised are shown it."""

from typing import Self

from starlette.responses import Response
from starlette.routing import Route

from api.auditing import put_on_record
from api.auth import actor_of
from api.openapi import operation
from api.shapes import Shape, Time
from api.state import ConsultRequest
from consult.access import Action
from consult.consults import get_seat
from consult.models import AdviceTaken, Healing, PatientOutcome, Went
from consult.outcomes import get_outcome


class OutcomeRead(Shape):
    asked_at: Time
    answered_at: Time | None
    went: Went | None
    healing: Healing | None
    advice_taken: AdviceTaken | None

    @classmethod
    def of(cls, outcome: PatientOutcome) -> Self:
        return cls.model_validate(outcome.model_dump())


@operation(
    "Read what became of the patient.",
    action=Action.OUTCOME_READ,
    returns=OutcomeRead,
    errors=(403, 404),
)
async def get_patient_outcome(request: ConsultRequest) -> Response:
    actor, consult_id = await actor_of(request), request.path_params["consult_id"]
    async with request.state["backends"].database.reads() as session:
        seat = await get_seat(session, actor, consult_id, Action.OUTCOME_READ)
        shown = OutcomeRead.of(await get_outcome(session, seat))
    await put_on_record(request, seat.actor, "outcome.viewed", consult_id, **seat.about)
    return shown.response()


routes = [Route("/api/consults/{consult_id:uuid}/outcome", get_patient_outcome, methods=["GET"])]
