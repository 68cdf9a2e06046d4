"""A client of the upload service for Python programs.

    from pipeline.client import Client
    from pipeline.generation.wish import PlanWish
    from pipeline.training.setup import Setup

    with Client("http://127.0.0.1:8000", token) as client:
        dataset = client.upload(Path("chat.jsonl"))
        print(client.wait(dataset.id).status)
        print(client.estimate_job(dataset.id, Setup("Qwen3-8B", gpu="RTX-4090")).cost_usd)
        print(client.generation.estimate(PlanWish(items=300)).cost_usd)

It speaks the contract of `pipeline.contract`, and needs nothing of the service.
"""

from pipeline.client.client import Client

__all__ = ["Client"]
