"""Placeholders, template markers and HTML are told, unless they are what the text is about."""

import pytest

from tests.dataset.rules.planting import codes, found


@pytest.mark.parametrize(
    ("text", "code", "rest"),
    [
        ("I am {{name}}.", "placeholder", "finished text, found a placeholder at character 6"),
        ("I am {{ user.first_name }}.", "placeholder", "finished text, found a placeholder at character 6"),
        ("Dear [Insert name here],", "placeholder", "finished text, found a placeholder at character 6"),
        ("Dear [Your Name],", "placeholder", "finished text, found a placeholder at character 6"),
        ("at [Company Name]", "placeholder", "finished text, found a placeholder at character 4"),
        ("<noinput>", "placeholder", "finished text, found a placeholder at character 1"),
        ("<No input>", "placeholder", "finished text, found a placeholder at character 1"),
        ("Lorem ipsum dolor", "placeholder", "finished text, found a placeholder at character 1"),
        ("TODO: write this", "placeholder", "finished text, found a placeholder at character 1"),
    ],
)
def test_a_placeholder_is_told(text, code, rest):
    assert found(text) == [(code, f"expected {rest}")]


@pytest.mark.parametrize(
    ("text", "character"),
    [
        ("so<|im_end|>", 3),
        ("<|eot_id|>", 1),
        ("```\n<|endoftext|>\n```", 5),
        ("[INST] hi [/INST]", 1),
        ("<<SYS>> be kind", 1),
        ("<s>[INST]", 1),
        ("done</s>", 5),
        ("<start_of_turn>", 1),
        ("a\n### Response: b", 3),
        ("### Instruction:\nb", 1),
        ("a\nASSISTANT: b", 3),
        ("<｜User｜>", 1),
    ],
)
def test_a_template_marker_is_told_even_in_code(text, character):
    detail = (
        f"expected text without markers of a chat template, found a marker of a chat template at character {character}"
    )

    assert found(text) == [("template-marker", detail)]


@pytest.mark.parametrize(
    ("text", "character"), [("Salt &amp; pepper", 6), ("one<br/>two", 4), ("a</p>", 2), ("x &#39;y", 3), ("&nbsp;", 1)]
)
def test_html_outside_code_is_told(text, character):
    assert found(text) == [("html-leftover", f"expected plain text, found a piece of HTML at character {character}")]


@pytest.mark.parametrize(
    ("text", "what", "character"),
    [
        (r"Steps:\n1. Boil\n2. Pour", "a line break as an escape", 7),
        (r"One.\n\nTwo.\r\nThree.", "a line break as an escape", 5),
        (r"caf\u00e9", "a character as an escape", 4),
    ],
)
def test_what_was_escaped_twice_is_told(text, what, character):
    detail = f"expected line breaks and characters themselves, found {what} at character {character}"

    assert found(text) == [("escaped-twice", detail)]


@pytest.mark.parametrize(
    "text",
    [
        r"Split the text at \n\n and go on.",
        r"Write \n for a line break.",
        r"C:\new\nets and \nabla\nu \neq 0",
        "Write `a\\nB\\nC` or `\\u00e9`.",
        "First.\nThen print('A\\nB\\nC')",
        r'{"rows": "A\n1\n2"}',
        r"a\\nB\\nC",
    ],
)
def test_escapes_that_are_spoken_of_are_not_told(text):
    assert codes(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "In Jinja write `{{ name }}`.",
        "```jinja\nHello {{ name }}\n```",
        "run: ${{ github.repository }}",
        "\\frac{{a}}{{b}} and style={{color: 'red'}}",
        "[Enter FATHER, MOTHER]",
        "see [the docs](https://a.b) and [1], a TODO app",
        "my todo list",
        "List<String> and Map<K, V>, 1 < 2 > 0",
        "F# |> List.map <| x",
        "a [inst] b, an <s> in the middle",
        "# Response\n## Introduction\n### Systems: an overview?",
        "Write a page in HTML: <p>hello</p>",
        "Use `<br>` for a break.",
        "```html\n<p>hello</p>\n```",
        "AT&T; R&D; a && b",
        "| a | b |\n|---|---|\n| 1 | 2 |",
    ],
)
def test_what_is_meant_is_not_told(text):
    assert codes(text) == []
