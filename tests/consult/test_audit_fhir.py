"""AuditEvents as FHIR R4 and IHE BALP have them."""

import base64
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from fhir.resources.R4B.bundle import Bundle

from consult.audit import fhir
from consult.audit.reading import WORDS
from consult.models import AuditRow

OBSERVER = fhir.Observer("Burn Centre", "https://consult.test")
ACTOR, SESSION, PATIENT, CONSULT, PHOTO, REQUEST = (str(uuid4()) for _ in range(6))
DEEDS = [
    *WORDS,
    "consult.opened",
    "consult.closed",
    "consult.followed",
    "message.posted",
    "messages.read",
    "disclosures.exported",
    "audit.viewed",
    "session.opened",
    "session.ended",
    "user.added",
    "token.created",
    "passkey.counter_went_back",
    "consult.read",
    "image.read",
    "message.post",
    "photo.attach",
    "something.unheard_of",
]


def row(action: str = "photo.image.viewed", **changed: Any) -> AuditRow:
    fields: dict[str, Any] = {
        "seq": 7, "at": "2026-11-24T08:00:00.123456+00:00", "actor_id": ACTOR,
        "role": "specialist", "via": "session", "via_id": SESSION, "action": action,
        "object_id": PHOTO, "consult_id": CONSULT, "mac": b"", "version": 2,
        "patient_id": PATIENT, "outcome": "allowed", "rule": "seat_member", "purpose": "care",
        "address": "192.0.2.7", "request_id": REQUEST,
    }  # fmt: skip
    return AuditRow(**fields | changed)


def bare(action: str) -> AuditRow:
    """A row of the first form, of the service itself."""
    return row(
        action, actor_id=None, role=None, via=None, via_id=None, object_id=None, consult_id=None,
        version=1, patient_id=None, outcome=None, rule=None, purpose=None, address=None,
        request_id=None,
    )  # fmt: skip


class TestEveryDeed:
    """AU-3."""

    @pytest.mark.parametrize("action", DEEDS)
    def test_it_is_a_valid_audit_event(self, action: str) -> None:
        for one in (
            row(action),
            bare(action),
            row(action, outcome="refused", patient_id=None, on_behalf_of=PATIENT),
            row(action, address=None, consult_ids=f"{CONSULT} {PHOTO}"),
        ):
            AuditEvent.model_validate(fhir.event(one, OBSERVER))

    @pytest.mark.parametrize("action", DEEDS)
    def test_exactly_one_agent_asked_for_it(self, action: str) -> None:
        for one in (row(action), bare(action)):
            agents = fhir.event(one, OBSERVER)["agent"]
            assert [agent["requestor"] for agent in agents].count(True) == 1

    def test_a_bundle_of_them_is_valid_and_so_is_one_of_none(self) -> None:
        rows = [row(action, seq=seq) for seq, action in enumerate(DEEDS, 1)]

        Bundle.model_validate(fhir.bundle(rows, OBSERVER))
        assert "entry" not in fhir.bundle([], OBSERVER)


class TestPatientRead:
    """AU-3. The rules of BALP's PatientRead."""

    event = fhir.event(row(), OBSERVER)

    def test_it_is_a_restful_read(self) -> None:
        assert self.event["meta"]["profile"] == [
            "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientRead"
        ]
        assert code(self.event["type"]) == ("audit-event-type", "rest")
        assert [code(subtype) for subtype in self.event["subtype"]] == [
            ("restful-interaction", "read")
        ]
        assert (self.event["action"], self.event["outcome"]) == ("R", "0")
        assert self.event["recorded"] == "2026-11-24T08:00:00.123456+00:00"

    def test_the_client_is_the_destination_and_the_server_the_source_each_with_a_network(
        self,
    ) -> None:
        client, server = agent(self.event, "110152"), agent(self.event, "110153")
        assert client["network"] == {"address": "192.0.2.7", "type": "2"}
        assert client["who"]["identifier"]["value"] == f"urn:uuid:{SESSION}"
        assert server["network"] == {"address": "consult.test", "type": "1"}
        assert not client["requestor"]
        assert not server["requestor"]

    def test_the_user_asked_and_has_no_network(self) -> None:
        user = agent(self.event, "IRCP")
        assert user["requestor"] is True
        assert "network" not in user
        assert user["who"]["identifier"]["value"] == f"urn:uuid:{ACTOR}"

    def test_patient_and_photo_are_its_entities_and_the_request_is_named(self) -> None:
        by_role = {
            entity["role"]["code"]: entity for entity in self.event["entity"] if "role" in entity
        }
        assert by_role["1"]["what"] == {"reference": f"Patient/{PATIENT}"}
        assert by_role["1"]["type"]["code"] == "1"
        assert by_role["4"]["what"] == {"reference": f"Media/{PHOTO}"}
        assert by_role["4"]["type"]["code"] == "2"
        (request,) = [entity for entity in self.event["entity"] if "role" not in entity]
        assert request["type"]["code"] == "XrequestId"
        assert request["what"]["identifier"]["value"] == REQUEST

    def test_it_says_what_for(self) -> None:
        assert reasons(row()) == ["TREAT"]
        assert reasons(row(role="patient")) == ["PATRQT"]
        assert reasons(row(purpose="teaching")) == ["TRAIN"]
        assert reasons(row(purpose="research")) == ["HRESCH"]
        assert reasons(row(break_glass_id=str(uuid4()))) == ["BTG"]
        assert reasons(row(purpose=None)) == []

    def test_no_name_goes_out(self) -> None:
        assert "name" not in self.event["agent"][2]
        assert "display" not in self.event["agent"][2]["who"]


