"""A new upload every second for minutes: how long plans and the warehouse take meanwhile."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.clock import utc_now
from tests.chaos.judging import Judgement, judge, wait_until_settled
from tests.chaos.places import Places
from tests.chaos.sending import Senders
from tests.chaos.system import running_system
from tests.chaos.uploads import make_uploads
from tests.chaos.watching import Watch, plan_delays_s

WANTED_S = 60.0
_GIVE_UP_AFTER_S = 600.0
_PATIENCE_S = 600.0


@dataclass(frozen=True, slots=True)
class Streamed:
    """What came of it; delays in seconds."""

    judgement: Judgement
    plan_max_s: float
    behind_max_s: float
    summary: str


def stream(
    places: Places, uploads: int, every_s: float, seed: int, tell: Callable[[str], None] = lambda _: None
) -> Streamed:
    """Let uploads arrive one by one, each `every_s` seconds; measure while they do, judge when all is done."""
    wanted = make_uploads(uploads, seed)
    with running_system(places, has_webserver=False) as system, Watch(places, measures_delay=True) as watch:
        senders = Senders(places, system.service_url, wanted, every_s, _GIVE_UP_AFTER_S)
        while not senders.is_over:
            time.sleep(min(30.0, uploads * every_s))
            delays = plan_delays_s(places, utc_now())
            tell(f"{len(senders.sent)} arrived, {len(delays)} ready, plan at most {max(delays, default=0):.0f} s after")
        senders.join()
        settled_s, waiting = wait_until_settled(places, wanted, _PATIENCE_S)
        delays = plan_delays_s(places, utc_now())
        judgement = judge(places, wanted, waiting, attempts=0)
    judgement.lost += senders.failed
    plan_max_s = max(delays, default=0.0)
    p95_s = statistics.quantiles(delays, n=20)[-1] if len(delays) > 1 else plan_max_s
    if plan_max_s > WANTED_S:
        judgement.half.append(f"a plan came {plan_max_s:.0f} s after its verdict, wanted {WANTED_S:.0f} s")
    if watch.behind_s > WANTED_S:
        judgement.half.append(f"the warehouse was {watch.behind_s:.0f} s behind, wanted {WANTED_S:.0f} s")
    summary = (
        f"{uploads} uploads, one each {every_s:g} s: {judgement.counts()}; plan after the verdict: p95 {p95_s:.0f} s, "
        f"max {plan_max_s:.0f} s; warehouse behind: max {watch.behind_s:.0f} s; settled after {settled_s:.0f} s"
    )
    return Streamed(judgement, plan_max_s, watch.behind_s, summary)
