"""The generator's promises, at a small size."""

import json

import pytest

from tests.benchmarks.generate import small_uploads, write_conversations


@pytest.mark.parametrize(("kind", "mean_bytes", "mean_turns"), [("long", 11_000, 20), ("short", 900, 6)])
def test_lines_have_the_size_that_was_asked_for(tmp_path, kind, mean_bytes, mean_turns):
    """The file is as large as asked for, by less than a line; lines are near the mean; ids and texts all differ."""
    path = tmp_path / "new" / "big.jsonl"

    line_count = write_conversations(path, 3_000_000, kind)

    lines = path.read_bytes().splitlines(keepends=True)
    conversations = [json.loads(line) for line in lines]
    assert line_count == len(lines)
    assert 0 <= path.stat().st_size - 3_000_000 < len(lines[-1])
    assert path.stat().st_size / line_count == pytest.approx(mean_bytes, rel=0.15)
    assert sum(len(one["turns"]) for one in conversations) / line_count == pytest.approx(mean_turns, rel=0.15)
    assert len({one["conversation_id"] for one in conversations}) == line_count
    assert len({json.dumps(one["turns"]) for one in conversations}) == line_count


def test_some_characters_are_not_ascii(tmp_path):
    """Between two and four in a hundred, so that decoding has its usual work."""
    write_conversations(tmp_path / "a.jsonl", 1_000_000)

    text = (tmp_path / "a.jsonl").read_text("utf-8")

    assert 0.02 < sum(not character.isascii() for character in text) / len(text) < 0.04


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    """A measurement can be repeated."""
    for name, seed in [("a", 1), ("b", 1), ("c", 2)]:
        write_conversations(tmp_path / name, 200_000, "short", seed)

    contents = [(tmp_path / name).read_bytes() for name in "abc"]
    assert contents[0] == contents[1]
    assert not set(contents[0].splitlines()) & set(contents[2].splitlines())


def test_small_uploads_are_all_different(tmp_path):
    """As many files as asked for, twenty conversations each, no conversation twice."""
    paths = small_uploads(tmp_path / "uploads", 7, seed=3)

    lines = [line for path in paths for line in path.read_bytes().splitlines()]
    assert sorted((tmp_path / "uploads").iterdir()) == paths
    assert len(paths) == 7
    assert len(set(lines)) == len(lines) == 7 * 20
