"""Trainings as training jobs of Amazon SageMaker, by boto3 (`sagemaker_launcher.py`)."""
