"""The pages as a browser asks for them: who may see what, what is refused, and what is said then."""

import json
import re

import pytest

from pipeline.service.pages.render import MEDIA_TYPES
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.tries import Patience
from tests.public_names import page_routes
from tests.service.pages.signed_in import PAGE, dataset_id
from tests.service.serving import token
from tests.state.catalog.examples import NOON

FOR_ANYBODY = {"/", "/login", "/static/{name}", "/training", "/training/jobs", "/training/jobs/{job_id}"}
PAGES = {each.path for each in page_routes() if "GET" in each.methods} - FOR_ANYBODY


@pytest.mark.parametrize("path", [re.sub(r"{[\w:]+}", "x", path) for path in sorted(PAGES)])
def test_nobody_is_sent_to_the_door_and_led_on_afterwards(open_as, path):
    client = open_as(None)

    answer = client.get(f"{path}?page=1")

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/login?next={path.replace('/', '%2F')}%3Fpage%3D1"


@pytest.mark.parametrize(
    "url", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_the_door_leads_to_our_own_pages_only(open_as, url):
    answer = open_as(None).post("/login", data={"token": token("ana"), "next": url}, headers=PAGE)

    assert (answer.status_code, answer.headers["location"]) == (303, "/datasets")


def test_a_wrong_token_is_refused_in_words(open_as):
    answer = open_as(None).post("/login", data={"token": "wrong"}, headers=PAGE)

    assert answer.status_code == 401
    assert "The token is not valid (DecodeError): get a new one." in answer.text
    assert "set-cookie" not in answer.headers


def test_another_sites_page_can_do_nothing_in_ones_name(open_as):
    """Neither sign in as somebody, nor sign out, nor delete, restore, read or train."""
    client = open_as("ana")
    own = dataset_id(client, "good")
    paths = ["/login", "/logout", "/notifications/read", "/notifications/1/read"]
    paths += [f"/datasets/{own}/{action}" for action in ("delete", "restore", "retry", "train")]
    paths += ["/jobs/x/start", "/jobs/x/cancel", "/models/x/describe", "/models/x/delete"]

    answers = [client.post(path, headers={"Sec-Fetch-Site": "cross-site"}) for path in paths]

    assert [answer.status_code for answer in answers] == [403] * len(paths)
    assert dataset_id(client, "good") == own


def test_a_page_shows_ones_own_and_nothing_of_another(open_as):
    ana, bob = open_as("ana"), open_as("bob")
    of_bob = dataset_id(bob, "secret_of_bob")
    job = bob.post(f"/datasets/{of_bob}/train", headers=PAGE).headers["location"]
    paths = [f"/datasets/{of_bob}", f"/datasets/{of_bob}/live", f"/datasets/{of_bob}/train", "/datasets?search=secret"]
    paths += [
        f"/datasets?deleted={of_bob}",
        f"/datasets/events?seen={of_bob}:validating",
        "/jobs",
        job,
        f"{job}/files.zip",
    ]
    paths += ["/notifications"]

    assert bob.get(job).status_code == 200
    for path in paths:
        answer = ana.get(path)
        assert "bob" not in answer.text.replace(of_bob, ""), path
    for action in ("delete", "restore", "retry", "train"):
        assert ana.post(f"/datasets/{of_bob}/{action}", headers=PAGE).status_code == 404
    assert dataset_id(bob, "secret_of_bob") == of_bob


def test_what_is_not_there_says_so_on_a_page(open_as):
    client = open_as("ana")

    for path in ("/datasets/none", "/datasets/none/train", "/jobs/none", "/jobs/none/files.zip"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8"), path
        assert "There is none of this name, or it is not yours." in answer.text
    assert client.get("/datasets?page=0").status_code == 404
    for number in (0, 999, 2**63, 10**30):
        assert client.post(f"/notifications/{number}/read", headers=PAGE).status_code == 404


def test_an_address_that_is_none_is_a_page_for_people_and_json_for_programs(open_as):
    client = open_as("ana")
    for path in ("/nowhere", "/dataset", "/datasets/a/b/c", "/static/none.js"):
        page = client.get(path, headers={"Accept": "text/html,*/*"})
        assert (page.status_code, "No such page" in page.text) == (404, True), path
        assert client.get(path).json()["details"]["code"] == "not-found"
    assert client.get("/api/nowhere", headers={"Accept": "text/html"}).json()["details"]["code"] == "not-found"
    assert client.post("/nowhere", headers={"Accept": "text/html"}).json()["details"]["code"] == "not-found"


def test_of_a_dataset_whose_plan_failed_page_and_api_say_why_it_has_no_jobs(open_as, installation):
    client = open_as("ana")
    good = dataset_id(client, "good")
    headers = {"Authorization": f"Bearer {token('ana')}"}
    assert "Training jobs</h2>" not in client.get(f"/datasets/{good}").text
    with Catalog.open(installation.catalog_url) as catalog:
        catalog.mark_plans_requested([catalog.get(good)], "request", NOON)
        asked = client.get(f"/api/datasets/{good}", headers=headers).json()["data"]["no_jobs"]
        catalog.begin_try("plan", good, "run-1")
        catalog.spend_try("plan", good, "run-1", "no <space> left", Patience(1, (3600,)), NOON)

    page = client.get(f"/datasets/{good}").text
    failed = client.get(f"/api/datasets/{good}", headers=headers).json()["data"]["no_jobs"]

    assert (asked, failed) == (None, "no <space> left; it is tried again at 13:00 UTC")
    assert "No &lt;space&gt; left; it is tried again at 13:00 UTC." in page


def test_a_finding_shows_the_line_that_it_speaks_of_as_long_as_the_upload_is_as_it_was(open_as, installation):
    client = open_as("ana")
    bad = dataset_id(client, "bad")

    assert '<code class="marked" dir="ltr">{<mark>n</mark>ot json' in client.get(f"/datasets/{bad}").text
    [upload] = (installation.data_dir / "uploads" / "ana").glob("bad*/bad.jsonl")
    upload.write_bytes(b"others")
    after = client.get(f"/datasets/{bad}").text
    assert ("<mark>" in after, "The lines themselves cannot be shown" in after) == (False, True)


def test_rows_are_looked_at_page_by_page_and_rejected_ones_as_they_stand(open_as):
    client = open_as("ana")
    good, bad = dataset_id(client, "good"), dataset_id(client, "bad")
    rows = f"/datasets/{good}/rows"

    assert f'href="{rows}"' in client.get(f"/datasets/{good}").text
    assert client.get(f"{rows}?page=4").text.count('id="row-') == 10
    found = client.get(f"{rows}?text=WORDS+7-1&role=none+of+these&turns_min=x")
    assert (found.status_code, "No row fits" in found.text) == (200, True)
    assert client.get(f"{rows}?text=WORDS+7-1&finding=nonsense").text.count("<mark>words 7-1</mark>") == 1
    rejected = client.get(f"/datasets/{bad}/rows?kind=rejected&page=3").text
    assert (rejected.count('id="row-'), rejected.count("{<mark>n</mark>ot json")) == (10, 10)
    assert "Show all" in client.get(f"{rows}?language=en&row=3").text


def test_rows_of_another_and_of_a_dataset_without_verdict_are_not_there(open_as, catalog):
    ana, bob = open_as("ana"), open_as("bob")
    of_bob = dataset_id(bob, "secret_of_bob")

    for kind in ("", "?kind=rejected"):
        assert ana.get(f"/datasets/{of_bob}/rows{kind}").status_code == 404
        assert "secret-words-of-bob" in bob.get(f"/datasets/{of_bob}/rows").text
    for path in ("rows", "rows/rejected"):
        headers = {"Authorization": f"Bearer {token('ana')}"}
        assert ana.get(f"/api/datasets/{of_bob}/{path}", headers=headers).status_code == 404


def test_a_dataset_leads_to_mending_to_its_next_version_and_to_what_changed(open_as):
    ana, bob = open_as("ana"), open_as("bob")
    good, bad, of_bob = dataset_id(ana, "good"), dataset_id(ana, "bad"), dataset_id(bob, "secret_of_bob")
    page = ana.get(f"/datasets/{bad}").text

    for path in (f"/datasets/{bad}/mend", f"/datasets/new?replaces={bad}"):
        assert f'href="{path}"' in page
        assert ana.get(path).status_code == 200
    assert f'data-replaces="{bad}"' in ana.get(f"/datasets/new?replaces={bad}").text
    assert "put aside" in ana.get(f"/datasets/{bad}/mend").text
    assert "Findings that differ" in ana.get(f"/datasets/{good}/compare?with={bad}").text
    for path in (f"{of_bob}/mend", f"new?replaces={of_bob}", f"{good}/compare?with={of_bob}", f"{good}/compare"):
        assert ana.get(f"/datasets/{path}").status_code == 404


def test_training_leads_to_the_jobs(open_as):
    client = open_as("ana")

    answers = [client.get(path) for path in ("/training", "/training/jobs", "/training/jobs/a%20b")]

    assert [(each.status_code, each.headers["location"]) for each in answers] == [
        (307, "/jobs"),
        (307, "/jobs"),
        (307, "/jobs/a%20b"),
    ]


def test_a_page_may_run_our_script_and_nothing_else(open_as):
    answer = open_as("ana").get("/datasets")

    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "connect-src", "form-action")} == {"'self'"}
    assert policy["frame-ancestors"] == "'none'"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", MEDIA_TYPES)
