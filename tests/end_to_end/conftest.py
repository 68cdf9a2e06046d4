"""Installations for tests that follow uploads from end to end."""

from tests.installation import dagster_home, installation, make_installation

__all__ = ["dagster_home", "installation", "make_installation"]
