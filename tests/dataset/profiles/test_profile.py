"""The verdict over a whole file, and the report that everybody reads."""

import hashlib
import io

import pyarrow.parquet as pq
import pytest

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.profiles.concluding import refuse
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from pipeline.dataset.rules.mismatch import Mismatch
from tests.engine_blocks import line_of

GOOD = line_of("good", ("user", "hi"), ("assistant", "hello"))


def good(count: int) -> bytes:
    return b"".join(line_of(f"good-{n}", ("user", f"hi {n}"), ("assistant", "hello")) for n in range(count))


def profile(data: bytes, folder, rules: Rules = Rules()):  # noqa: B008 - frozen
    return profile_stream(io.BytesIO(data), folder, rules)


@pytest.mark.parametrize(
    ("data", "max_rejected_share", "status"),
    [
        (good(1), 0.0, "ready"),
        (good(3) + b"{}\n", 0.0, "error"),
        (good(3) + b"{}\n", 0.25, "ready"),
        (good(3) + b"{}\n", 0.24, "error"),
        (good(3) + b"\n\n\n{}\n", 0.25, "ready"),
        (b"{}\n", 1.0, "error"),
        (b"\n", 1.0, "error"),
        (b"", 1.0, "error"),
    ],
)
def test_a_file_is_ready_when_few_enough_of_its_lines_are_rejected(tmp_path, data, max_rejected_share, status):
    assert profile(data, tmp_path, Rules(max_rejected_share=max_rejected_share)).status == status


def test_warnings_do_not_make_a_file_unready(tmp_path):
    assert profile(b"\xef\xbb\xbf\n" + line_of("a", ("x", "")) * 2, tmp_path).status == "ready"


def test_the_report_shows_a_thousand_findings_and_says_that_there_are_more(tmp_path):
    result = profile(b"{}\n" * 1_001 + b"\n" * 5, tmp_path)

    report = result.as_dict("a.jsonl")

    assert [finding["line"] for finding in result.findings] == list(range(1, 1_001))
    assert (report["findings_truncated"], report["finding_counts"]) == (True, {"missing-field": 1_001, "blank-line": 5})
    assert [error["line"] for error in result.errors] == list(range(1, 11))
    assert pq.read_metadata(result.findings_path).num_rows == 1_006


def test_a_thousand_findings_are_all_shown(tmp_path):
    assert profile(b"{}\n" * 1_000, tmp_path).as_dict("a.jsonl")["findings_truncated"] is False


def test_errors_are_the_first_ten_and_no_warnings(tmp_path):
    result = profile(b"\n" * 1_500 + b"{}\n" * 11, tmp_path)

    assert [(error["line"], error["code"]) for error in result.errors] == [
        (line, "missing-field") for line in range(1_501, 1_511)
    ]


def test_every_byte_is_counted_hashed_and_told_also_of_a_file_that_is_refused(tmp_path):
    for data in (good(20), b"PK\x03\x04" + bytes(100_000), b"", b"{"):
        told = []

        result = profile_stream(io.BytesIO(data), tmp_path, Rules(), told.append)

        assert (result.size_bytes, sum(told)) == (len(data), len(data))
        assert result.content_sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("at_most", [1, 2, 5, 63, 65])
@pytest.mark.parametrize("data", [good(3) + b"{}\n", '{"conversation_id":'.encode("utf-16"), b"PAR1" + bytes(200)])
def test_a_connection_that_gives_a_few_bytes_at_a_time_changes_nothing(tmp_path, data, at_most):
    class Dribble(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, at_most))

    (tmp_path / "slow").mkdir()
    (tmp_path / "fast").mkdir()
    slow = profile_stream(Dribble(data), tmp_path / "slow", Rules())

    assert slow.as_dict("a") == profile(data, tmp_path / "fast").as_dict("a")


def test_a_refused_file_has_one_finding_and_no_rows(tmp_path):
    result = refuse(Finding(1, 0, "upload-too-large", "$", Mismatch("less", None)), 9_999, None, tmp_path)

    report = result.as_dict("big.jsonl")

    assert (result.parts, result.content_sha256, result.size_bytes, result.status) == ((), None, 9_999, "error")
    assert report["finding_counts"] == {"upload-too-large": 1}
    assert result.errors == result.findings
    assert (report["lines"], report["avg_turns_per_conversation"], report["avg_tokens_per_turn"]) == (0, None, None)


def test_means_are_over_turns_and_conversations(tmp_path):
    lines = line_of("a", ("user", "one"), ("assistant", "two three")) + line_of("b", ("assistant", " ".join("x" * 7)))

    result = profile(lines, tmp_path)

    assert (result.avg_turns_per_conversation, result.avg_tokens_per_turn) == (1.5, 10 / 3)  # 10 tokens


def test_roles_are_listed_by_count_then_name(tmp_path):
    lines = line_of("a", ("b", "x"), ("a", "x")) + line_of("b", ("user", "x"), ("c", "x"), ("c", "y"))

    assert list(profile(lines, tmp_path).as_dict("a")["roles"].items()) == [("c", 2), ("a", 1), ("b", 1), ("user", 1)]


def test_limits_are_the_callers(tmp_path):
    rules = Rules(Limits(max_line_bytes=20, max_nesting=1))

    result = profile(b'{"a":[]}\n' + b" " * 21 + b"\n", tmp_path, rules)

    assert [finding["code"] for finding in result.findings] == ["unknown-format", "nesting-too-deep", "line-too-long"]
