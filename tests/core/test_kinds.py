"""Every kind of draft has the fields that the mission gives it."""

from typing import Any

import pytest

from app.core.errors import InvalidValue, UnknownField, UnknownKind
from app.core.kinds import KINDS, FieldType, OnSubmit, kind_named


def test_the_kinds_and_their_prose() -> None:
    prose = {
        name: [field for field, rule in kind.fields.items() if rule.type is FieldType.TEXT]
        for name, kind in KINDS.items()
    }
    assert prose == {
        "document": ["text"],
        "bug_report": ["description"],
        "feature_request": ["description"],
        "form": [],
        "message": ["content"],
    }


def test_what_submitting_means() -> None:
    assert {name: kind.on_submit for name, kind in KINDS.items()} == {
        "document": OnSubmit.FINISH,
        "bug_report": OnSubmit.SUBMISSION,
        "feature_request": OnSubmit.SUBMISSION,
        "form": OnSubmit.SUBMISSION,
        "message": OnSubmit.PUBLISH,
    }
    assert {kind.expires_days for kind in KINDS.values()} == {30}


@pytest.mark.parametrize("name", sorted(KINDS))
def test_first_values_are_valid_and_not_shared(name: str) -> None:
    kind = kind_named(name)
    first = kind.first_fields()
    for field, value in first.items():
        if not (field in {"form"} or kind.field(field).nullable):
            assert kind.field(field).validated(field, value) == value
        if isinstance(value, dict | list):
            assert kind.first_fields()[field] is not value


@pytest.mark.parametrize(
    "kind, field, value",
    [
        ("document", "title", "t" * 255),
        ("document", "description", "long " * 1000),
        ("bug_report", "metadata", {"browser": "x"}),
        ("form", "subject", None),
        ("form", "subject", "0199a3b0-0000-7000-8000-000000000001"),
        ("form", "completed_steps", ["basics"]),
        ("form", "data.price", 12.5),
        ("form", "data.note", "text"),
        ("form", "text.about", "A first line.\nA second."),
        ("form", "required", ["data.title"]),
        ("message", "target_date", "2026-03-31"),
        ("message", "target_date", None),
        ("message", "message_type", "milestone"),
    ],
)
def test_what_fields_hold(kind: str, field: str, value: Any) -> None:
    assert kind_named(kind).field(field).validated(field, value) == value


@pytest.mark.parametrize(
    "kind, field, value",
    [
        ("document", "title", None),
        ("document", "title", 5),
        ("bug_report", "metadata", []),
        ("bug_report", "metadata", {"x": "y" * 70_000}),
        ("bug_report", "metadata", {"x": float("nan")}),
        ("bug_report", "metadata", {"x": "\ud83d"}),
        ("form", "subject", "gig 5"),
        ("form", "completed_steps", [1]),
        ("form", "completed_steps", "basics"),
        ("form", "data.note", "\0"),
        ("form", "text.about", 5),
        ("form", "form_version", "1"),
        ("message", "target_date", "31.3.2026"),
        ("message", "message_type", "poem"),
    ],
)
def test_what_fields_refuse(kind: str, field: str, value: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        kind_named(kind).field(field).validated(field, value)
    assert refused.value.values["field"] == field


@pytest.mark.parametrize("field", ["data.", "data", "price", "data.a b", "data." + "x" * 101, "text.", "text.a b"])
def test_a_form_has_only_its_own_names(field: str) -> None:
    with pytest.raises(UnknownField):
        kind_named("form").field(field)


def test_an_unknown_kind() -> None:
    with pytest.raises(UnknownKind):
        kind_named("poem")


@pytest.mark.parametrize(
    "fields, percent",
    [({}, 0), ({"title": "T"}, 50), ({"title": "T", "text": " \n"}, 50), ({"title": "T", "text": "x"}, 100)],
)
def test_completion_is_the_share_of_required_fields(fields: dict[str, str], percent: int) -> None:
    kind = kind_named("document")
    assert kind.completion(kind.first_fields(fields)) == percent


def test_a_form_names_what_it_needs_itself() -> None:
    kind = kind_named("form")
    fields = kind.first_fields({"form": "gig", "required": ["data.title", "text.about", "data.tags"]})
    assert (kind.completion(fields), kind.missing(fields)) == (0, ["data.title", "text.about", "data.tags"])
    fields |= {"data.title": "T", "text.about": " ", "data.tags": ["a"]}
    assert (kind.completion(fields), kind.missing(fields)) == (66, ["text.about"])
    assert kind.completion(kind.first_fields({"form": "gig"})) == 100


def test_an_id_is_kept_in_one_form() -> None:
    subject = kind_named("form").field("subject")
    plain = "0199a3b0-0000-7000-8000-00000000000a"
    assert subject.validated("subject", plain.upper()) == plain
