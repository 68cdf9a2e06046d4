"""Pages of what is made: another's is as if there were none, and no other site's page acts in one's name."""

import pytest

from tests.made import ODD
from tests.public_names import page_routes
from tests.service.pages.signed_in import PAGE

OWNED = ("/generation/{batch_id}", "/conversations/{conversation_id}", "/training-files/{file_id}")


@pytest.fixture(scope="module")
def addresses(ann, made):
    """Every page and every form about one thing, with the ids of ann's: method and address."""
    built = ann.post("/training-files", data={"name": "Of ann"}, headers=PAGE).headers["location"]
    known = {"batch_id": made.batch_id, "conversation_id": made.conversation(ODD)}
    known["file_id"] = built.partition("?")[0].rpartition("/")[2]
    meant = [route for route in page_routes() if route.path.startswith(OWNED)]
    return [(method, route.path.format(**known)) for route in meant for method in route.methods]


FORM = {"action": "approve", "version": "1", "title": "Theirs", "submission_id": "s1", "budget_usd": "1"}


def test_anothers_are_as_good_as_none(made_as, addresses):
    bob = made_as("bob")

    found = {(method, path): _ask(bob, method, path, PAGE).status_code for method, path in addresses}

    assert len(found) == 12
    assert found == dict.fromkeys(found, 404)
    for path in ("/generation", "/conversations", "/training-files"):
        assert "Your first" in bob.get(path).text or "No conversation yet" in bob.get(path).text


def test_an_admin_reads_everybodys_and_changes_only_their_own(made_as, addresses):
    root = made_as("root", admin=True)

    found = {(method, path): _ask(root, method, path, PAGE).status_code for method, path in addresses}

    assert found == {(method, path): 200 if method == "GET" else 404 for method, path in addresses}
    page = root.get(next(path for _method, path in addresses if path.startswith("/conversations/"))).text
    assert 'data-key="a"' not in page


def test_another_sites_page_can_do_nothing_in_ones_name(ann, addresses):
    forms = [path for method, path in addresses if method == "POST"]
    forms += ["/generation", "/conversations/review", "/training-files"]
    forms += [f"/scaffolds/persona/night_shift_carer/{action}" for action in ("switch", "edit")]

    answers = [_ask(ann, "POST", path, {"Sec-Fetch-Site": "cross-site"}).status_code for path in forms]

    assert answers == [403] * len(forms)


@pytest.mark.parametrize("value", ["", "-1", "0", "99999999999999999999", "1e400", "nan", "\x00", "\ud7ff", "٣" * 30])
def test_a_form_of_nonsense_is_refused_in_words(ann, addresses, value):
    """Whatever a field has, the answer is a page that says what was expected, or the form again."""
    forms = [path for method, path in addresses if method == "POST"]
    forms += ["/generation", "/conversations/review", "/training-files", "/scaffolds/persona/night_shift_carer/edit"]
    names = (*FORM, "items", "seed", "expected", "name", "score_min", "persona", "is_there", "external_id", "role-1")

    answers = {path: ann.post(path, data=dict.fromkeys(names, value), headers=PAGE) for path in forms}

    assert {path: each.status_code for path, each in answers.items() if each.status_code >= 500} == {}
    assert ann.get("/conversations", params=dict.fromkeys(names, value)).is_success


def _ask(client, method, path, headers):
    return client.request(method, path, headers=headers, **({"data": FORM} if method == "POST" else {}))
