"""Answers that decline, and answers in which an assistant speaks of being a model."""

import re

from pipeline.dataset.model.late_patterns import late_pattern
from pipeline.dataset.rules.text_rules import Place, TextRules

_A = "['’]"  # both apostrophes

_BOILERPLATE = (
    r"as an? (?:large |advanced |text-based )?(?:ai|a\.i\.|artificial intelligence)"
    r"(?: language model| assistant| model| chatbot|,| i )",
    r"as an? (?:large )?language model",
    r"my (?:knowledge cut-?off|last knowledge update|training data only)",
    rf"i(?: am|{_A}m) (?:just|only) an? (?:ai|language model|computer program)",
    r"als (?:ein )?(?:ki-)?sprachmodell",
    r"als (?:eine? )?(?:ki|künstliche intelligenz)(?:-assistent(?:in)?)?(?:,| habe| kann| bin)",
    rf"en tant qu(?:{_A}|e )(?:ia|intelligence artificielle|assistant ia|modèle de langage)",
    r"como (?:un )?(?:modelo de lenguaje|asistente de ia)|como (?:una )?(?:ia|inteligencia artificial),",
    r"in quanto (?:ia|intelligenza artificiale|modello linguistico)|come modello linguistico",
    r"como (?:um )?(?:modelo de linguagem|assistente de ia)|como (?:uma )?inteligência artificial,",
    r"als (?:een )?(?:ai-)?taalmodel",
    r"作为(?:一个|一名|一款|一种)?(?:人工智能|ai)?(?:大型|大)?(?:语言模型|助手)|作为(?:一个)?(?:人工智能|ai)[，,]",
    r"(?:ai|人工知能|言語モデル)(?:アシスタント|言語モデル)?として",
    r"(?:ai|인공지능|언어 ?모델)(?: ?언어 ?모델| ?어시스턴트| ?비서)?(?:로서|로써)",
    r"как (?:большая )?(?:языковая модель|искусственный интеллект,|ии,)",
    r"là một (?:mô hình ngôn ngữ|trí tuệ nhân tạo)",
    r"jako (?:model językowy|sztuczna inteligencja,)",
    r"bir (?:yapay zek[aâ]|dil modeli)[^.]{0,20} olarak",
)

