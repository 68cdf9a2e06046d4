"""Fireworks' fine-tuning: what it takes; no files are written for it."""

from pipeline.trainers.trainer import Trainer

TRAINER = Trainer(name="fireworks", title="Fireworks", rank=7, is_hosted=True)
