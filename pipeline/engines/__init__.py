"""Where the parts of large work are done: by processes of this machine, or by a cluster that stands already.

Nothing here knows what the parts are. What is split into parts, and how they become one, is decided in `dataset/` and
`flow/`.
"""

from pipeline.engines.engine import Engine, Tell
from pipeline.engines.engine_factory import check_engine, engine_problem, is_cluster, make_engine

__all__ = ["Engine", "Tell", "check_engine", "engine_problem", "is_cluster", "make_engine"]
