"""`generate`, `conversations` and `training-files`, on an installation that a fake provider made conversations for.

Golden files: `tests/golden/generation/`; `python -m tests.cli.made_installation [NAME…]` writes them anew.
"""

import json

import pytest

from pipeline.cli import asking, batch_work
from pipeline.flow.generation.making import BatchWork
from pipeline.flow.generation.submitting import prepare
from tests.cli.made_installation import FOLDER, GOLDENS, OWNER, golden, made_installation
from tests.flow.generation.places import opened

FEW = [
    "generate",
    "plan",
    "--items",
    "3",
    "--tier",
    "edge_case",
    "--topic",
    "first_budget",
    "--seed",
    "1",
    "--name",
    "few",
]
OWN_SERVER = {"LORA_LLM": "http://127.0.0.1:9/v1", "LORA_LLM_MODEL": "ours"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with made_installation(tmp_path_factory.mktemp("made") / "data") as found:
        yield found


@pytest.fixture
def own(made, tmp_path):
    """One that a test may change."""
    return made.copied(tmp_path / "data")


@pytest.fixture
def planned(own):
    """The same, with a batch that nobody has started."""
    assert own.run(*FEW, "--budget", "1").exit_code == 0
    return own


@pytest.fixture
def terminal(monkeypatch):
    """Somebody is there to be asked; what they say is the command's input."""
    monkeypatch.setattr(asking, "_somebody_is_there", lambda: True)


def status(made, batch="few"):
    return json.loads(made.run("generate", "status", batch, "--json").stdout)


@pytest.mark.parametrize("name", GOLDENS)
def test_what_a_command_shows_is_as_it_was(made, name):
    assert golden(made, name) == (FOLDER / f"{name}.txt").read_text("utf-8")


def test_a_batch_goes_from_the_plan_to_its_end(own):
    plan = own.run(*FEW, "--budget", "1", "--json")
    asked = len(own.fake.bill)
    batch = json.loads(plan.stdout)["batch"]
    before = own.run("generate", "work", "few")
    started = own.run("generate", "start", "few", "--yes")
    worked = own.run("generate", "work", "few")
    again = own.run("generate", "start", "few", "--yes")

    assert (batch["name"], batch["status"]) == ("few", "planned")
    assert before.stdout.startswith(f"{batch['id']}: nothing is due now, it is planned\n")
    assert (started.exit_code, started.stdout) == (0, f"{batch['id']}: running\n")
    assert "3 conversations of gpt-6.1-terra: $0." in started.stderr
    assert "; the budget is $1.00\n" in started.stderr
    assert worked.exit_code == 0
    found = status(own)
    assert (found["status"], found["by_state"]) == ("completed", {"accepted": 3})
    assert found["spent_nano_usd"] == sum(row.nano_usd for row in own.fake.bill[asked:]) > 0
    assert worked.stdout.splitlines()[-1].startswith(f"{batch['id']}: completed, 3 accepted, $0.0")
    assert (again.exit_code, again.stderr) == (
        2, f"error: expected a batch that is planned or paused, found {batch['id']} completed\n"
    )  # fmt: skip


@pytest.mark.parametrize(("says", "exit_code", "state"), [(b"n\n", 1, "planned"), (b"y\n", 0, "running")])
def test_a_person_is_asked_before_money_is_spent(planned, terminal, says, exit_code, state):
    result = planned.run("generate", "start", "few", says=says)

    assert (result.exit_code, status(planned)["status"]) == (exit_code, state)
    assert result.stderr.startswith("3 conversations of gpt-6.1-terra: $0.")
    assert "\nStart it? [y/N]:" in result.stderr


def test_without_anybody_to_ask_nothing_is_started(planned):
    result = planned.run("generate", "start", "few")

    assert (result.exit_code, status(planned)["status"]) == (2, "planned")
    assert result.stderr.splitlines()[-1] == (
        "error: expected somebody to ask, found no terminal: Start it? --yes answers"
    )


def test_without_a_budget_nothing_that_is_paid_is_started(own):
    planned = own.run(*FEW)

    result = own.run("generate", "start", "few", "--yes")

    proposed = planned.stderr.splitlines()[-1]
    assert (result.exit_code, status(own)["status"]) == (2, "planned")
    assert result.stderr.startswith("error: --budget: expected what it may cost at most, found none; 3 conversations ")
    assert proposed.startswith(f"start it: lora-pipeline generate start {status(own)['id']} --budget 0.0")
    assert own.run(*proposed.split()[3:], "--yes").exit_code == 0


def test_a_budget_below_what_it_may_cost_is_told(own):
    assert own.run(*FEW, "--items", "40", "--budget", "0.01").stderr.startswith("warning: it may cost up to $0.")


def test_a_server_of_ones_own_is_asked_without_a_question(own):
    for arguments in (FEW, ("generate", "start", "few")):
        result = own.run(*arguments, more=OWN_SERVER)
        assert result.exit_code == 0, result.stderr

    assert status(own)["judging_model"] is None
    assert (status(own)["status"], status(own)["is_batched"]) == ("running", False)


@pytest.mark.parametrize("command", [["start", "few", "--yes", "--wait"], ["work", "few", "--wait"]])
def test_a_batch_is_followed_to_its_end(planned, monkeypatch, command):
    """`start` waits for others to work on it, `work` works on."""
    if command[0] == "work":
        planned.run("generate", "start", "few", "--yes")
    planned.fake.looks_until_end = 1
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        if command[0] == "start":
            planned.run("generate", "work", "few")

    monkeypatch.setattr(batch_work.time, "sleep", sleep)
    try:
        result = planned.run("generate", *command)
    finally:
        planned.fake.looks_until_end = 0

    assert result.exit_code == 0, result.stderr
    assert slept
    assert ": completed, 3 accepted" in result.stdout.splitlines()[-1]


def test_a_batch_is_paused_goes_on_and_is_cancelled(planned):
    planned.fake.looks_until_end = 5
    try:
        planned.run("generate", "start", "few", "--yes")
        planned.run("generate", "work", "few")
        paused = planned.run("generate", "pause", "few", "--reason", "lunch")
        worked = planned.run("generate", "work", "few", "--wait")
        planned.run("generate", "start", "few", "--yes")
        cancelled = planned.run("generate", "cancel", "few")
    finally:
        planned.fake.looks_until_end = 0

    found = status(planned)
    assert paused.stdout == f"{found['id']}: paused\n"
    assert paused.stderr == "3 requests under way, which may still be paid\n"
    assert worked.exit_code == 1
    assert worked.stdout.splitlines()[0] == f"{found['id']}: nothing is due now, waits for 1 submission"
    assert worked.stdout.splitlines()[-1].endswith("lunch")
    assert (cancelled.stdout, found["status"]) == (f"{found['id']}: cancelled\n", "cancelled")
    [submission] = found["submissions"]
    assert submission["id"] in planned.run("generate", "status", "few").stdout


def test_failed_items_are_drawn_anew_for_what_they_cost(own, terminal):
    no = own.run("generate", "retry", "spring", "--items", "6,1", says=b"n\n")
    yes = own.run("generate", "retry", "spring", "--items", "6,1", says=b"y\n")
    own.run("generate", "work", "spring")
    none = own.run("generate", "retry", "spring", "--items", "1", "--yes")

    assert (no.exit_code, yes.exit_code, none.exit_code) == (1, 0, 1)
    assert no.stderr.startswith("2 items at most: $0.01 expected, from ")
    assert yes.stdout.endswith(f"{own.batch.id}: running, 1 item drawn anew\n")
    assert status(own, "spring")["by_state"] == {"accepted": 6, "failed": 5, "needs_review": 1}
    assert none.stderr.splitlines()[-1] == (
        f"error: expected items of {own.batch.id} that failed before anything was written, found none"
    )


@pytest.mark.parametrize(("said", "state"), [(["--adopt", "batch-7"], "sent"), (["--nothing-sent"], "prepared")])
def test_what_became_of_a_submission_is_for_a_person_to_say(planned, said, state):
    planned.run("generate", "start", "few", "--yes")
    submission = _sent_by_one_that_died(planned)

    result = planned.run("generate", "settle", submission, *said)

    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{submission}: {'is batch-7' if state == 'sent' else 'is sent again'}\n"
    [found] = status(planned)["submissions"]
    assert (found["state"], found["external_id"]) == (state, said[1] if said[1:] else None)


def _sent_by_one_that_died(planned):
    """Long ago: its clock stands at a day of the past."""
    with opened(planned.folder, planned.fake) as place:
        work = BatchWork(place.making, place.catalog.find_batch(OWNER, "few"))
        submission = prepare(work, "generate", place.catalog.items_of(work.batch.id), place.clock())
        assert place.catalog.open_submission(submission.id, place.clock()) == "open"
        return submission.id


def test_failures_are_listed_for_programs_with_raw_answers_where_they_are_wanted(made):
    short, raw = (
        [json.loads(line) for line in made.run("generate", "failures", "spring", "--json", *more).stdout.splitlines()]
        for more in ([], ["--raw"])
    )

    assert {each["number"] for each in short} == {5, 6, 9, 10, 11, 12}
    assert {each["failure_type"] for each in short} == {"truncation"}
    assert "raw_response" not in short[0]
    assert raw[0]["raw_response"].startswith('{"title": "')


def test_the_ledger_is_printed_call_by_call(made):
    rows = [json.loads(line) for line in made.run("generate", "calls", "spring", "--json").stdout.splitlines()]
    table = made.run("generate", "calls", "spring", "--csv").stdout.splitlines()

    assert sum(row["cost_nano_usd"] for row in rows) == status(made, "spring")["spent_nano_usd"]
    assert len(table) == len(rows) + 1
    assert table[0].startswith("id,submission_id,custom_id,item_id,purpose,")


def test_what_belongs_to_another_does_not_exist(made):
    one = f"{made.batch.id}.1"
    for arguments in (
        ("generate", "status", "spring"),
        ("generate", "start", "spring", "--yes"),
        ("generate", "cancel", "spring"),
        ("generate", "retry", "spring", "--yes"),
        ("generate", "failures", "spring"),
        ("generate", "calls", "spring"),
        ("conversations", "show", one),
        ("conversations", "review", one, "--reject"),
        ("conversations", "export", one),
        ("training-files", "show", "money-talk"),
        ("training-files", "send", "money-talk"),
    ):
        result = made.run(*arguments, "--owner", "bob")
        assert (result.exit_code, result.stdout) == (2, ""), arguments
    for group, command in (("generate", "status"), ("conversations", "list"), ("training-files", "list")):
        assert made.run(group, command, "--json", "--owner", "bob").stdout == ""
        assert made.run(group, command, "--json", "--everyone").stdout != ""


def test_a_conversation_is_reviewed_with_a_note(own):
    one = f"{own.batch.id}.1"
    approved = own.run("conversations", "review", one, "--approve", "--note", "the place is meant")
    rejected = own.run("conversations", "review", f"{own.batch.id}.2", "--reject", "--version", "1")
    stale = own.run("conversations", "review", one, "--reject", "--version", "2")

    assert approved.stdout == f"{one}: accepted, version 1\n"
    assert rejected.stdout == f"{own.batch.id}.2: rejected, version 1\n"
    assert (stale.exit_code, stale.stderr) == (
        2, f"error: expected version 1 of {one}, the newest, found 2: read it again\n"
    )  # fmt: skip
    [review] = json.loads(own.run("conversations", "show", one, "--json").stdout)["reviews"]
    assert (review["reviewer"], review["action"], review["note"]) == (OWNER, "approve", "the place is meant")


def test_all_that_are_meant_are_reviewed_after_a_question(own, terminal):
    meant = ("--all", "--batch", "spring", "--score-min", "4.5")
    no = own.run("conversations", "review", "--reject", *meant, says=b"n\n")
    yes = own.run("conversations", "review", "--reject", *meant, says=b"y\n")
    none = own.run("conversations", "review", "--reject", "--all", "--persona", "nobody")

    assert no.exit_code == 1
    assert no.stderr == "3 conversations: 2 accepted, 1 needs review\nReject them all? [y/N]:"
    assert yes.stdout.endswith("3 conversations changed\n")
    assert none.exit_code == 1
    listed = own.run("conversations", "list", "--json", "--status", "rejected").stdout.splitlines()
    assert len(listed) == 3


def test_what_a_person_makes_of_a_conversation_is_its_next_version(own, tmp_path):
    one, file = f"{own.batch.id}.1", tmp_path / "one.json"
    own.run("conversations", "export", one, "--raw", "-o", str(file))
    said = json.loads(file.read_text())
    said["turns"][0]["content"] = "Dear Maren, what now?"
    file.write_text(json.dumps(said))

    changed = own.run("conversations", "edit", one, "--file", str(file), "--note", "named him")
    again = own.run("conversations", "edit", one, "--file", str(file))

    assert (changed.exit_code, changed.stdout) == (0, f"{one}: needs review, version 2\n")
    assert again.exit_code == 2
    shown = json.loads(own.run("conversations", "show", one, "--json").stdout)
    assert shown["shown_version"]["content"]["turns"][0]["content"] == "Dear Maren, what now?"
    assert (shown["finding_codes"], shown["is_judgement_stale"]) == ([], True)
    before = own.run("conversations", "show", one, "--version", "1").stdout
    assert "Dear [Your name]" in before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "expected a conversation as `conversations export --raw` has it, found: Input data was truncated"),
        ('{"turns": [{"role": "user"}]}', "Object missing required field `content` - at `$.turns[0]`"),
        ('{"titel": "x"}', "Object contains unknown field `titel`"),
        ('{"conversation_id": "another"}', "found another"),
        ('{"turns": []}', "the edit leaves no conversation"),
        ("{}", "expected a change of title, system prompt or turns, found none"),
    ],
)
def test_a_file_that_is_no_edit_is_refused(made, tmp_path, content, message):
    (tmp_path / "edit.json").write_text(content)

    result = made.run("conversations", "edit", f"{made.batch.id}.2", "--file", str(tmp_path / "edit.json"))

    assert result.exit_code == 2
    assert message in result.stderr


