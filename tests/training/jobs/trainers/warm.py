"""Runs scripts in forks of one process that has imported what most of them need: `python warm.py MODULE…`.

Reads an order a line, a JSON list: where to put what is printed, where what is said of errors, the script, its
arguments. Answers each with its exit code. Importing TRL takes seven seconds of CPU, a fork none.
"""

import importlib
import json
import os
import runpy
import sys
import traceback
from pathlib import Path


def main():
    for module in sys.argv[1:]:
        importlib.import_module(module)
    for line in sys.stdin:
        printed, said, *arguments = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(run(printed, said, arguments))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    os._exit(0)  # no looking through all that was imported


def run(printed, said, arguments):
    """The script's exit code, as Python would have ended with it."""
    for number, path, mode in ((0, os.devnull, os.O_RDONLY), (1, printed, os.O_WRONLY), (2, said, os.O_WRONLY)):
        os.dup2(os.open(path, mode | os.O_CREAT), number)
    sys.argv = arguments
    sys.path[0] = str(Path(arguments[0]).parent)
    code = 0
    try:
        runpy.run_path(arguments[0], run_name="__main__")
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


main()
