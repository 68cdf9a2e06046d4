"""From findings to a mended file: what can be mended without asking anybody, and a record of every change.

`mend_remedies.py` says what is mended and how, `mending.py` does it to a file. What is found is told in
`dataset/findings/`.
"""

from pipeline.dataset.mend.mend_outputs import files_of
from pipeline.dataset.mend.mend_remedies import REMEDIES, Remedy
from pipeline.dataset.mend.mending import Mending, mend_file

__all__ = ["REMEDIES", "Mending", "Remedy", "files_of", "mend_file"]
