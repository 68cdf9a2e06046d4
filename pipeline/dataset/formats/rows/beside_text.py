"""What stands beside the text of a message or of a row and is no call of a tool: reasoning, and pictures or sounds.

Reasoning is kept as text, whatever its field is called. Pictures and sounds are kept as the JSON of their fields, so
that whoever cannot use them can say that they are left out.
"""

from pipeline.dataset.findings.faults import Faults, check_nul
from pipeline.dataset.model.json_text import Json, encoded

# vLLM, DeepSeek and Qwen write the first; OpenRouter and Together the second; Ollama and gpt-oss the third.
REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking")
REASONING_PARTS = ("reasoning", "thinking")  # of a content that is a list: LLaMA-Factory's v1, Anthropic's, Magistral's
# LLaVA's, Qwen-VL's, ms-swift's and LLaMA-Factory's names.
MEDIA_FIELDS = ("image", "images", "video", "videos", "audio", "audios", "image_path", "image_url", "image_urls")
_EMPTY: tuple[Json, ...] = (None, "", [], {})
_TEXT_KEYS = ("thinking", "reasoning", "text", "value", "content", "summary")


def reasoning_of(
    message: dict[str, Json], path: str, faults: Faults, names: tuple[str, ...] = REASONING_FIELDS
) -> str | None:
    """The text of the first of a message's fields of reasoning that says anything; of no text, its JSON."""
    for name in names:
        value = message.get(name)
        if value in _EMPTY:
            continue
        text = reasoning_text(value)
        check_nul(text, f"{path}.{name}", faults)
        return text
    return None


def reasoning_text(value: Json) -> str:
    """The text of reasoning that is a text, a part, or a list of parts; of anything else its JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str | dict) for item in value):
        return "".join(map(reasoning_text, value))
    if isinstance(value, dict):
        for key in _TEXT_KEYS:
            if isinstance(inner := value.get(key), str | list):
                return reasoning_text(inner)
    return encoded(value)


def media_of(owner: dict[str, Json]) -> str | None:
    """JSON of the fields that hold pictures and sounds; None without any."""
    held = _media_in(owner)
    return encoded(held) if held else None


def part_of(block: dict[str, Json]) -> Json:
    """A part of a content that says what it is by the name of its first field, as a part with a type."""
    own = block.get("type")
    return {"type": None, **block} | {"type": own if isinstance(own, str) else next(iter(block), "unknown")}


def media_parts(message: dict[str, Json]) -> list[Json]:
    """The pictures and sounds in a message's own fields, as parts of a content."""
    return [{"type": name, name: value} for name, value in _media_in(message).items()]


def _media_in(owner: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name in MEDIA_FIELDS if (value := owner.get(name)) not in _EMPTY}
