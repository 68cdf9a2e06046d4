"""Batches of conversations over the API: a plan is kept, starts within a budget, and every cent of it is told."""

import csv
import io
import json
from datetime import timedelta

import pytest

from pipeline.generation.wish import PlanWish
from pipeline.llm.wire import LONGEST_SUBMIT_S
from pipeline.service.new_batch import ForbiddenCell, NewBatch
from pipeline.state.catalog.generation_records import NewSubmission
from tests.made import ITEMS, LOST, ODD
from tests.service.asking import asking

BATCHES = "/api/generation/batches"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with asking(tmp_path_factory.mktemp("generation") / "data") as started:
        yield started


@pytest.fixture
def planned(service):
    """A batch that may be started."""
    return service.data("POST", BATCHES, json={"items": 6, "name": "Spring"})["batch"]["id"]


def test_an_estimate_has_a_matrix_tokens_and_a_range_and_keeps_nothing(service):
    wish = {"items": 20, "seed": 7, "personas": ["night_shift_carer", "returning_parent"], "tiers": ["template"]}

    found = service.data("POST", "/api/generation/estimate", user="bob", json=wish)

    assert sum(cell["quota"] for cell in found["cells"]) == found["items"] == 20
    assert {cell["persona"] for cell in found["cells"]} == {"night_shift_carer", "returning_parent"}
    assert {cell["filled"] for cell in found["cells"]} == {0}
    assert [(each["purpose"], each["model"]) for each in found["calls"]] == [
        ("generate", "claude-sonnet-5-5"),
        ("judge", "claude-haiku-4-5"),
    ]
    for name in ("low", "expected", "high"):
        assert sum(each["cost_usd"][name] for each in found["calls"]) == pytest.approx(found["cost_usd"][name])
    assert 0 < found["cost_usd"]["low"] < found["cost_usd"]["expected"] < found["cost_usd"]["high"]
    assert found["output_tokens"] == sum(each["output_tokens"] for each in found["calls"])
    assert (found["provider"], found["is_batched"], found["needs_budget"]) == ("anthropic", True, True)
    assert service.data("GET", BATCHES, user="bob")["total"] == 0


def test_nobody_annotates_or_judges_who_is_not_asked(service):
    wish = {"items": 5, "annotating_model": "claude-haiku-4-5", "judging_model": "", "is_batched": False}

    found = service.data("POST", "/api/generation/estimate", json=wish)

    assert [each["purpose"] for each in found["calls"]] == ["generate", "annotate"]
    assert not found["is_batched"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"items": 5, "personas": ["night_shift_carrer"]}, 400, "persona: expected the key of one, found"),
        ({"items": 5, "model": "strange"}, 400, "no price of strange at anthropic is known"),
        ({"items": 5, "judging_model": "claude-sonnet-5-5"}, 400, "expected another model as judge"),
        ({"items": 5, "forbidden": [{"persona": "night_shift_carer"}]}, 400, "forbidden.0: Value error, expected two"),
        ({"items": 0}, 422, "body.items: Input should be greater than or equal to 1"),
        ({"items": "5"}, 422, "body.items: Input should be a valid integer"),
        ({"items": 5, "provider": "http://10.0.0.1/v1"}, 422, "body.provider: Extra inputs are not permitted"),
        ({"items": 5, "weights": {"persona": {"night_shift_carer": 0}}}, 422, "body.weights.persona.night_shift_carer"),
    ],
)
@pytest.mark.parametrize("place", ["/api/generation/estimate", BATCHES])
def test_what_cannot_be_planned_is_refused_in_a_sentence(service, place, body, status, said):
    found = service.refusal("POST", place, user="bob", json=body)

    assert found[0] == status
    assert found[1].startswith(said)


def test_what_is_wished_for_is_what_the_core_takes():
    assert set(PlanWish.model_fields) < set(NewBatch.model_fields)
    assert set(ForbiddenCell.model_fields) == {"persona", "arc", "topic"}


def test_a_batch_starts_within_a_budget_pauses_goes_on_and_is_given_up(service, planned):
    place = f"{BATCHES}/{planned}"

    assert service.refusal("POST", f"{place}/start") == (
        400,
        "expected a budget for what is paid, found none: give one in US dollars",
    )
    started = service.data("POST", f"{place}/start", json={"budget_usd": 2.5})
    paused = service.data("POST", f"{place}/pause", json={"reason": "lunch"})
    again = service.data("POST", f"{place}/start")
    cancelled = service.data("POST", f"{place}/cancel")

    assert (started["batch"]["status"], started["batch"]["budget_nano_usd"]) == ("running", 2_500_000_000)
    assert started["estimate"]["cost_usd"]["expected"] > 0
    assert (paused["status"], paused["status_reason"]) == ("paused", "lunch")
    assert (again["batch"]["status"], again["batch"]["budget_usd"]) == ("running", 2.5)
    assert (cancelled["status"], cancelled["by_state"]) == ("cancelled", {"failed": 6})
    assert service.refusal("POST", f"{place}/pause")[0] == 409
    told = service.data("GET", "/api/notifications")["items"]
    assert next(each["kind"] for each in told if each["batch_id"] == planned) == "generation_cancelled"


def test_a_server_of_ones_own_takes_no_budget(tmp_path):
    with asking(tmp_path / "data", llm="http://127.0.0.1:9/v1", llm_model="tiny", llm_judging_model="") as service:
        planned = service.data("POST", BATCHES, json={"items": 3})
        started = service.data("POST", f"{BATCHES}/{planned['batch']['id']}/start")

    assert (planned["estimate"]["needs_budget"], planned["estimate"]["cost_usd"]["high"]) == (False, 0)
    assert (started["batch"]["status"], started["batch"]["provider"]) == ("running", "local")