_HELP = (
    "assist|help|fulfil|comply|provide|answer|create|generate|write|engage|participate|support|discuss|offer|"
    "do that|respond|accommodate"
)
_CANNOT = (
    rf"i(?: really)?(?: cannot| can{_A}t| can not|{_A}m (?:not able|unable)| am (?:not able|unable)| won{_A}t| will not"
    rf"| do(?:n{_A}t| not) have the (?:ability|capability)| must (?:decline|refuse))"
)
_REFUSALS = (
    rf"(?:i(?:{_A}m| am) (?:very |really |truly |so )?sorry|sorry|i apologi[sz]e|my apologies)"
    rf"[^.!?\n]{{0,60}}?[,.;:!]? (?:but )?(?:as an? [^.\n]{{0,40}}?, )?{_CANNOT}\b",
    rf"(?:unfortunately,? |regrettably,? )?{_CANNOT} (?:to )?(?:{_HELP})\b",
    r"(?:es )?tut mir (?:sehr )?leid,? (?:aber |dass )?(?:ich (?:kann|darf)|das kann ich)",
    r"leider (?:kann|darf) ich [^.\n]{0,60}?nicht",
    r"ich kann [^.\n]{0,40}?nicht (?:helfen|beantworten|erfüllen|unterstützen)",
    r"(?:je suis (?:vraiment |sincèrement )?)?désolée?,? (?:mais )?je ne (?:peux|suis pas)",
    r"(?:lo siento|lo lamento|disculpa)[,.]? (?:pero )?no (?:puedo|me es posible)",
    r"mi dispiace,? (?:ma )?non posso",
    r"(?:desculpe|sinto muito|lamento)[,.]? (?:mas )?(?:eu )?não (?:posso|consigo)",
    r"(?:het spijt me|sorry),? (?:maar )?ik kan",
    r"(?:很|非常|十分)?(?:抱歉|对不起|對不起)[，,。]? ?(?:但是?)?我(?:不能|无法|不会|無法|不會)",
    r"(?:申し訳(?:ありません|ございません)|すみません|ごめんなさい)[^。\n]{0,40}?(?:できません|できかねます)",
    r"죄송(?:합니다|하지만)[^\n]{0,40}?(?:수 없습니다|어렵습니다)",
    r"(?:извините|простите|к сожалению|мне жаль)[^.\n]{0,20}? я не могу",
    r"(?:tôi )?(?:rất )?(?:xin lỗi|rất tiếc|lấy làm tiếc)[^.\n]{0,20}? tôi không thể",
    r"(?:przepraszam|przykro mi|niestety)[^.\n]{0,10}? nie mogę",
    r"(?:üzgünüm|maalesef|özür dilerim)[^.\n]{0,40}?(?:yapamam|edemem|veremem|yapamıyorum|edemiyorum)",
    r"(?:عذر|آسف|أعتذر)[^.\n]{0,20}?لا (?:أستطيع|يمكنني)",
)
_OPENINGS = (  # how each of _REFUSALS may begin
    "i |i'|i’|my apologies|sorry|unfortunately|regrettably|es tut|tut mir|leider|je suis|désol|lo siento|lo lamento|"
    "disculpa|mi dispiace|desculpe|sinto muito|lamento|het spijt|很|非常|十分|抱歉|对不起|對不起|申し訳|すみません|"
    "ごめんなさい|죄송|извините|простите|к сожалению|мне жаль|tôi|rất|xin lỗi|lấy làm|przepraszam|przykro|niestety|"
    "üzgünüm|maalesef|özür|عذر|آسف|أعتذر"
)
_REGRETS = (  # and what each says soon after
    f"cannot|can{_A}t|can not|unable|not able|won{_A}t|will not|capability|ability|decline|refuse|kann|darf|je ne|"
    "no puedo|no me es|non posso|não|ik kan|不能|无法|不会|無法|不會|でき|없|어렵|не могу|không thể|nie mogę|"
    "yapam|edem|verem|لا "
)
_START = r"[\s\"“'*]*"

_MODEL_TALK = late_pattern("|".join(_BOILERPLATE), re.IGNORECASE)
_REFUSAL = late_pattern(f"{_START}(?:{'|'.join(_REFUSALS)})", re.IGNORECASE)
_IDIOM = late_pattern(rf"\s*i can(?:not|{_A}t| not) help (?:but|it\b|myself|wonder|thinking|feeling)", re.IGNORECASE)
REFUSAL_RULES = TextRules()


@REFUSAL_RULES.add(
    "an answer",
    rf"(?i:{_START}(?:{_OPENINGS})[^\n]*(?:{_REGRETS}))",
    is_for_answers=True,
    openings=tuple(_OPENINGS.split("|")),
)
def refusal(text: str) -> Place | None:
    """An answer declines.

    A model learns to decline from few examples, and then declines what it should do.

    What to do: remove the line, or write the answer; leave it if refusing is what you teach.
    """
    match = _REFUSAL.match(text)
    return Place(0, "an answer that declines") if match and not _IDIOM.match(text) else None


@REFUSAL_RULES.add("an answer in its own voice", f"(?i:{'|'.join(_BOILERPLATE)})", is_for_answers=True)
def assistant_boilerplate(text: str) -> Place | None:
    """An answer speaks of being a language model.

    Such sentences come from the model that wrote the data, and will be said in its voice again.

    What to do: rewrite the answer without the sentence, or remove the line.
    """
    match = _MODEL_TALK.search(text)
    return Place(match.start(), "an assistant that speaks of being one") if match else None