def test_our_files_are_kept_by_browsers_under_an_address_that_changes_with_them(open_as, name):
    client = open_as(None)
    address = re.search(
        rf"/static/{re.escape(name)}\?v=[0-9a-f]{{12}}", client.get("/login").text + _upload_page(open_as)
    )

    answer = client.get(address[0])

    assert answer.headers["content-type"].startswith(MEDIA_TYPES[name])
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/settings.py").status_code == 404


def _upload_page(open_as):
    return open_as("ana").get("/datasets/new").text


def test_a_deletion_can_be_undone(open_as):
    client = open_as("ana")
    own = dataset_id(client, "bad")

    answer = client.post(f"/datasets/{own}/delete", headers=PAGE)
    after = client.get(answer.headers["location"]).text
    client.post(f"/datasets/{own}/restore", headers=PAGE)

    assert "Deleted <strong><bdi>bad</bdi></strong>" in after
    assert f'id="dataset-{own}"' not in after
    assert dataset_id(client, "bad") == own


def test_one_has_a_dataset_checked_again(open_as):
    client = open_as("ana")
    own = dataset_id(client, "bad")
    before = client.get(f"/datasets/{own}").text

    answer = client.post(f"/datasets/{own}/retry", headers=PAGE)
    after = client.get(answer.headers["location"]).text

    assert f'action="/datasets/{own}/retry"' in before
    assert f'action="/datasets/{own}/retry"' not in after
    assert "Reading every line" in after


