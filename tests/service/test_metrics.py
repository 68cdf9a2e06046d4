"""`/metrics`: what is counted is what happened, in a text that Prometheus reads, and for nobody else to see."""

import re
from datetime import timedelta

import pytest

from pipeline.errors import CatalogError
from pipeline.service import health_of_parts as health_module
from pipeline.service.measures import measuring as measuring_module
from pipeline.service.measures.exposition import Family, Sample, exposition
from pipeline.service.measures.histogram import Histogram
from pipeline.service.measures.measure_families import FAMILIES
from pipeline.service.measures.verdict_times import OVERLAP, VerdictTimes
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.measures import DecidedDataset
from tests.service.serving import lines
from tests.state.catalog.examples import NOON

TOKEN = "a token of thirty-two bytes or more"
_LINE = re.compile(r'([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)*\})? (\S+)')


@pytest.fixture(autouse=True)
def _each_time_anew(monkeypatch):
    monkeypatch.setattr(health_module, "_VALID_S", -1)
    monkeypatch.setattr(measuring_module, "_VALID_S", -1)


def ask(service, **headers):
    with service.client(None) as nobody:
        return nobody.get("/metrics", headers=headers)


def values(text):
    """Every sample by its name and labels, as written."""
    return {
        f"{found[1]}{found[2] or ''}": float(found[3])
        for line in text.splitlines()
        if not line.startswith("#") and (found := _LINE.fullmatch(line))
    }


def test_every_line_is_a_sample_or_says_what_one_is(local):
    with local.client("ana") as ana:
        local.upload(ana, lines(2))
    answer = ask(local)

    told = [line for line in answer.text.splitlines() if not line.startswith("#")]
    named = set(re.findall(r"# TYPE (\S+)", answer.text))
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert [line for line in told if not _LINE.fullmatch(line)] == []
    assert named == {each.name for each in FAMILIES} - {
        "lora_verdict_seconds",
        "lora_daemon_last_look_timestamp_seconds",
    }
    assert answer.text.endswith("\n")


def test_a_dataset_waits_and_then_has_a_verdict(local):
    with local.client("ana") as ana:
        local.upload(ana, lines(2))
    local.clock.ahead = timedelta(seconds=30)
    before = values(ask(local).text)
    local.validate()
    after = values(ask(local).text)

    waiting, longest = 'lora_datasets_waiting{stage="validation",run="unasked"}', "lora_oldest_waiting_seconds"
    assert before[waiting] == before['lora_datasets{status="validating"}'] == 1
    assert 29 < before[f'{longest}{{stage="validation"}}'] < 90
    assert after[f'{longest}{{stage="validation"}}'] == after[waiting] == 0
    stages = ("planning", "publication", "folding")
    assert [after[f'lora_datasets_waiting{{stage="{each}",run="unasked"}}'] for each in stages] == [1, 1, 0]
    assert 'lora_datasets_waiting{stage="publication",run="asked"}' not in after
    assert (after['lora_datasets{status="ready"}'], after['lora_verdicts_total{verdict="ready"}']) == (1, 1)
    assert (before['lora_verdicts_total{verdict="ready"}'], after['lora_verdicts_total{verdict="error"}']) == (0, 0)


def test_looks_of_sensors_and_requests_are_counted(local):
    with Catalog.open(local.settings.catalog_url) as catalog:
        catalog.note_look("new_uploads", NOON)
    for path in ("/livez", "/livez", "/nowhere"):
        with local.client(None) as nobody:
            nobody.get(path)

    found = values(ask(local).text)

    assert found['lora_daemon_last_look_timestamp_seconds{sensor="new_uploads"}'] == NOON.timestamp()
    assert found['lora_requests_total{method="GET",route="/livez",status="200"}'] == 2
    assert found['lora_requests_total{method="GET",route="(none)",status="404"}'] == 1
    assert found['lora_request_seconds_count{method="GET",route="/livez"}'] == 2


