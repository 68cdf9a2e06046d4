"""The same work by programs that people of this field use, on the same conversations: processor time over ours."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.benchmarks.benchmark import Benchmark, Measurement, at_least, noted
from tests.benchmarks.engine_cpu import LINES
from tests.benchmarks.generate import Kind, write_conversations
from tests.benchmarks.processes import ROOT, environment, run, run_module

_SIZE_BYTES, _SMALL_BYTES = 10_000_000, 1_000_000
_KINDS: tuple[Kind, ...] = ("long", "short")
_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
_PEERS = {"datatrove_pass": "Datatrove", "juicer_pass": "Data-Juicer"}


def measure(is_small: bool, folder: Path) -> list[Measurement]:
    """Each peer's search for near-duplicates over ours; and its search and filters over all of a default check."""
    subprocess.run([ROOT / "tests/benchmarks/peers/install.sh"], check=True)
    measurements = []
    for kind in _KINDS:
        path = folder / f"{kind}.jsonl"
        write_conversations(path, _SMALL_BYTES if is_small else _SIZE_BYTES, kind)
        ours = run("near_pass", path, folder).output
        check_s = run_module("pipeline.cli", "check", path, "--output", folder / kind, is_json=False).cpu_s
        for program, name in _PEERS.items():
            (scratch := folder / f"{program}-{kind}").mkdir()
            theirs = _run(program, path, scratch)
            measurements += _compared(
                name, f"{path.stat().st_size / 1e6:,.0f} MB, {LINES[kind]}", theirs, ours, check_s
            )
    return measurements


def _compared(name: str, what: str, theirs: dict[str, Any], ours: dict[str, Any], check_s: float) -> list[Measurement]:
    near_s, both_s = ours["sign_s"] + ours["find_s"], theirs["near_s"] + theirs["rules_s"]
    near = f" ({theirs['near_s']:.2f} s; {near_s:.2f} s)"
    both = f" ({both_s:.2f} s; {check_s:.2f} s)"
    left = f" (ours counts {ours['near_duplicates']:,} of {theirs['read']:,} in clusters)"
    return [
        at_least(f"{name}'s search for near-duplicates, times ours, {what}", 1, theirs["near_s"] / near_s, detail=near),
        at_least(f"{name}'s search and filters, times a default check, {what}", 1, both_s / check_s, detail=both),
        noted(f"conversations that {name} leaves out, {what}", theirs["read"] - theirs["left"], detail=left),
    ]


def _run(program: str, path: Path, scratch: Path) -> dict[str, Any]:
    variables = environment() | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    command = [_PYTHON, ROOT / "tests/benchmarks/peers" / f"{program}.py", path, scratch]
    ended = subprocess.run(command, env=variables, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


PEERS = Benchmark(
    "peers",
    "The search for near-duplicates of Datatrove (`MinhashDedup*` with its own settings) and of Data-Juicer "
    "(`document_minhash_deduplicator` at 0.8), and their filters that need no model (Gopher's two; repeated characters "
    "and words, special characters), on the same conversations: processor time without reading the file, over ours of "
    "the search alone, and of `lora-pipeline check FILE --output FOLDER` as a process from start to end, with all that "
    "it does. They stand in an environment of their own (tests/benchmarks/peers), one process each.",
    measure,
)
