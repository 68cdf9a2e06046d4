"""`python -m tests.bytecode`: compiles the tests once, before pytest has several workers that all import them at once.

In a fresh clone each worker would rewrite every assertion for itself: 13 s of CPU, as often as there are workers. What
is written here lies where pytest looks for it; where it looks elsewhere one day, it writes its own as before.
"""

import sys
from pathlib import Path

import pytest
from _pytest.assertion import rewrite

ROOT = Path(__file__).resolve().parent


def compile_tests(folder: Path, config: pytest.Config) -> int:
    """Write what is not there yet or out of date; return how many files that were."""
    count = 0
    for path in sorted(folder.rglob("test_*.py")):
        written = rewrite.get_cache_dir(path) / f"{path.stem}{rewrite.PYC_TAIL}"
        if rewrite._read_pyc(path, written) is None:
            source_hash, code = rewrite._rewrite_test(path, config)
            written.parent.mkdir(exist_ok=True)
            rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, source_hash, written)
            count += 1
    return count


class _InsteadOfTests:
    """Pytest with its settings, which collects nothing."""

    def pytest_collection(self, session: pytest.Session) -> bool:
        print(f"{compile_tests(ROOT, session.config)} files of tests compiled")
        return True


if __name__ == "__main__":
    status = pytest.main(["-qq", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts="], [_InsteadOfTests()])
    sys.exit(0 if status is pytest.ExitCode.NO_TESTS_COLLECTED else status)
