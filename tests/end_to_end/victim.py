"""`python -m tests.end_to_end.victim DATA_DIR`: for each line it reads, a fork that does all that an installation does.

It prints the fork's process id, and its exit status when it has ended. Forks, because loading Dagster takes seconds;
this process itself starts no thread.
"""

import os
import sys
import traceback
from datetime import timedelta
from pathlib import Path

from pipeline.flow import retries
from tests.installation import Installation, local_settings, opened


def do_everything(installation: Installation) -> None:
    """Look after what runs left, reconcile, validate uploads, plan training, publish: what daemon and schedules do."""
    installation.tick("failed_runs")
    assert installation.run("reconcile").success  # which also ends the pauses before another attempt
    for sensor, job in (("new_uploads", "ingest"), ("ready_datasets", "plan_training")):
        while runs := installation.tick(sensor).runs:
            for tags in runs:
                assert installation.run(job, tags).success, job
    assert installation.run("publish").success


def main(data_dir: Path) -> None:
    # A run that was killed is known for dead at once, not after a quarter of an hour; so is one that was never stored.
    retries.LOST_AFTER = timedelta(0)
    settings = local_settings(data_dir, stuck_after_s=0.001, batch_max_datasets=3)
    print("ready", flush=True)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                with opened(settings) as installation:
                    do_everything(installation)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
