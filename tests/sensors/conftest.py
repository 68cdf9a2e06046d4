"""Fixtures of the sensors' tests: installations of their own."""

from tests.installation import dagster_home, installation, make_installation

__all__ = ["dagster_home", "installation", "make_installation"]
