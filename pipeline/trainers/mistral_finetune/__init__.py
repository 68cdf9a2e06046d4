"""mistral-finetune, and mistral-common's check of what a model of Mistral is tuned on: what they take."""

from pipeline.trainers.trainer import Trainer

TRAINER = Trainer(name="mistral-finetune", title="mistral-finetune", rank=11)
