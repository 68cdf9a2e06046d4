"""Scaffolds over the API: the installation's for everybody, and each user's own versions before them."""

import pytest
from fastapi.testclient import TestClient

from pipeline.service.app import create_app
from pipeline.settings import load_settings
from tests.service.asking import asking
from tests.service.serving import SECRET, token

MIA = {"name": "Mia", "description": "A nurse.", "background": "Works at night.", "traits": ["kind"], "style": "Short."}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with asking(tmp_path_factory.mktemp("scaffolds") / "data") as started:
        yield started


def test_a_new_installation_has_the_packaged_ones(tmp_path):
    settings = load_settings(data_dir=tmp_path, jwt_secret=SECRET)
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {token('ann')}"}) as ann:
        found = ann.get("/api/scaffolds", params={"limit": 1}).json()["data"]

    assert (found["total"] > 50, found["items"][0]["origin"]) == (True, "packaged")


def test_those_of_a_kind_are_listed_page_by_page(service):
    first = service.data("GET", "/api/scaffolds", params={"kind": "persona", "limit": 2}, user="eve")
    second = service.data("GET", "/api/scaffolds", params={"kind": "persona", "limit": 2, "page": 2}, user="eve")

    keys = [each["key"] for each in first["items"] + second["items"]]
    assert (len(set(keys)), sorted(keys)) == (4, keys)
    assert {each["kind"] for each in first["items"]} == {"persona"}
    assert first["total"] > 4
    assert service.data("GET", "/api/scaffolds", user="eve")["total"] > first["total"]


def test_an_edit_is_a_version_of_ones_own_and_nobody_elses(service):
    added = service.data("PUT", "/api/scaffolds/persona/mia", json={"content": MIA})
    edited = service.data("PUT", "/api/scaffolds/persona/mia", json={"content": {**MIA, "name": "Mia Holm"}})
    again = service.data("PUT", "/api/scaffolds/persona/mia", json={"content": edited["scaffold"]["content"]})
    off = service.data("PUT", "/api/scaffolds/persona/mia", json={"is_active": False})

    assert [each["is_new"] for each in (added, edited, again, off)] == [True, True, False, True]
    shown = service.data("GET", "/api/scaffolds/persona/mia")
    assert [(each["version"], each["name"], each["is_active"]) for each in shown["items"]] == [
        (3, "Mia Holm", False),
        (2, "Mia Holm", True),
        (1, "Mia", True),
    ]
    assert {(each["is_own"], each["origin"]) for each in shown["items"]} == {(True, "ann")}
    status, _said = service.refusal("GET", "/api/scaffolds/persona/mia", user="bob")
    assert status == 404


def test_one_of_the_installation_is_switched_off_for_oneself(service):
    off = service.data("PUT", "/api/scaffolds/persona/night_shift_carer", user="cy", json={"is_active": False})

    plan = service.data("POST", "/api/generation/estimate", user="cy", json={"items": 6})
    assert (off["scaffold"]["version"], off["scaffold"]["is_own"]) == (1, True)
    assert "night_shift_carer" not in {cell["persona"] for cell in plan["cells"]}
    others = service.data("POST", "/api/generation/estimate", user="bob", json={"items": 6})
    assert "night_shift_carer" in {cell["persona"] for cell in others["cells"]}
    shown = service.data("GET", "/api/scaffolds/persona/night_shift_carer", user="cy")["items"]
    assert [(each["is_own"], each["is_active"]) for each in shown] == [(True, False), (False, True)]


def test_what_says_the_same_as_the_installations_is_no_version_of_ones_own(service):
    same = service.data("PUT", "/api/scaffolds/persona/returning_parent", user="dee", json={"is_active": True})

    assert (same["is_new"], same["scaffold"]["is_own"]) == (False, False)


@pytest.mark.parametrize(
    ("place", "body", "status", "said"),
    [
        (
            "persona/mia",
            {"content": {"name": "", "traits": "kind", "nam": 1}},
            400,
            "persona mia: name: expected some text, found ''; description: expected a value, found none; "
            "background: expected a value, found none; traits: expected a list, found 'kind'; "
            "style: expected a value, found none; nam: expected one of its fields, found another; did you mean name?",
        ),
        ("persona/mia", {"content": {**MIA, "key": "mio"}}, 400, "key: expected mia, found 'mio'"),
        ("persona/mia", {"content": {**MIA, "is_active": True}}, 400, "is_active: expected it beside the content"),
        ("persona/nobody", {}, 404, "expected the key of a persona, found 'nobody': list them first"),
        ("persona/No-Key", {}, 422, "path.key: String should match pattern"),
        ("creature/mia", {}, 422, "path.kind: Input should be 'persona'"),
        ("persona/mia", {"content": MIA, "is_active": "yes"}, 422, "body.is_active: Input should be a valid boolean"),
    ],
)
def test_what_is_no_scaffold_is_refused_with_every_fault(service, place, body, status, said):
    found = service.refusal("PUT", f"/api/scaffolds/{place}", user="fay", json=body)

    assert found[0] == status
    assert found[1].startswith(said)


def test_what_does_not_fit_is_told_with_the_edit_and_by_the_check(service):
    odd = {**MIA, "arcs": ["worry_to_steadines"]}

    edited = service.data("PUT", "/api/scaffolds/persona/odd", user="gus", json={"content": odd})

    [fault] = edited["faults"]
    assert (fault["field"], fault["expected"]) == ("arcs", "keys of emotional arcs")
    assert fault["found"].startswith("worry_to_steadines; did you mean worry_to_steadiness")
    assert service.data("GET", "/api/scaffolds/check", user="gus")["items"] == [fault]
    assert service.data("GET", "/api/scaffolds/check", user="bob")["items"] == []
