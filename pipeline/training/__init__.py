"""From a ready dataset to training jobs: catalogues of models, GPUs and prices; estimates; configs for trainers.

`catalogues/` is data with sources, `estimates/` computes memory, time and cost, `jobs/` plans a job and renders it.
What the system remembers of jobs and costs is in `pipeline.state.catalog`.
"""
