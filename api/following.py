"""Somebody who follows a consult live: the right to look, and what is new since they last heard.

To show the right anew at every word costs more than the word does, with 200 pages open. So it is
shown at every doubt: a seat, a proxy or a consent changed, a way in was closed, something happened
that is more than a word or a photo, or five seconds are over (AZ-10).
"""

from dataclasses import dataclass
from math import inf
from random import uniform
from time import monotonic

from api.auth import actor_of
from api.state import ConsultRequest
from consult.accounts import topic_of_user
from consult.consults import Happened, Seat, events_after, get_seat, topic_of_rights
from consult.errors import NotFound

_PROOF_SECONDS = (2.5, 5.0)
"""So long a proof lasts, by chance: two hundred pages that were opened at once do not all ask at once."""
_CHANGES_NO_RIGHT = {"message.posted", "photo.attached"}


@dataclass
class Following:
    request: ConsultRequest
    seat: Seat
    _proven_until: float = -inf
    _doubts: int = 0

    @property
    def _of_rights(self) -> tuple[str, str]:
        return topic_of_rights(self.seat.consult.id), topic_of_user(self.seat.actor.user_id)

    @property
    def topics(self) -> tuple[str, ...]:
        return (self.seat.topic, *self._of_rights)

    async def news(self, number: int) -> list[Happened]:
        """Events after `number`. Raises ConsultError: there is no right to look any more."""
        if self._in_doubt():
            return await self._proven_news(number)
        backends = self.request.state["backends"]
        events = await self.request.state["news"].after(backends, self.seat, number)
        if all(kind in _CHANGES_NO_RIGHT for _, kind, _ in events):
            return events
        return await self._proven_news(number)

    def proven_for(self) -> float:
        """Seconds until the right has to be shown again, whatever rings before."""
        return max(0.0, self._proven_until - monotonic())

    def _in_doubt(self) -> bool:
        doubts = self.request.state["backends"].doorbell.rings(*self._of_rights)
        return doubts != self._doubts or not self.proven_for()

    async def _proven_news(self, number: int) -> list[Happened]:
        """Show the right and read in one look at the database: nothing lies between the two."""
        backends, began = self.request.state["backends"], monotonic()
        self._doubts = backends.doorbell.rings(*self._of_rights)
        actor = await actor_of(self.request, touch=False)
        async with backends.database.reads() as session:
            seat = await get_seat(session, actor, self.seat.consult.id)
            if seat.topic != self.seat.topic:  # another view has other numbers: begin anew
                raise NotFound
            events = await events_after(session, seat, number)
        self._proven_until = began + uniform(*_PROOF_SECONDS)  # noqa: S311 - no secret
        return events


async def seat_of(request: ConsultRequest) -> Seat:
    """Whose request it is, and their place in the consult. Raises NotSignedIn, NotFound."""
    actor = await actor_of(request, touch=False)
    async with request.state["backends"].database.reads() as session:
        return await get_seat(session, actor, request.path_params["consult_id"])
