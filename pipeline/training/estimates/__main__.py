"""`python -m pipeline.training.estimates`: fit the constants to the shipped measurements and write them down."""

from pathlib import Path

from pipeline.training.estimates.fit import fit
from pipeline.training.estimates.fitted import FITTED_FILE, fitted_text
from pipeline.training.estimates.measurements import load_measurements

if __name__ == "__main__":
    (Path(__file__).parent / FITTED_FILE).write_text(fitted_text(fit(load_measurements())), "utf-8")
