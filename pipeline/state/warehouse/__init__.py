"""The warehouse: one DuckDB file that analysts open, rebuilt from the catalog and the lake and swapped in whole.

`build_warehouse` publishes it, `query` asks it, `query_table.py` prints answers. Nothing writes to a file that readers
have open: DuckDB lets one process write or many read.
"""

from pipeline.state.warehouse.build import WarehouseReport, build_warehouse, ensure_warehouse
from pipeline.state.warehouse.user_query import Answer, open_query, query

__all__ = ["Answer", "WarehouseReport", "build_warehouse", "ensure_warehouse", "open_query", "query"]
