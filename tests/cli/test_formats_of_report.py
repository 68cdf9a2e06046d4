"""`lora-pipeline check --format`: SARIF and annotations as GitHub takes them, and what rows are read as."""

import gzip
import json
from collections import Counter
from dataclasses import replace

import pytest

from pipeline.cli.github_annotations import Annotations
from pipeline.cli.sarif import MAX_RESULTS, SarifRun
from pipeline.dataset.findings.finding import CATALOGUE
from pipeline.dataset.rules.mismatch import Mismatch
from tests.cli.goldens import run
from tests.dataset.findings.records import record

ANSWER = "This is an answer of some words."
TURNS = f'[{{"role": "user", "content": "Hi"}}, {{"role": "assistant", "content": "{ANSWER}"}}]'
GOOD = f'{{"conversation_id": "a", "turns": {TURNS}}}\n'
ODD = GOOD.replace('"a"', '"b"').replace('"user", "content": "Hi', '"wiz\\u0085ard", "content": "Hm')
BAD = '{"conversation_id": "x", "turns": []}\n'


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Commands run in an empty folder of their own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.jsonl").write_text(GOOD)
    (tmp_path / "some.jsonl").write_text(GOOD + ODD + BAD)
    return tmp_path


def sarif(*arguments):
    return json.loads(run(["check", "--format", "sarif", *arguments]).stdout)


def check_sarif(log):
    """What the schema of SARIF 2.1.0 requires of the parts that we write."""
    assert log["version"] == "2.1.0"
    (one,) = log["runs"]
    assert set(one) <= {"tool", "invocations", "columnKind", "results"}
    rules = one["tool"]["driver"]["rules"]
    assert one["tool"]["driver"]["name"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert {key: set(rule[key]) for key in ("shortDescription", "fullDescription", "help")} == {
            "shortDescription": {"text"},
            "fullDescription": {"text"},
            "help": {"text", "markdown"},
        }
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
    for invocation in one["invocations"]:
        assert isinstance(invocation["executionSuccessful"], bool)
    for result in one["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == rules[result["ruleIndex"]]["defaultConfiguration"]["level"]
        assert result["message"]["text"]
        ((place,),) = [[each["physicalLocation"] for each in result["locations"]]]
        assert place["region"]["startLine"] >= 1
        assert place["region"].get("byteOffset", 0) >= 0
        assert place["artifactLocation"]["uri"]
        assert all(isinstance(mark, str) for mark in result["partialFingerprints"].values())


def test_sarif_has_every_finding_with_its_rule():
    log = sarif("some.jsonl", "good.jsonl")

    check_sarif(log)
    (one,) = log["runs"]
    places = [
        (
            result["ruleId"],
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            result["locations"][0]["physicalLocation"]["region"],
        )
        for result in one["results"]
    ]
    odd, bad = len(GOOD.encode()), len((GOOD + ODD).encode())
    assert places == [
        ("empty-turns", "some.jsonl", {"startLine": 3, "byteOffset": bad}),
        ("unknown-role", "some.jsonl", {"startLine": 2, "byteOffset": odd}),
    ]
    assert [rule["id"] for rule in one["tool"]["driver"]["rules"]] == ["empty-turns", "unknown-role"]
    assert one["results"][0]["message"]["text"] == (
        "$.turns: expected at least one turn, found none; add the turns, or remove the line"
    )


def test_a_result_has_what_was_expected_and_found_apart_and_its_column_where_it_is_known(folder):
    (folder / "broken.jsonl").write_text('{"é": ?}\n')

    (result, *_) = sarif("broken.jsonl")["runs"][0]["results"]

    assert result["ruleId"] == "malformed-json"
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 1, "startColumn": 7}
    assert result["properties"] == {
        "row": 1,
        "path": "$",
        "expected": "one JSON value",
        "found": "invalid character",
    }


def test_sarif_without_findings_has_no_rules_and_no_results():
    log = sarif("good.jsonl")

    check_sarif(log)
    assert (log["runs"][0]["results"], log["runs"][0]["tool"]["driver"]["rules"]) == ([], [])


def marks(log):
    return [
        (result["ruleId"], result["partialFingerprints"]["primaryLocationLineHash"])
        for result in log["runs"][0]["results"]
    ]


def test_fingerprints_stay_when_lines_above_come_and_tell_equal_lines_apart(folder):
    before = marks(sarif("some.jsonl"))
    (folder / "some.jsonl").write_text(GOOD.replace('"a"', '"c"').replace("Hi", "Ha") + GOOD + ODD + BAD + BAD)

    after = marks(sarif("some.jsonl"))

    assert len(set(after)) == len(after) == 3
    assert set(before) < set(after)


def test_a_file_that_cannot_be_read_is_in_the_log():
    result = run(["check", "--format", "sarif", "nope.jsonl", "good.jsonl"])

    log = json.loads(result.stdout)
    check_sarif(log)
    assert result.exit_code == 2
    assert log["runs"][0]["invocations"] == [
        {
            "executionSuccessful": False,
            "toolExecutionNotifications": [
                {"level": "error", "message": {"text": "nope.jsonl: there is no such file; check its name"}}
            ],
        }
    ]


def test_names_of_files_become_addresses(folder):
    (folder / "a b%ü.jsonl").write_text(BAD)

    relative, absolute = sarif("a b%ü.jsonl"), sarif(str(folder / "a b%ü.jsonl"))

    def uri(log):
        return log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]

    assert uri(relative) == "a%20b%25%C3%BC.jsonl"
    assert uri(absolute).startswith("file:///")
    assert uri(absolute).endswith("/a%20b%25%C3%BC.jsonl")


