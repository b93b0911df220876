"""Rows of the trail as FHIR R4 AuditEvents, in the patterns of IHE BALP. Pure: rows in, dicts out.

No names go out: people are identified by the ids that they have here.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from consult.models import AuditRow, Outcome

_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_EVENT_TYPE = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_OBJECT_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_RESTFUL = "http://hl7.org/fhir/restful-interaction"
_SOURCE_TYPE = "http://terminology.hl7.org/CodeSystem/security-source-type"
_BALP = "https://profiles.ihe.net/ITI/BALP"
_URN = "urn:ietf:rfc:3986"

Resource = dict[str, Any]


@dataclass(frozen=True)
class Observer:
    """The service that kept the trail."""

    name: str
    origin: str
    """Its public address, as `https://consult.example`."""


@dataclass(frozen=True)
class _Kind:
    """What sort of event a deed is."""

    type: Resource
    subtype: Resource
    action: str
    interaction: str = ""
    """The name of the BALP pattern: Read, Query, Create or Update; empty when there is none."""


def event(row: AuditRow, observer: Observer) -> Resource:
    """One AuditEvent."""
    kind = _kind(row.action)
    made: Resource = {
        "resourceType": "AuditEvent",
        "type": kind.type,
        "subtype": [kind.subtype],
        "action": kind.action,
        "recorded": row.at,
        "outcome": _outcome(row),
        "agent": list(_agents(row, kind, observer)),
        "source": {
            "site": observer.name,
            "observer": _identified(observer.origin),
            "type": [_coding(_SOURCE_TYPE, "4", "Application Server")],
        },
    }
    if kind.interaction:
        made["meta"] = {"profile": [_profile(row, kind)]}
    if row.rule and row.outcome == Outcome.REFUSED:
        made["outcomeDesc"] = row.rule
    if reason := _reason(row):
        made["purposeOfEvent"] = [{"coding": [reason]}]
    if entities := list(_entities(row, kind)):
        made["entity"] = entities
    return made


def bundle(rows: Iterable[AuditRow], observer: Observer) -> Resource:
    """The answer to a search: each event in its place in the trail."""
    entries = [
        {
            "fullUrl": f"{observer.origin}/api/audit/{row.seq}",
            "resource": event(row, observer) | {"id": str(row.seq)},
            "search": {"mode": "match"},
        }
        for row in rows
    ]
    return {"resourceType": "Bundle", "type": "searchset"} | ({"entry": entries} if entries else {})


_READS = ("viewed", "followed", "read", "exported")
_CREATES = ("opened", "attached", "begun", "previewed", "turned", "posted")
_HEALTH = ("consult", "consults", "photo", "message", "messages", "image", "readers", "disclosures")
_REFUSED_CREATES = ("open", "attach", "turn", "turn_others", "post", "post_to_clinicians")


def _kind(action: str) -> _Kind:
    noun, _, verb = action.partition(".")
    if noun == "audit":
        return _Kind(_dcm("110101", "Audit Log Used"), _dcm("110101", "Audit Log Used"), "R")
    if noun == "session":
        word = ("110122", "Login") if verb == "opened" else ("110123", "Logout")
        return _Kind(_dcm("110114", "User Authentication"), _dcm(*word), "E")
    if noun not in _HEALTH:
        changed = _dcm("110137", "User Security Attributes Changed")
        return _Kind(_dcm("110113", "Security Alert"), changed, "E")
    return _rest(verb.rpartition(".")[2])


def _rest(verb: str) -> _Kind:
    if verb in ("listed", "list"):
        return _interaction("search-type", "E", "Query")
    if verb in _CREATES or verb in _REFUSED_CREATES:
        return _interaction("create", "C", "Create")
    if verb in _READS:
        return _interaction("read", "R", "Read")
    return _interaction("update", "U", "Update")


def _interaction(code: str, action: str, name: str) -> _Kind:
    rest = _coding(_EVENT_TYPE, "rest", "RESTful Operation")
    return _Kind(rest, _coding(_RESTFUL, code, code), action, name)


def _profile(row: AuditRow, kind: _Kind) -> str:
    about = "Patient" if row.patient_id else ""
    return f"{_BALP}/StructureDefinition/IHE.BasicAudit.{about}{kind.interaction}"


def _outcome(row: AuditRow) -> str:
    """0 success, 4 minor failure, 8 serious failure: what should not be able to happen."""
    if row.action == "passkey.counter_went_back":
        return "8"
    return "4" if row.outcome == Outcome.REFUSED else "0"


def _reason(row: AuditRow) -> Resource | None:
    if row.break_glass_id:
        return _coding(_REASON, "BTG", "break the glass")
    if row.purpose == "care" and row.role == "patient":
        return _coding(_REASON, "PATRQT", "patient requested")
    match row.purpose:
        case "care":
            return _coding(_REASON, "TREAT", "treatment")
        case "teaching":
            return _coding(_REASON, "TRAIN", "training")
        case "research":
            return _coding(_REASON, "HRESCH", "healthcare research")
        case _:
            return None


def _agents(row: AuditRow, kind: _Kind, observer: Observer) -> Iterable[Resource]:
    # BALP: of what is read the server is the source, of all else the client is.
    source, destination = _dcm("110153", "Source Role ID"), _dcm("110152", "Destination Role ID")
    reads = kind.interaction == "Read"
    if row.actor_id:
        yield {
            "type": {"coding": [destination if reads else source]},
            "who": _identified(_urn(row.via_id or row.actor_id)),
            "requestor": False,
            "network": _network(row),
        }
    yield {
        "type": {"coding": [source if reads else destination]},
        "who": _identified(observer.origin),
        "requestor": not row.actor_id,
        "network": {"address": urlsplit(observer.origin).hostname or observer.origin, "type": "1"},
    }
    if row.actor_id:
        yield {
            "type": {"coding": [_coding(_PARTICIPATION, "IRCP", "information recipient")]},
            "role": [{"text": row.role}],
            "who": _identified(_urn(row.actor_id)),
            "requestor": True,
        }
    if row.on_behalf_of:
        yield {
            "type": {"text": "on behalf of"},
            "who": _identified(_urn(row.on_behalf_of)),
            "requestor": False,
        }


def _network(row: AuditRow) -> Resource:
    if row.address:
        return {"address": row.address, "type": "2"}
    return {"address": row.via or "unknown", "type": "5"}  # 5: a name for where it came from


def _entities(row: AuditRow, kind: _Kind) -> Iterable[Resource]:
    if kind.interaction and row.patient_id:
        yield _entity({"reference": f"Patient/{row.patient_id}"}, "1", "1")
    if kind.interaction == "Query":
        # The words of a search are not kept: only that this was asked.
        asked = {"query": base64.b64encode(b"/api/consults").decode()}
        yield _entity(None, "2", "24") | asked
    elif row.object_id:
        yield _entity(_object(row), "2", "4")
    for consult_id in (row.consult_ids or "").split():
        yield _entity({"reference": f"ServiceRequest/{consult_id}"}, "2", "4")
    if row.request_id:
        request = {"system": f"{_BALP}/CodeSystem/BasicAuditEntityType", "code": "XrequestId"}
        yield {"what": {"identifier": {"value": row.request_id}}, "type": request}


def _object(row: AuditRow) -> Resource:
    noun = row.action.partition(".")[0]
    kinds = {
        "photo": "Media",
        "image": "Media",
        "message": "Communication",
        "messages": "ServiceRequest",
        "consult": "ServiceRequest",
        "readers": "ServiceRequest",
    }
    if noun in kinds and row.outcome != Outcome.REFUSED:
        return {"reference": f"{kinds[noun]}/{row.object_id}"}
    return _identified(_urn(str(row.object_id)))


def _entity(what: Resource | None, kind: str, role: str) -> Resource:
    types = {"1": "Person", "2": "System Object"}
    roles = {"1": "Patient", "4": "Domain Resource", "24": "Query"}
    made = {
        "type": _coding(_ENTITY_TYPE, kind, types[kind]),
        "role": _coding(_OBJECT_ROLE, role, roles[role]),
    }
    return ({"what": what} if what else {}) | made


def _identified(value: str) -> Resource:
    return {"identifier": {"system": _URN, "value": value}}


def _urn(uuid: str) -> str:
    return f"urn:uuid:{uuid}"


def _dcm(code: str, display: str) -> Resource:
    return _coding(_DCM, code, display)


def _coding(system: str, code: str, display: str) -> Resource:
    return {"system": system, "code": code, "display": display}
