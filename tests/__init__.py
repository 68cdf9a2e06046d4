"""The project's promises, one test file for each file of the source tree."""
