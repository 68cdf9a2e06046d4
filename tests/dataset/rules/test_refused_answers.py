"""Refusals are told by how an answer begins, boilerplate wherever it stands; being sorry is neither."""

import pytest

from tests.dataset.rules.planting import codes, found


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I cannot help with that.",
        "I’m sorry, but I can’t do that.",
        "I am very sorry but I am unable to open files.",
        "Sorry, I can't assist with this request.",
        "I apologize for the confusion, but I cannot access it.",
        "I cannot provide medical advice.",
        "Unfortunately, I am not able to answer this.",
        "I must decline to answer.",
        "Es tut mir leid, aber ich kann dir dabei nicht helfen.",
        "Leider kann ich diese Frage nicht beantworten.",
        "Je suis désolé, mais je ne peux pas vous aider.",
        "Lo siento, pero no puedo ayudarte con eso.",
        "Mi dispiace, ma non posso aiutarti.",
        "Desculpe, mas não posso ajudar.",
        "Het spijt me, maar ik kan je niet helpen.",
        "很抱歉，我无法回答这个问题。",
        "对不起，但我不能这样做。",
        "申し訳ありませんが、お答えできません。",
        "죄송하지만 도와드릴 수 없습니다.",
        "Извините, но я не могу помочь.",
        "Xin lỗi, nhưng tôi không thể giúp bạn.",
        "Przykro mi, ale nie mogę pomóc.",
        "Üzgünüm, bu konuda yardım edemem.",
    ],
)
def test_a_refusal_is_told(text):
    assert found(text) == [("refusal", "expected an answer, found an answer that declines at character 1")]


@pytest.mark.parametrize(
    ("text", "character"),
    [
        ("As an AI language model, I have no opinion.", 1),
        ("Well, as a large language model I have none.", 7),
        ("I'm just an AI, so no.", 1),
        ("My knowledge cutoff is 2021.", 1),
        ("Als KI-Sprachmodell habe ich keine Meinung.", 1),
        ("En tant qu'intelligence artificielle, je n'ai pas d'avis.", 1),
        ("En tant que modèle de langage, je n'ai pas d'avis.", 1),
        ("Como modelo de lenguaje, no tengo opinión.", 1),
        ("In quanto modello linguistico, non ho opinioni.", 1),
        ("Como um modelo de linguagem, não tenho opinião.", 1),
        ("作为一个人工智能语言模型，我没有意见。", 1),
        ("AI言語モデルとして、意見はありません。", 1),
        ("AI 언어 모델로서 의견이 없습니다.", 1),
        ("Как языковая модель, я не имею мнения.", 1),
        ("Là một mô hình ngôn ngữ, tôi không có ý kiến.", 1),
        ("Jako model językowy nie mam opinii.", 1),
        ("Bir yapay zeka modeli olarak fikrim yok.", 1),
    ],
)
def test_an_assistant_that_speaks_of_being_one_is_told(text, character):
    detail = (
        f"expected an answer in its own voice, found an assistant that speaks of being one at character {character}"
    )

    assert found(text) == [("assistant-boilerplate", detail)]


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry to hear that! Have you tried turning it off?",
        "I'm sorry for your loss. You can take your time.",
        "He said: I'm sorry, but I cannot come.",
        "I can't help but smile at this.",
        "I cannot stress enough how useful tests are.",
        "I can help you with that.",
        "It cannot be done in one day.",
        "She works as an AI researcher and as an AI engineer.",
        "A language model predicts the next word.",
        "Es tut mir leid, das zu hören.",
        "Je suis désolé pour le retard.",
        "Lo siento mucho por tu pérdida.",
        "抱歉让您久等了。",
        "Leider regnet es heute.",
    ],
)
def test_being_sorry_is_no_refusal(text):
    assert codes(text) == []
