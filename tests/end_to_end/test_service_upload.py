"""What is confirmed at the service is taken by the sensor and validated by its run, like a file that was dropped."""

from tests.installation import MakeInstallation, bad_file, valid_file
from tests.service.serving import SECRET, serving


def test_confirmed_uploads_get_their_verdicts_from_dagster(make_installation: MakeInstallation):
    installation = make_installation(jwt_secret=SECRET)
    with serving(installation.settings) as service, service.client("ana") as ana:
        good = service.upload(ana, valid_file(), name="good")
        bad = service.upload(ana, bad_file(), name="bad")
        waiting = service.announce(ana, b"x" * 50, name="waiting")["dataset"]["id"]

        [run] = installation.ingest()
        seen = {each["id"]: each["status"] for each in ana.get("/api/datasets").json()["data"]["items"]}
        again = installation.ingest()

    assert run.success
    assert seen == {good: "ready", bad: "error", waiting: "uploading"}
    assert again == []
    assert sorted(installation.partitions) == sorted([good, bad])
    assert [each.partition for each in installation.materializations("uploads")] == installation.partitions
