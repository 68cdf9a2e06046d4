"""Characters that nobody typed are told; those that a script or an emoji needs are not."""

import pytest

from tests.dataset.rules.planting import codes, found


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("ab\x08", "the control character U+0008"),
        ("ab\x1b[0m", "the control character U+001B"),
        ("ab\x0c", "the control character U+000C"),
        ("ab\x7f", "the control character U+007F"),
        ("ab\x85", "the control character U+0085"),
        ("ab\ufffd", "the replacement character U+FFFD"),
    ],
)
def test_a_control_character_is_told(text, what):
    assert found(text) == [("control-character", f"expected no control characters, found {what} at character 3")]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ab\u202ec", "U+202E"),
        ("ab\u2066c", "U+2066"),
        ("ab\u200bc", "U+200B"),
        ("ab\ufeffc", "U+FEFF"),
        ("ab\u2060c", "U+2060"),
        ("ab\U000e0041", "U+E0041"),
    ],
)
def test_a_character_that_nobody_sees_is_told(text, name):
    detail = f"expected text that can be seen, found the invisible character {name} at character 3"

    assert found(text) == [("hidden-text", detail)]


@pytest.mark.parametrize(
    ("text", "character"),
    [
        ("The cafÃ© is open.", 8),
        ("donâ€™t", 4),
        ("a â€œquoteâ€\x9d", 3),
        ("FranÃ§oise Yip", 5),
        ("fÃ¼r Ã¤ltere MÃ¤nner", 2),
    ],
)
def test_text_decoded_with_the_wrong_encoding_is_told(text, character):
    detail = f"expected text in its own characters, found text decoded with the wrong encoding at character {character}"

    assert ("mojibake", detail) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "tabs\tand\nlines\r\n",
        "👩‍👩‍👧‍👦 👍🏽 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️",
        "می‌خواهم نمی‌دانم",
        "שלום\u200f \u200eabc",
        "สวัสดี\u200bครับ",
        "soft\u00adhyphen and no\u00a0break",
        "Tôi không thể giúp đỡ các bạn, và người Việt rất thân thiện.",
        "À l’été, « ça » coûte 5 €… où ? Où ça ? Noël, œuvre.",
        "Für Größe, Äpfel, Übermut und „Anführung“ – 50 °C.",
        "NÃO É SÓ ISSO, IRMÃ: SÃO PAULO. Â mesa à « la » carte",
        "Ñandú, Ðorđe, Åse, Ärger, 10 Å",
        "é”, à…, ï‘ and “é”",
        "10 £, ±5 µm, ½ ¼ × ÷",
        "你好，世界。“引号” —— 安녕",
        "привет, «мир»…",
    ],
)
def test_what_people_write_is_not_told(text):
    assert codes(text) == []
