"""Notices as .eml files: the default until a mail server is set, and how tests read them."""

from pathlib import Path

from anyio import to_thread

from consult.backends.files import make_directory, write_durably
from consult.backends.mail import Message, as_email
from consult.clock import now


class FolderMailer:
    def __init__(self, folder: Path, *, sender: str) -> None:
        self._folder = folder
        self._sender = sender
        self._partials = folder / "partial"
        make_directory(self._partials)

    async def send(self, message: Message) -> None:
        """Write `<time>-<message id without brackets>.eml`, unless this message was written before."""
        await to_thread.run_sync(self._write, message)

    def _write(self, message: Message) -> None:
        name = message.message_id.strip("<>")
        if any(self._folder.glob(f"*-{name}.eml")):
            return
        moment = now().strftime("%Y%m%dT%H%M%S.%fZ")
        path = self._folder / f"{moment}-{name}.eml"
        email = as_email(message, sender=self._sender)
        write_durably(path, [email.as_bytes()], partials=self._partials)
