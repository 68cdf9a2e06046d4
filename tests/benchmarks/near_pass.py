"""A program that is measured: signs the conversations of a file and finds the near-duplicates among them.

python -m tests.benchmarks.near_pass FILE FOLDER   prints JSON; its processor time is that of the two steps alone
"""

import json
import sys
import time
from pathlib import Path

from pipeline.dataset.formats.blocks_of_lines import read_blocks
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.near.near_duplicates import find_near_duplicates
from pipeline.dataset.near.signatures import bands_of, signatures
from pipeline.dataset.profiles.duplicates import fingerprints
from pipeline.dataset.profiles.splits import split
from pipeline.dataset.reading.columns import read_columns


def run(path: Path, folder: Path) -> dict[str, float]:
    """How many conversations there are, their bytes of text, what was found, and the processor time."""
    spill = folder / "signatures.bin"
    count, text_bytes, sign_s = 0, 0, 0.0
    with path.open("rb") as stream, spill.open("wb") as target, bands_of(spill).open("wb") as bands_target:
        for block in read_blocks(stream, Limits().max_line_bytes):
            columns = read_columns(block, Limits())[1]
            contents = fingerprints(columns)["turns"][:, 0]
            begin_s = time.process_time()
            signed, bands = signatures(columns, contents)
            target.write(signed.tobytes())
            bands_target.write(bands.tobytes())
            sign_s += time.process_time() - begin_s
            count += len(columns.ids)
            text_bytes += len(columns.text)
    begin_s = time.process_time()
    found = find_near_duplicates([spill])
    find_s = time.process_time() - begin_s
    made = split(found.clusters)
    return {
        "conversations": count,
        "text_bytes": text_bytes,
        "spill_bytes": spill.stat().st_size + bands_of(spill).stat().st_size,
        "near_duplicates": found.conversation_count,
        "clusters": found.cluster_count,
        "validation_conversations": made.validation_conversations,
        "sign_s": sign_s,
        "find_s": find_s,
    }


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), Path(sys.argv[2]))))
