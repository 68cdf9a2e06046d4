"""`lora-pipeline jobs`, on an installation with the jobs of the samples, made as the demo makes them."""

import hashlib
import json
import re
from datetime import UTC, datetime

import pytest

from pipeline.launchers.journal import read_journal
from pipeline.settings import load_settings
from pipeline.state.catalog.attempt_records import NewModel
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.tries import Patience
from pipeline.state.lake import make_lake
from tests.cli.goldens import run
from tests.installation import dagster_home, with_samples
from tests.samples import SAMPLES_DIR
from tests.state.catalog.examples import NOON
from tests.state.catalog.job_examples import ready

__all__ = ["dagster_home"]
TALK, CHAT, BROKEN = "everyday_talk", "support_chat", "broken_lines"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, dagster_home):
    with with_samples(tmp_path_factory.mktemp("jobs"), dagster_home) as made:
        return made.settings.data_dir


@pytest.fixture
def command(folder):
    """Run `jobs …` on it."""
    return lambda *arguments: run(["jobs", *arguments], {"LORA_DATA_DIR": str(folder), "COLUMNS": "300"})


def _lines(result):
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def planned(command):
    """The job that the default plan made of the larger sample."""
    [job] = [job for job in _lines(command("list", "--json", "--dataset", TALK)) if job["origin"] == "plan"]
    return job


def test_every_ready_sample_has_the_job_of_the_default_plan(command):
    jobs = _lines(command("list", "--json"))

    planned = sorted((job["name"], job["status"]) for job in jobs if job["origin"] == "plan")
    assert planned == [
        ("everyday_talk, Qwen3-8B, balanced", "configured"),
        ("support_chat, Qwen3-8B, balanced", "configured"),
    ]
    assert all(job["costs"][0]["kind"] == "estimate" for job in jobs)
    found = _lines(command("list", "--json", "--search", "EVERYDAY", "--sort", "cost"))
    assert {job["name"].partition(",")[0] for job in found} == {"everyday_talk"}


def test_of_a_dataset_whose_plan_failed_it_is_said_why_it_has_none(tmp_path):
    with Catalog.open(f"sqlite:///{tmp_path / 'catalog.db'}") as catalog:
        dataset = ready(catalog, "d1")
        catalog.mark_plans_requested([dataset], "request", NOON)
        catalog.begin_try("plan", dataset.id, "run-1")
        catalog.spend_try("plan", dataset.id, "run-1", "no space left", Patience(1, (3600,)), NOON)

    place, owner = {"LORA_DATA_DIR": str(tmp_path)}, ("--owner", dataset.user_id)
    listed = run(["jobs", "list", "--dataset", "d1", *owner], place)
    shown, as_json = (run(["datasets", "show", "d1", *owner, *form], place).stdout for form in ((), ("--json",)))

    why = "no space left; it is tried again at 13:00 UTC"
    assert listed.stderr.splitlines()[-1] == json.loads(as_json)["no_jobs"] == why
    assert re.search(rf"no_jobs +│ {why}", shown)


def test_a_job_is_made_with_its_cost_and_the_next_step_and_again_it_is_the_same(command):
    arguments = (
        "create",
        CHAT,
        "--model",
        "Qwen3-4B",
        "--gpu",
        "RTX-4090",
        "--target",
        "trl,axolotl",
        "--set",
        "epochs=2",
    )

    first, second = command(*arguments), command(*arguments)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout == second.stdout
    job_id = first.stdout.splitlines()[0].partition(":")[0]
    assert f"its files: lora-pipeline jobs files {job_id} -o FOLDER\n" in first.stderr
    assert "warning: 4 steps are hardly a training" in first.stderr
    [job] = [job for job in _lines(command("list", "--json", "--dataset", CHAT)) if job["id"] == job_id]
    assert (job["origin"], job["gpu"], job["targets"]) == ("person", "RTX-4090", ["trl", "axolotl"])
    assert job["job"]["optimisation"]["epochs"] == 2


def test_a_plan_of_the_file_is_byte_for_byte_the_job_of_its_upload(planned, folder, tmp_path):
    """Which the pipeline made of the same sample, by the same choices."""
    sample = SAMPLES_DIR / f"{TALK}.jsonl"

    result = run(["plan", str(sample), "--model", "Qwen3-8B", "-o", str(tmp_path / "train")], {"COLUMNS": "200"})

    assert result.exit_code == 0, result.stderr
    assert _bytes_below(tmp_path / "train") == _bytes_below(folder / "lake/training_jobs" / f"job_id={planned['id']}")


