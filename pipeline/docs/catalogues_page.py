"""docs/catalogues.md: the base models, GPUs and prices that estimates and jobs know, with sources and days."""

from pipeline.catalogues import load_gpus, load_models, load_prices, load_token_prices
from pipeline.docs.markdown import code, section, table
from pipeline.llm.call_prices import LongRates, load_inference_prices
from pipeline.trainers.registry import BY_NAME
from pipeline.training.parameters import adapter_parameters

_INTRO = """What is shipped. Your own entries go into `LORA_MODELS_FILE`, `LORA_GPUS_FILE`, `LORA_PRICES_FILE` and
`LORA_TOKEN_PRICES_FILE`: TOML files of the same form as `pipeline/catalogues/*.toml`; one of a known name replaces it.
A model that is not listed can also be named by the path of its `config.json`."""
_MODELS = """Adapters: parameters that LoRA of rank 16 adds: on all linear layers of a dense model; of a mixture of
experts on attention and experts, those of an expert with a lower rank, and on no router. Where there is a sibling that
was taught to answer (`Llama-3.1-8B-Instruct`), it is found by its own name and has the same dimensions."""
_GPUS = """Memory in GiB, as a process can use it. TFLOP/s: dense BF16, or FP16 where there is none, by the data sheet;
reached: what matrix products were measured to reach (`matmul_tflops`), which step times rest on; where nobody measured
them, 80 % is assumed."""
_PRICES = """For one GPU and hour. The lowest on-demand price is used unless a provider or spot is asked for; a price
older than 90 days is marked. `lora-pipeline prices import FILE` takes a CSV of yours."""

_TRAINED = """USD for a million trained tokens of jobs that a provider trains. The first that names the model is used,
else the first of its size; of these, yours come first. Which tokens are billed stands in the estimate: OpenAI bills the
training rows in every pass; Together also the validation rows, and rows that are not packed at their full length."""

_ASKED = """USD for a million tokens of asking a model; a batch costs the share beside it. Of input, tokens that the
provider writes to its cache and reads from there have prices of their own; `from … tokens`: for all of a request whose
input is that long. A model that costs is not asked without a price; one on a server of your own costs nothing."""


def page() -> str:
    """The page."""
    return section(
        "Catalogues",
        _INTRO,
        section("Base models", _MODELS, _models()),
        section("GPUs", _GPUS, _gpus()),
        section("Prices", _PRICES, _prices()),
        section("Prices of trained tokens", _TRAINED, _token_prices()),
        section("Prices of asking", _ASKED, _inference_prices()),
        level=1,
    )


def _models() -> str:
    rows = [
        (
            code(model.name),
            f"{model.parameters / 1e9:.2f}B",
            f"{model.active_experts} of {model.experts}" if model.experts > 1 else "",
            str(model.layers),
            str(model.hidden_size),
            str(model.vocabulary),
            f"{adapter_parameters(model, 16):,}",
            str(model.context_length),
            model.licence,
            model.hub_id,
        )
        for model in sorted(load_models().values(), key=lambda each: each.name.lower())
    ]
    heading = (
        "model",
        "parameters",
        "experts",
        "layers",
        "width",
        "vocabulary",
        "adapters",
        "context",
        "licence",
        "hub",
    )
    return table(heading, rows)


def _gpus() -> str:
    rows = [
        (
            code(gpu.name),
            ", ".join(gpu.aliases),
            gpu.maker,
            f"{gpu.memory_gb:g}",
            f"{gpu.peak_tflops:g}",
            f"{gpu.matmul_tflops:g}" if gpu.matmul_tflops else "",
            f"{gpu.bandwidth_gb_per_s:g}",
            f"{gpu.interconnect_gb_per_s:g}",
            "yes" if gpu.has_bf16 else "no",
        )
        for gpu in sorted(load_gpus().values(), key=lambda each: each.name)
    ]
    return table(("GPU", "also", "maker", "memory", "TFLOP/s", "reached", "bandwidth GB/s", "link GB/s", "BF16"), rows)


def _prices() -> str:
    rows = [
        (code(price.name), price.provider, price.kind, f"{price.per_gpu_hour:g}", str(price.as_of), price.source)
        for price in sorted(load_prices(), key=lambda each: (each.name, each.per_gpu_hour))
    ]
    return table(("GPU", "provider", "kind", "USD", "as of", "source"), rows)


def _token_prices() -> str:
    rows = [
        (
            BY_NAME[price.provider].title,
            price.name,
            price.method or "",
            price.objective or "",
            f"{price.usd_per_million:g}",
            str(price.as_of),
            "; ".join(filter(None, (price.source, price.note))),
        )
        for price in load_token_prices()
    ]
    return table(("provider", "model", "method", "objective", "USD", "as of", "source"), rows)


def _inference_prices() -> str:
    rows = [
        (
            price.provider,
            code(price.name),
            f"from {rates.over_tokens + 1:,} tokens" if isinstance(rates, LongRates) else "",
            *(f"{usd:f}" for usd in (rates.input_usd, rates.cache_write_usd, rates.cache_read_usd, rates.output_usd)),
            f"{price.batch_factor:f}",
            str(price.as_of),
            "; ".join(filter(None, (price.source, price.note))),
        )
        for price in load_inference_prices()
        for rates in filter(None, (price, price.long))
    ]
    heading = ("provider", "model", "", "input", "cache written", "cache read", "output", "batch", "as of", "source")
    return table(heading, rows)
