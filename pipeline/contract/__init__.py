"""What goes over the wire between the upload service and its clients.

Light to import: both sides share it, and it knows neither. `values.py` holds what is asked and answered,
`finding_record.py` a finding, `http_answers.py` the envelope around it.
"""
