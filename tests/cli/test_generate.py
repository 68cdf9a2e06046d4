"""`lora-pipeline generate plan`: the matrix, the tokens and the cost of a plan, and how its options are refused.

What becomes of a plan that is kept is in `test_generation_commands.py`.

Golden files: `tests/golden/generation/<case>.txt`; `python -m tests.cli.test_generate` writes them anew.
"""

import json
from pathlib import Path

import pytest

from tests.cli.goldens import run

FOLDER = Path(__file__).resolve().parent.parent / "golden" / "generation"
_OURS = ["--provider", "http://127.0.0.1:8080/v1", "--model", "ours"]  # prices change
CASES = {
    "plan": [*_OURS, "--items", "60", "--seed", "3", "--tier", "edge_case", "--tier", "scenario"],
    "weighted-plan": [
        *_OURS,
        *("--items", "200", "--persona", "well_paid_spender", "--persona", "self_employed_tiler"),
        *("--arc", "worry_to_steadiness", "--arc", "despair_to_being_accompanied", "--arc", "pressure_to_pause"),
        *("--weight", "arc:worry_to_steadiness=3", "--weight", "persona:self_employed_tiler=1.5"),
        *("--forbid", "persona:self_employed_tiler,arc:pressure_to_pause", "--judge", "theirs"),
        *("--annotator", "ours"),
    ],
}


def _plan(tmp_path, *arguments, **settings):
    environment = {"LORA_DATA_DIR": str(tmp_path), "COLUMNS": "120", "NO_COLOR": "1", **settings}
    return run(["generate", "plan", *arguments], environment)


def _text(tmp_path, case):
    result = _plan(tmp_path, *CASES[case], "--dry-run")
    return f"{result.stdout}-- exit {result.exit_code}\n{result.stderr}"


@pytest.mark.parametrize("case", CASES)
def test_a_plan_is_shown_as_it_was(case, tmp_path):
    assert _text(tmp_path, case) == (FOLDER / f"{case}.txt").read_text("utf-8")


def test_json_is_exactly_the_object_that_is_promised(tmp_path):
    result = _plan(tmp_path, *CASES["weighted-plan"], "--dry-run", "--json")

    found = json.loads(result.stdout)
    assert list(found) == ["wish", "fingerprint", "matrix", "empty_pairs", "usage", "cost_nano_usd", "calls", "batch"]
    assert sum(count for row in found["matrix"].values() for count in row.values()) == found["wish"]["items"] == 200
    assert [calls["purpose"] for calls in found["calls"]] == ["generate", "annotate", "judge"]
    assert found["cost_nano_usd"]["expected"] == sum(calls["nano_usd"]["expected"] for calls in found["calls"])
    assert all(isinstance(nano_usd, int) for nano_usd in found["cost_nano_usd"].values())
    assert found["batch"] is None
    assert list(tmp_path.iterdir()) == []
    assert found["wish"]["forbidden"] == [{"persona": "self_employed_tiler", "arc": "pressure_to_pause", "topic": None}]


def test_batches_cost_half_of_what_is_asked_call_by_call(tmp_path):
    batch, online = (
        json.loads(_plan(tmp_path, "--items", "20", "--dry-run", "--json", *more).stdout)["cost_nano_usd"]
        for more in ([], ["--online"])
    )

    assert online["expected"] == pytest.approx(2 * batch["expected"], rel=1e-6)


def test_a_server_of_ones_own_costs_nothing(tmp_path):
    result = _plan(tmp_path, *_OURS, "--items", "20", "--dry-run", "--json")

    assert json.loads(result.stdout)["cost_nano_usd"] == {"low": 0, "expected": 0, "high": 0}


def test_who_is_asked_is_as_the_installation_is_set_where_nothing_else_is_said(tmp_path):
    settings = {
        "LORA_LLM": "openai",
        "LORA_LLM_MODEL": "gpt-6.1-terra",
        "LORA_LLM_ANNOTATING_MODEL": "gpt-6-luna",
        "LORA_LLM_JUDGING_MODEL": "gpt-6-luna",
    }
    asked = [
        [calls["purpose"] for calls in json.loads(result.stdout)["calls"]]
        for result in (
            _plan(tmp_path, "--items", "5", "--dry-run", "--json", *more, **settings)
            for more in ([], ["--judge", ""], ["--provider", "anthropic"])
        )
    ]

    assert asked == [["generate", "annotate", "judge"], ["generate", "annotate"], ["generate"]]


def test_nobody_judges_what_it_wrote(tmp_path):
    result = _plan(tmp_path, *_OURS, "--items", "5", "--judge", "ours", "--dry-run")

    assert (result.exit_code, result.stderr) == (
        2, "error: expected another model as judge than the one that writes, ours; found ours\n"
    )  # fmt: skip


_FORBID = "--forbid: expected AXIS:KEY,AXIS:KEY with persona, arc, topic, each once, found"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--language", "English"], "--language: expected two letters of ISO 639-1, as en, found 'English'"),
        (["--provider", "openai"], "--model: expected a model of openai, found none; or set LORA_LLM_MODEL"),
        (["--dry-run", "--items", "0"], "--items: Input should be greater than or equal to 1; found 0"),
        (
            ["--dry-run", "--persona", "carer"],
            "persona: expected the key of one, found 'carer'; did you mean night_shift_carer?",
        ),
        (
            ["--dry-run", "--tier", "edge"],
            "--tier: Input should be 'template', 'scenario' or 'edge_case'; found 'edge'",
        ),
        (
            ["--dry-run", "--weight", "worry_to_steadiness=2"],
            "--weight: expected AXIS:KEY=N with one of persona, arc, topic and a number above 0, found "
            "'worry_to_steadiness=2'; "
            "for example arc:KEY=2",
        ),
        (["--dry-run", "--weight", "arc:x=much"], None),
        (["--dry-run", "--forbid", "a,b"], f"{_FORBID} 'a,b'; for example persona:KEY,topic:KEY"),
        (["--dry-run", "--forbid", "arc:a,arc:b"], f"{_FORBID} 'arc:a,arc:b'; for example persona:KEY,topic:KEY"),
        (
            ["--dry-run", "--forbid", "arc:a"],
            "--forbid: expected two or three of persona, arc, topic; leave out what is not to be made at all; "
            "found {'arc': 'a'}",
        ),
        (
            ["--dry-run", "--model", "nobody"],
            "no price of nobody at anthropic is known; write one into your file of prices, [[inference_prices]], "
            "before it is asked",
        ),
    ],
)
def test_wrong_use_is_answered_with_what_to_type(arguments, sentence, tmp_path):
    result = _plan(tmp_path, "--items", "5", *arguments)

    assert result.exit_code == 2
    assert sentence is None or result.stderr == f"error: {sentence}\n"


if __name__ == "__main__":
    for name in CASES:
        (FOLDER / f"{name}.txt").write_text(_text(Path("none"), name), "utf-8")
