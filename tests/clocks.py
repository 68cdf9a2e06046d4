"""Finds tests whose verdict hangs on a clock: values are followed from where a clock is read to an assertion.

What counts is where a value came from, not what it is called: imports under any name, clocks kept in variables,
fields, tuples and lists, functions that return a time, and programs that a test holds as text.

    found    an assertion, or an `if` that fails the test, on a duration or on which moment comes first; a duration
             that a program prints, since whoever started it can only compare it
    allowed  a deadline: the condition of a loop that waits, or an `if` inside one that gives up with a message.
             It should be generous, because another program may have the processor.
    allowed  a moment handed in and found again (`==`), and any clock as an argument
"""

import ast
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class Kind(IntEnum):
    """What a value has to do with a clock; the larger one wins where two meet."""

    SPAN = 1  # a length of time that was written down, such as timedelta(hours=1)
    CLOCK = 2  # a function that tells the time
    MOMENT = 3
    DURATION = 4  # between two moments
    VERDICT = 5  # a comparison of these


_IN_TIME = ("time", "monotonic", "perf_counter", "process_time", "thread_time", "clock_gettime")
CLOCKS = frozenset(
    [f"time.{name}{unit}" for name in _IN_TIME for unit in ("", "_ns")]
    + [f"datetime.{kind}.{name}" for kind in ("datetime", "date") for name in ("now", "utcnow", "today")]
    + ["os.times", "resource.getrusage", "timeit.default_timer", "pipeline.flow.validation.utc_now"]
)
_MEASURES = frozenset({"timeit.timeit", "timeit.repeat"})
# What `getrusage` tells besides times.
_COUNTS = frozenset({"ru_maxrss", "ru_minflt", "ru_majflt", "ru_inblock", "ru_oublock"})
# Durations that somebody else measured, known by their names alone: `response.elapsed`, `report.duration_s`.
_MEASURED = re.compile(r"(elapsed|took|duration|wall)(_\w+)?")
_PASS_ON = frozenset(
    "abs float int round min max sum sorted list tuple set dict zip str repr reversed next iter".split()
)
_PASSING_MODULES = ("statistics.", "math.", "numpy.")
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_GIVES_UP = re.compile(r"pytest\.(fail|skip)|sys\.exit")
_PRINTS = re.compile(r"print|sys\.stdout\.write|sys\.exit|json\.dump")
_PROGRAM = re.compile(r"\b(import|from)\b[\s\S]*\b(time|monotonic|perf_counter|process_time|getrusage|now)\b")


def timed_assertions(sources: Mapping[str, str]) -> list[str]:
    """Name each place, as `module:line`. sources: text by module, such as tests.state.catalog.test_export."""
    modules = {name: _Module(name, ast.parse(text)) for name, text in sources.items()}
    returned: dict[str, Kind] = {}
    while True:  # a function may return what a function of another module returned
        before = dict(returned)
        for module in modules.values():
            module.learn(returned)
        if returned == before:
            break
    places = []
    for name, module in modules.items():
        lines = set(module.found(returned))
        for text, line in module.programs():
            lines |= {line for _ in timed_assertions({"program": text})}
        places += [f"{name}:{line}" for line in sorted(lines)]
    return places