class TestOtherPatterns:
    """AU-3. Query, create, update, and what is not about a record."""

    def test_a_list_is_a_query_with_its_words_and_what_it_found(self) -> None:
        event = fhir.event(
            row("consults.listed", object_id=None, patient_id=None, consult_ids=CONSULT), OBSERVER
        )

        assert event["meta"]["profile"][0].endswith("IHE.BasicAudit.Query")
        assert (event["action"], code(event["subtype"][0])[1]) == ("E", "search-type")
        query = next(entity for entity in event["entity"] if "query" in entity)
        assert (query["type"]["code"], query["role"]["code"]) == ("2", "24")
        assert base64.b64decode(query["query"]) == b"/api/consults"
        assert {"reference": f"ServiceRequest/{CONSULT}"} in whats(event)

    @pytest.mark.parametrize("action", ["photo.attached", "message.posted", "consult.opened"])
    def test_what_is_sent_comes_from_the_client(self, action: str) -> None:
        event = fhir.event(row(action), OBSERVER)

        assert event["meta"]["profile"][0].endswith("IHE.BasicAudit.PatientCreate")
        assert event["action"] == "C"
        assert agent(event, "110153")["network"]["address"] == "192.0.2.7"
        assert agent(event, "110152")["network"]["address"] == "consult.test"

    def test_a_change_is_an_update(self) -> None:
        event = fhir.event(row("consult.closed"), OBSERVER)

        assert event["meta"]["profile"][0].endswith("IHE.BasicAudit.PatientUpdate")
        assert event["action"] == "U"

    def test_a_refusal_is_a_minor_failure_and_names_its_rule(self) -> None:
        event = fhir.event(row("image.read", outcome="refused", rule="stranger"), OBSERVER)

        assert (event["outcome"], event["outcomeDesc"]) == ("4", "stranger")
        assert code(event["subtype"][0])[1] == "read"

    def test_what_cannot_happen_is_a_serious_failure(self) -> None:
        assert fhir.event(row("passkey.counter_went_back"), OBSERVER)["outcome"] == "8"

    @pytest.mark.parametrize(
        ("action", "type_", "subtype"),
        [
            ("session.opened", "110114", "110122"),
            ("session.ended", "110114", "110123"),
            ("audit.viewed", "110101", "110101"),
            ("user.added", "110113", "110137"),
        ],
    )
    def test_what_is_no_record_of_a_patient_has_the_words_of_dicom(
        self, action: str, type_: str, subtype: str
    ) -> None:
        event = fhir.event(row(action), OBSERVER)

        assert (code(event["type"])[1], code(event["subtype"][0])[1]) == (type_, subtype)
        assert "meta" not in event

    def test_whoever_is_spoken_for_is_an_agent_that_did_not_ask(self) -> None:
        event = fhir.event(row(on_behalf_of=PATIENT), OBSERVER)

        (other,) = [one for one in event["agent"] if one.get("type", {}).get("text")]
        assert other["who"]["identifier"]["value"] == f"urn:uuid:{PATIENT}"
        assert not other["requestor"]


DCM = "http://dicom.nema.org/resources/ontology/DCM"
CODES = "http://terminology.hl7.org/CodeSystem"
RESTFUL = "http://hl7.org/fhir/restful-interaction"
BALP = "https://profiles.ihe.net/ITI/BALP"


def coded(system: str, word: str, display: str) -> dict[str, str]:
    return {"system": system, "code": word, "display": display}


def urn(value: str) -> dict[str, Any]:
    return {"identifier": {"system": "urn:ietf:rfc:3986", "value": value}}


