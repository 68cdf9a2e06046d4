"""Text from outside stays text inside Markdown: drawn, it reads as it was typed, and nothing else stands there."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipeline.trainers.markdown_text import block, code, inline

_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_LETTERS = st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"])
_TEXTS = st.text(st.sampled_from("ab1 `*_[]<>()#+-=.!|~&\\$\n\"'/:") | _LETTERS, min_size=1, max_size=30)
HOSTILE = [
    "<script>alert(1)</script>", "![x](http://evil.example/p.png)", "[click](javascript:1)", "a | b", "a\n\n# b",
    "```\n",     "</td></table>", "&lt;b&gt;", "--- x", "1. x", "**bold** _it_ __init__", "\\", "`x`",
    "<http://evil.example>", "- - -",
]  # fmt: skip


def _drawn(markdown: str) -> tuple[list[str], str]:
    """The kinds of tokens, and the text that a reader sees."""
    kinds, seen = [], ""
    for token in _MARKDOWN.parse(markdown):
        kinds.append(token.type)
        for child in token.children or []:
            kinds.append(child.type)
            seen += child.content
    return kinds, seen


def _plain(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text).strip()


@given(_TEXTS)
@example("<b>")
def test_any_text_is_drawn_as_it_is(text):
    for before in ("- ", "# "):
        kinds, seen = _drawn(f"{before}{inline(text)}")

        shape = {"text", "text_special", "inline", "paragraph_open", "paragraph_close"}
        shape |= (
            {"bullet_list_open", "list_item_open", "list_item_close", "bullet_list_close"} if before == "- " else set()
        )
        shape |= {"heading_open", "heading_close"} if before == "# " else set()
        assert (set(kinds) - shape, seen) == (set(), _plain(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_makes_nothing_but_text(text):
    kinds, seen = _drawn(f"| a | b |\n|---|---|\n| name | {inline(text)} |")

    assert kinds.count("td_open") == 2
    assert not {"html_inline", "html_block", "link_open", "image", "code_inline", "em_open", "strong_open"} & set(kinds)
    assert seen == f"abname{_plain(text)}"


@given(_TEXTS.filter(lambda text: _plain(text).strip("`") and not _plain(text).startswith("`")))
def test_code_holds_any_text(text):
    kinds, seen = _drawn(f"x {code(text)}")

    assert (kinds.count("code_inline"), seen) == (1, f"x {_plain(text)}")


@pytest.mark.parametrize("text", ["a\n```\nb", "````", "plain"])
def test_a_block_cannot_be_closed_from_inside(text):
    [token] = _MARKDOWN.parse(block(text, "sh"))

    assert (token.type, token.content) == ("fence", f"{text}\n")


@pytest.mark.parametrize(
    "text", ["everyday_talk, Qwen3-8B, balanced", "0.05", "2e-4", "-1", "Über uns (2026)", "a/b: c"]
)
def test_ordinary_text_is_as_it_was(text):
    assert inline(text) == text
