"""`python -m pipeline.cli` is `lora-pipeline`."""

from pipeline.cli import main

if __name__ == "__main__":
    main()
