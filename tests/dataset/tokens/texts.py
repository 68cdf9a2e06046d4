"""Conversations in English, Chinese, code and emoji that look like real ones: for tests and benchmarks of tokens.

Code is that of libraries that we use, English their documentation: their versions are locked, so each Python gets the
same texts. Chinese is put together from clauses that people write to assistants. Turns are of very different lengths,
and the same seed gives the same conversations.
"""

import ast
import itertools
import json
import random
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_SUBJECTS = (
    "我们 你们 很多用户 这个模型 新的版本 训练数据 我的同事 老师 客户 医生 这家公司 他的父母 研究人员 那位作家 图书馆 "
    "上海的天气 北京的交通 这本小说 历史博物馆 周末的市场 服务器 数据库 前端页面 微调后的模型 退款申请 快递 航班"
).split()
_ADVERBS = "已经 通常 可能 终于 仍然 的确 很快就 昨天才 最近 一直 显然 偶尔 不得不 几乎 从来没有 随时 反复".split()
_VERBS = (
    "提供了 改变了 检查了 解释了 需要 影响 记录了 忽略了 支持 讨论过 拒绝了 推荐 更新了 介绍了 打算购买 收到了 "
    "正在分析 想了解 整理好了 翻译了 测试了 取消了"
).split()
_OBJECTS = (
    "一份详细的报告 三种不同的方法 下周的会议安排 这个问题的原因 机器学习的基本概念 退货政策 五百元的优惠券 "
    "学习率和批大小 健康饮食的建议 一首关于秋天的诗 合同里的第七条 最低的价格 古代建筑的特点 日志里的错误信息 "
    "2024年的统计结果 去云南旅行的路线 孩子的作业 面试的准备 公司内部的流程 环境保护的意义 "
    "显存不足的解决办法 Python的异步编程 GPU的价格"
).split()
_LINKS = "，因为 ，所以 ，而且 ，但是 ；另外， ，如果 。首先， 。不过， ：例如， ，同时 ，也就是说".split()
_ENDS = "。 。 。 ？ ！ 。\n 。\n\n ？\n （见附件）。 ……".split(" ")
_EMOJI = "😀 😂 🥰 👍 🙏 🎉 🔥 🚀 ❤️ ✨ 😭 🤔 👩‍💻 👨‍👩‍👧 🇨🇳 🇧🇷 👋🏽 🐱 🌈 🍕 ⚽ 🏆 💡 ✅ 🤖 🫠 🥲 🪄".split()
_CHAT = (
    "omg that is so good lol thanks for the help today see you tomorrow cannot believe it worked great job everyone "
    "happy birthday love this song what do you think about dinner on my way home running late sorry be there soon "
    "congratulations the new release is finally out tests are green shipping it now have fun stay safe miss you"
).split()

Text = Callable[[random.Random, int], str]


@cache
def _sources() -> list[str]:
    folders = [Path(find_spec(package).origin).parent for package in ("fastapi", "hypothesis", "jinja2", "sqlalchemy")]
    paths = [path for folder in (*folders, folders[-1] / "orm") for path in sorted(folder.glob("*.py"))]
    return [text for path in paths if len(text := path.read_text(encoding="utf-8")) > 2_000]


@cache
def _paragraphs() -> list[str]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    nodes = (node for text in _sources() for node in ast.walk(ast.parse(text)) if isinstance(node, documented))
    return [part.strip() for node in nodes for part in (ast.get_docstring(node) or "").split("\n\n") if len(part) > 80]


@cache
def _modules() -> list[list[str]]:
    return [text.splitlines(keepends=True)[:5_000] for text in _sources()]


def english(rng: random.Random, size: int) -> str:
    """Documentation, of about `size` bytes."""
    return _until(size, lambda: rng.choice(_paragraphs()) + "\n\n")


def code(rng: random.Random, size: int) -> str:
    """Consecutive lines of a module."""
    lines = rng.choice(_modules())
    start = rng.randrange(len(lines))
    return _until(size, itertools.cycle(lines[start:] + lines[:start]).__next__)


def chinese(rng: random.Random, size: int) -> str:
    """Sentences of one to four clauses."""
    return _until(size, lambda: _sentence(rng))


def emoji(rng: random.Random, size: int) -> str:
    """Short messages with about an emoji every three words."""
    return _until(size, lambda: " ".join(rng.choices(_CHAT, k=rng.randint(0, 6)) + _emoji(rng)) + rng.choice(" !?\n"))


def _emoji(rng: random.Random) -> list[str]:
    return ["".join(rng.choices(_EMOJI, k=rng.choice((1, 1, 2, 3))))]


def mixed(rng: random.Random, size: int) -> str:
    """One of the others."""
    return rng.choice((english, chinese, code, emoji))(rng, size)


KINDS: dict[str, Text] = {each.__name__: each for each in (english, chinese, code, emoji, mixed)}


def write_lines(kind: str, count: int, seed: int, mean_bytes: int = 400) -> bytes:
    """A file of conversations with two to twelve turns of about `mean_bytes`, in the native format."""
    rng = random.Random(f"{kind} {seed}")
    return b"".join(_line(KINDS[kind], number, rng, mean_bytes) for number in range(count))


def _line(text: Text, number: int, rng: random.Random, mean_bytes: int) -> bytes:
    spread = rng.lognormvariate(-0.5, 1.0)
    sizes = [int(mean_bytes * spread * rng.expovariate(1)) + 1 for _ in range(2 * rng.randint(1, 6))]
    turns = [{"role": ("user", "assistant")[index % 2], "content": text(rng, size)} for index, size in enumerate(sizes)]
    return json.dumps({"conversation_id": str(number), "turns": turns}, ensure_ascii=False).encode() + b"\n"


def _sentence(rng: random.Random) -> str:
    clauses = ["".join(map(rng.choice, (_SUBJECTS, _ADVERBS, _VERBS, _OBJECTS))) for _ in range(rng.randint(1, 4))]
    return "".join(clause + rng.choice(_LINKS) for clause in clauses[:-1]) + clauses[-1] + rng.choice(_ENDS)


def _until(size: int, more: Callable[[], str]) -> str:
    parts: list[str] = []
    length = 0
    while length < size:
        parts.append(more())
        length += len(parts[-1].encode())
    return "".join(parts)
