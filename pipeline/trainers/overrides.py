"""What a user sets by hand, as `--set key=value`: which keys there are, what they take, and what is said otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.catalogues.nearest import did_you_mean
from pipeline.errors import UsageError
from pipeline.trainers.value_rule import SWITCH, TEXT, ValueRule, choice, integer, number

Value = int | float | bool | str
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class Key:
    """One thing to set."""

    setting: str
    """Its path in the job."""
    rule: ValueRule


KEYS: dict[str, Key] = {
    "rank": Key("adapter.rank", integer(1, 1024)),
    "alpha": Key("adapter.alpha", integer(1, 4096)),
    "dropout": Key("adapter.dropout", number(0, 0.9)),
    "is_rank_stabilised": Key("adapter.is_rank_stabilised", SWITCH),
    "learning_rate": Key("optimisation.learning_rate", number(1e-8, 0.01)),
    "schedule": Key("optimisation.schedule", choice("cosine", "linear", "constant")),
    "warmup_share": Key("optimisation.warmup_share", number(0, 0.5)),
    "weight_decay": Key("optimisation.weight_decay", number(0, 1)),
    "max_grad_norm": Key("optimisation.max_grad_norm", number(0.001, 100)),
    "epochs": Key("optimisation.epochs", integer(1, 50)),
    "effective_batch": Key("optimisation.effective_batch", integer(1, 4096)),
    "micro_batch": Key("optimisation.micro_batch", integer(1, 1024)),
    "beta": Key("beta", number(0.001, 10)),
    "seed": Key("optimisation.seed", integer(0, 2**31 - 1)),
    "max_length": Key("max_length", integer(8, 2**20)),
    "is_packed": Key("is_packed", SWITCH),
    "has_gradient_checkpointing": Key("has_gradient_checkpointing", SWITCH),
    "loss_kernel": Key("loss_kernel", choice("full", "chunked")),
    "openai_model": Key("openai_model", TEXT),
    "together_model": Key("together_model", TEXT),
}


@dataclass(frozen=True, slots=True)
class Overrides:
    """The values that were set; one of another type than asked for cannot be."""

    values: Mapping[str, Value]

    def integer(self, key: str) -> int | None:
        """An integer, None where it is not set."""
        value = self.values.get(key)
        return value if isinstance(value, int) else None

    def number(self, key: str) -> float | None:
        """A number, None where it is not set."""
        value = self.values.get(key)
        return float(value) if isinstance(value, int | float) else None

    def switch(self, key: str) -> bool | None:
        """A switch, None where it is not set."""
        value = self.values.get(key)
        return value if isinstance(value, bool) else None

    def text(self, key: str) -> str | None:
        """A text or choice, None where it is not set."""
        value = self.values.get(key)
        return value if isinstance(value, str) else None


def parse_overrides(given: Mapping[str, str]) -> Overrides:
    """Read what was set; a key is the last part of a setting's path, or the whole path.

    Raises:
        UsageError: keys that are not known, values that are not taken; names all of them.
    """
    values: dict[str, Value] = {}
    problems = []
    by_setting = {key.setting: name for name, key in KEYS.items()}
    for name, text in given.items():
        short = by_setting.get(name, name)
        if short not in KEYS:
            near = did_you_mean(short.rpartition(".")[2], KEYS) or f"; known are {', '.join(KEYS)}"
            problems.append(f"{name} is not a setting{near}")
            continue
        value = _taken(KEYS[short].rule, text)
        if value is not None:
            values[short] = value
        else:
            problems.append(f"{name}: {refusal(short, text)}")
    if problems:
        raise UsageError("settings: " + "; ".join(problems))
    return Overrides(values)


def refusal(key: str, text: str) -> str:
    """Why a value is not taken for a key of `KEYS`; empty where it is."""
    rule = KEYS[key].rule
    return f"expected {rule.expected}, found {text!r}" if _taken(rule, text) is None else ""


def _taken(rule: ValueRule, text: str) -> Value | None:
    value = _read(rule, text.strip())
    return value if value is not None and rule.accepts(value) else None


def _read(rule: ValueRule, text: str) -> Value | None:
    """The text as what the rule is about; None where it cannot be read so."""
    try:
        if rule.kind == "integer":
            return int(text)
        if rule.kind == "number":
            return float(text)
    except ValueError:
        return None
    return _BOOLEANS.get(text.lower()) if rule.kind == "switch" else text
