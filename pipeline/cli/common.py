"""What all commands share: how an error becomes one sentence and an exit code, and when output has colours.

Exit codes: 0 done, 1 the answer is no (a dataset is not ready), 2 wrong use, 3 something of ours or of the machine
failed, 130 interrupted, 141 whoever read our output left, 143 terminated.
"""

import errno
import io
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import typer

from pipeline.cli.extras import missing_extra
from pipeline.cli.typer_internals import TyperGroup, context_of, is_wrong_use, usage_sentence, wants_help
from pipeline.errors import PipelineError
from pipeline.panics import panics_as_errors
from pipeline.safe_text import shown

if TYPE_CHECKING:  # rich takes longer to import than all of --help
    from rich.console import Console
    from rich.text import Text

NOT_READY = 1
WRONG_USE = 2
FAILED = 3
INTERRUPTED = 130
OUTPUT_CLOSED = 141  # as a shell reports a process that SIGPIPE ended
TERMINATED = 143

_SENTENCE = 1_000  # characters: no first sentence of a help is cut
_MISSING = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}


class Group(TyperGroup):
    """A group of commands, and how its help lists them."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands, each with its whole first sentence; typer would cut it at the line's end."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.get_short_help_str(_SENTENCE)) for name, each in found if each])


class Commands(Group):
    """The group of all commands; whatever a command raises ends here."""

    def main(self, *args: Any, **options: Any) -> NoReturn:
        """Run a command and exit with its code."""
        options["standalone_mode"] = False
        try:
            with panics_as_errors():
                code = super().main(*args, **options)
        except Exception as error:
            code = explain(error)
        _flush_or_silence()
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; output that nobody reads any more ends it quietly."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            raise typer.Exit(OUTPUT_CLOSED) from None
        return result


def explain(error: Exception) -> int:
    """Say on stderr what went wrong, in one sentence; returns the exit code. LORA_DEBUG=1 adds the traceback."""
    if os.environ.get("LORA_DEBUG") == "1":
        traceback.print_exception(error)
    if isinstance(error, PipelineError):
        complain(str(error))
        return error.exit_code
    if isinstance(error, typer.Abort):
        return INTERRUPTED
    if is_wrong_use(error):
        _explain_usage(error)
        return WRONG_USE
    if isinstance(error, OSError):
        complain(_os_sentence(error))
        return WRONG_USE if error.errno in _MISSING else FAILED
    if isinstance(error, MemoryError):
        complain("not enough memory; close other programs, or use fewer --workers")
        return FAILED
    if sentence := missing_extra(error):
        complain(sentence)
        return WRONG_USE
    complain(f"this should not happen: {type(error).__name__}: {error} (LORA_DEBUG=1 shows where)")
    return FAILED


def complain(sentence: str) -> None:
    """One line on stderr that begins with `error:`."""
    from rich.text import Text

    text = "\n".join(map(shown, sentence.splitlines()))
    console_for(sys.stderr).print(Text.assemble(("error: ", "bold red"), text), soft_wrap=True)


def is_colored(stream: TextIO) -> bool:
    """Whether colours belong on the stream: NO_COLOR, then FORCE_COLOR, then whether it is a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if forced := os.environ.get("FORCE_COLOR"):
        return forced != "0"
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def console_for(stream: TextIO, target: TextIO | None = None) -> "Console":
    """A console with the stream's colours that prints texts as they are: no markup, no emoji names, no highlighting.

    target: where it writes, if not to the stream; rich would end the process when the stream is closed.
    """
    from rich.console import Console

    is_color = is_colored(stream)
    return Console(
        file=target or stream,
        force_terminal=is_color,
        color_system="standard" if is_color else None,
        markup=False,
        emoji=False,
        highlight=False,
    )


def write_text(text: "Text") -> None:
    """Print styled text on stdout; its lines are neither wrapped nor cut."""
    with io.StringIO() as buffer:
        console_for(sys.stdout, buffer).print(text, soft_wrap=True)
        sys.stdout.write(buffer.getvalue())
    sys.stdout.flush()


def write_line(line: str) -> None:
    """Print a line of UTF-8 on stdout, whatever the terminal's own encoding; for what programs read."""
    sys.stdout.flush()
    sys.stdout.buffer.write(line.encode() + b"\n")
    sys.stdout.buffer.flush()


def leave_on_termination(_signal: int, _frame: object) -> NoReturn:
    """Handle SIGTERM like an exit, so that temporary files are removed."""
    sys.exit(TERMINATED)


def _explain_usage(error: Any) -> None:
    context = context_of(error)
    if wants_help(error):
        sys.stderr.write(f"{error.format_message()}\n")
        return
    hint = f"; see {context.command_path} --help" if context else ""
    complain(f"{usage_sentence(error)}{hint}")


def _os_sentence(error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    return f"{os.fsdecode(error.filename)}: {reason}" if isinstance(error.filename, str | bytes) else reason


def _flush_or_silence() -> None:
    """Python flushes once more at its end and would complain about a closed pipe or a full disk a second time."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