def test_findings_are_narrowed_and_turned_over(open_as):
    client = open_as("ana")
    own = dataset_id(client, "bad")

    first = client.get(f"/datasets/{own}?code=malformed-json").text
    second = client.get(f"/datasets/{own}?code=malformed-json&page=2").text

    assert re.findall(r"line </span>(\d+)<", first) == [str(line) for line in range(3, 28)]
    assert re.findall(r"line </span>(\d+)<", second) == [str(line) for line in range(28, 33)]
    assert client.get(f"/datasets/{own}?code=none").status_code == 400


def test_the_stream_tells_what_the_page_does_not_show_yet(open_as):
    """A verdict that came between the page and its stream is not lost."""
    client = open_as("ana")
    own = dataset_id(client, "good")

    answer = client.get(f"/datasets/events?seen={own}:validating,none:uploading")

    first, last = answer.text.strip().split("\n\n")
    event, data = first.split("\ndata: ")
    told = json.loads(data)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert (event, last) == ("event: card", "event: end\ndata: {}")
    assert (told["id"], told["said"], told["is_live"]) == (own, "good is ready", False)
    page = client.get(f"/datasets/{own}/live").text  # a moment later: only the age that is shown may differ
    assert re.sub(r">[^<]* ago<", "><", told["html"]) == re.sub(r">[^<]* ago<", "><", page)


def test_a_training_is_planned_made_and_taken(open_as):
    client = open_as("ana")
    own = dataset_id(client, "good")
    chosen = {"model": "Qwen3-4B", "gpu": "RTX-4090", "preset": "balanced", "method": "qlora", "trainer": "trl"}

    plan = client.get(f"/datasets/{own}/train", params=chosen).text
    made = client.post(f"/datasets/{own}/train", data=chosen, headers=PAGE)
    again = client.post(f"/datasets/{own}/train", data=chosen, headers=PAGE)
    page = client.get(made.headers["location"]).text

    assert "Fits on RTX-4090" in plan
    assert made.status_code == 303
    assert again.headers["location"] == made.headers["location"]
    assert "QLoRA on RTX-4090 with TRL" in page
    for asked, count in (("search=GOOD", 1), ("search=llama", 0), ("status=configured", 1), ("status=cancelled", 0)):
        assert client.get(f"/jobs?{asked}").text.count(made.headers["location"]) == count
    assert "No training job fits." in client.get("/jobs?search=llama").text
    linked = re.search(r'href="(/api/jobs/[^"]+/files/trl/config.yaml)"', page)
    assert "Qwen/Qwen3-4B" in client.get(linked[1]).text


