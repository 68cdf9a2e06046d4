"""The command line: `python -m tests.chaos kills|outage|stream [OPTIONS]`; 0 where all is as wanted, else 1."""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.judging import Judgement
from tests.chaos.kills import uploads_and_kills
from tests.chaos.operator import listening_operator
from tests.chaos.outages import uploads_and_outages
from tests.chaos.places import PROFILES, places_of
from tests.chaos.stream import stream
from tests.chaos.system import running_system
from tests.chaos.trainings import with_stub_trainer


def main() -> int:
    """Run one of them."""
    arguments = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # all that was started is ended on the way out
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir=arguments.folder))
    is_good = False
    try:
        is_good = arguments.run(arguments, folder)
    finally:
        if is_good and not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"the installation's files are kept in {folder}", file=sys.stderr)
    return 0 if is_good else 1


def _kills(arguments: argparse.Namespace, folder: Path) -> bool:
    with places_of(arguments.profile, folder) as places:
        places = places.with_variables(LORA_PARTITION_BY=arguments.partition_by)
        if arguments.trainings:
            places = with_stub_trainer(places, folder, arguments.trainings)
        with running_system(places) as system:
            found = uploads_and_kills(
                system,
                arguments.uploads,
                arguments.kills,
                arguments.seed,
                arguments.pause,
                outage_s=arguments.outage,
                settle_within_s=arguments.within,
                trainings=arguments.trainings,
                tell=_tell,
            )
    return _report(arguments, found.judgement, found.summary)


def _outage(arguments: argparse.Namespace, folder: Path) -> bool:
    with places_of(arguments.profile, folder) as places:
        if arguments.which not in places.outages:
            print(f"--which: expected one of {', '.join(places.outages)}, found {arguments.which}", file=sys.stderr)
            return False
        with (
            listening_operator() as operator,
            running_system(
                places.with_variables(LORA_OPERATOR_WEBHOOK_URL=operator.url), has_webserver=False
            ) as system,
        ):
            found = uploads_and_outages(
                system,
                operator,
                arguments.which,
                arguments.uploads,
                arguments.times,
                arguments.gone,
                arguments.between,
                arguments.seed,
                tell=_tell,
            )
    return _report(arguments, found.judgement, found.summary)


def _stream(arguments: argparse.Namespace, folder: Path) -> bool:
    with places_of(arguments.profile, folder) as places:
        uploads = round(arguments.minutes * 60 / arguments.every)
        found = stream(places, uploads, arguments.every, arguments.seed, tell=_tell)
    return _report(arguments, found.judgement, found.summary)


def _report(arguments: argparse.Namespace, judgement: Judgement, summary: str) -> bool:
    _tell(judgement.details())
    print(
        f"{'good' if judgement.is_good else 'BAD'}: {arguments.profile}, seed {arguments.seed}: {summary}", flush=True
    )
    return judgement.is_good


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Breaks an installation on purpose.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    kills = commands.add_parser("kills", help="kill parts at random while uploads stream in")
    kills.set_defaults(run=_kills)
    kills.add_argument("--uploads", type=int, default=20)
    kills.add_argument("--kills", type=int, default=10)
    kills.add_argument("--pause", type=float, default=4.0, metavar="S", help="seconds between two kills, on average")
    kills.add_argument("--outage", type=float, default=20.0, metavar="S", help="each server is gone as long, half-way")
    kills.add_argument("--trainings", type=int, default=0, help="of so many jobs a training is under way meanwhile")
    kills.add_argument("--partition-by", choices=("dataset", "hour"), default="dataset")
    kills.add_argument("--within", type=float, default=180.0, metavar="S", help="all is to be quiet so soon afterwards")
    outage = commands.add_parser("outage", help="take a place away for a while, and again")
    outage.set_defaults(run=_outage)
    outage.add_argument("--uploads", type=int, default=60)
    outage.add_argument("--which", default="catalog-stopped", metavar="OUTAGE", help="a wrong one names them all")
    outage.add_argument("--times", type=int, default=5)
    outage.add_argument(
        "--gone", type=float, default=20.0, metavar="S", help="seconds that the place is gone each time"
    )
    outage.add_argument("--between", type=float, default=20.0, metavar="S", help="seconds before each time")
    streaming = commands.add_parser("stream", help="a new upload every second")
    streaming.set_defaults(run=_stream)
    streaming.add_argument("--minutes", type=float, default=10.0)
    streaming.add_argument("--every", type=float, default=1.0, metavar="S", help="seconds between two uploads")
    for command in (kills, outage, streaming):
        command.add_argument("--profile", choices=PROFILES, default="local")
        command.add_argument("--seed", type=int, default=1)
        command.add_argument("--folder", help="where to make the installation; by default the system's own")
        command.add_argument("--keep", action="store_true", help="keep the installation's files")
    return parser


def _tell(text: str) -> None:
    if text:
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