def test_while_a_part_is_away_the_others_are_told_of(local, monkeypatch):
    (local.settings.data_dir / "lake").write_text("a file in its place")
    without_lake = values(ask(local).text)

    def away(_):
        raise CatalogError("it is away")

    monkeypatch.setattr(Catalog, "measured", away)
    monkeypatch.setattr(Catalog, "known_places", away)
    without_catalog = values(ask(local).text)

    parts = [f'lora_part_up{{part="{name}"}}' for name in ("store", "catalog", "lake")]
    assert [without_lake[each] for each in parts] == [1, 1, 0]
    assert 'lora_datasets{status="ready"}' in without_lake
    assert without_catalog[parts[1]] == 0
    assert 'lora_datasets{status="ready"}' not in without_catalog
    assert 'lora_verdicts_total{verdict="ready"}' in without_catalog


def test_without_a_token_only_this_machine_may_ask(local):
    """A proxy on this machine passes on who asked, or at least by which name."""
    refused = [
        ask(local, **{"X-Forwarded-For": "203.0.113.7"}),
        ask(local, Host="data.example.com"),
        ask(local, Host="["),
        ask(local, **{"X-Real-IP": "203.0.113.7"}),
    ]

    assert ask(local).status_code == ask(local, Host="localhost:8000").status_code == 200
    assert [answer.status_code for answer in refused] == [403] * 4
    assert "set LORA_METRICS_TOKEN" in refused[0].json()["error"]


def test_with_a_token_nobody_else_may(serve):
    service = serve(metrics_token=TOKEN)
    given = ["", "Bearer", f"Basic {TOKEN}", "Bearer another", "Bearer ä"]

    refused = [ask(service, Authorization=each.encode("latin-1")).status_code for each in given]

    assert refused == [401] * len(given)
    assert ask(service, Authorization=f"Bearer {TOKEN}", Host="data.example.com").status_code == 200


def test_a_verdict_counts_once_however_often_it_is_seen():
    times = VerdictTimes(NOON)
    first = DecidedDataset("a", "ready", NOON, NOON + timedelta(seconds=3))
    late = DecidedDataset("b", "error", None, NOON + timedelta(seconds=2))
    again = DecidedDataset("a", "ready", NOON + timedelta(seconds=20), NOON + timedelta(seconds=24))

    for decided in ([first], [first, late], [late, again], [again]):
        times.add(decided, NOON + timedelta(seconds=25))
    moved = times.since
    times.add([], NOON + 3 * OVERLAP)

    assert {sample.labels["verdict"]: sample.value for sample in times.counts()} == {"ready": 2, "error": 1}
    assert [each.value for each in times.times() if each.suffix == "_sum"] == [7.0]
    assert (moved, times.since) == (NOON, NOON + 2 * OVERLAP)


def test_a_bucket_has_what_those_before_it_have():
    histogram = Histogram(("kind",), (0.1, 1.0))
    for duration_s in (0.1, 0.5, 7.0):
        histogram.add(duration_s, "x")

    text = exposition([(Family("seen_seconds", "histogram", "Times."), histogram.samples())])

    assert text.splitlines() == [
        "# HELP seen_seconds Times.",
        "# TYPE seen_seconds histogram",
        'seen_seconds_bucket{kind="x",le="0.1"} 1',
        'seen_seconds_bucket{kind="x",le="1"} 2',
        'seen_seconds_bucket{kind="x",le="+Inf"} 3',
        'seen_seconds_sum{kind="x"} 7.6',
        'seen_seconds_count{kind="x"} 3',
    ]


def test_texts_cannot_end_a_line_or_a_label():
    family = Family("a", "gauge", "back\\slash\nand line")

    text = exposition([(family, [Sample(0.25, {"of": 'a"b\\c\nd'})]), (Family("b", "gauge", "Nothing."), [])])

    assert text == '# HELP a back\\\\slash\\nand line\n# TYPE a gauge\na{of="a\\"b\\\\c\\nd"} 0.25\n'
