"""Makes the assertions of helper modules as telling as those of tests."""

import pytest

pytest.register_assert_rewrite("tests.properties.reading", "tests.properties.whole_bytes")
