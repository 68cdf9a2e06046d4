"""What `/metrics` tells Prometheus: what is measured, and in which words.

`measure_families.py` names each measure, `exposition.py` writes them down, `request_times.py` and `verdict_times.py`
count in this process, `measuring.py` puts an answer together. What the catalog knows is counted in
`state/catalog/measures.py`.
"""
