"""How long a catalog may keep somebody waiting who holds a request open: no more than 10 s, whatever the database does.

What keeps PostgreSQL to it is in `hurried_connection.py`; SQLite has a limit of its own for locks.
"""

# A request waits for a place in the pool, for the question whether its connection lives, and for a new connection; or,
# where it lives, for its statement.
POOL_S = 3.0
PING_S = 2.0
CONNECT_S = 3
STATEMENT_S = 6.5
LONGEST_S = max(POOL_S + PING_S + CONNECT_S, POOL_S + STATEMENT_S)
