"""Models and costs at their pages: taken, renamed, deleted, added up; by their owner only."""

import hashlib
import io
import re
import zipfile
from datetime import timedelta

import pytest

from pipeline.clock import utc_now
from pipeline.state.catalog.job_records import NewCost
from pipeline.state.lake import make_lake
from tests.service.pages.signed_in import PAGE, dataset_id
from tests.service.trainings import Trainings

CONTENT = {"metrics.json": b"{}", "model/README.md": b"# Its card\n", "model/adapter_model.safetensors": b"w" * 70_000}


@pytest.fixture
def ana(open_as):
    return open_as("ana")


@pytest.fixture
def trainings(ana, catalog):
    chosen = {"model": "Qwen3-4B", "gpu": "L4", "trainer": "trl"}
    made = ana.post(f"/datasets/{dataset_id(ana, 'good')}/train", data=chosen, headers=PAGE)
    return Trainings(catalog, made.headers["location"].rpartition("/")[2], "ana")


@pytest.fixture
def model(trainings, installation):
    """The address of a model of Ana's, with its files in the lake."""
    attempt = trainings.running(utc_now() - timedelta(hours=1), 60, price_per_gpu_hour=0.8, provider="Cloud")
    lake = make_lake(installation)
    with lake.staging() as folder:
        for name, content in CONTENT.items():
            place = folder / "kept" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        uri = lake.publish_model(attempt.id, folder / "kept")
    files = {name: {"size_bytes": len(each), "sha256": _sha256(each)} for name, each in CONTENT.items()}
    return f"/models/{trainings.kept(attempt.id, utc_now(), uri, files)}"


def _sha256(content):
    return hashlib.sha256(content).hexdigest()


def test_a_model_is_listed_read_and_taken(ana, model):
    page = ana.get(model).text
    links = re.findall(r'href="(/models/[^"]+/files/[^"]+)" download', page)
    archive = zipfile.ZipFile(io.BytesIO(ana.get(f"{model}/files.zip").content))

    assert f'href="{model}"' in ana.get("/models").text
    assert {link.partition("/files/")[2]: ana.get(link).content for link in links} == CONTENT
    assert {name.partition("/")[2]: archive.read(name) for name in archive.namelist()} == CONTENT
    assert all(_sha256(content) in page for content in CONTENT.values())
    assert "# Its card" in page
    assert "59.3% lower" in page
    assert f'href="{model}"' in ana.get(f"/jobs/{model.rpartition('/')[2].rpartition('.')[0]}").text


def test_a_model_is_renamed_and_deleted(ana, model):
    told = {"name": "Support, the second", "description": "For the <b>night</b> shift."}
    ana.post(f"{model}/describe", data=told, headers=PAGE)
    renamed = ana.get(model).text
    nameless = ana.post(f"{model}/describe", data={"name": " "}, headers=PAGE)
    deleted = ana.post(f"{model}/delete", headers=PAGE)

    assert "<h1><bdi>Support, the second</bdi></h1>" in renamed
    assert "For the &lt;b&gt;night&lt;/b&gt; shift." in renamed
    assert nameless.status_code == 400
    assert "Deleted <strong><bdi>Support, the second" in ana.get(deleted.headers["location"]).text
    assert ana.get(model).status_code == 404


def test_anothers_model_is_not_there(open_as, ana, model):
    bob = open_as("bob")
    places = (model, f"{model}/files.zip", f"{model}/files/model/README.md")

    read = [bob.get(path).status_code for path in places]
    changed = [bob.post(f"{model}/{action}", data={"name": "x"}, headers=PAGE) for action in ("describe", "delete")]

    assert read + [each.status_code for each in changed] == [404] * 5
    assert model not in bob.get("/models").text
    assert ana.get(model).status_code == 200
    assert [ana.get(f"{model}/files/{name}").status_code for name in ("none", "../x", "model")] == [404] * 3


def test_costs_are_added_up_exactly_and_are_ones_own(open_as, ana, model, trainings):
    """Ten times a tenth of a cent is a cent; each attempt counts by its last bill."""
    job = trainings.job_id
    for number, nano_usd in enumerate([1_000_000] * 10):
        new = NewCost("actual", None, 0.1, f"bill {number}", billed_nano_usd=nano_usd)
        trainings.catalog.add_cost(job, "ana", new, utc_now())
    for cents in (70, 50):
        new = NewCost("actual", cents / 100, 0.6, f"{cents}", attempt_id=f"{job}.1", provider="Cloud")
        trainings.catalog.add_cost(job, "ana", new, utc_now())

    page, of_bob = ana.get("/costs").text, open_as("bob").get("/costs?period=all").text

    assert re.search(r"<dt>Cost</dt><dd><span class=\"value\">([^<]+)", page)[1] == "$0.51"
    assert re.search(r"<bdi>Cloud</bdi></dt><dd>([^ ]+)", page)[1] == "$0.50"
    assert [ana.get(f"/costs?period={each}").text.count("$0.51") > 0 for each in ("week", "all", "nonsense")] == [
        True
    ] * 3
    assert "Nothing was spent in this time." in of_bob