def test_an_installation_that_asks_nobody_says_so(tmp_path):
    with asking(tmp_path / "data", llm="") as service:
        found = service.refusal("POST", "/api/generation/estimate", json={"items": 3})

    assert found == (400, "expected an installation that asks a model, found none: its operator sets LORA_LLM")


def test_one_batch_has_progress_money_failures_and_files(service):
    found = service.data("GET", f"{BATCHES}/{service.made.batch_id}")

    assert found["by_state"] == {"accepted": ITEMS - 1, "failed": 1, "needs_review": 1}
    assert (found["items"], found["refills"], found["wish"]["items"]) == (ITEMS + 1, 1, ITEMS)
    assert sum(cell["quota"] for cell in found["cells"]) == ITEMS
    assert sum(cell["filled"] for cell in found["cells"]) == ITEMS - 1
    assert found["spent_nano_usd"] == service.made.bill == sum(each["cost_nano_usd"] for each in found["calls"])
    assert (found["reserved_nano_usd"], found["submissions"], found["files"]) == (0, [], [])
    assert sum(found["failures"].values()) > 1
    listed = service.data("GET", BATCHES, params={"status": "completed"})
    assert {name: found[name] for name in listed["items"][0]} == listed["items"][0]


def test_items_are_listed_with_their_conversations(service):
    place = f"{BATCHES}/{service.made.batch_id}/items"

    found = service.data("GET", place, params={"limit": 4, "page": 2})
    failed = service.data("GET", place, params={"state": "failed"})

    assert ([each["number"] for each in found["items"]], found["total"]) == ([5, 6, 7, 8], ITEMS + 1)
    assert found["items"][0]["conversation_id"] == service.made.conversation(ODD)
    [lost] = failed["items"]
    assert (lost["number"], lost["conversation_id"], failed["total"]) == (LOST, None, 1)


def test_failures_keep_the_answers_as_they_came(service):
    place = f"{BATCHES}/{service.made.batch_id}/failures"

    found = service.data("GET", place, params={"limit": 1})

    [newest] = found["items"]
    assert (newest["number"], newest["raw_response"]) == (LOST, "I would rather not.")
    assert found["total"] == len(service.data("GET", place)["items"])
    of_type = service.data("GET", place, params={"failure_type": newest["failure_type"]})
    assert of_type["total"] == found["total"]
    assert service.data("GET", place, params={"failure_type": "truncation"})["items"] == []


def test_the_ledger_is_the_bill_by_row_in_both_forms(service):
    place = f"{BATCHES}/{service.made.batch_id}/calls"

    lines = service.ask("GET", place)
    table = service.ask("GET", place, params={"format": "csv"})

    rows = [json.loads(line) for line in lines.text.splitlines()]
    told = list(csv.DictReader(io.StringIO(table.text)))
    assert sum(row["cost_nano_usd"] for row in rows) == service.made.bill
    assert [row["custom_id"] for row in told] == [row["custom_id"] for row in rows]
    assert [int(row["cost_nano_usd"]) for row in told] == [row["cost_nano_usd"] for row in rows]
    assert {row["provider"] for row in rows} == {"anthropic"}
    assert table.headers["content-disposition"] == 'attachment; filename="calls.csv"'


def test_what_failed_is_drawn_anew_and_the_batch_goes_on(tmp_path):
    with asking(tmp_path / "data") as service:
        place = f"{BATCHES}/{service.made.batch_id}/retry"

        nothing = service.data("POST", place, json={"numbers": [1, 999]})
        retried = service.data("POST", place)

    assert (nothing["retried"], nothing["batch"]["status"]) == (0, "completed")
    assert (retried["retried"], retried["batch"]["status"]) == (1, "running")
    assert retried["batch"]["by_state"]["planned"] == 1


def test_numbers_that_no_item_can_have_are_refused(service):
    place = f"{BATCHES}/{service.made.batch_id}/retry"

    found = service.refusal("POST", place, json={"numbers": [2**31]})

    assert found == (422, "body.numbers.0: Input should be less than or equal to 2147483647")


def test_what_may_be_at_the_provider_is_settled(service, planned):
    place = f"{BATCHES}/{planned}"
    service.data("POST", f"{place}/start", json={"budget_usd": 5})
    with service.made.catalog() as catalog:
        items = catalog.items_of(planned)
        new = NewSubmission("s1", planned, "generate", "claude-sonnet-5-5", True, {items[0].id: 1_000})
        catalog.prepare_submission(new, service.clock())
        assert catalog.open_submission("s1", service.clock()) == "open"

    shown = service.data("POST", f"{place}/pause")
    early = service.refusal("POST", f"{place}/settle", json={"submission_id": "s1", "external_id": "msgbatch_1"})
    service.clock.ahead += timedelta(seconds=LONGEST_SUBMIT_S + 1)
    settled = service.data("POST", f"{place}/settle", json={"submission_id": "s1", "external_id": "msgbatch_1"})
    again = service.refusal("POST", f"{place}/settle", json={"submission_id": "s1", "external_id": None})
    service.clock.ahead = timedelta()

    assert [(each["id"], each["state"]) for each in shown["submissions"]] == [("s1", "sending")]
    assert (shown["reserved_nano_usd"], early[0]) == (1_000, 409)
    assert [(each["state"], each["external_id"]) for each in settled["submissions"]] == [("sent", "msgbatch_1")]
    assert again == (409, "expected a submission of which nobody knows, found s1 sent")
