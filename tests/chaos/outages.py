"""A place is gone for a while, once or again and again, while uploads arrive."""

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.judging import Judgement, judge, wait_until_settled
from tests.chaos.operator import Operator
from tests.chaos.sending import Senders
from tests.chaos.system import System
from tests.chaos.uploads import make_uploads
from tests.chaos.watching import Watch

_WITHIN_S = 60.0
_PATIENCE_S = 900.0  # to say how late it was
_GIVE_UP_AFTER_S = 1_800.0


@dataclass(frozen=True, slots=True)
class Endured:
    """What came of it. settled_s: from the last return of the place; told: titles of what the operator was told."""

    judgement: Judgement
    settled_s: float
    told: list[str]
    summary: str


def uploads_and_outages(
    system: System,
    operator: Operator,
    outage_name: str,
    uploads: int,
    times: int,
    gone_s: float,
    between_s: float,
    seed: int,
    within_s: float = _WITHIN_S,
    tell: Callable[[str], None] = lambda _: None,
) -> Endured:
    """Take a place away `times` times for `gone_s` each, while uploads arrive; judge what there is in the end.

    operator: who is told by the system. between_s: how long the place is there before each outage, the first one too.
    """
    places, outage = system.places, system.places.outages[outage_name]
    wanted = make_uploads(uploads, seed)
    every_s = times * (gone_s + between_s) / max(1, uploads)
    with Watch(places) as watch:
        if not system.uploads:  # so that there is something to lose
            _send_some(system, seed + 1_000)
        system.uploads += wanted
        senders = Senders(places, system.service_url, wanted, every_s, _GIVE_UP_AFTER_S)
        for number in range(times):
            time.sleep(between_s)
            outage.begin()
            tell(f"{outage.name}: gone, {number + 1} of {times}; {len(senders.sent)} uploads arrived")
            time.sleep(gone_s)
            outage.end()
        tell(f"{outage.name}: back")
        began_s = time.monotonic()
        senders.join()
        _, waiting = wait_until_settled(places, system.uploads, _PATIENCE_S)
        settled_s = time.monotonic() - began_s
    judgement = judge(places, system.uploads, waiting, attempts=0)
    judgement.lost += senders.failed
    judgement.wrong += [f"the warehouse was emptier than before: {text}" for text in watch.emptier]
    if settled_s > within_s:
        judgement.half.append(f"settled {settled_s:.0f} s after the return only, wanted {within_s:.0f} s")
    told = [json.loads(each) for each in operator.told]
    # One that is shorter than the sensors' interval may go by unseen; each is told once for each place.
    titles = Counter(each["title"] for each in told)
    judgement.doubled += [f"told {count} times: {title}" for title, count in titles.items() if count > times]
    died = {name: count for name, count in system.died.items() if count}
    summary = (
        f"{outage_name} {times} x {gone_s:.0f} s, {uploads} uploads: {judgement.counts()}; settled {settled_s:.0f} s "
        f"after the return; warehouse read {watch.reads} times; operator told {len(told)} times; died {died or 'none'}"
    )
    tell("\n".join(f"{each['title']}: {each['message']}" for each in told))
    return Endured(judgement, settled_s, [each["title"] for each in told], summary)


def _send_some(system: System, seed: int) -> None:
    first = make_uploads(3, seed)
    system.uploads += first
    Senders(system.places, system.service_url, first, 0, _GIVE_UP_AFTER_S).join()
    wait_until_settled(system.places, first, _PATIENCE_S)