def test_a_job_is_made_of_a_plans_file_if_the_dataset_is_the_same(command, folder, tmp_path):
    path = tmp_path / "train" / "job.json"
    options = ["--model", "Qwen3-8B", "--gpu", "L40S", "--set", "rank=8"]
    run(["plan", str(SAMPLES_DIR / f"{CHAT}.jsonl"), *options, "-o", str(path.parent)], {"COLUMNS": "200"})

    made = command("create", "--from", str(path))
    other = command("create", TALK, "--from", str(path))
    both = command("create", "--from", str(path), "--gpu", "T4")
    elsewhere = json.loads(path.read_bytes())
    elsewhere["data"]["dataset_id"] = "as-the-service-named-it"
    (tmp_path / "job.json").write_text(json.dumps(elsewhere))
    named = command("create", "--from", str(tmp_path / "job.json"))

    job_id = made.stdout.partition(":")[0]
    assert made.exit_code == 0, made.stderr
    assert _bytes_below(path.parent) == _bytes_below(folder / "lake/training_jobs" / f"job_id={job_id}")
    assert named.stdout == made.stdout
    assert (other.exit_code, both.exit_code) == (2, 2)
    assert other.stderr.startswith("error: --from: expected a dataset with the content sha256 ")
    assert both.stderr == (
        "error: --from: expected no --gpu beside it, which the file decides, found one; leave out one\n"
    )


