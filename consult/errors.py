"""The errors that a caller of Consult may handle.

    ConsultError
    ├── NotSignedIn          nobody is signed in, or the session has ended
    ├── Forbidden            known to you, but not yours to do
    ├── NotFound             no such thing, or not yours to see: the two cannot be told apart
    ├── Gone                 yours to see, but shredded: it cannot be read by anybody any more
    ├── Damaged              what was kept has been changed or cut off, and is not shown
    ├── Conflict             the thing is in a state, or has an id, that does not allow it
    │   ├── NotPossible          this step does not lead on from here; says which do
    │   ├── WrongOffset          an upload does not go on there; says where it does
    │   └── Taken                a colleague was first; says who
    ├── Locked               somebody else is at it this moment
    ├── ChecksumMismatch     what arrived is not what was sent
    ├── InvalidRequest       the request cannot be read
    │   └── InvalidFields        it can, but some of its fields are wrong; each is named
    ├── TooMuch              more than the limits allow for now; says when to try again
    │   └── Busy                 the limit is the service's own, not this person's
    ├── StorageFull          the disk has no room for another photo
    ├── AuditUnavailable     it cannot be put on record, so it does not happen
    └── InvalidPhoto         the bytes cannot become a photo of this consult
        ├── UnsupportedPhoto     a kind of file, or a coding, that cannot be kept faithfully
        ├── PhotoTooLarge        more bytes or more pixels than the caps allow
        └── UnreadablePhoto      damaged, incomplete, or not a picture at all

`code` is stable and made for programs; the message is made for the person who sent the
thing, says what to do next, and never repeats what was sent.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID


class ConsultError(Exception):
    """Something that a caller can handle."""

    code = "error"
    rule: str | None = None
    """The rule of access that refused, for the audit trail; None when it was no such rule."""

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross the border between a decode worker and the service.
        return _rebuild, (type(self), self.message, self.code)


class NotSignedIn(ConsultError):
    code = "not_signed_in"


class Forbidden(ConsultError):
    code = "forbidden"


class NotFound(ConsultError):
    code = "not_found"

    def __init__(self, message: str = "There is no such thing, or it is not yours to see.") -> None:
        super().__init__(message)


class Gone(ConsultError):
    code = "gone"

    def __init__(
        self, message: str = "This was deleted for good. Nobody can read it any more."
    ) -> None:
        super().__init__(message)


class Damaged(ConsultError):
    code = "damaged"

    def __init__(
        self,
        message: str = "What was kept here is damaged and is not shown. "
        "Tell the people who run this service.",
    ) -> None:
        super().__init__(message)


class Conflict(ConsultError):
    code = "conflict"


class NotPossible(Conflict):
    """`possible` are the steps that this person can take instead."""

    code = "not_possible"

    def __init__(self, state: str, step: str, possible: Sequence[str]) -> None:
        super().__init__(f"The step {step} is not possible while the consult is {state}.")
        self.possible = list(possible)


class WrongOffset(Conflict):
    """`offset` is where the upload goes on."""

    code = "wrong_offset"

    def __init__(self, offset: int) -> None:
        super().__init__("The upload does not go on at this byte. Ask where it does.")
        self.offset = offset


class Taken(Conflict):
    """`holder` is who has it, by id and name."""

    code = "taken"
    rule = "taken"

    def __init__(self, holder_id: UUID, name: str) -> None:
        super().__init__(f"{name} has taken this consult. Speak to them.")
        self.holder_id, self.name = holder_id, name


class Locked(ConsultError):
    code = "upload_locked"

    def __init__(
        self, message: str = "Another request is at this upload. Try again in a moment."
    ) -> None:
        super().__init__(message)


class ChecksumMismatch(ConsultError):
    code = "checksum_mismatch"

    def __init__(self) -> None:
        super().__init__("These bytes changed on their way, and were not kept. Send them again.")


class InvalidRequest(ConsultError):
    code = "invalid_request"


class InvalidFields(InvalidRequest):
    """`faults` maps each field to what is wrong with it, in words; never to its value."""

    code = "invalid_fields"

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("Some fields are wrong. Each is named in errors.")
        self.faults = dict(faults)


class TooMuch(ConsultError):
    """`retry_after` is in seconds."""

    code = "too_much"

    def __init__(self, message: str, *, code: str | None = None, retry_after: int) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class Busy(TooMuch):
    code = "busy"


class StorageFull(ConsultError):
    code = "storage_full"


class AuditUnavailable(ConsultError):
    code = "audit_unavailable"

    def __init__(
        self, message: str = "This cannot be put on record now, so it is not shown. Try again soon."
    ) -> None:
        super().__init__(message)


class InvalidPhoto(ConsultError):
    code = "invalid_photo"


class UnsupportedPhoto(InvalidPhoto):
    code = "unsupported_photo"


class PhotoTooLarge(InvalidPhoto):
    code = "photo_too_large"


class UnreadablePhoto(InvalidPhoto):
    code = "unreadable_photo"


def _rebuild(cls: type[ConsultError], message: str, code: str) -> ConsultError:
    error = cls.__new__(cls)
    ConsultError.__init__(error, message, code=code)
    return error