def test_a_packed_file_has_lines_and_no_offsets(folder):
    """Offsets are those of the text that was unpacked, which is no file."""
    (folder / "some.jsonl.gz").write_bytes(gzip.compress((GOOD + BAD).encode()))

    (result,) = sarif("some.jsonl.gz")["runs"][0]["results"]

    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 2}


def finding(code, line):
    return record(code, line, Mismatch("this", "that"))


def test_more_results_than_github_takes_are_cut_errors_first():
    log = SarifRun("1.0")
    log.add("x.jsonl", (finding("blank-line", line) for line in range(1, MAX_RESULTS + 1)), None)
    log.add("y.jsonl", (finding("empty-turns", line) for line in range(1, 3)), None)

    found = log.as_dict()

    check_sarif(found)
    (one,) = found["runs"]
    assert Counter(result["ruleId"] for result in one["results"]) == {"empty-turns": 2, "blank-line": MAX_RESULTS - 2}
    (notification,) = one["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"].startswith("25,002 findings, of which a run holds 25,000, errors first")


def test_annotations_name_file_line_and_what_to_do():
    result = run(["check", "--format", "github", "some.jsonl"])

    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "::warning file=some.jsonl,line=2,title=the role is not one that trainers know [unknown-role]::"
        "$.turns[0].role: expected a role that trainers know, found 'wiz\N{REPLACEMENT CHARACTER}ard'; "
        "use system, developer, user, assistant, tool or function",
        "::error file=some.jsonl,line=3,title=turns is an empty list [empty-turns]::"
        "$.turns: expected at least one turn, found none; add the turns, or remove the line",
        "✗ some.jsonl is not ready: 1 of 3 lines rejected",
    ]


def test_nothing_in_a_name_or_a_message_ends_an_annotation():
    row = replace(finding("blank-line", 1), message="100%\r\n::error::x")

    (line,) = Annotations().of_file("a,b:c%\n.jsonl", Counter({"blank-line": 1}), [row])

    assert line == (
        "::warning file=a%2Cb%3Ac%25\\x0a.jsonl,line=1,title=the line is blank [blank-line]::100%25\\x0d\\x0a::error::x"
    )


def test_ten_annotations_of_a_kind_and_a_summary():
    """A step shows ten of a kind; the summary is one of the notices."""
    annotations = Annotations()
    codes = ["blank-line"] * 15 + ["html-leftover"] * 15 + ["empty-turns"] * 5
    rows = [finding(code, line) for line, code in enumerate(codes, start=1)]

    lines = annotations.of_file("x.jsonl", Counter(codes), rows) + annotations.of_file(
        "y.jsonl", Counter({"empty-turns": 9}), [finding("empty-turns", line) for line in range(1, 10)]
    )

    kinds = Counter(line.split()[0] for line in lines)
    assert kinds == {"::error": 10, "::warning": 10, "::notice": 9}
    assert annotations.summary() == (
        "::notice title=lora-pipeline check::Found 14 errors, 15 warnings, 15 notes; 29 are shown. "
        "`lora-pipeline check` names them all."
    )


def test_there_is_no_summary_where_all_is_shown():
    annotations = Annotations()
    annotations.of_file("x.jsonl", Counter({"blank-line": 1}), [finding("blank-line", 1)])

    assert annotations.summary() is None