def _bytes_below(place):
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (
            ["--model", "Qwen-3-8B"],
            2,
            "no model 'Qwen-3-8B' is known; the nearest: Qwen3-8B, ",
        ),
        (["--model", "Qwen3-8B", "--gpu", "H1000"], 2, "no GPU 'H1000' is known; the nearest: "),
        (
            ["--model", "Qwen3-8B", "--preset", "balance"],
            2,
            "preset: expected one of conservative, balanced, aggressive, found 'balance'; did you mean balanced?",
        ),
        (["--model", "Qwen3-8B", "--set", "epoch=2"], 2, "settings: epoch is not a setting; did you mean epochs"),
        (
            ["--model", "Qwen3-8B", "--set", "epochs"],
            2,
            "--set: expected KEY=VALUE, found 'epochs'; for example --set epochs=2",
        ),
        (
            ["--model", "Qwen3-8B", "--set", "epochs=500"],
            2,
            "settings: epochs: expected an integer from 1 to 50, found '500'",
        ),
        (
            ["--model", "Qwen3-8B", "--method", "qlorra"],
            2,
            "--method: expected one of lora, qlora, full, found 'qlorra'; did you mean qlora or lora?",
        ),
        (["--model", "Qwen3-8B", "--target", "openia"], 2, "trainers: expected some of trl, axolotl, "),
        (["--model", "Llama-3.1-405B", "--gpu", "T4"], 1, "Llama-3.1-405B does not fit: needs "),
        (
            ["--model", "Qwen3-8B", "--target", "openai"],
            1,
            "openai refuses support_chat: too-few-conversations (It takes 10 or more conversations, found 5); ",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_sentence_with_its_exit_code(command, arguments, exit_code, message):
    result = command("create", CHAT, *arguments)

    assert result.exit_code == exit_code
    assert result.stderr.startswith(f"error: {message}")
    assert result.stdout == ""


def test_a_job_that_cannot_fit_says_by_how_much_and_what_would(command):
    result = command("create", CHAT, "--model", "Qwen3-32B", "--gpu", "RTX-4090", "--method", "lora")

    assert result.exit_code == 1
    assert re.search(r"needs [\d.]+ GB on each GPU, a RTX-4090 has [\d.]+ GB, [\d.]+ GB too few", result.stderr)
    assert "what would fit: " in result.stderr
    assert "--gpu " in result.stderr


@pytest.mark.parametrize(("dataset", "exit_code"), [(BROKEN, 1), ("nothing", 2)])
def test_a_dataset_that_cannot_be_trained_on_is_refused(command, dataset, exit_code):
    result = command("create", dataset, "--model", "Qwen3-8B")

    assert result.exit_code == exit_code
    assert result.stderr.startswith("error: expected ")


def test_another_users_dataset_and_job_do_not_exist(command, planned):
    for arguments in (
        ("create", CHAT, "--model", "Qwen3-8B"),
        ("show", planned["id"]),
        ("cancel", planned["id"]),
        ("files", planned["id"]),
        ("add-cost", planned["id"], "--cost", "1", "--source", "x"),
        ("report", planned["id"], "--status", "running"),
    ):
        result = command(*arguments, "--owner", "somebody")
        assert (result.exit_code, result.stdout) == (2, "")
    assert _lines(command("list", "--json", "--owner", "somebody")) == []
    assert len(_lines(command("list", "--json", "--everyone"))) >= 2


def test_a_job_is_shown_with_its_reasons_its_costs_and_its_files(command, planned):
    result = command("show", planned["id"])

    assert result.exit_code == 0
    for text in ("optimisation.learning_rate", "estimate", "trl/config.yaml", planned["split_fingerprint"]):
        assert text in result.stdout


def test_a_job_is_shown_as_json_as_it_is_listed(command, planned):
    assert _lines(command("show", planned["id"], "--json")) == [planned]


def test_the_files_are_listed_and_copied_whole(command, planned, tmp_path):
    listed = command("files", planned["id"])
    copied = command("files", planned["id"], "-o", str(tmp_path / "job"))

    names = sorted(
        path.relative_to(tmp_path / "job").as_posix() for path in (tmp_path / "job").rglob("*") if path.is_file()
    )
    of_trainer = ("config.yaml", "explain.md", "train.jsonl", "train.py", "validation.jsonl")
    assert {"job.json", *(f"trl/{name}" for name in of_trainer)} <= set(names)
    assert all(name in listed.stdout for name in names)
    assert copied.stdout == f"{len(names)} files in {tmp_path / 'job'}\n"
    assert json.loads((tmp_path / "job" / "job.json").read_text()) == planned["job"]


def test_a_job_is_priced_as_asked_for(command):
    arguments = ("create", TALK, "--model", "Qwen3-8B", "--gpu", "L40S")

    made = _lines(command(*arguments, "--spot", "--json"))
    refused = command(*arguments, "--provider", "Nobody")

    assert [cost["price_kind"] for cost in made[0]["costs"]] == ["spot"]
    assert refused.exit_code == 1
    assert refused.stderr.startswith("error: no such price of L40S; known: ")


def test_options_are_compared_by_cost_or_time_with_what_does_not_fit(command):
    by_cost = _lines(command("compare", TALK, "--model", "Qwen3-8B", "--gpu", "T4,L4,A100-80GB-SXM", "--json"))
    by_time = _lines(
        command("compare", TALK, "--model", "Qwen3-8B", "--gpu", "L4,A100-80GB-SXM", "--by", "time", "--json")
    )

    options = [row for row in by_cost if "estimate" in row]
    costs = [row["estimate"]["cost_usd"]["expected"] / row["passes"] for row in options if row["estimate"]["cost_usd"]]
    hours = [row["estimate"]["hours"]["expected"] / row["passes"] for row in by_time if "estimate" in row]
    assert (costs, hours) == (sorted(costs), sorted(hours))
    assert any(row["is_best_of_preset"] for row in options)
    reasons = [row for row in by_cost if "reason" in row]
    assert {row["kind"] for row in reasons} == {"does-not-fit"}
    assert ("T4", "lora") in {(row["gpu"], row["method"]) for row in reasons}


def test_a_comparison_is_a_table_and_names_what_is_not_possible(command, planned):
    result = command("compare", planned["id"], "--gpu", "T4,A100-80GB-SXM", "--preset", "balanced")

    assert result.exit_code == 0
    assert "A100-80GB-SXM" in result.stdout
    assert re.search(r"^  T4, lora: Qwen3-8B does not fit: needs ", result.stdout, re.MULTILINE)


def test_a_job_of_a_provider_has_a_cost_and_no_hours_memory_or_gpu(command):
    made = command("create", TALK, "--model", "Qwen3-8B", "--target", "openai")
    job_id = made.stdout.splitlines()[0].partition(":")[0]

    [job] = [job for job in _lines(command("list", "--json", "--dataset", TALK)) if job["id"] == job_id]
    [cost] = job["costs"]
    assert made.exit_code == 0
    assert 0 < cost["cost_usd_low"] < cost["cost_usd"] < cost["cost_usd_high"] < 20
    assert [cost[name] for name in ("hours", "peak_memory_gb", "fits", "price_per_gpu_hour")] == [None] * 4
    assert (cost["provider"], cost["price_currency"]) == ("OpenAI", "USD")
    assert cost["basis"][1].startswith("price: 5 USD for a million trained tokens of gpt-4.1-mini-2025-04-14 at OpenAI")
    shown = command("show", job_id).stdout
    assert "5 USD for a million tokens" in shown
    assert "A100-80GB-SXM" not in shown.partition("max_length")[0]


def test_a_comparison_of_providers_is_a_row_of_each_preset_without_a_gpu(command):
    result = command("compare", TALK, "--model", "Qwen3-8B", "--target", "together")

    rows = [line for line in result.stdout.splitlines() if "lora" in line]
    assert len(rows) == 3
    assert not any("A100" in row or "GB" in row for row in rows)
    assert "not possible" not in result.stdout
    [first, *_] = _lines(command("compare", TALK, "--model", "Qwen3-8B", "--target", "together", "--json"))
    assert (first["gpu"], first["gpu_count"], first["estimate"]["hours"]) == (None, None, None)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        ([TALK], 2, "--model: expected a base model, found none; for example --model Qwen3-8B"),
        ([TALK, "--model", "Qwen3-8B", "--by", "price"], 2, "--by: expected cost or time, found 'price'"),
        (["nothing"], 2, "expected the id or name of a training job, found 'nothing': list the jobs first"),
    ],
)
def test_a_comparison_that_cannot_be_is_refused(command, arguments, exit_code, message):
    result = command("compare", *arguments)

    assert (result.exit_code, result.stderr) == (exit_code, f"error: {message}\n")


