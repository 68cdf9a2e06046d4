"""How tests look at HTML: its elements apart from its text, and texts that try to break out of theirs."""

from html.parser import HTMLParser

from hypothesis import strategies as st

from tests.card.cards import HOSTILE_TEXT

VOID = {"meta", "link", "input"}  # what HTML never closes; parts of pictures are closed as in XML


class Skeleton(HTMLParser):
    """Elements with their attributes in order, ends of elements, and the text apart from them."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.open, self.texts, self.others = [], [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, attrs))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.tags.append(tag)

    def handle_data(self, data):
        self.texts.append(data)

    def handle_comment(self, data):
        self.others.append(data)

    handle_pi = unknown_decl = handle_comment


# Texts of the same length and white space give the same page but for the words.
_FRAGMENTS = st.sampled_from(
    [HOSTILE_TEXT, "<", ">", '"', "'", "&", "</style>", "<!--", "{{", "{%", "\x00", "\r", "\u202e", "\u2028", "\ud800"]
)
HOSTILE = st.lists(_FRAGMENTS | st.text(st.characters(), max_size=20), min_size=1, max_size=12).map(
    lambda parts: "!" + "".join(parts)
)