def test_json_is_a_format_like_others():
    assert run(["check", "--format", "json", "some.jsonl"]).stdout == run(["check", "--json", "some.jsonl"]).stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--format", "json", "--format", "sarif"], "--format: json and sarif exclude each other; name one of them"),
        (["--json", "--format", "github"], "--format: github and json exclude each other; name one of them"),
        (
            ["--format", "alpaca", "--format", "openai"],
            "--format: alpaca and openai exclude each other; name one of them",
        ),
        (["--structure-only", "--tokenizer", "o200k_base"], "--structure-only counts no tokens; leave out --tokenizer"),
        (
            ["--mapping", "m.toml", "--format", "openai"],
            "--mapping says how rows are read, and so does --format openai; leave one of them out",
        ),
    ],
)
def test_contradictions_are_wrong_use(arguments, sentence):
    result = run(["check", "good.jsonl", *arguments])

    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"error: {sentence}\n")


@pytest.mark.parametrize(("name", "near"), [("sarrif", "sarif"), ("share-gpt", "sharegpt"), ("OpenAI", "openai")])
def test_an_unknown_format_is_told_with_the_nearest_known(name, near):
    result = run(["check", "good.jsonl", "--format", name])

    assert result.exit_code == 2
    assert result.stderr.startswith(
        "error: --format: expected one of text, json, sarif, github, alpaca, bedrock, brightrun-v4, "
    )
    assert result.stderr.endswith(f"found {name}; did you mean {near}?\n")


def figures(*arguments):
    return json.loads(run(["check", "--json", *arguments]).stdout)


def test_rows_are_read_as_the_format_that_is_named(folder):
    (folder / "rows.jsonl").write_text(f'{{"messages": {TURNS}, "text": "{ANSWER}"}}\n')

    recognised, chosen = figures("rows.jsonl"), figures("rows.jsonl", "--format", "plain-text")

    assert [(report["format"], report["turns"]) for report in (recognised, chosen)] == [
        ("openai", 2),
        ("plain-text", 1),
    ]
    assert chosen["format_why"] == "it was chosen"


def test_rows_are_read_as_a_mapping_says(folder):
    (folder / "rows.jsonl").write_text(f'{{"question": "Hi", "reply": "{ANSWER}"}}\n')
    (folder / "m.toml").write_text('prompt = "question"\nanswer = "reply"\n')

    report = figures("rows.jsonl", "--mapping", "m.toml")

    assert (report["status"], report["turns"], report["rejected_lines"]) == ("ready", 2, 0)


def test_tokens_are_counted_as_was_asked_for():
    methods = {
        arguments: figures("good.jsonl", *arguments)["token_method"]
        for arguments in [("--tokenizer", "cl100k_base"), ("--tokenizer", "words*1.3"), ("--structure-only",)]
    }

    assert methods == {
        ("--tokenizer", "cl100k_base"): "exact:cl100k_base",
        ("--tokenizer", "words*1.3"): "words*1.3",
        ("--structure-only",): "words*1.3",
    }


def test_an_unknown_tokenizer_is_told_before_any_work():
    result = run(["check", "good.jsonl", "--tokenizer", "gpt5", "--structure-only"])

    assert (result.exit_code, result.stdout) == (2, "")
    assert "found 'gpt5'" in result.stderr


def test_near_duplicates_and_quality_are_left_out_when_they_are_not_wanted(folder):
    (folder / "near.jsonl").write_text(
        GOOD + GOOD.replace('"a"', '"b"').replace(ANSWER, "As an AI language model, no.")
    )

    counts = {
        arguments: set(figures("near.jsonl", *arguments)["finding_counts"])
        for arguments in [(), ("--no-near-duplicates",), ("--structure-only",)]
    }

    assert counts[()] == {"assistant-boilerplate", "conflicting-answers"}
    assert counts[("--no-near-duplicates",)] == {"assistant-boilerplate"}
    assert counts[("--structure-only",)] == set()


def test_every_code_has_a_rule_that_github_takes():
    """A description is required, and is cut at 1,024 characters."""
    assert all(0 < len(kind.title) < 1024 and 0 < len(kind.why) < 1024 for kind in CATALOGUE.values())


def test_a_file_that_cannot_be_read_is_annotated():
    result = run(["check", "--format", "github", "nope.jsonl", "good.jsonl"])

    assert (result.exit_code, result.stdout.splitlines()) == (
        2,
        ["::error::nope.jsonl: there is no such file; check its name", "✓ good.jsonl is ready"],
    )