def test_a_comparison_of_which_nothing_fits_is_a_no(command):
    result = command("compare", TALK, "--model", "Llama-3.1-405B", "--gpu", "T4")

    assert result.exit_code == 1
    assert "not possible:" in result.stdout


def test_what_it_did_cost_stands_beside_the_estimate(command):
    made = _lines(command("create", TALK, "--model", "Qwen3-0.6B", "--json"))[0]

    result = command("add-cost", made["id"], "--cost", "0.4", "--hours", "0.2", "--source", "invoice 7")

    assert result.exit_code == 0, result.stderr
    [job] = _lines(command("show", made["id"], "--json"))
    assert [(cost["kind"], cost["source"]) for cost in job["costs"]][1:] == [("actual", "invoice 7")]
    assert job["costs"][0] == made["costs"][0]


def test_what_a_trainer_left_is_noted_once(command, tmp_path):
    made = _lines(command("create", TALK, "--model", "Qwen3-1.7B", "--json"))[0]
    log = [{"step": 10, "loss": 2.5, "epoch": 0.1}, {"step": 20, "loss": 1.5, "eval_loss": float("nan")}]
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": log}))
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_config.json").write_text("{}")
    arguments = ("--status", "succeeded", "--metrics", str(tmp_path / "trainer_state.json"))

    for _ in range(2):
        result = command("report", made["id"], *arguments, "--artifact", str(tmp_path / "adapter"))

    assert result.stdout == f"{made['id']}: succeeded, 2 figures, 1 artifacts\n"
    shown = command("show", made["id"]).stdout
    assert str(tmp_path / "adapter") in shown
    assert "adapter" in shown
    refused = command("cancel", made["id"])
    assert refused.exit_code == 2
    assert refused.stderr.startswith("error: expected a job that has not ended, found ")


def _told(folder, attempt_id, *entries):
    """What the sensor does with a journal."""
    lines = "".join(json.dumps(entry) + "\n" for entry in entries).encode()
    with Catalog.open(load_settings(data_dir=folder).catalog_url) as catalog:
        catalog.take_journal(attempt_id, 0, read_journal(lines, 0), datetime.now(UTC))


_STEP = {"kind": "metrics", "step": 10, "total_steps": 40, "values": {"loss": 1.5}}
_OUT_OF_MEMORY = (
    {"kind": "log", "tail": "step 10\ntorch.OutOfMemoryError: CUDA out of memory."},
    {"kind": "ended", "exit_code": 1},
)