REST = coded(f"{CODES}/audit-event-type", "rest", "RESTful Operation")
SOURCE = {"coding": [coded(DCM, "110153", "Source Role ID")]}
DESTINATION = {"coding": [coded(DCM, "110152", "Destination Role ID")]}
HERE = {"address": "consult.test", "type": "1"}
OBSERVED = {
    "site": "Burn Centre",
    "observer": urn("https://consult.test"),
    "type": [coded(f"{CODES}/security-source-type", "4", "Application Server")],
}
USER = {
    "type": {"coding": [coded(f"{CODES}/v3-ParticipationType", "IRCP", "information recipient")]},
    "role": [{"text": "specialist"}],
    "who": urn(f"urn:uuid:{ACTOR}"),
    "requestor": True,
}
PERSON = {
    "what": {"reference": f"Patient/{PATIENT}"},
    "type": coded(f"{CODES}/audit-entity-type", "1", "Person"),
    "role": coded(f"{CODES}/object-role", "1", "Patient"),
}
RESOURCE = {
    "type": coded(f"{CODES}/audit-entity-type", "2", "System Object"),
    "role": coded(f"{CODES}/object-role", "4", "Domain Resource"),
}
ASKED = {
    "what": {"identifier": {"value": REQUEST}},
    "type": {"system": f"{BALP}/CodeSystem/BasicAuditEntityType", "code": "XrequestId"},
}


