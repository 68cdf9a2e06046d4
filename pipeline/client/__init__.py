"""A client of the upload service for Python programs.

    from pipeline.client import Client

    with Client("http://127.0.0.1:8000", token) as client:
        dataset = client.upload(Path("chat.jsonl"))
        print(client.wait(dataset.id).status)

It speaks the contract of `pipeline.contract`, and needs nothing of the service.
"""

from pipeline.client.client import Client

__all__ = ["Client"]
