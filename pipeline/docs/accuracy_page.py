"""docs/accuracy.md: how far estimates lie from published measurements that they were not fitted to."""

from collections.abc import Callable, Sequence
from functools import cache

from pipeline.docs.markdown import code, section, table
from pipeline.training.estimates.accuracy import Comparison, Errors, compare, leaving_out, memory_errors, time_errors
from pipeline.training.estimates.constants import EXPECTED
from pipeline.training.estimates.fitted import fitted
from pipeline.training.estimates.measurements import Measurement, load_measurements
from pipeline.training.estimates.result import Range

_INTRO = """How far `lora-pipeline estimate` lies from published measurements that it was not fitted to. Each row is
estimated from a fit without its model, its GPU or its trainer, and with its trainer named, as jobs do. Error is the
mean absolute one. Measurements with their sources: `pipeline/training/estimates/measurements.csv`; made by
`make accuracy`."""
_PROMISE = """What is promised on the 40 reference rows, a model left out at a time: step time at most 20 % off on
average, 90 % of rows within ±35 %; memory at most 10 % off, `high` at or above the measured value in 95 % of rows."""
_GROUPS = """The same for rows of a GPU or trainer that the fit has never seen. This is what to expect of hardware that
nobody measured."""
_CHECK = """Rows of varying length, whose peak depends on the order they came in; full fine-tuning with everything in
BF16 without saying so; tensor parallelism; mixtures of experts, of which the trainer's kernels decide a factor of ten;
and more than one machine, where no speed is estimated. None is in the fit, and what an estimate does not know it says
(`extrapolated` in its JSON, "beyond what was measured" in the terminal)."""
_CONSTANTS = """Held to what is expected of each, so that few rows cannot bend one out of shape."""
_HEADING = ("left out", "of", "rows", "error", "bias", "within ±35 %", "high above", "inside low to high")


@cache  # thirty fits take seconds, and the rows do not change while a process lives
def page() -> str:
    """The page."""
    rows = load_measurements()
    known = [row for row in rows if row.set != "check"]
    by_model = leaving_out(known, known, _model, fitted())
    reference = [each for each in by_model if each.measured.set == "reference"]
    by_gpu = leaving_out(known, known, _gpu, fitted())
    by_trainer = leaving_out(known, known, _trainer, fitted())
    check = [compare(row, fitted(), known) for row in rows if row.set == "check"]
    return section(
        "Accuracy of estimates",
        _INTRO,
        section("Promised", _PROMISE, table(_HEADING, [*_lines("a model", reference)])),
        section(
            "Never seen",
            _GROUPS,
            table(
                _HEADING,
                [
                    *_lines("a model, all rows", by_model),
                    *_lines("a GPU, all rows", by_gpu),
                    *_by_group(by_gpu, _gpu),
                    *_lines("a trainer, all rows", by_trainer),
                    *_by_group(by_trainer, _trainer),
                ],
            ),
        ),
        section("Outside the fit", _CHECK, table(_HEADING, _lines("nothing", check))),
        section("Constants", _CONSTANTS, _constants()),
        section("The reference rows", "Each from a fit without its model.", _reference(reference)),
        level=1,
    )


def _model(row: Measurement) -> str:
    return row.workload.model.name


def _gpu(row: Measurement) -> str:
    return row.workload.gpu.name


def _trainer(row: Measurement) -> str:
    return row.trainer


def _by_group(compared: Sequence[Comparison], group_of: Callable[[Measurement], str]) -> list[tuple[str, ...]]:
    groups = sorted({group_of(each.measured) for each in compared})
    return [
        line
        for group in groups
        for line in _lines(code(group), [each for each in compared if group_of(each.measured) == group])
    ]


def _lines(left_out: str, compared: Sequence[Comparison]) -> list[tuple[str, ...]]:
    found = (("memory", memory_errors(compared)), ("step time", time_errors(compared)))
    return [(left_out, what, *_cells(errors)) for what, errors in found if errors]


def _cells(errors: Errors) -> tuple[str, ...]:
    shares = (errors.within, errors.below_high, errors.inside)
    return (str(errors.rows), f"{errors.error:.1%}", f"{errors.bias:+.1%}", *(f"{share:.0%}" for share in shares))


def _constants() -> str:
    found = fitted().as_dict()
    rows = [(code(name), f"{value:g}", f"{found[name]:.3g}") for name, value in EXPECTED.as_dict().items()]
    return table(("constant", "expected", "fitted"), rows)


def _reference(compared: Sequence[Comparison]) -> str:
    rows = []
    for each in compared:
        workload = each.measured.workload
        set_up = f"{workload.method}, {workload.micro_batch} x {workload.sequence_length}"
        memory = _beside(each.measured.peak_memory_gb, each.estimated.peak_memory_gb)
        step = _beside(each.measured.step_time_s, each.estimated.step_time_s)
        rows.append((workload.model.name, workload.gpu.name, set_up, *memory, *step))
    return table(("model", "GPU", "set-up", "memory, GB", "estimated", "step, s", "estimated"), rows)


def _beside(measured: float | None, estimated: Range | None) -> tuple[str, str]:
    if estimated is None:
        return (f"{measured:.3g}" if measured else "", "not known")
    bounds = f"{estimated.expected:.3g} ({estimated.low:.3g} to {estimated.high:.3g})"
    return (f"{measured:.3g}" if measured else "", bounds)
