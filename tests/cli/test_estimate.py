"""`lora-pipeline estimate`, `prices`, `models` and `gpus`: what they print, and how they end.

Golden files: `tests/golden/estimate/<case>.txt`; `python -m tests.cli.test_estimate` writes them anew.
"""

import json
from pathlib import Path

import pytest

from pipeline.trainers.registry import HOSTED
from pipeline.training.estimates.sharing import TRAINERS
from tests.cli.goldens import run

FOLDER = Path(__file__).resolve().parent.parent / "golden" / "estimate"
_RUN = ["--sequence-length", "2048", "--micro-batch", "2", "--gradient-accumulation", "8"]
_DIMENSIONS = [
    *("--parameters", "7.72B", "--layers", "32", "--hidden-size", "4096"),
    *("--intermediate-size", "11008", "--vocabulary", "151936"),
]
CASES = {
    "fits": [
        *("--model", "Llama-3.1-8B", "--gpu", "A100-80GB-SXM", "--method", "lora", "--rank", "16", *_RUN),
        *("--tokens", "12000000", "--epochs", "3"),
    ],
    "dimensions": [*_DIMENSIONS, "--gpu", "A100-80GB-SXM", "--method", "qlora", "--rank", "64", *_RUN],
    "several-gpus": ["--model", "Qwen2.5-72B", "--gpu", "h100", "--gpus", "8", "--method", "lora", *_RUN],
    "too-large": [
        *("--model", "llama-3.1-70b", "--gpu", "rtx-4090", "--method", "lora", *_RUN),
        *("--no-gradient-checkpointing", "--tokens", "12000000"),
    ],
    "hosted": ["--trainer", "openai", "--tokens", "12000000", "--epochs", "3"],
    "hosted-by-size": ["--trainer", "together", "--model", "Qwen3-8B", "--tokens", "3000000"],
    "hosted-unpriced": [
        "--trainer",
        "fireworks",
        "--model",
        "llama-3.1-70b",
        "--method",
        "full",
        "--tokens",
        "3000000",
    ],
}
_ENVIRONMENT = {
    "COLUMNS": "120",
    "NO_COLOR": "1",
    "LORA_PRICES_FILE": str(FOLDER / "prices.toml"),
    "LORA_TOKEN_PRICES_FILE": str(FOLDER / "token_prices.toml"),
}


def _estimate(*arguments):
    return run(["estimate", *arguments], _ENVIRONMENT)


def _text(case):
    result = _estimate(*CASES[case])
    return f"{result.stdout}-- exit {result.exit_code}\n{result.stderr}"


@pytest.mark.parametrize("case", CASES)
def test_a_report_is_what_it_was(case):
    assert _text(case) == (FOLDER / f"{case}.txt").read_text("utf-8")


@pytest.mark.parametrize(("case", "exit_code"), [("fits", 0), ("too-large", 1)])
def test_json_is_exactly_the_object_that_is_promised(case, exit_code):
    result = _estimate(*CASES[case], "--json")

    found = json.loads(result.stdout)
    ranges = ["peak_memory_gb", "step_time_s", "tokens_per_s_per_gpu", "hours", "cost_usd"]
    assert result.exit_code == exit_code
    assert set(found) == {*ranges, "fits", "basis", "extrapolated"}
    assert all(list(found[name]) == ["low", "expected", "high"] for name in ranges)
    assert found["fits"] in {"yes", "no"}
    assert all(isinstance(sentence, str) for sentence in found["basis"])


def test_json_of_a_provider_is_the_same_object_without_what_only_a_gpu_has():
    result = _estimate(*CASES["hosted"], "--json")

    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert found.pop("cost_usd") == {"low": 180.0, "expected": 180.0, "high": 198.0}
    assert found.pop("billed_tokens") == {"low": 36_000_000.0, "expected": 36_000_000.0, "high": 39_600_000.0}
    assert [sentence.partition(":")[0] for sentence in found.pop("basis")] == ["tokens", "price"]
    assert found.pop("extrapolated") == []
    assert found == dict.fromkeys(("peak_memory_gb", "fits", "step_time_s", "tokens_per_s_per_gpu", "hours"))


def test_the_same_model_by_name_and_by_dimensions_has_the_same_estimate():
    run_ = ["--gpu", "A100-80GB-SXM", "--json", *_RUN]
    dimensions = _DIMENSIONS.copy()
    dimensions[1], dimensions[-1] = "6738415616.0", "32000"

    by_name, by_dimensions = _estimate("--model", "Llama-2-7B", *run_), _estimate(*dimensions, *run_)

    assert by_name.stdout == by_dimensions.stdout