class TestWholeEvents:
    """AU-3. Every word of an event, written out: systems, codes and displays as they are defined."""

    def test_of_a_photo_that_was_seen(self) -> None:
        assert fhir.event(row(on_behalf_of=PATIENT), OBSERVER) == {
            "resourceType": "AuditEvent",
            "meta": {"profile": [f"{BALP}/StructureDefinition/IHE.BasicAudit.PatientRead"]},
            "type": REST,
            "subtype": [coded(RESTFUL, "read", "read")],
            "action": "R",
            "recorded": "2026-11-24T08:00:00.123456+00:00",
            "outcome": "0",
            "purposeOfEvent": [{"coding": [coded(f"{CODES}/v3-ActReason", "TREAT", "treatment")]}],
            "agent": [
                {
                    "type": DESTINATION,
                    "who": urn(f"urn:uuid:{SESSION}"),
                    "requestor": False,
                    "network": {"address": "192.0.2.7", "type": "2"},
                },
                {
                    "type": SOURCE,
                    "who": urn("https://consult.test"),
                    "requestor": False,
                    "network": HERE,
                },
                USER,
                {
                    "type": {"text": "on behalf of"},
                    "who": urn(f"urn:uuid:{PATIENT}"),
                    "requestor": False,
                },
            ],
            "source": OBSERVED,
            "entity": [PERSON, {"what": {"reference": f"Media/{PHOTO}"}} | RESOURCE, ASKED],
        }

    def test_of_a_list_that_was_refused_by_way_of_a_command(self) -> None:
        listed = row(
            "consult.list", outcome="refused", rule="not_in_role", patient_id=None, via_id=None,
            via="command", address=None, consult_ids=None, purpose=None, request_id=None,
        )  # fmt: skip

        assert fhir.event(listed, OBSERVER) == {
            "resourceType": "AuditEvent",
            "meta": {"profile": [f"{BALP}/StructureDefinition/IHE.BasicAudit.Query"]},
            "type": REST,
            "subtype": [coded(RESTFUL, "search-type", "search-type")],
            "action": "E",
            "recorded": "2026-11-24T08:00:00.123456+00:00",
            "outcome": "4",
            "outcomeDesc": "not_in_role",
            "agent": [
                {
                    "type": SOURCE,
                    "who": urn(f"urn:uuid:{ACTOR}"),
                    "requestor": False,
                    "network": {"address": "command", "type": "5"},
                },
                {
                    "type": DESTINATION,
                    "who": urn("https://consult.test"),
                    "requestor": False,
                    "network": HERE,
                },
                USER,
            ],
            "source": OBSERVED,
            "entity": [
                {
                    "query": base64.b64encode(b"/api/consults").decode(),
                    "type": coded(f"{CODES}/audit-entity-type", "2", "System Object"),
                    "role": coded(f"{CODES}/object-role", "24", "Query"),
                }
            ],
        }

    def test_of_what_the_service_did_itself(self) -> None:
        assert fhir.event(bare("user.added"), OBSERVER) == {
            "resourceType": "AuditEvent",
            "type": coded(DCM, "110113", "Security Alert"),
            "subtype": [coded(DCM, "110137", "User Security Attributes Changed")],
            "action": "E",
            "recorded": "2026-11-24T08:00:00.123456+00:00",
            "outcome": "0",
            "agent": [
                {
                    "type": DESTINATION,
                    "who": urn("https://consult.test"),
                    "requestor": True,
                    "network": HERE,
                }
            ],
            "source": OBSERVED,
        }

    def test_of_many_in_a_bundle(self) -> None:
        rows = [row(seq=seq) for seq in (7, 8)]

        assert fhir.bundle(rows, OBSERVER) == {
            "resourceType": "Bundle",
            "type": "searchset",
            "entry": [
                {
                    "fullUrl": f"https://consult.test/api/audit/{seq}",
                    "resource": fhir.event(one, OBSERVER) | {"id": str(seq)},
                    "search": {"mode": "match"},
                }
                for seq, one in zip((7, 8), rows, strict=True)
            ],
        }

    @pytest.mark.parametrize(
        ("action", "type_", "subtype", "sort"),
        [
            ("session.opened", ("110114", "User Authentication"), ("110122", "Login"), "E"),
            ("session.ended", ("110114", "User Authentication"), ("110123", "Logout"), "E"),
            ("audit.viewed", ("110101", "Audit Log Used"), ("110101", "Audit Log Used"), "R"),
        ],
    )
    def test_of_no_record_of_a_patient(
        self, action: str, type_: tuple[str, str], subtype: tuple[str, str], sort: str
    ) -> None:
        event = fhir.event(row(action), OBSERVER)

        assert event["type"] == coded(DCM, *type_)
        assert event["subtype"] == [coded(DCM, *subtype)]
        assert (event["action"], event["outcome"]) == (sort, "0")

    @pytest.mark.parametrize(
        ("action", "subtype", "sort", "pattern"),
        [
            ("photo.turned", "create", "C", "PatientCreate"),
            ("photo.turn_others", "create", "C", "PatientCreate"),
            ("image.read", "read", "R", "PatientRead"),
            ("consult.closed", "update", "U", "PatientUpdate"),
        ],
    )
    def test_of_a_record_of_a_patient(
        self, action: str, subtype: str, sort: str, pattern: str
    ) -> None:
        event = fhir.event(row(action), OBSERVER)

        assert event["type"] == REST
        assert event["subtype"] == [coded(RESTFUL, subtype, subtype)]
        assert event["action"] == sort
        assert event["meta"]["profile"] == [f"{BALP}/StructureDefinition/IHE.BasicAudit.{pattern}"]

    @pytest.mark.parametrize(
        ("changed", "word", "display"),
        [
            ({"role": "patient"}, "PATRQT", "patient requested"),
            ({"purpose": "teaching", "role": "patient"}, "TRAIN", "training"),
            ({"purpose": "research"}, "HRESCH", "healthcare research"),
            ({"break_glass_id": PHOTO}, "BTG", "break the glass"),
        ],
    )
    def test_of_what_for(self, changed: dict[str, str], word: str, display: str) -> None:
        event = fhir.event(row(**changed), OBSERVER)

        reason = coded(f"{CODES}/v3-ActReason", word, display)
        assert event["purposeOfEvent"] == [{"coding": [reason]}]

    @pytest.mark.parametrize(
        ("action", "of"),
        [
            ("photo.attached", "Media"),
            ("image.read", "Media"),
            ("message.posted", "Communication"),
            ("messages.viewed", "ServiceRequest"),
            ("consult.viewed", "ServiceRequest"),
            ("readers.viewed", "ServiceRequest"),
        ],
    )
    def test_of_the_thing_itself(self, action: str, of: str) -> None:
        def thing(**changed: Any) -> Any:
            return fhir.event(row(action, patient_id=None, **changed), OBSERVER)["entity"][0]

        assert thing() == {"what": {"reference": f"{of}/{PHOTO}"}} | RESOURCE
        # What was refused may never have been there: it is named, and not as a resource.
        assert thing(outcome="refused") == {"what": urn(f"urn:uuid:{PHOTO}")} | RESOURCE

    def test_of_somebody_who_came_by_no_way_that_was_noted(self) -> None:
        event = fhir.event(row(via=None, address=None), fhir.Observer("Burn Centre", "consult"))

        assert event["agent"][0]["network"] == {"address": "unknown", "type": "5"}
        assert event["agent"][1]["network"] == {"address": "consult", "type": "1"}


def code(coding: dict[str, str]) -> tuple[str, str]:
    return coding["system"].rpartition("/")[2], coding["code"]


def agent(event: dict[str, Any], wanted: str) -> dict[str, Any]:
    (one,) = [
        agent
        for agent in event["agent"]
        if any(coding["code"] == wanted for coding in agent["type"].get("coding", ()))
    ]
    return one


def whats(event: dict[str, Any]) -> Iterable[Any]:
    return [entity.get("what") for entity in event["entity"]]


def reasons(of: AuditRow) -> list[str]:
    event = fhir.event(of, OBSERVER)
    return [reason["coding"][0]["code"] for reason in event.get("purposeOfEvent", ())]
