"""Putting a card in place."""

import pytest

from pipeline.card.page import render_card
from pipeline.card.write import write_card
from pipeline.errors import LakeError
from tests.card.cards import READY, UNREAD


def test_a_card_replaces_an_older_one_and_leaves_nothing_beside_it(tmp_path):
    target = tmp_path / "a.card.html"
    write_card(UNREAD, target)

    write_card(READY, target)

    assert target.read_bytes() == render_card(READY).encode()
    assert list(tmp_path.iterdir()) == [target]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    target = tmp_path / "none" / "a.card.html"

    with pytest.raises(LakeError) as caught:
        write_card(READY, target)

    assert str(caught.value) == f"cannot write {target}: no such file or directory"
