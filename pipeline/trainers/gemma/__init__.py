"""Gemma's chat template, whatever the trainer: what it takes."""

from pipeline.trainers.trainer import Trainer

TRAINER = Trainer(name="gemma", title="Gemma", rank=8)
