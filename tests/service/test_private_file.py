"""The two small files that the service keeps to itself, whole or not."""

import pytest

from pipeline.errors import NotSignedIn, SettingsError
from pipeline.service.signing import make_signer, secret_path
from pipeline.service.tokens import make_authority, make_laptop_token, token_path
from pipeline.settings import MIN_SECRET_BYTES, load_settings

# What a power cut leaves, or a hand that slipped.
DAMAGES = {"empty": b"", "blank": b" \n", "half": b"0123456789abcdef", "garbage": bytes(range(128, 160)) * 3}


@pytest.fixture
def settings(tmp_path):
    return load_settings(data_dir=tmp_path)


@pytest.mark.parametrize("damage", [name for name in DAMAGES if name != "garbage"])
def test_a_secret_that_is_not_whole_is_made_anew(settings, damage):
    """Signed with an empty one, anybody could make a session."""
    path = secret_path(settings.data_dir)
    path.write_bytes(DAMAGES[damage])

    make_signer(settings)

    secret = path.read_text()
    assert (len(secret) >= MIN_SECRET_BYTES, path.stat().st_mode & 0o077) == (True, 0)
    make_signer(settings)
    assert path.read_text() == secret


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_token_that_is_not_whole_is_made_anew(settings, damage):
    token_path(settings.data_dir).write_bytes(DAMAGES[damage])
    with pytest.raises(SettingsError, match="found none: start `lora-pipeline serve`"):
        make_authority(settings)

    token = make_laptop_token(settings)

    assert make_authority(settings).identify(token).user.id == "local"
    assert make_laptop_token(settings) is None


def test_a_new_token_ends_the_old_one(settings):
    old = make_laptop_token(settings)

    new = make_laptop_token(settings, is_renewed=True)

    authority = make_authority(settings)
    assert authority.identify(new).user.id == "local"
    with pytest.raises(NotSignedIn):
        authority.identify(old)


@pytest.mark.parametrize(
    ("place", "use"), [(secret_path, make_signer), (token_path, make_laptop_token), (token_path, make_authority)]
)
def test_a_folder_in_their_place_is_named(settings, place, use):
    path = place(settings.data_dir)
    path.mkdir()

    with pytest.raises(SettingsError, match=f"^cannot read {path}: Is a directory; move it away"):
        use(settings)
