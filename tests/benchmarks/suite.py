"""All benchmarks, in the order in which they run and are shown."""

from tests.benchmarks.benchmark import Benchmark
from tests.benchmarks.beside_peers import PEERS
from tests.benchmarks.burst_postgres import BURST_POSTGRES
from tests.benchmarks.by_cluster import BY_CLUSTER
from tests.benchmarks.check_command import CHECK_COMMAND
from tests.benchmarks.engine_cpu import DUCKDB, PLAIN_JSON
from tests.benchmarks.engine_memory import MEMORY
from tests.benchmarks.engine_workers import WORKERS
from tests.benchmarks.event_log import EVENT_LOG
from tests.benchmarks.folding import FOLDING
from tests.benchmarks.formats import FORMATS_BENCHMARK
from tests.benchmarks.large_upload import LARGE_UPLOAD
from tests.benchmarks.near_duplicates import NEAR_DUPLICATES
from tests.benchmarks.publication import PUBLICATION
from tests.benchmarks.quality import QUALITY
from tests.benchmarks.running import BURST, LATENCY
from tests.benchmarks.service import SERVICE_LISTS, SERVICE_LOAD
from tests.benchmarks.stages import STAGES_OF_CHECK
from tests.benchmarks.tick import TICK
from tests.benchmarks.tokens import TOKENS
from tests.benchmarks.worst_lines import WORST_LINES

BENCHMARKS: tuple[Benchmark, ...] = (
    CHECK_COMMAND, STAGES_OF_CHECK,
    PLAIN_JSON, DUCKDB, MEMORY, WORST_LINES, WORKERS, FORMATS_BENCHMARK, QUALITY, TOKENS, NEAR_DUPLICATES, PEERS,
    BURST, BURST_POSTGRES, LATENCY, LARGE_UPLOAD, BY_CLUSTER, TICK, PUBLICATION, FOLDING, EVENT_LOG,
    SERVICE_LOAD, SERVICE_LISTS,
)  # fmt: skip
