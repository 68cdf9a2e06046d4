"""The library that speaks with each kind of cluster; it comes with the extra of the cluster's name."""

from importlib import import_module

from pipeline.errors import SettingsError

_LIBRARIES = {"dask": ("distributed", "Dask distributed"), "ray": ("ray", "Ray")}  # by the scheme of the address


def check_library(scheme: str) -> None:
    """Insist on the library of such clusters being installed.

    Raises:
        SettingsError: it is not.
    """
    module, title = _LIBRARIES[scheme]
    try:
        import_module(module)
    except ImportError as error:
        raise SettingsError(
            f"LORA_ENGINE: {scheme}://… needs {title}, which is not installed ({error}): "
            f"pip install 'lora-dataset-pipeline[{scheme}]'"
        ) from error
