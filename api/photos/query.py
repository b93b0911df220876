"""What the sender of a photo says of it, as words in a query."""

from typing import Annotated

from pydantic import BeforeValidator, StringConstraints

from api.bodies import Query
from consult.clinical.body_sites import Laterality, View, parse_site
from consult.errors import InvalidFields
from consult.photos import Facts


class PhotoQuery(Query):
    body_site: str | None = None
    # An empty word is none. pydantic asks the enum, whose own refusal would repeat the word.
    laterality: Annotated[Laterality | None, BeforeValidator(lambda word: word or None)] = None
    view: View | None = None
    note: Annotated[str, StringConstraints(max_length=1000)] = ""

    def facts(self) -> Facts:
        """`hand_left`, as body maps write it, is a hand and a side."""
        try:
            site, side = parse_site(self.body_site) if self.body_site else (None, None)
        except ValueError as error:
            raise InvalidFields({"body_site": str(error)}) from None
        if side and self.laterality not in (None, side):
            raise InvalidFields({"laterality": "This contradicts the side in body_site."})
        return Facts(site, side or self.laterality, self.view, self.note)
