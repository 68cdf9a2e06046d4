"""Measurements: `make bench`. Nothing here is collected as a test, and no test asserts on a clock."""