@dataclass
class _Module:
    """One module: what its names are, and what its functions return."""

    name: str
    tree: ast.Module
    names: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for each in node.names:
                    first = each.name.partition(".")[0]
                    self.names[each.asname or first] = each.name if each.asname else first
            elif isinstance(node, ast.ImportFrom) and node.module:
                self.names |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}

    def learn(self, returned: dict[str, Kind]) -> None:
        """Follow assignments, and note which functions return a time."""
        while True:
            before = (dict(self.kinds), dict(returned))
            for scope, node in _scoped(self.tree):
                self._bind(node, scope, returned)
                if isinstance(node, (ast.Return, ast.Yield)) and node.value and scope:
                    self._note(returned, f"{self.name}.{scope}", self.kind(node.value, scope, returned))
            if before == (self.kinds, returned):
                return

    def found(self, returned: Mapping[str, Kind]) -> Iterator[int]:
        """The lines of assertions on a time."""
        waiting = {id(inner) for node in ast.walk(self.tree) if isinstance(node, ast.While) for inner in ast.walk(node)}
        for scope, node in _scoped(self.tree):
            if isinstance(node, ast.Assert) and self._is_timed(node.test, scope, returned):
                yield node.lineno
            elif isinstance(node, ast.If) and id(node) not in waiting and any(map(_gives_up, node.body)):
                if self._is_timed(node.test, scope, returned):
                    yield node.lineno
            elif isinstance(node, ast.Call) and self._fails_on_a_time(node, scope, returned):
                yield node.lineno

    def programs(self) -> Iterator[tuple[str, int]]:
        """Texts that are programs and may read a clock, with the line where they begin."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _PROGRAM.search(node.value):
                text = textwrap.dedent(node.value)
                try:
                    ast.parse(text)
                except SyntaxError:
                    continue
                yield text, node.lineno

    def kind(self, node: ast.AST | None, scope: str, returned: Mapping[str, Kind]) -> Kind | None:
        """What the value of an expression has to do with a clock; None: nothing that can be seen."""

        def of(*nodes: ast.AST | None) -> Kind | None:
            return max((kind for each in nodes if (kind := self.kind(each, scope, returned))), default=None)

        match node:
            case ast.Name():
                return self._of_name(node, scope, returned)
            case ast.Attribute():
                if node.attr in _COUNTS:
                    return None
                return self._of_name(node, scope, returned) or _measured(node.attr) or of(node.value)
            case ast.Call():
                return self._of_call(node, scope, returned)
            case ast.BinOp():
                return _combined(node.op, of(node.left), of(node.right), node.right)
            case ast.Compare():
                return self._of_comparison(node, scope, returned)
            case ast.NamedExpr() | ast.Await() | ast.Starred() | ast.Return() | ast.FormattedValue():
                return of(node.value)
            case ast.Subscript():
                named = node.slice.value if isinstance(node.slice, ast.Constant) else None
                return of(node.value) or (_measured(named) if isinstance(named, str) else None)
            case ast.UnaryOp():
                return of(node.operand)
            case ast.BoolOp():
                return of(*node.values)
            case ast.IfExp():
                return of(node.body, node.orelse)
            case ast.Tuple() | ast.List() | ast.Set():
                return of(*node.elts)
            case ast.JoinedStr():
                return of(*node.values)
            case ast.Dict():
                return of(*node.values)
            case ast.DictComp():
                return of(node.value)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                return of(node.elt)
        return None

    def _of_name(self, node: ast.Name | ast.Attribute, scope: str, returned: Mapping[str, Kind]) -> Kind | None:
        written = ast.unparse(node)
        first, dot, rest = written.partition(".")
        whole = f"{self.names.get(first, first)}{dot}{rest}"
        if whole in CLOCKS:
            return Kind.CLOCK
        for known in [f".{node.attr}"] if isinstance(node, ast.Attribute) else self._places(node.id, scope):
            if known in self.kinds:
                return self.kinds[known]
        if whole in returned or f"{self.name}.{whole}" in returned:
            return Kind.CLOCK  # called, it tells a time; see `_of_call` for which
        if isinstance(node, ast.Name):
            return _measured(node.id)
        return None

    def _of_call(self, node: ast.Call, scope: str, returned: Mapping[str, Kind]) -> Kind | None:
        written = ast.unparse(node.func)
        first, dot, rest = written.partition(".")
        whole = f"{self.names.get(first, first)}{dot}{rest}"
        arguments = [*node.args, *(each.value for each in node.keywords)]
        if whole in _MEASURES:
            return Kind.DURATION
        if whole == "datetime.timedelta":
            return max((self.kind(each, scope, returned) or Kind.SPAN for each in arguments), default=Kind.SPAN)
        if (kind := returned.get(whole) or returned.get(f"{self.name}.{whole}")) is not None:
            return kind
        called = self.kind(node.func, scope, returned)
        if called is Kind.CLOCK:
            return Kind.MOMENT
        if written in _PASS_ON or whole.startswith(_PASSING_MODULES):
            return max((kind for each in arguments if (kind := self.kind(each, scope, returned))), default=None)
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in ("cpu_times", "create_time") or (node.func.attr == "time" and "loop" in written):
                return Kind.MOMENT
            return self.kind(node.func.value, scope, returned)  # `.total_seconds()`, `.isoformat()`
        return None

    def _of_comparison(self, node: ast.Compare, scope: str, returned: Mapping[str, Kind]) -> Kind | None:
        kinds = [self.kind(each, scope, returned) for each in (node.left, *node.comparators)]
        is_ordered = any(isinstance(op, _ORDER) for op in node.ops)
        if Kind.DURATION in kinds or Kind.VERDICT in kinds or (is_ordered and Kind.MOMENT in kinds):
            return Kind.VERDICT
        return None

    def _is_timed(self, test: ast.AST, scope: str, returned: Mapping[str, Kind]) -> bool:
        whole = self.kind(test, scope, returned)
        inside = (self.kind(each, scope, returned) for each in ast.walk(test) if isinstance(each, ast.Compare))
        return whole in (Kind.DURATION, Kind.VERDICT) or Kind.VERDICT in inside

    def _fails_on_a_time(self, node: ast.Call, scope: str, returned: Mapping[str, Kind]) -> bool:
        written = ast.unparse(node.func)
        is_check = re.search(r"\bassert[A-Z_]\w*$|\bapprox$", written) is not None
        is_output = _PRINTS.match(written) is not None
        kinds = {self.kind(each, scope, returned) for each in node.args}
        return (is_check or is_output) and bool(kinds & {Kind.DURATION, Kind.VERDICT})

    def _bind(self, node: ast.AST, scope: str, returned: Mapping[str, Kind]) -> None:
        match node:
            case ast.Assign():
                for target in node.targets:
                    self._assign(target, node.value, scope, returned)
            case ast.AnnAssign() | ast.AugAssign() | ast.NamedExpr():
                if node.value is not None:
                    self._assign(node.target, node.value, scope, returned)
            case ast.For() | ast.comprehension():
                self._assign(node.target, node.iter, scope, returned)
            case ast.Call() if isinstance(node.func, ast.Attribute) and node.func.attr in ("append", "add", "extend"):
                for each in node.args:
                    self._note_name(node.func.value, scope, self.kind(each, scope, returned))

    def _assign(self, target: ast.AST, value: ast.AST, scope: str, returned: Mapping[str, Kind]) -> None:
        pairs = isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List))
        if pairs and len(target.elts) == len(value.elts):
            for each, its in zip(target.elts, value.elts, strict=True):
                self._assign(each, its, scope, returned)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for each in target.elts:
                self._assign(each, value, scope, returned)
        else:
            self._note_name(target, scope, self.kind(value, scope, returned))

    def _note_name(self, target: ast.AST, scope: str, kind: Kind | None) -> None:
        while isinstance(target, (ast.Subscript, ast.Starred)):
            target = target.value
        if isinstance(target, (ast.Name, ast.Attribute)):
            # A field is the object's, whichever function sets it, under whichever name it is read.
            is_field = isinstance(target, ast.Attribute)
            self._note(self.kinds, f".{target.attr}" if is_field else f"{scope}:{target.id}", kind)

    @staticmethod
    def _note(table: dict[str, Kind], name: str, kind: Kind | None) -> None:
        if kind is not None:
            table[name] = max(kind, table.get(name, kind))

    @staticmethod
    def _places(written: str, scope: str) -> Iterator[str]:
        """Where a name may have its value from: the function, those around it, the module."""
        while scope:
            yield f"{scope}:{written}"
            scope = scope.rpartition(".")[0]
        yield f":{written}"


def _combined(op: ast.operator, left: Kind | None, right: Kind | None, subtrahend: ast.AST) -> Kind | None:
    if isinstance(op, ast.Sub) and Kind.DURATION not in (left, right):
        if left is Kind.MOMENT and (right is Kind.SPAN or isinstance(subtrahend, ast.Constant)):
            return Kind.MOMENT
        if Kind.MOMENT in (left, right):
            return Kind.DURATION
    return max((kind for kind in (left, right) if kind), default=None)


def _measured(name: str) -> Kind | None:
    if name in ("ru_utime", "ru_stime"):
        return Kind.MOMENT
    return Kind.DURATION if _MEASURED.fullmatch(name) else None


def _gives_up(statement: ast.stmt) -> bool:
    is_call = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    return isinstance(statement, ast.Raise) or (is_call and bool(_GIVES_UP.match(ast.unparse(statement.value.func))))


def _scoped(tree: ast.AST, scope: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every node with the function that it is in, such as `outer.inner`; classes count for nothing."""
    for child in ast.iter_child_nodes(tree):
        yield scope, child
        is_function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
        yield from _scoped(child, f"{scope}.{child.name}".lstrip(".") if is_function else scope)