def test_conversations_are_exported_in_each_form(made, tmp_path):
    one, rows = f"{made.batch.id}.2", tmp_path / "rows.jsonl"
    accepted = made.run("conversations", "export", "--status", "accepted", "-o", str(rows))
    each = made.run("conversations", "export", "--enriched", "--tier", "edge_case", "-o", str(tmp_path / "each"))
    raw = json.loads(made.run("conversations", "export", one, "--raw").stdout)
    native = json.loads(made.run("conversations", "export", one).stdout)
    none = made.run("conversations", "export", "--text", "nothing of that kind")

    read = [json.loads(line) for line in rows.read_text().splitlines()]
    assert accepted.stderr == f"5 conversations in {rows}\n"
    assert [row["annotations"]["status"] for row in read] == ["accepted"] * 5
    assert each.exit_code == 0
    files = sorted(path.name for path in (tmp_path / "each").iterdir())
    assert files == [f"{made.batch.id}.{number}.enriched.json" for number in (1, 4, 8)]
    assert (raw["conversation_id"], list(raw["turns"][0])) == (one, ["turn_number", "role", "content"])
    assert (native["conversation_id"], native["annotations"]["batch_id"]) == (one, made.batch.id)
    assert (none.exit_code, none.stdout) == (1, "")


def test_a_training_file_is_built_taken_away_and_becomes_a_dataset(own, tmp_path):
    built = own.run("training-files", "build", "few", "--tier", "edge_case", "--json")
    again = own.run("training-files", "build", "few", "--tier", "edge_case")
    taken = own.run("training-files", "download", "few", "-o", str(tmp_path / "taken"))
    anew = own.run("training-files", "rebuild", "few", "-o", str(tmp_path / "anew"))
    sent, sent_again = (own.run("training-files", "send", "few") for _ in range(2))

    file = json.loads(built.stdout)
    assert (file["version"], file["conversation_count"], file["repeated"]) == (1, 2, [])
    assert ": few, version 2\n" in again.stdout
    assert taken.stdout == f"4 files in {tmp_path / 'taken'}\n"
    assert anew.stdout == f"4 files in {tmp_path / 'anew'}, the same bytes as they were built with\n"
    for name in file["files"]:
        assert (tmp_path / "anew" / name).read_bytes() == (tmp_path / "taken" / name).read_bytes()
    assert sent.stdout == sent_again.stdout
    [dataset] = own.run("datasets", "list", "--json").stdout.splitlines()
    assert sent.stdout == f"{json.loads(dataset)['id']}: validating\n"
    [newest, _first, _of_all] = map(json.loads, own.run("training-files", "list", "--json").stdout.splitlines())
    assert newest["dataset_id"] == json.loads(dataset)["id"]


