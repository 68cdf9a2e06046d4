"""From findings to a mended file: what can be mended without asking anybody, and a record of every change.

`remedies.py` says what is mended and how, `mending.py` does it to a file. What is found is in `pipeline.conversations`.
"""

from pipeline.mend.mending import Mending, mend_file
from pipeline.mend.outputs import files_of
from pipeline.mend.remedies import REMEDIES, Remedy

__all__ = ["REMEDIES", "Mending", "Remedy", "files_of", "mend_file"]
