"""A process that writes events on command, and keeps its connections open: `python -m tests.resources.event_writer`.

Commands, one a line: `open HOME` (a DAGSTER_HOME), `write RUN_ID COUNT`, `close`, `make FOLDER`. Each is
answered with `done`.
"""

import os
import sys

import dagster as dg

from resources.event_log import PooledSqliteEventLogStorage


def main() -> None:
    instance = None
    print("done", flush=True)
    for line in sys.stdin:
        match line.split():
            case ["open", home]:
                os.environ["DAGSTER_HOME"] = home
                instance = dg.DagsterInstance.get()
                instance.report_engine_event("opened", run_id="none", job_name="ingest")
            case ["make", folder]:
                PooledSqliteEventLogStorage(folder).get_logs_for_run("none")
            case ["write", run_id, count]:
                assert instance
                for number in range(int(count)):
                    instance.report_engine_event(f"event {number} of {run_id}", run_id=run_id, job_name="ingest")
            case ["close"]:
                assert instance
                instance.dispose()
        print("done", flush=True)


if __name__ == "__main__":
    main()
