"""The upload service: an HTTP API for programs, over the same catalog, store and lake as the pipeline.

`app.py` composes it. `users.py` says who asks, `access.py` what they may see; one module a resource
(`dataset_service.py`, `upload_service.py`, …) holds what is done, values in and values out, for both the
API's `routes/` and the HTML pages.
"""
