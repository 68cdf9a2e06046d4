"""Two texts beside each other."""

from pipeline.dataset.findings.text_differences import around_difference


def test_texts_are_cut_around_their_first_difference():
    before, after = around_difference(b"x" * 100 + b"old" + b"y" * 400, b"x" * 100 + b"\x1bnew")

    assert (before[:3], before[61:64], before[-1]) == ("…xx", "old", "…")
    assert after == "…" + "x" * 60 + "\\x1bnew"
    assert around_difference(b"same", None) == ("same", None)
    assert around_difference(("é" * 50 + "a").encode(), ("é" * 50 + "b").encode()) == (
        "…" + "é" * 30 + "a",
        "…" + "é" * 30 + "b",
    )
