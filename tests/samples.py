"""Makes `data/samples/everyday_talk.jsonl`: `python -m tests.samples` writes it anew, byte for byte the same.

3,000 faultless conversations in five languages, short and long, with code and emoji: a dataset as a person would
upload it. The other samples are written by hand. Inputs for benchmarks come from `tests/benchmarks/generate.py`.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLES_DIR = ROOT / "data" / "samples"
DOCS_DIR = ROOT / "docs"
EVERYDAY_TALK = SAMPLES_DIR / "everyday_talk.jsonl"
CONVERSATION_COUNT = 3_000

Turns = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Language:
    """What people talk about in one language: openings and follow-ups are (user, assistant) pairs with {slots}."""

    openings: Sequence[tuple[str, str]]
    follow_ups: Sequence[tuple[str, str]]
    slots: Mapping[str, Sequence[str]]


ENGLISH = Language(
    openings=[
        ("How long do I cook {food}?", "About {n} minutes. Taste it at {m}, and trust your fork more than the clock."),
        (
            "My {thing} makes a {sound} sound.",
            "Try tightening the screw at the back first; a {sound} is rarely serious.",
        ),
        (
            "What should I read on the train to {city}?",
            "Something with short chapters: {n} pages per stop is a nice pace.",
        ),
        (
            "Is {city} worth a weekend in {month}?",
            "Yes! Bring a coat, walk along the river, and have {food} by the market.",
        ),
        (
            "Write a toast for {name}'s birthday.",
            "To {name}: {n} years of stories, and never the same one told twice. 🎉",
        ),
        (
            "{name}, you and I split {n} euros in three. How?",
            "{name} and you pay a third each, {m} cents more or less; I take the rest.",
        ),
        (
            "Which plant survives me? I forget water.",
            "A snake plant. Water it every {n} days and apologise to it in between.",
        ),
        (
            "Remind me why I own {n} mugs?",
            "Each one was a present, a holiday or a very good {month}. Keep {m} of them.",
        ),
        (
            "I can't sleep. Tell me about {animal}s.",
            "A {animal} naps about {n} times a day and is ashamed of none of them. 😴",
        ),
        (
            "Can I fix a {thing} with tape?",
            "For {n} days, yes. Then {name} will ask, and you will need the right part.",
        ),
        ("Dear team, pls shorten: the meeting on the {n}th moves to {city}.", "Meeting on the {n}th: now in {city}."),
        (
            "Best way to thank a neighbour who fed my {animal}?",
            "A jar of something home-made and a drawing of the {animal}.",
        ),
        ("ok", "Glad that helped! Shall we look at the {thing} next?"),
        ("What goes with {food}?", "{food_2}, something green, and {name}'s favourite music."),
        (
            "Convert {n} miles to km.",
            "Multiply by 1.609: roughly {n} × 1.6 km, so a little more than half as much again.",
        ),
    ],
    follow_ups=[
        ("And if it rains?", "Then {food}, a blanket and the film {name} keeps recommending."),
        ("Are you sure?", "Fairly: I would bet {n} cookies, not my {thing}."),
        ("{name} says the opposite.", "{name} may be right for {city}; here I would still start with the simple way."),
        ("Thanks!! 🙏", "You're welcome, {name} should be pleased. 🙂"),
        ("How much would that cost?", "Between {n} and {n_2} euros, depending on the {thing}."),
        ("Shorter, please.", "{food}. {n} minutes. Done."),
        ("What would you do?", "I'd call {name}, make {food} and decide in the morning."),
        ("Why {n}?", "Because {m} is too few and nobody counts beyond {n_2}."),
    ],
    slots={
        "food": [
            "lentil soup",
            "pancakes",
            "red cabbage",
            "dumplings",
            "gnocchi",
            "porridge",
            "a pumpkin",
            "rice pudding",
        ],
        "food_2": ["Flatbread", "Pickles", "Roast carrots", "Plum chutney", "A fried egg", "Yoghurt with mint"],
        "thing": ["bicycle", "kettle", "radio", "raincoat", "desk lamp", "printer", "harmonica", "washing machine"],
        "sound": ["clicking", "humming", "whistling", "grumbling", "ticking"],
        "city": ["Lisbon", "Ghent", "Kraków", "Zürich", "Tromsø", "Québec", "Málaga", "Łódź", "Bath", "São Paulo"],
        "month": ["January", "March", "April", "June", "September", "November"],
        "name": [
            "Ada",
            "Bao",
            "Chidi",
            "Dagný",
            "Emre",
            "Fatou",
            "Grace",
            "Héloïse",
            "Ivo",
            "Jun",
            "Kofi",
            "Leïla",
            "Noor",
        ],
        "animal": ["cat", "hedgehog", "tortoise", "parrot", "guinea pig", "donkey"],
        "n": [str(n) for n in range(11, 60)],
        "n_2": [str(n) for n in range(60, 99)],
        "m": [str(n) for n in range(2, 11)],
    },
)

CHINESE = Language(
    openings=[
        ("{city}有什么好吃的？", "一定要试试{food}，街口那家开了{n}年，早上去不用排队。"),
        ("{food}怎么做才不腻？", "少放油，小火{n}分钟，最后加一点醋就好。"),
        ("帮我写一句给{name}的生日祝福。", "{name}，愿你新的一岁，日日有{food}，夜夜有好梦！🎂"),
        ("学一首曲子要多久？", "每天练{n}分钟，大约{m}个星期就能完整地弹下来。"),
        ("明天去{city}要带伞吗？", "带上吧，天气预报说下午{m}点以后有雨。☔"),
    ],
    follow_ups=[
        ("谢谢你！", "不客气，祝你和{name}玩得开心。"),
        ("还有别的办法吗？", "有，可以先问问{name}，或者等{m}天再决定。"),
        ("大概多少钱？", "{n}块左右，不算贵。"),
    ],
    slots={
        "city": ["成都", "苏州", "西安", "厦门", "台北", "哈尔滨"],
        "food": ["豆花", "小笼包", "担担面", "桂花糕", "酸菜鱼", "红烧茄子"],
        "name": ["小林", "阿芳", "老周", "思思", "大伟"],
        "n": [str(n) for n in range(12, 50)],
        "m": ["两", "三", "四", "五", "六"],
    },
)

JAPANESE = Language(
    openings=[
        ("{city}でおすすめの朝ごはんは？", "駅前の{food}がいいですよ。{n}分くらい並びますが、待つ価値はあります。"),
        ("{food}の作り方を教えてください。", "まず出汁を取って、弱火で{n}分。仕上げに刻みねぎをどうぞ。"),
        (
            "{name}さんへのお礼の言葉を考えて。",
            "{name}さん、先日は本当にありがとうございました。おかげで{n}倍楽しめました。",
        ),
        ("猫が{n}回も鳴きます。どうして？", "お腹が空いたか、退屈しているか、両方です。🐈"),
    ],
    follow_ups=[
        ("もう少し短くできますか？", "はい。「{food}、最高。」"),
        ("雨の日はどうしますか？", "{city}の図書館がおすすめです。静かで、{n}時まで開いています。"),
        ("ありがとう！", "どういたしまして。また聞いてくださいね😊"),
    ],
    slots={
        "city": ["京都", "金沢", "札幌", "長崎", "松本", "那覇"],
        "food": ["おにぎり", "味噌汁", "たまごサンド", "うどん", "焼き魚定食"],
        "name": ["田中", "さくら", "健太", "美咲", "山本"],
        "n": [str(n) for n in range(11, 45)],
    },
)

KOREAN = Language(
    openings=[
        ("{city}에서 하루 동안 뭐 할까요?", "아침에는 시장에서 {food}, 오후에는 바닷가를 {n}분쯤 걸어 보세요."),
        ("{food} 끓이는 법 알려 줘.", "중불에서 {n}분, 마지막에 파를 넣으면 됩니다. 🍲"),
        (
            "{name}한테 보낼 축하 인사 부탁해요.",
            "{name} 님, 진심으로 축하합니다! 앞으로 {n}년도 오늘처럼 빛나길 바라요.",
        ),
    ],
    follow_ups=[
        ("다른 방법은 없나요?", "{name} 님께 물어보는 게 제일 빨라요."),
        ("고마워요!", "천만에요. 맛있게 드세요!"),
        ("얼마나 걸려요?", "보통 {n}분이면 충분합니다."),
    ],
    slots={
        "city": ["부산", "전주", "강릉", "제주", "경주"],
        "food": ["미역국", "된장찌개", "떡국", "김치찌개", "호박죽"],
        "name": ["지우", "민준", "서연", "하늘", "도윤"],
        "n": [str(n) for n in range(11, 45)],
    },
)

ARABIC = Language(
    openings=[
        ("ما أفضل وقت لزيارة {city}؟", "في الربيع، ويكفيك {n} يومًا. لا تنسَ أن تجرب {food}."),
        ("كيف أحضّر {food}؟", "على نار هادئة نحو {n} دقيقة، ثم أضف قليلًا من الليمون."),
        ("اكتب تهنئة قصيرة إلى {name}.", "عزيزي {name}، كل عام وأنت بخير، ودامت أيامك فرحًا. 🌙"),
    ],
    follow_ups=[
        ("شكرًا جزيلًا!", "على الرحب والسعة، وسلّم لي على {name}."),
        ("وهل هناك طريقة أسرع؟", "نعم، لكنها أقل طعمًا: {n} دقائق فقط."),
        ("كم يكلّف ذلك؟", "حوالي {n} دينارًا."),
    ],
    slots={
        "city": ["بيروت", "مراكش", "عمّان", "القاهرة", "مسقط"],
        "food": ["الكشري", "المقلوبة", "شوربة العدس", "التبولة", "الحريرة"],
        "name": ["ليلى", "يوسف", "مريم", "سامي", "هدى"],
        "n": [str(n) for n in range(11, 45)],
    },
)

CODE = Language(
    openings=[
        (
            "Python: how do I read {noun} from a CSV file?",
            "```python\nimport csv\n\nwith open('{noun}.csv', newline='') as file:\n"
            "    {noun} = [row for row in csv.DictReader(file) if int(row['{field}']) > {n}]\n```",
        ),
        (
            "SQL: top {n} {noun} by {field}?",
            "```sql\nSELECT name, {field}\nFROM {noun}\nORDER BY {field} DESC\nLIMIT {n};\n```",
        ),
        (
            "bash: find {noun} files older than {n} days",
            "`find . -name '*.{noun}' -mtime +{n} -print`; put `-delete` at the end once the list looks right.",
        ),
        (
            "Why does `{noun}[{n}]` raise IndexError?",
            "Counting starts at 0, so a list of {n} {noun} ends at `{noun}[{n} - 1]`. `{noun}[-1]` is always the last.",
        ),
        (
            "JS one-liner: sum of `{field}` over `{noun}`?",
            "```js\nconst total = {noun}.reduce((sum, one) => sum + one.{field}, 0); // {n} → number\n```",
        ),
        (
            "Regex for a {field} of up to {n} digits?",
            '`^\\d{{1,{n}}}$`. In JSON write the backslash twice: "^\\\\d{{1,{n}}}$".',
        ),
    ],
    follow_ups=[
        ("Does that work with {n} million rows?", "Yes, it streams; memory stays flat whatever the number of {noun}."),
        (
            "It says 'KeyError: {field}'",
            "Then the header differs: print `row.keys()`, it is often '{field} ' with a space.",
        ),
        ("And in one line?", "`total = sum(one['{field}'] for one in {noun})  # {n} at most`"),
        ("tests?", "```python\ndef test_{noun}():\n    assert load('{noun}.csv')[0]['{field}'] == '{n}'\n```"),
    ],
    slots={
        "noun": ["orders", "users", "songs", "trips", "recipes", "readings", "tickets", "logs", "parcels", "tasks"],
        "field": ["price", "score", "age", "distance_km", "stars", "weight_g", "duration_s", "quantity"],
        "n": [str(n) for n in range(3, 90)],
    },
)

LANGUAGES: Sequence[tuple[Language, int]] = [  # with their shares, in percent
    (ENGLISH, 52),
    (CODE, 16),
    (CHINESE, 12),
    (JAPANESE, 8),
    (KOREAN, 6),
    (ARABIC, 6),
]

# Every 100th conversation is long: an explanation of ten to thirty of these sentences.
LONG_SENTENCES = [
    "Start with what is on the table, not with what the recipe wishes for.",
    "{name} learned this in {city}, from a neighbour who had {n} years of practice and no scales.",
    "Warm the pan slowly; a cold pan and hot oil never become friends.",
    "Meanwhile cut the vegetables into pieces of the same size, because they share one clock.",
    "If it smells like {food}, you are on the right way.",
    "Keep {m} spoonfuls of the cooking water: it mends nearly every sauce.",
    "Salt early for the beans, late for the mushrooms, and never while telling a story.",
    "After {n} minutes, look; after {n_2}, stop looking and sit down.",
    "Some people add sugar here. Some people also iron their socks.",
    "The {animal} will ask for a share, and the answer is no, however politely it sits.",
    "Write down what you changed, or the next {month} you will wonder why it was so good.",
    "Should the bottom burn, do not scrape: move everything that is still happy to another pot.",
    "A lid keeps the steam in and the questions out.",
    "Lemon at the end is like opening a window.",
    "Let it rest as long as it takes to repair a {thing}: {m} minutes, if {name} helps.",
    "Serve it in bowls that do not match; it tastes more of home.",
]


def everyday_talk(count: int = CONVERSATION_COUNT, seed: int = 2026) -> Iterator[str]:
    """Yield `count` lines without their newline, all different in id and in text."""
    rng = random.Random(seed)
    languages, shares = zip(*LANGUAGES, strict=True)
    seen: set[str] = set()
    while len(seen) < count:
        language = rng.choices(languages, shares)[0]
        turns = _long_turns(rng) if len(seen) % 100 == 99 else _turns(rng, language)
        text = json.dumps(turns, ensure_ascii=False, separators=(",", ":"))
        if text not in seen:
            seen.add(text)
            yield f'{{"conversation_id":"talk-{len(seen):04}","turns":{text}}}'


def _turns(rng: random.Random, language: Language) -> Turns:
    follow_up_count = rng.choices([0, 1, 2, 3], [75, 18, 5, 2])[0]
    pairs = [rng.choice(language.openings), *rng.sample(language.follow_ups, follow_up_count)]
    return _filled(pairs, language, rng)


def _long_turns(rng: random.Random) -> Turns:
    sentences = [rng.choice(LONG_SENTENCES) for _ in range(rng.randint(10, 30))]
    return _filled([("Tell me everything about cooking {food} for {n} guests.", " ".join(sentences))], ENGLISH, rng)


def _filled(pairs: Sequence[tuple[str, str]], language: Language, rng: random.Random) -> Turns:
    chosen = {name: rng.choice(values) for name, values in language.slots.items()}
    roles = ("user", "assistant")
    return [
        {"role": role, "content": text.format(**chosen)}
        for pair in pairs
        for role, text in zip(roles, pair, strict=True)
    ]


def write_everyday_talk(path: Path = EVERYDAY_TALK) -> None:
    """Write the sample, UTF-8 with one newline at each line's end."""
    path.write_bytes("".join(f"{line}\n" for line in everyday_talk()).encode())


if __name__ == "__main__":
    write_everyday_talk()
    print(f"{EVERYDAY_TALK.name}: {EVERYDAY_TALK.stat().st_size:,} bytes")
