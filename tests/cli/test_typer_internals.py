"""Typer's errors can be told apart as we do it: the first test to read after an upgrade of it."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
import typer
from typer import core
from typer.main import get_command
from typer.testing import CliRunner

from pipeline.cli.command_line import COMPLETE, PROGRAM, app_of
from pipeline.cli.typer_internals import (
    TyperGroup,
    completion_script,
    context_of,
    import_pydantic_late,
    is_wrong_use,
    prepare_completion,
    typed_options,
    usage_sentence,
    wants_help,
)
from tests.cli.goldens import run


class _Group(TyperGroup):
    pass


@pytest.fixture
def raised():
    """Calls a program of one group and one command, and gives what typer raised."""
    app = typer.Typer(cls=_Group, no_args_is_help=True, rich_markup_mode=None)
    app.command("count")(lambda number: None)
    app.command("other")(lambda: None)

    def call(*arguments):
        with pytest.raises(Exception) as caught:  # which one typer raises is what is asked
            get_command(app).main(arguments, prog_name="program", standalone_mode=False)
        return caught.value

    return call


def test_a_group_is_made_of_the_class_that_it_is_given(raised):
    assert type(context_of(raised()).command) is _Group


def test_no_arguments_ask_for_help(raised):
    error = raised()

    assert (is_wrong_use(error), wants_help(error)) == (True, True)
    assert error.format_message().lstrip().startswith("Usage: program")


def test_wrong_arguments_are_told_in_a_sentence(raised):
    error = raised("count")

    assert (is_wrong_use(error), wants_help(error)) == (True, False)
    assert (error.format_message(), context_of(error).command_path) == ("Missing argument 'number'.", "program count")


def test_a_group_lists_commands_with_their_whole_help():
    group = get_command(typer.Typer(cls=_Group, callback=lambda: None))

    assert callable(group.list_commands)
    assert callable(group.get_command)
    assert callable(group.format_commands)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["check", __file__, "--output", ""], "--output"),
        (["prices", "import", ""], "file"),
    ],
)
def test_a_path_of_an_empty_variable_is_refused_and_not_taken_for_the_folder_one_is_in(arguments, name):
    result = run(arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"error: {name}: expected a path, found nothing; is a variable of the shell empty?\n"


def test_an_error_of_a_command_is_no_wrong_use():
    assert not is_wrong_use(ValueError("no"))


def test_a_shell_is_told_which_words_may_come_next():
    prepare_completion()
    words = {"COMP_WORDS": "lora-pipeline generate s", "COMP_CWORD": "2", COMPLETE: "complete_bash"}

    told = CliRunner(env=words).invoke(app_of(["generate"]), [], prog_name=PROGRAM)

    assert sorted(told.stdout.split()) == ["settle", "start", "status"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_a_script_that_asks_the_program(shell):
    script = completion_script(PROGRAM, COMPLETE, shell)

    assert f"{COMPLETE}=complete_{shell}" in script
    assert run(["completion", shell]).stdout.strip() == script.strip()


def test_typed_options_are_told_from_defaults():
    seen = []
    app = typer.Typer()

    @app.command()
    def count(ctx: typer.Context, first_one: int = 1, second: int = 2) -> None:
        seen.extend(typed_options(ctx, ["first_one", "second"]))

    CliRunner().invoke(app, ["--first-one", "1"])

    assert seen == ["--first-one"]


def test_a_wrong_choice_is_said_without_the_words_of_a_library():
    app = typer.Typer()

    @app.command()
    def count(number: Literal["one", "two"]) -> None:
        pass

    with pytest.raises(Exception) as caught:  # which one typer raises is what is asked
        get_command(app).main(["three"], standalone_mode=False)

    assert usage_sentence(caught.value).endswith("'three' is not one of 'one', 'two'")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["a", "b"], (["a", "b"], None, None, 5, 0.5)),
        (["a", "--to", "x/y", "--name", "n"], (["a"], Path("x/y"), "n", 5, 0.5)),
        (["a", "--to", "./x", "--number", "7", "--share", "1"], (["a"], Path("x"), None, 7, 1.0)),
        ([], "Missing argument 'files'."),
        (["a", "--number", "0"], "Invalid value for '--number': Input should be greater than or equal to 1"),
        (["a", "--to", __file__], f"Invalid value for '--to': dir {__file__!r} is a file."),
    ],
)
def test_values_and_complaints_are_those_of_typer_whoever_looks_at_them(arguments, expected, monkeypatch):
    import_pydantic_late()
    ours = given(arguments)
    monkeypatch.setattr(core, "build_runtime_param", core.build_runtime_param.args[0])

    assert [ours, given(arguments)] == [expected, expected]


def given(arguments):
    """The values of a command's parameters, or what was complained of."""
    app = typer.Typer()

    @app.command()
    def count(
        files: list[str],
        to: Annotated[Path | None, typer.Option(file_okay=False)] = None,
        name: str | None = None,
        number: Annotated[int, typer.Option(min=1)] = 5,
        share: float = 0.5,
    ) -> object:
        return files, to, name, number, share

    try:
        return get_command(app).main(arguments, standalone_mode=False)
    except Exception as error:  # which one typer raises is asked above
        return error.format_message()
