"""The settings of the edge: how long, how many, how much before the service says no."""

import ipaddress
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field


def _addresses(value: str) -> str:
    """Take addresses and networks (CIDR), separated by commas; none is an empty string."""
    parts = [part.strip() for part in value.split(",") if part.strip()]
    try:
        for part in parts:
            ipaddress.ip_network(part)
    except ValueError:
        raise ValueError("is a list of addresses such as 10.0.0.2,10.1.0.0/16") from None
    return ",".join(parts)


class Edge(BaseModel):
    trusted_proxies: Annotated[str, AfterValidator(_addresses)] = Field(
        default="127.0.0.1,::1",
        description="Addresses and networks of the proxies in front, separated by commas: their "
        "X-Forwarded-For is believed, and they may hold as many connections as they like.",
    )
    header_seconds: float = Field(
        default=10, gt=0, description="A request's headers arrive within this many seconds."
    )
    body_grace_seconds: float = Field(
        default=60,
        gt=0,
        description="A request's body may be slower than CONSULT_BODY_BYTES_PER_SECOND for this "
        "long; a reader of an answer may stall for this long.",
    )
    body_bytes_per_second: int = Field(
        default=1024, ge=1, description="The slowest link, on average, that a body may come over."
    )
    keep_alive_seconds: int = Field(
        default=15, ge=1, description="A connection may be idle between requests for this long."
    )
    max_connections: int = Field(
        default=1000, ge=2, description="Open connections; a request on one more is answered 503."
    )
    max_connections_per_address: int = Field(
        default=20,
        ge=1,
        description="Open connections of one address on which nobody is signed in; one more "
        "closes the oldest that waits.",
    )
    sign_in_requests_per_minute: int = Field(
        default=120,
        ge=1,
        description="Requests to enrol or sign in that one address may make within a minute.",
    )
    photos_per_consult: int = Field(
        default=200, ge=1, description="Photos that a consult takes, turned ones included."
    )
    photos_per_hour: int = Field(
        default=60, ge=1, description="Photos that one person may attach within an hour."
    )
    photo_bytes_per_day: int = Field(
        default=500_000_000, ge=1, description="Bytes of photos that one person may attach a day."
    )
    upload_bytes_in_flight: int = Field(
        default=256 * 1024 * 1024,
        ge=1,
        description="Bytes of uploads that are held in memory at the same time.",
    )
    decode_queue: int = Field(
        default=32, ge=1, description="Photos that may wait to be worked on; one more is told 429."
    )
    free_space_percent: float = Field(
        default=5,
        ge=0,
        le=100,
        description="With less of the photos' disk free than this, uploads are refused (507) and "
        "reading goes on.",
    )

    @property
    def trusted_networks(self) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        return [ipaddress.ip_network(part) for part in self.trusted_proxies.split(",") if part]