def test_a_training_is_started_watched_and_tried_again_with_what_its_failure_suggests(folder, command):
    made = _lines(command("create", CHAT, "--model", "Qwen3-1.7B", "--set", "micro_batch=2", "--json"))[0]
    attempt_id = f"{made['id']}.1"

    never = command("watch", made["id"])
    started = command("start", made["id"])
    twice = command("start", made["id"])
    waiting = command("watch", made["id"], "--once")
    _told(folder, attempt_id, _STEP, *_OUT_OF_MEMORY)
    ended, logged = command("watch", made["id"]), command("logs", made["id"])
    points = command("metrics", made["id"], "--csv").stdout.splitlines()
    command("add-cost", made["id"], "--cost", "0.4", "--source", "invoice 7")
    retried = command("retry", made["id"], "--changed")
    other = retried.stdout.splitlines()[1].partition(".1:")[0]

    assert (never.exit_code, "lora-pipeline jobs start" in never.stderr) == (2, True)
    assert started.stdout == f"{attempt_id}: queued\n"
    assert "Dagster's daemon starts it, while lora-pipeline dev runs" in started.stderr
    assert (twice.exit_code, waiting.exit_code, waiting.stdout) == (2, 0, f"{attempt_id}: queued\n")
    assert ended.exit_code == 1
    assert ended.stdout.startswith(f"{attempt_id}: failed, step 10 of 40, 25%, loss 1.50, the memory of the GPU")
    assert logged.stdout.splitlines()[-1] == "torch.OutOfMemoryError: CUDA out of memory."
    assert points == ["name,step,value,epoch,measured_at", "loss,10,1.5,,"]
    assert [each["state"] for each in _lines(command("attempts", made["id"], "--json"))] == ["failed"]
    assert "failed" in command("show", made["id"]).stdout
    [bill] = [each for each in _lines(command("show", made["id"], "--json"))[0]["costs"] if each["kind"] == "actual"]
    assert (bill["attempt_id"], bill["billed_nano_usd"]) == (attempt_id, 400_000_000)
    assert retried.stdout.splitlines() == ["micro_batch: 2 -> 1", f"{other}.1: queued"]
    assert command("cancel", other, "--reason", "no more").stdout == f"{other}: cancelled\n"
    spent = json.loads(run(["costs", "--json"], {"LORA_DATA_DIR": str(folder)}).stdout)
    assert attempt_id in {each["attempt_id"] for each in spent["records"]}


def test_the_line_for_a_machine_of_ones_own_is_printed_where_the_service_has_an_address(folder, command):
    made = _lines(command("create", CHAT, "--model", "Qwen3-4B", "--gpu", "RTX-4090", "--json"))[0]
    arguments = ["jobs", "start", made["id"], "--launcher", "own-machine"]
    environment = {"LORA_DATA_DIR": str(folder), "LORA_SERVICE_URL": "https://lora.example"}

    result = run(arguments, environment)

    line = result.stdout.splitlines()[1]
    assert line.startswith(f"curl -fsSL https://lora.example/api/jobs/{made['id']}/attempts/{made['id']}.1/run.py -H ")
    assert line.endswith(f" python3 run.py --service https://lora.example --attempt {made['id']}.1")
    assert command("start", made["id"], "--on", "moon").stderr == (
        "error: --launcher: expected one of local, own-machine, hosted, sagemaker, kubernetes, found 'moon'\n"
    )


def test_a_job_for_a_provider_is_asked_for_there_once_its_key_is_set(folder):
    known = {"LORA_DATA_DIR": str(folder)}
    create = ["jobs", "create", TALK, "--model", "Qwen3-4B", "--target", "openai", "--json"]
    made = json.loads(run(create, known).stdout.splitlines()[0])

    here = run(["jobs", "start", made["id"]], known)
    keyless = run(["jobs", "start", made["id"], "--on", "hosted"], known)
    asked = run(["jobs", "start", made["id"], "--on", "hosted"], {**known, "OPENAI_API_KEY": "sk-none"})

    assert here.stderr == (
        "error: expected a trainer that runs on a machine, found openai, who trains itself: have its provider do it "
        "(--launcher hosted)\n"
    )
    assert keyless.stderr == (
        "error: launcher: expected one that is set up, found hosted: set OPENAI_API_KEY to the key of an account\n"
    )
    assert asked.stdout == f"{made['id']}.1: queued\n"