def test_what_is_suggested_fits_when_it_is_tried():
    refused = _estimate(*CASES["too-large"])
    suggested = [line.split() for line in refused.stderr.splitlines() if line.startswith("  --")]

    codes = [_estimate(*CASES["too-large"], *options).exit_code for options in suggested]

    assert len(codes) >= 2
    assert set(codes) == {0}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--model", "mistal-7b", "--gpu", "L4"],
            "no model 'mistal-7b' is known; the nearest: Mixtral-8x7B, Mistral-7B-v0.3, Mistral-7B-v0.1; "
            "or give the path of its config.json",
        ),
        (
            ["--model", "Qwen3-8B", "--gpu", "A100-SXM"],
            "no GPU 'A100-SXM' is known; the nearest: A100-40GB, A100-80GB-SXM, A800-80GB-SXM; "
            "or describe it in LORA_GPUS_FILE",
        ),
        (["--model", "Qwen3-8B"], "--gpu: expected a GPU, found none; `lora-pipeline gpus` lists them"),
        (
            ["--trainer", "openai"],
            "--tokens: expected those of all training rows, which OpenAI bills, found none",
        ),
        (
            ["--trainer", "together", "--tokens", "1000"],
            "--model: expected a base model, found none; for example --model Qwen3-8B",
        ),
        (
            ["--gpu", "L4"],
            "expected --model, or all of --parameters, --layers, --hidden-size, --intermediate-size, --vocabulary",
        ),
        (
            ["--gpu", "L4", "--parameters", "8B", "--layers", "32"],
            "without --model all dimensions are needed; missing: --hidden-size, --intermediate-size, --vocabulary",
        ),
        (
            ["--gpu", "L4", "--model", "Qwen3-8B", "--layers", "32"],
            "expected --model or dimensions, found --model and --layers",
        ),
        (
            ["--gpu", "L4", *_DIMENSIONS[2:], "--parameters", "many"],
            "--parameters: expected a count as 8030000000 or 8.03B, found 'many'",
        ),
        (
            ["--gpu", "L4", "--model", "Qwen3-8B", "--trainer", "tlr"],
            f"--trainer: expected one of {', '.join(sorted(TRAINERS | HOSTED))}, found 'tlr'",
        ),
        (
            ["--gpu", "RTX-4090", "--model", "Qwen3-8B", "--spot"],
            "no such price of RTX-4090; known: Acme (on-demand)",
        ),
    ],
)
def test_wrong_use_is_answered_with_what_to_type(arguments, sentence):
    result = _estimate(*arguments)

    assert (result.exit_code, result.stderr) == (2, f"error: {sentence}\n")


def test_an_imported_price_is_listed_and_used(tmp_path):
    environment = {"LORA_DATA_DIR": str(tmp_path), "COLUMNS": "120"}
    file = tmp_path / "list.csv"
    file.write_text("gpu,provider,kind,per_gpu_hour,currency,as_of,source\nL4,Acme,on-demand,0.33,USD,2026-01-01,q\n")

    imported = run(["prices", "import", str(file)], environment)
    listed = run(["prices", "list", "--gpu", "l4"], environment)

    assert imported.stdout == f"1 prices imported into {tmp_path / 'prices.toml'}\n"
    assert [cell.strip() for cell in listed.stdout.splitlines()[3].split("│")[1:5]] == [
        "L4", "Acme", "on-demand", "0.33 USD",
    ]  # fmt: skip


def test_a_price_list_with_a_doubtful_row_is_refused(tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("gpu,provider,kind,per_gpu_hour,currency,as_of,source\nL4,Acme,on-demand,33,USD,2999-01-01,q\n")

    result = run(["prices", "import", str(file)], {"LORA_DATA_DIR": str(tmp_path)})

    assert result.exit_code == 2
    assert result.stderr == f"error: {file}: nothing was imported:\n  line 2: as_of: 2999-01-01 is in the future\n"
    assert not (tmp_path / "prices.toml").exists()


@pytest.mark.parametrize(("command", "first"), [("base-models", "DeepSeek-R1-Distill-Llama-70B"), ("gpus", "A10")])
def test_what_is_known_is_listed(command, first, tmp_path):
    result = run([command], {"LORA_DATA_DIR": str(tmp_path), "COLUMNS": "160"})

    assert result.stdout.splitlines()[3].split("│")[1].strip() == first


if __name__ == "__main__":
    for name in CASES:
        (FOLDER / f"{name}.txt").write_text(_text(name), "utf-8")
