"""The findings of quality: what a trainer accepts and a person would not want to train on.

How each is found lives in `pipeline/dataset/quality/`; the rules of `answer_rules.py` there bring their own entries.
"""

from pipeline.dataset.findings.answer_rules import ANSWER_RULES
from pipeline.dataset.findings.kinds import FindingKind, Scope, Severity, kinds

_WARNINGS = kinds(
    Severity.WARNING,
    Scope.LINE,
    [
        (
            "refusal",
            "an answer declines",
            "A model learns to decline from few examples, and then declines what it should do.",
            "remove the line, or write the answer; leave it if refusing is what you teach",
        ),
        (
            "assistant-boilerplate",
            "an answer speaks of being a language model",
            "Such sentences come from the model that wrote the data, and will be said in its voice again.",
            "rewrite the answer without the sentence, or remove the line",
        ),
        (
            "degenerate-repetition",
            "an answer repeats itself over and over",
            "A loop is what a model writes when it fails; trained on, it loops sooner.",
            "cut the answer before it loops, or remove the line",
        ),
        (
            "email-address",
            "the text holds an e-mail address",
            "A model may repeat personal data word for word to anyone who asks.",
            "replace it with an invented one at example.com",
        ),
        (
            "phone-number",
            "the text holds a phone number",
            "A model may repeat personal data word for word to anyone who asks.",
            "replace it with an invented one, such as +1 202 555 0143",
        ),
        (
            "credit-card-number",
            "the text holds a credit card number",
            "The check digit is right, so it may be real; a model may repeat it word for word.",
            "remove it",
        ),
        (
            "iban",
            "the text holds the number of a bank account",
            "The check digits of the IBAN are right, so it may be real; a model may repeat it word for word.",
            "remove it",
        ),
        (
            "social-security-number",
            "the text holds a US social security number",
            "A model may repeat personal data word for word to anyone who asks.",
            "remove it",
        ),
        (
            "secret",
            "the text holds a key or token",
            "Whoever has the file or the trained model has the key.",
            "revoke the key where it was issued, and remove it from the text",
        ),
        (
            "placeholder",
            "the text holds a placeholder that was never filled",
            "The model learns to write the placeholder.",
            "fill it, or remove the line",
        ),
        (
            "template-marker",
            "the text holds a marker of a chat template",
            "Tokenizers read many of them as the end of a turn, so the text is cut or roles are mixed up.",
            "remove the marker; split the turn if it holds several",
        ),
        (
            "mojibake",
            "the text was decoded with the wrong encoding",
            "The model learns the garbled characters.",
            "decode the source as UTF-8, or mend the text with ftfy",
        ),
        (
            "control-character",
            "the text holds a control character",
            "It comes from a terminal, a PDF or a wrong encoding, and the model learns to write it.",
            "remove the character, or restore the one that was lost",
        ),
        (
            "hidden-text",
            "the text holds characters that nobody sees",
            "They change the order of what is shown, or carry text past a reader's eyes into training.",
            "remove the characters, and look at what the text says without them",
        ),
        (
            "escaped-twice",
            "the text holds escapes where line breaks or characters should be",
            "JSON was written into JSON: the model learns to write a backslash and n instead of a new line.",
            "decode the text once more before it is written: in Python, json.loads before json.dumps",
        ),
    ],
)

_NOTES = kinds(
    Severity.NOTE,
    Scope.LINE,
    [
        (
            "ip-address",
            "the text holds a public IP address",
            "It may lead to a person or to one of your machines.",
            "replace it with one for documentation, such as 192.0.2.1, if it is real",
        ),
        (
            "html-leftover",
            "the text holds HTML outside code",
            "Often left over from a web page; the model learns to write the tags.",
            "convert the text to plain text or Markdown, if the tags are not meant",
        ),
    ],
)

_FILE_NOTES = kinds(
    Severity.NOTE,
    Scope.FILE,
    [
        (
            "very-short-answers",
            "some answers are very short",
            "One word is fine for a label; elsewhere the model learns to say too little.",
            "look at the lines named, and at the share",
        ),
        (
            "white-space-at-edges",
            "some answers begin or end with white space",
            "The model learns to write it; at the beginning it also changes how the first word is tokenized.",
            "strip the answers",
        ),
        (
            "length-outliers",
            "some conversations are far longer or shorter than the rest",
            "The longest decide memory and are cut off first; the shortest are often fragments.",
            "look at the lines named",
        ),
        (
            "mixed-languages",
            "no language dominates",
            "A small dataset in many languages teaches each a little. Told from a sample of the answers.",
            "check that the mix is wanted",
        ),
    ],
)

QUALITY_KINDS: list[FindingKind] = [*_WARNINGS, *(rule.kind for rule in ANSWER_RULES), *_NOTES, *_FILE_NOTES]
