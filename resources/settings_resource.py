"""The settings as a Dagster resource, so that assets and sensors get them as an argument and never read them."""

import dagster as dg

from pipeline.settings import Settings


def settings_resource(settings: Settings) -> dg.ResourceDefinition:
    """The settings of an installation; not shown by Dagster, since the catalog's URL may hold a password."""
    return dg.ResourceDefinition.hardcoded_resource(settings, description="The LORA_* settings.")