def test_values_of_ones_own_go_into_the_plan_and_the_job(open_as):
    """A field has what its rule gives, and the value that is set; a price is chosen where there are several."""
    client = open_as("ana")
    own = dataset_id(client, "good")
    chosen = {"model": "Qwen3-4B", "gpu": "L40S", "method": "lora", "trainer": "trl"}
    mine = {"rank": "64", "is_packed": "true", "price_kind": "spot", "alpha": ""}

    usual = client.get(f"/datasets/{own}/train", params=chosen).text
    plan = client.get(f"/datasets/{own}/train", params=chosen | mine).text
    made = client.post(f"/datasets/{own}/train", data=dict(_hidden(plan)), headers=PAGE).headers["location"]
    job = client.get(f"/api{made}").json()["data"]

    assert [_placeholder(page, "alpha") for page in (usual, plan)] == ["32", "128"]
    assert [_placeholder(page, "rank") for page in (usual, plan)] == ["16", "16"]
    assert "Values of your own: 3 set" in plan
    assert (job["settings"]["adapter"]["rank"], job["settings"]["is_packed"]) == (64, True)
    assert [(cost["price_kind"], cost["provider"]) for cost in job["costs"]] == [("spot", "Verda")]
    assert "Verda, spot: 0.94 USD for a GPU hour" in plan


@pytest.mark.parametrize(
    ("mine", "said"),
    [
        ({"epochs": "500"}, "Settings: epochs: expected an integer from 1 to 50, found &#39;500&#39;."),
        ({"max_length": "1000000"}, "Settings: max_length: expected an integer from 8 to "),
        ({"provider": "Nobody"}, "No such price of A100-80GB-SXM; known: "),
    ],
)
def test_a_value_that_cannot_be_is_named_beside_what_was_chosen(open_as, mine, said):
    client = open_as("ana")
    [(key, value)] = mine.items()

    plan = client.get(f"/datasets/{dataset_id(client, 'good')}/train", params=mine)

    assert (plan.status_code, plan.text.count(said)) == (200, 2)  # seen, and told to who cannot see
    assert f'value="{value}"' in plan.text
    assert "Make the training files" not in plan.text
    assert f'id="why-{key}"' in plan.text


def _placeholder(page, key):
    return re.search(rf'name="{key}" value="[^"]*" placeholder="([^"]*)"', page)[1]


def _hidden(page):
    return re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)


def test_what_a_provider_trains_has_a_cost_and_needs_no_gpu(open_as):
    client = open_as("ana")
    own = dataset_id(client, "good")
    chosen = {"model": "Qwen3-4B", "gpu": "T4", "preset": "balanced", "method": "", "trainer": "openai"}

    plan = client.get(f"/datasets/{own}/train", params=chosen).text
    made = client.post(f"/datasets/{own}/train", data=chosen, headers=PAGE)

    assert "OpenAI trains it" in plan
    assert "USD for a million trained tokens, as of " in plan
    assert "The same training on other GPUs" not in plan
    assert "<dt>Memory</dt>" not in plan
    job = client.get(made.headers["location"]).text
    assert "LoRA with OpenAI (hosted)" in job


@pytest.mark.parametrize(
    ("field", "value"),
    [("model", "/etc/config.json"), ("model", "Qwen9"), ("gpu", "Abacus"), ("preset", "wild"), ("trainer", "none")],
)
def test_only_names_of_the_catalogues_are_taken(open_as, tmp_path, field, value):
    """A model may be a file for who types a command on this machine, not for who asks from another."""
    client = open_as("ana")
    own = dataset_id(client, "good")

    answers = [
        client.get(f"/datasets/{own}/train", params={field: value}),
        client.post(f"/datasets/{own}/train", data={field: value}, headers=PAGE),
    ]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert client.get("/jobs").text.count("No training job yet.") == 1


def test_a_rejected_dataset_cannot_be_trained_on(open_as):
    client = open_as("ana")

    answer = client.get(f"/datasets/{dataset_id(client, 'bad')}/train")

    assert answer.status_code == 409
    assert "expected a ready dataset" in answer.text.lower()
