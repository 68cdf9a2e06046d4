"""Kills over all parts while uploads stream in; in the middle every place is gone for a while."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.chaos.judging import Judgement, judge, wait_until_settled
from tests.chaos.killing import kill_at_random
from tests.chaos.places import Outage
from tests.chaos.sending import Senders
from tests.chaos.system import PARTS, Part, System
from tests.chaos.trainings import Asking
from tests.chaos.uploads import make_uploads

_GIVE_UP_AFTER_S = 600.0
_AFTER_ALL_S = 600.0


@dataclass(frozen=True, slots=True)
class Killed:
    """What came of it. settled_s: from the last kill, or the last upload's arrival if that was later."""

    judgement: Judgement
    settled_s: float
    summary: str


def uploads_and_kills(
    system: System,
    uploads: int,
    kills: int,
    seed: int,
    pause_s: float,
    outage_s: float = 0.0,
    settle_within_s: float = 180.0,
    parts: Sequence[Part] = PARTS,
    trainings: int = 0,
    tell: Callable[[str], None] = lambda _: None,
) -> Killed:
    """Let uploads arrive all the time that the kills take, and judge what there is when all is quiet.

    outage_s: how long each of the profile's servers is gone in the middle, one after another; 0 for not at all.
    trainings: of so many jobs a training is under way meanwhile; the system has the stub trainer.
    """
    places, wanted = system.places, make_uploads(uploads, seed)
    system.uploads += wanted
    stopped = [outage for name, outage in places.outages.items() if name.endswith("-stopped")]
    with Asking(places, trainings) as asking:
        senders = Senders(places, system.service_url, wanted, kills * pause_s / max(1, uploads), _GIVE_UP_AFTER_S)
        outages = threading.Thread(target=_stop_each, args=(stopped, outage_s), daemon=True)

        def between(number: int) -> None:
            if number == kills // 2 and outage_s:
                outages.start()
            if number % 10 == 0:
                tell(f"{number} kills, {len(senders.sent)} uploads arrived")

        killed = kill_at_random(system, kills, seed, pause_s, between, parts)
        if outages.ident:
            outages.join()
        senders.join()
        tell(f"killed {dict(killed)}; waiting until all is quiet")
        settled_s, waiting = wait_until_settled(places, system.uploads, settle_within_s, asking.waiting)
        if waiting:  # to say whether it is lost, or late
            tell(f"not settled after {settled_s:.0f} s: {waiting[:5]}")
            more_s, waiting = wait_until_settled(places, system.uploads, _AFTER_ALL_S, asking.waiting)
            settled_s += more_s
        judgement = judge(places, system.uploads, waiting, attempts=None)
        judgement.lost += senders.failed
        judgement.wrong += asking.judge()
        died = {name: count for name, count in system.died.items() if count}
    parts = ", ".join(f"{part} {count}" for part, count in sorted(killed.items()))
    if settled_s > settle_within_s:
        judgement.half.append(f"settled after {settled_s:.0f} s only, wanted {settle_within_s:.0f} s")
    under_way = f", {trainings} trainings" if trainings else ""
    summary = f"{uploads} uploads{under_way}, {killed.total()} kills ({parts}; died by themselves: {died or 'none'}): "
    return Killed(judgement, settled_s, f"{summary}{judgement.counts()}; settled after {settled_s:.0f} s")


def _stop_each(outages: Sequence[Outage], outage_s: float) -> None:
    for outage in outages:
        outage.begin()
        time.sleep(outage_s)
        outage.end()
