"""What the fakes answer is what the providers' own libraries read; what we read of it is all that we need."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.launchers.hosted.fakes import OpenAi, Time, Together
from tests.services import TRAINERS

SCRIPT = Path(__file__).parent / "check_answers.py"
BODY = {"model": "some/model", "training_file": "file-1", "suffix": "talk", "seed": 1, "metadata": {"attempt_id": "a"}}


def answers(kind, name):
    """One of each, in every state of a job."""
    time = Time(1_772_366_400.0)
    fake = kind(time)
    fake.files["file-1"] = ("some.jsonl", b"{}")
    job = fake.create(BODY, "job")
    yield name, "file", fake._file("file-1")
    for fails_with, seconds in ((None, 0), (None, 40), ("it broke", 0), (None, 200)):
        job.fails_with, time.now_s = fails_with, time.now_s + seconds
        yield name, "job", fake.job(job)
        yield name, "listed", fake.job(job)
        yield from ((name, "event", each) for each in fake.events(job))
    if kind is OpenAi:
        yield from ((name, "checkpoint", each) for each in fake.checkpoints(job))


@pytest.mark.needs_trainers
def test_the_fakes_answer_as_the_providers_do():
    told = [each for kind, name in ((OpenAi, "openai"), (Together, "together")) for each in answers(kind, name)]
    lines = "".join(json.dumps(each) + "\n" for each in told)

    done = subprocess.run([TRAINERS / "bin/python", SCRIPT], input=lines, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
