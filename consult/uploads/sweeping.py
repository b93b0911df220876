"""What is left of uploads goes: the abandoned, the finished, and what a crash left behind."""

from datetime import timedelta
from uuid import UUID

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.bootstrap import Backends
from consult.models import Upload, now

QUIET = timedelta(hours=1)
"""No request at an upload lasts that long without a byte; nor does one come between file and row."""


async def sweep_uploads(session: AsyncSession, backends: Backends) -> list[UUID]:
    """Forget the uploads that expired; return those whose bytes nobody wants any more."""
    await session.exec(delete(Upload).where(col(Upload.expires_at) < now() - QUIET))
    wanted = select(Upload.id).where(
        col(Upload.finished_at).is_(None), col(Upload.expires_at) > now()
    )
    kept = set((await session.exec(wanted)).all())
    stored = await backends.staging.list_ids(older_than=QUIET)
    return [upload_id for upload_id in stored if upload_id not in kept]
