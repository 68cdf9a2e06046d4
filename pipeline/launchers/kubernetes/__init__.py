"""Trainings as Jobs of a Kubernetes cluster, over the REST of its API server (`kubernetes_launcher.py`)."""
