"""The command line of the benchmarks.

python -m tests.benchmarks [NAME…] [--small] [--write]
"""

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.machine import describe_machine
from tests.benchmarks.page import PAGE, Section, render_terminal, updated_page
from tests.benchmarks.suite import BENCHMARKS


def main() -> int:
    """Run the named benchmarks, or all; returns 1 when a figure is not as wanted."""
    by_name = {benchmark.name: benchmark for benchmark in BENCHMARKS}
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measures speed and memory.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(by_name)}; without one, all")
    parser.add_argument("--small", action="store_true", help="try it with little data, in seconds; says nothing")
    parser.add_argument("--write", action="store_true", help=f"put the results into docs/{PAGE.name}")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(by_name):
        parser.error(f"expected names of benchmarks ({', '.join(by_name)}), found {', '.join(sorted(unknown))}")
    machine = describe_machine()
    print(machine)
    is_met = True
    for name in arguments.names or by_name:
        benchmark = by_name[name]
        with tempfile.TemporaryDirectory(prefix=f"{name}-") as folder:
            measurements = benchmark.measure(arguments.small, Path(folder))
        section = Section(benchmark, measurements, arguments.small, machine, datetime.now(UTC).date())
        print(render_terminal(section), flush=True)
        if arguments.write:  # at once: the next one may fail
            PAGE.write_text(updated_page(PAGE.read_text("utf-8") if PAGE.exists() else "", section), "utf-8")
        is_met &= all(measurement.is_met is not False for measurement in measurements)
    return 0 if is_met or arguments.small else 1


if __name__ == "__main__":
    sys.exit(main())
