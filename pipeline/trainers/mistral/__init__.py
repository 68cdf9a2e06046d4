"""Mistral's chat template, whatever the trainer: what it takes."""

from pipeline.trainers.trainer import Trainer

TRAINER = Trainer(name="mistral", title="Mistral", rank=9)