def test_a_training_file_that_was_damaged_in_the_lake_is_told(own, tmp_path):
    place = own.folder / "lake" / "training_files" / f"id={own.file.id}" / "openai.jsonl"
    place.write_bytes(b"{}\n")

    result = own.run("training-files", "download", "money-talk", "-o", str(tmp_path / "taken"))

    assert result.exit_code == 3
    assert "openai.jsonl: expected the checksum " in result.stderr
    assert "the lake's copy is damaged" in result.stderr


def test_a_preview_is_for_programs_too_and_of_nothing_is_a_no(made):
    found = json.loads(made.run("training-files", "preview", "--json").stdout)
    nothing = made.run("training-files", "preview", "--persona", "nobody")

    assert (found["conversations"], found["repeated"]) == (5, [])
    assert found["scaffolding_distribution"]["tiers"] == {"edge_case": 2, "scenario": 3}
    assert (nothing.exit_code, nothing.stdout) == (1, "")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["generate", "status", "--status", "done"], "--status: expected one of planned, running, paused, "),
        (["generate", "failures", "spring", "--type", "cut"], "--type: expected one of truncation, parse_error, "),
        (["generate", "retry", "spring", "--items", "all"], "--items: expected numbers with commas between, as 3,7, "),
        (["generate", "settle", "s1"], "expected one of --adopt EXTERNAL_ID and --nothing-sent, found neither"),
        (["generate", "settle", "s1", "--nothing-sent"], "SUBMISSION: expected one that is under way, found 's1'; "),
        (["generate", "start", "nobody"], "expected the id or name of a batch, found 'nobody': list the batches first"),
        (["conversations", "list", "--status", "good"], "--status: expected one of pending, accepted, rejected, "),
        (
            ["conversations", "list", "--tier", "edge"],
            "--tier: expected one of template, scenario, edge_case, found 'edg",
        ),
        (["conversations", "list", "--quality-tier", "best"], "--quality-tier: expected one of seed, production, "),
        (["conversations", "review", "--approve"], "expected either the id of a conversation or --all; see "),
        (["conversations", "review", "x", "--approve", "--reject"], "expected one of --approve and --reject, found bo"),
        (
            ["conversations", "review", "x", "--approve", "--tier", "edge_case"],
            "expected the id of a conversation alone, found options that choose among all",
        ),
        (["conversations", "show", "x"], "expected the id of a conversation, found 'x': list them first"),
        (["conversations", "export", "--raw"], "-o: expected a folder for a file each, found none; "),
        (["conversations", "export", "--raw", "--native"], "expected one of --raw, --enriched and --native, found sev"),
        (["training-files", "show", "x"], "expected the id or name of a training file, found 'x': list them"),
        (["training-files", "build", " "], "expected a name for the training file, found none"),
        (["training-files", "download", "money-talk", "-o", "x", "--only", "y"], "--only: expected one of native.json"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_answered_with_what_to_type(made, arguments, sentence):
    result = made.run(*arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {sentence}")
