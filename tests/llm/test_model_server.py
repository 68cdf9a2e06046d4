"""A real server, that of llama.cpp, with a tiny random model: what is asked by schema comes so, or says why not."""

import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jsonschema_rs
import pytest

from pipeline.llm.account_limits import Limiter
from pipeline.llm.asking import Backend, Message, Request
from pipeline.llm.backends import make_backend
from pipeline.llm.llm_errors import NotThere
from tests.services import LLM

pytestmark = pytest.mark.needs_llm
SCHEMA = {
    "type": "object",
    "properties": {
        "feeling": {"enum": ["fear", "hope", "relief"]},
        "turns": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "role": {"enum": ["user", "assistant"]},
                    "content": {"type": "string", "minLength": 4, "maxLength": 20},
                },
                "required": ["role", "content"],
                "additionalProperties": False,
            },
            "minItems": 2,
            "maxItems": 2,
        },
    },
    "required": ["feeling", "turns"],
    "additionalProperties": False,
}


def item(number: int, max_tokens: int = 500) -> Request:
    prompt = (Message("user", f"Number {number}: what is my budget?"),)
    return Request(f"item-{number}", "tiny", "You are an advisor.", prompt, max_tokens, SCHEMA, 1.0, seed=number)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    program = Path(__file__).parent / "local" / "serve_tiny_model.py"
    command = [LLM / "bin" / "python", program, tmp_path_factory.mktemp("model")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        address = process.stdout.readline().strip()
        backend = make_backend(f"{address}/v1", {})
        yield backend
        backend.close()
        process.stdin.close()
        process.wait(30)


def test_a_batch_by_schema_is_accepted_or_failed_with_a_reason(server):
    """Of 24 items, four at once; every third may not be long enough."""
    limiter = Limiter(4, time.monotonic)
    items = [item(number, max_tokens=20 if number % 3 == 0 else 500) for number in range(24)]

    def asked(request):
        turn = limiter.wait(until=time.monotonic() + 60)
        answer = server.ask(request, 60)
        limiter.end(turn)
        return answer

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(asked, items))

    assert [each.custom_id for each in answers] == [each.custom_id for each in items]
    assert Counter((each.outcome, each.stop_reason) for each in answers) == {
        ("succeeded", "stop"): 16,
        ("truncated", "length"): 8,
    }
    whole = [each.text for each in answers if each.outcome == "succeeded"]
    validator = jsonschema_rs.validator_for(SCHEMA)
    for text in whole:
        validator.validate(json.loads(text))
    assert len(set(whole)) == 16
    assert all(each.usage.output_tokens <= request.max_tokens for each, request in zip(answers, items, strict=True))


def test_the_same_seed_gives_the_same_text(server):
    """And the tokens that the server kept of the request before count once."""
    first, second, other = server.ask(item(1), 60), server.ask(item(1), 60), server.ask(item(2), 60)

    assert first.text == second.text != other.text
    assert second.usage.cache_read_tokens > 0
    assert (
        first.usage.input_tokens + first.usage.cache_read_tokens
        == second.usage.input_tokens + second.usage.cache_read_tokens
        <= server.most_input_tokens(item(1))
    )


def test_it_has_no_batches_and_says_so(server):
    assert not server.has_batches
    with pytest.raises(NotThere) as caught:
        server.submit(server.encode([item(1)]), "submission-1")

    assert str(caught.value).startswith("local answered 404")