def test_a_model_is_listed_copied_renamed_and_deleted(folder, command, tmp_path):
    def models(*arguments):
        return run(["models", *arguments], {"LORA_DATA_DIR": str(folder), "COLUMNS": "300"})

    made = _lines(command("create", CHAT, "--model", "Qwen3-8B", "--gpu", "L40S", "--json"))[0]
    command("start", made["id"])
    model_id = f"{made['id']}.1"
    _told(folder, model_id, _STEP, {"kind": "ended", "exit_code": 0})
    settings = load_settings(data_dir=folder)
    (tmp_path / "kept" / "model").mkdir(parents=True)
    (tmp_path / "kept" / "model" / "adapter.bin").write_bytes(b"weights")
    uri = make_lake(settings).publish_model(model_id, tmp_path / "kept")
    described = {"size_bytes": 7, "sha256": hashlib.sha256(b"weights").hexdigest()}
    with Catalog.open(settings.catalog_url) as catalog:
        new = NewModel(model_id, "adapter", uri, {"model/adapter.bin": described}, 7, "0" * 64)
        catalog.keep_model(new, datetime.now(UTC))

    copied = models("files", model_id, "-o", str(tmp_path / "out"))
    renamed = models("rename", model_id, "Night shift")

    assert copied.stdout == f"1 files in {tmp_path / 'out'}\n"
    assert (tmp_path / "out" / "model" / "adapter.bin").read_bytes() == b"weights"
    assert renamed.stdout == f"{model_id}: Night shift\n"
    assert "Night shift" in models("list").stdout
    assert described["sha256"] in models("show", "Night shift").stdout
    assert models("delete", model_id).stdout == f"{model_id}: deleted; its files stay at {uri}\n"
    assert models("show", model_id).exit_code == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [("[1]", "expected rows with a step, found 1"), ("{no", "expected JSON, found ")],
)
def test_metrics_that_are_none_are_said(command, planned, tmp_path, text, message):
    (tmp_path / "log.json").write_text(text)

    result = command("report", planned["id"], "--metrics", str(tmp_path / "log.json"))

    assert result.exit_code == 2
    assert message in result.stderr


def test_an_unknown_status_names_the_known_ones(command, planned):
    listed, reported = command("list", "--status", "done"), command("report", planned["id"], "--status", "done")

    assert listed.stderr == (
        "error: --status: expected one of configured, stale, cancelled, queued, running, succeeded, failed, lost, "
        "found done\n"
    )
    assert command("list", "--sort", "name").stderr == "error: --sort: expected one of created, cost, found name\n"
    assert reported.stderr == "error: --status: expected one of running, succeeded, failed, found 'done'\n"


def test_a_cancelled_job_comes_back_when_it_is_created_again(command):
    arguments = ("create", TALK, "--model", "Qwen3-4B", "--json")
    made = _lines(command(*arguments))[0]

    assert command("cancel", made["id"]).stdout == f"{made['id']}: cancelled\n"
    assert _lines(command(*arguments))[0]["status"] == "configured"


def test_a_stale_job_can_be_had_with_a_warning(folder, command, tmp_path):
    made = _lines(command("create", CHAT, "--model", "Qwen3-0.6B", "--json"))[0]
    with Catalog.open(load_settings(data_dir=folder).catalog_url) as catalog:
        now = datetime.now(UTC)
        catalog.record_split(catalog.get(made["dataset_id"]), "other rows", now)
        result = command("files", made["id"], "-o", str(tmp_path))
        catalog.record_split(catalog.get(made["dataset_id"]), made["split_fingerprint"], now)

    assert result.exit_code == 0
    assert result.stderr == (
        "warning: this job is stale: the dataset was validated again and has other rows or another split\n"
    )


def test_deleting_a_dataset_says_which_jobs_hang_on_it(folder, command):
    environment = {"LORA_DATA_DIR": str(folder)}
    hanging = {job["id"] for job in _lines(command("list", "--json", "--dataset", CHAT))}

    result = run(["datasets", "delete", CHAT], environment)

    assert run(["datasets", "restore", CHAT], environment).exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[1] == (
        f"{len(hanging)} training jobs of it stay:" if len(hanging) > 1 else "1 training job of it stays:"
    )
    assert {line.split()[0] for line in lines[2:]} == hanging


def test_every_command_has_a_help_text(command):
    names = re.findall(r"^  ([a-z-]+) ", command("--help").stdout, re.MULTILINE)

    assert {"create", "list", "show", "cancel", "compare", "files", "add-cost", "report"} <= set(names)
