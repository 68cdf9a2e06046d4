"""A rule over answers is one function: its docstring is its entry, and whatever shows findings shows it."""

import json
import subprocess
import sys

import polars as pl
import pytest

from pipeline.dataset.rules.answer_rules import ANSWER_RULES, answer_rule
from pipeline.dataset.rules.mismatch import Mismatch

# As a newcomer would write it into answer_rules.py, before anything else is loaded.
NEWCOMER = """
from pipeline.dataset.rules.answer_rules import answer_rule
from pipeline.dataset.rules.mismatch import Mismatch

@answer_rule()
def shouted_answer(question: str, answer: str) -> Mismatch | None:
    '''An answer shouts.

    The model learns to shout.

    What to do: write it in small letters.

    Example: How long? -> THREE MINUTES, NOT FOUR.
    '''
    return Mismatch("a quiet answer", "capitals") if answer.isupper() else None

import io, json, sys, tempfile
from pathlib import Path
from typer.testing import CliRunner
from pipeline.cli import app
from pipeline.dataset.findings.finding import CATALOGUE
from pipeline.docs import findings_page
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream

folder = Path(sys.argv[1])
turns = [{"role": "user", "content": "How long?"}, {"role": "assistant", "content": "THREE MINUTES, NOT FOUR."}]
row = {"messages": turns}
(folder / "some.jsonl").write_text(json.dumps(row) + "\\n")
report = profile_stream(io.BytesIO((folder / "some.jsonl").read_bytes()), folder, Rules()).as_dict("some.jsonl")
run = CliRunner().invoke
print(json.dumps({
    "catalogue": CATALOGUE["shouted-answer"].title,
    "page": findings_page.page(),
    "findings": [[f["code"], f["line"], f["path"], f["message"]] for f in report["findings"]],
    "text": run(app, ["check", str(folder / "some.jsonl")]).output,
    "sarif": run(app, ["check", "--format", "sarif", str(folder / "some.jsonl")]).output,
    "card": run(app, ["card", str(folder / "some.jsonl"), "-o", str(folder / "card.html")]).output
    + (folder / "card.html").read_text(),
}))
"""


def test_a_new_rule_is_seen_everywhere(tmp_path):
    process = subprocess.run([sys.executable, "-c", NEWCOMER, tmp_path], capture_output=True, text=True, check=True)
    seen = json.loads(process.stdout)

    assert seen["catalogue"] == "an answer shouts"
    message = "expected a quiet answer, found capitals; write it in small letters"
    assert seen["findings"] == [["shouted-answer", 1, "$.messages[1].content", message]]
    assert "### shouted-answer\n\nAn answer shouts (warning). The model learns to shout." in seen["page"]
    assert "THREE MINUTES, NOT FOUR." in seen["page"]
    assert "[shouted-answer]" in seen["text"]
    assert '"shouted-answer"' in seen["sarif"]
    assert "shouted-answer" in seen["card"]


def test_a_docstring_that_leaves_something_out_is_refused():
    def shouted_answer(question: str, answer: str) -> Mismatch | None:
        """An answer shouts."""
        return None

    with pytest.raises(ValueError, match="shouted_answer: expected a docstring of a title, why it matters"):
        answer_rule()(shouted_answer)


@pytest.mark.parametrize("rule", ANSWER_RULES, ids=lambda rule: rule.kind.code)
def test_a_rule_finds_its_own_example_and_nothing_in_silence(rule):
    question, answer = rule.example

    assert isinstance(rule.judge(question, answer), Mismatch)
    assert pl.select(rule.among(pl.lit(len(question.encode())), pl.lit(len(answer.encode())))).item()
    assert rule.judge("How long?", "Three minutes.") is None
