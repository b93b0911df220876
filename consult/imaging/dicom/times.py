"""The times of an instance, all in one zone (PS3.3 C.12.1.1.8)."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo

from consult.imaging.dicom.context import InstanceContext
from consult.imaging.photo import ScrubbedPhoto


def times(photo: ScrubbedPhoto, context: InstanceContext) -> dict[str, object]:
    """Tell every time in the zone of the phone, and name that zone, where it is known.

    A phone that wrote its local time without an offset leaves the zone unknown: then no zone is
    named, and our own times stand as the context gives them. A photo without a capture time has
    no times but ours, told in UTC.
    """
    zone = _zone(photo)
    captured = photo.captured_at
    received = _in_zone(context.received_at, zone)
    is_capture = context.sop_class == "secondary-capture"
    return {
        "TimezoneOffsetFromUTC": f"{received:%z}" if zone else None,
        "AcquisitionDateTime": _date_time(captured, zone) if captured else None,
        **_pair("Content", captured or received),
        **_pair("InstanceCreation", _in_zone(context.created_at or context.received_at, zone)),
        "DateOfSecondaryCapture": _date(received) if is_capture else None,
        "TimeOfSecondaryCapture": _time(received) if is_capture else None,
        **_pair("Study", _in_zone(context.study_started_at, zone)),
        **_pair("Series", _in_zone(context.series_started_at or context.study_started_at, zone)),
    }


def _zone(photo: ScrubbedPhoto) -> tzinfo | None:
    if photo.captured_at is None:
        return UTC
    if photo.captured_offset is None:
        return None
    return _parse_offset(photo.captured_offset)


def _parse_offset(offset: str) -> tzinfo | None:
    """None for an offset that no place on Earth has, which DICOM refuses."""
    parsed = datetime.strptime(offset, "%z").utcoffset() or timedelta()
    return timezone(parsed) if timedelta(hours=-12) <= parsed <= timedelta(hours=14) else None


def _in_zone(time: datetime, zone: tzinfo | None) -> datetime:
    return time.astimezone(zone) if zone else time


def _pair(prefix: str, time: datetime) -> dict[str, object]:
    return {f"{prefix}Date": _date(time), f"{prefix}Time": _time(time)}


def _date(time: datetime) -> str:
    return f"{time:%Y%m%d}"


def _time(time: datetime) -> str:
    return f"{time:%H%M%S.%f}" if time.microsecond else f"{time:%H%M%S}"


def _date_time(captured: datetime, zone: tzinfo | None) -> str:
    offset = f"{captured.replace(tzinfo=zone):%z}" if zone else ""
    return _date(captured) + _time(captured) + offset
