"""A line that is no JSON is told why, from where the decoder stopped."""

import pytest

from pipeline.dataset.formats.lookalikes import line_causes as causes

ROW = '{"text": "a"}'


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        (ROW, ""),
        ("hello", ""),
        ("```json", causes.FENCE),
        ("// mine", causes.COMMENT),
        ("# mine", causes.COMMENT),
        (f"\ufeff{ROW}", causes.MARK_INSIDE),
        (f"data: {ROW}", causes.EVENT_STREAM),
        ("event: message", causes.EVENT_STREAM),
        ("oid sha256:" + "0" * 64, causes.LFS_POINTER),
        ('"{""text"": ""a""}"', causes.CSV_OF_JSON.format(0)),
        ('7,"{""text"": ""a""}"', causes.CSV_OF_JSON.format(1)),
        ("=======", causes.CONFLICT),
        (">>>>>>> theirs", causes.CONFLICT),
        ("...", causes.DOTS),
        ("{&quot;text&quot;: &quot;a&quot;}", causes.ENTITIES),
        ("%7B%22text%22%3A%20%22a%22%7D", causes.PERCENTS),
        ("eyJ0ZXh0IjogImEiLCAibW9yZSI6IDF9", causes.BASE64),
        (f"const rows = [{ROW}];", causes.ASSIGNED),
        (f"callback({ROW})", causes.ASSIGNED),
        ('{"n": 007}', causes.LEADING_ZERO),
        ('{"n": 0xFF}', causes.SCRIPT),
        ('{"text" = "a"}', causes.EQUALS),
        ('{"text"："a"}', causes.FULL_WIDTH),
        ('{"text" "a"}', causes.MISSING_COLON),
        ('"text": "a", "more": 1}', causes.MISSING_OPENING),
        ('{"text"', causes.UNCLOSED),
        (f"[12:30] INFO {ROW}", causes.PREFIX),
        (f"2024-05-01T10:00 {ROW}", causes.PREFIX),
        (f"7\t{ROW}", causes.PREFIX),
        (f"<s>{ROW}</s>", causes.AROUND),
        (f"{ROW},\r", causes.COMMA_BEHIND),
        (f"{ROW}{ROW}", causes.SEVERAL),
        (f"{ROW}, {ROW}", causes.SEVERAL),
        (f"{ROW}}}", causes.ONE_CLOSING_TOO_MANY),
        ('{"text": "a",}', causes.TRAILING_COMMA),
        ('{"tags": [1, ]}', causes.TRAILING_COMMA),
        ('{"text": "a\tb"}', causes.CONTROL),
        (f"\u00a0{ROW}", causes.OTHER_SPACE.format("a no-break space")),
        ('{"text":\u00a0"a"}', causes.OTHER_SPACE.format("a no-break space")),
        ("{“text”: “a”}", causes.CURLY),
        ("{'text': None}", causes.PYTHON),
        ('{"text": None}', causes.PYTHON),
        ("{text: 'a'}", causes.SCRIPT),
        ('{"text": undefined}', causes.SCRIPT),
        ('{"text" => "a"}', causes.RUBY),
        ('{"_id": ObjectId("5f"), "text": "a"}', causes.SHELL.format("ObjectId")),
        ('{"at": ISODate("2024"), "text": "a"}', causes.SHELL.format("ISODate")),
        ('{"at": datetime.datetime(2024, 1, 1)}', causes.OBJECT),
        ('{"text": NaN}', causes.NOT_A_NUMBER),
        ('{"text": nan}', causes.NOT_A_NUMBER),
        ('{"text": "C:\\Users"}', causes.ESCAPE),
        ('{"text": "say "hi" twice"}', causes.QUOTE),
        ('{"text": "a" "more": 1}', causes.MISSING_COMMA),
        ('{"text": "first', causes.RAW_BREAK),
        ('second"}', causes.REST),
        ("{", causes.OVER_LINES),
        ('  "role": "user",', causes.OVER_LINES),
        ("},", causes.OVER_LINES),
        ('{"text": "a"', causes.UNCLOSED),
    ],
)
def test_a_line_that_is_no_json_is_told_why(line, cause):
    assert causes.cause_of(line) == cause


def test_a_long_line_is_looked_at_around_its_fault_only():
    assert causes.cause_of('{"text": "' + "a" * 10**6 + '",}') == causes.TRAILING_COMMA
