"""Runs one attempt at a training: starts the trainer, watches it, keeps a journal, tells it to stop.

    python runner.py FOLDER                                  what `FOLDER/spec.json` says
    python runner.py FOLDER --source FOLDER --synced FOLDER --keep FOLDER
                                                             the same with the files of a source, in a container: the
                                                             journal and what the trainer writes go where they are
                                                             synced, also to a container that goes on, the model where
                                                             it is kept
    python runner.py --service URL --attempt ID [--token-file FILE] [--folder FOLDER]
                                                             fetches an attempt's files, and reports to the service

The token is read from LORA_ATTEMPT_TOKEN, or from the file. Started again, it never trains a second time: it sends
what the service does not know yet. It needs Python 3.9 and nothing else; nothing of the pipeline is imported.

The folder holds `job/` (the files of the job), `journal.jsonl` (a line for each thing that is told, only ever
appended), `train.log`, and two leases: `lease.json` of this process, `trainer.json` of the trainer. A lease names a
process by its id, its start and the machine's start, so that another one that got its id is not taken for it. A file
`cancel` in the folder asks for the end.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

HEARTBEAT_S = 15.0
LOG_S = 5.0
SEND_S = 5.0
INTERRUPT_S, TERMINATE_S = 60.0, 90.0
"""After a request to end: the trainer is interrupted, so that it saves; terminated after this long; then killed."""
LOG_BYTES = 8_000
SEND_BYTES = 400_000  # of the journal; quoted in JSON that is twice as much at most, and 1 MB is taken
GIVE_UP_SENDING_S = 900.0
SECRET = re.compile(r"\b(hf_[A-Za-z0-9]{16,}|sk-[A-Za-z0-9_-]{16,}|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,})")
_SECRET_NAMES = re.compile(r"TOKEN|SECRET|PASSWORD|API_?KEY|ACCESS_KEY", re.IGNORECASE)
_ELSEWHERE = (
    "{} is closed, or trained in another folder or on another machine: run the line there, or cancel it and start "
    "another attempt"
)
MACHINE_HEADER = "X-Lora-Machine"
KEPT_FILES = ("metrics.json", "trainer_state.json")
_NOT_KEPT = (".log", ".jsonl", ".bin", ".pt", ".pth")  # logs, and what runs code when it is read


class Journal:
    """Appends lines to a file, each whole: one write, and the kernel keeps writes of several processes apart."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def tell(self, kind: str, **values: object) -> None:
        """Append a line of a kind, with the time."""
        line = (json.dumps({"kind": kind, "at": round(time.time(), 3), **values}) + "\n").encode()
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            end = os.lseek(descriptor, 0, os.SEEK_END)
            if end and os.pread(descriptor, 1, end - 1) != b"\n":  # cut off by a full disk, or by a loss of power
                line = b"\n" + line
            if os.write(descriptor, line) != len(line):
                raise OSError(errno.ENOSPC, "the line was not written whole")
        finally:
            os.close(descriptor)


def process_start(pid: int) -> str | None:
    """When a process started, as the system tells it; None where there is none, or only its remains."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return None if fields[0] in ("Z", "X") else fields[19]
    except OSError:
        if os.path.isdir("/proc/self"):
            return None
    found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip() or None


def machine_start() -> str:
    """Which start of the machine this is; empty where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("utf-8").strip()
    except OSError:
        return ""


def take_lease(path: Path, *, by_nobody: bool = False) -> bool:
    """Write this process's lease; return False where there is one already, whoever wrote it.

    by_nobody: one that names no process, so that none will ever begin.
    """
    lease: dict[str, object] = {"pid": os.getpid(), "started": process_start(os.getpid()), "machine": machine_start()}
    if by_nobody:
        lease = {"pid": 0, "started": "never", "machine": "none"}
    aside = path.with_name(f"{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    aside.write_text(json.dumps(lease), "utf-8")
    try:
        os.link(aside, path)  # as a whole or not at all
        return True
    except FileExistsError:
        return False
    finally:
        aside.unlink()


def living(path: Path) -> int | None:
    """The id of the process that wrote a lease, while it lives; else None."""
    try:
        lease = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    is_here = lease["machine"] == machine_start()
    pid: int = lease["pid"]
    return pid if is_here and process_start(pid) == lease["started"] else None


def conclude(folder: Path) -> bool:
    """Whether the training has ended; where whoever watched it was killed, tell in its journal how."""
    if any(living(folder / name) is not None for name in ("lease.json", "trainer.json")):
        return False
    # A trainer that is just being started finds the lease taken, and ends at once.
    if not take_lease(folder / "trainer.json", by_nobody=True) and living(folder / "trainer.json") is not None:
        return False
    journal = folder / "journal.jsonl"
    kinds = kinds_told(journal)
    if "ended" not in kinds:
        is_done, is_cancelled = "finished" in kinds, (folder / "cancel").exists()
        told = {"exit_code": 0 if is_done else -int(signal.SIGKILL), "is_cancelled": is_cancelled}
        last = journal.stat().st_mtime if journal.exists() else time.time()  # when it was last heard of
        Journal(journal).tell("ended", at=round(last, 3), **told)
    return True


def kinds_told(journal: Path) -> set[str]:
    """The kinds of lines of a journal."""
    kinds = set()
    try:
        with open(journal, "rb") as lines:
            for line in lines:
                match = re.match(rb'\{"kind": "(\w+)"', line)
                if match and line.endswith(b"\n"):
                    kinds.add(match[1].decode())
    except OSError:
        pass
    return kinds


def signal_trainer(folder: Path, number: signal.Signals) -> bool:
    """Send a signal to the trainer and all that it started; return whether it lives."""
    pid = living(folder / "trainer.json")
    if pid is None:
        return False
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return False
    return True


def press(folder: Path, asked_s: float) -> bool:
    """Ask the trainer to end, the more firmly the longer ago that was asked for; return whether it still lives."""
    if asked_s < INTERRUPT_S:
        mark = folder / "interrupted"
        if mark.exists():
            return living(folder / "trainer.json") is not None
        is_alive = signal_trainer(folder, signal.SIGINT)
        if is_alive:
            mark.touch()
        return is_alive
    return signal_trainer(folder, signal.SIGTERM if asked_s < TERMINATE_S else signal.SIGKILL)


def start_trainer(folder: Path, spec: Mapping[str, Any]) -> subprocess.Popen[bytes]:
    """Start the trainer in a session of its own; it writes its lease before it becomes the trainer."""
    working = folder / spec["folder"]
    output = working / spec["output"]
    output.mkdir(parents=True, exist_ok=True)
    command = [sys.executable if each == "python" and not place else each for place, each in enumerate(spec["command"])]
    shim = [sys.executable, str(Path(__file__).resolve()), "--become", str(folder / "trainer.json"), *command]
    environment = {**os.environ, "LORA_JOURNAL": str(folder / "journal.jsonl"), **spec.get("environment", {})}
    environment.pop("LORA_ATTEMPT_TOKEN", None)  # a trainer has no use for it
    with open(folder / "train.log", "ab") as log:
        return subprocess.Popen(
            shim, cwd=working, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=environment
        )


def become(lease: str, command: list[str]) -> None:
    """What the trainer's process does first."""
    if not take_lease(Path(lease)):
        sys.exit("another trainer of this attempt was started before")
    os.execvp(command[0], command)


class LogTail:
    """The end of the trainer's log, whenever there is more of it, without secrets."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0

    def new_text(self) -> str | None:
        """The end of the log; None where it is as it was."""
        size = self.path.stat().st_size if self.path.exists() else 0
        if size == self.size:
            return None
        self.size = size
        with open(self.path, "rb") as file:
            file.seek(max(0, size - LOG_BYTES))
            return without_secrets(file.read().decode("utf-8", "replace"))


def without_secrets(text: str) -> str:
    """Hide values of variables that are called secrets, and what looks like a token."""
    for name, value in os.environ.items():
        if _SECRET_NAMES.search(name) and len(value) >= 8:
            text = text.replace(value, "***")
    # A progress bar draws over itself; its last state is what counts.
    lines = (line.rpartition("\r")[2] or line.strip("\r") for line in text.split("\n"))
    return SECRET.sub("***", "\n".join(lines))


class TrainerFiles:
    """Figures of a trainer that writes them into files of its own: a log, or the state beside a checkpoint."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self.read = 0
        self.told: set[tuple[object, str]] = set()

    def new_figures(self) -> Iterator[dict[str, Any]]:
        """What was not told before, an entry a step."""
        yield from self._of_log()
        for state in sorted(self.output.glob("**/trainer_state.json")):
            try:
                entries = json.loads(state.read_text("utf-8"))
            except (OSError, ValueError):
                continue
            for entry in entries.get("log_history", ()):
                yield from self._once(entry.get("step"), entries.get("max_steps"), entry)

    def _of_log(self) -> Iterator[dict[str, Any]]:
        log = self.output / "trainer_log.jsonl"
        if not log.exists():
            return
        with open(log, "rb") as file:
            file.seek(self.read)
            text = file.read()
        whole = text.rpartition(b"\n")[0]
        self.read += len(whole) + (1 if whole else 0)
        for line in whole.split(b"\n"):
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            named = {"loss": "loss", "eval_loss": "eval_loss", "lr": "learning_rate"}
            values = {name: entry[key] for key, name in named.items() if entry.get(key) is not None}
            yield from self._once(
                entry.get("current_steps"), entry.get("total_steps"), {**values, "epoch": entry.get("epoch")}
            )

    def _once(self, step: object, total: object, entry: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        values, broken = figures(entry)
        new = {name: value for name, value in values.items() if (step, name) not in self.told}
        if isinstance(step, int) and (new or broken):
            self.told |= {(step, name) for name in (*new, *broken)}
            yield {"step": step, "total_steps": total, "epoch": entry.get("epoch"), "values": new, "broken": broken}


def figures(entry: Mapping[str, Any]) -> tuple[dict[str, float], list[str]]:
    """The numbers of an entry of a trainer's log, and the names of those that are none any more."""
    known = {
        name: float(value)
        for name, value in entry.items()
        if isinstance(value, (int, float))
        and not isinstance(value, bool)
        and name not in ("step", "epoch", "total_flos")
    }
    good = {name: value for name, value in known.items() if value - value == 0}
    return good, sorted(known.keys() - good.keys())


def run(folder: Path, spec: Mapping[str, Any], sender: Sender | None = None) -> int | None:
    """Train, and tell; return the trainer's exit code, None where another process had begun before."""
    if not take_lease(folder / "lease.json"):
        return None
    journal = Journal(folder / "journal.jsonl")

    def cancel(_number: int, _frame: FrameType | None) -> None:
        ask_for_end(folder)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, cancel)
    try:
        trainer = start_trainer(folder, spec)
    except OSError as error:
        journal.tell("ended", exit_code=127, reason=f"the trainer cannot be started: {error}")
        return 127
    journal.tell("begun")
    log = LogTail(folder / "train.log")
    files = TrainerFiles(folder / spec["folder"] / spec["output"]) if spec.get("has_own_files") else None
    due = {"heartbeat": 0.0, "log": 0.0, "send": 0.0}
    while trainer.poll() is None:
        time.sleep(0.2 if sender is None else 1.0)
        with contextlib.suppress(OSError):  # a full disk: the training is watched all the same, and told of later
            watch(folder, journal, log, files, sender, due)
    with contextlib.suppress(OSError):
        watch(folder, journal, log, files, None, dict.fromkeys(due, 0.0))
    journal.tell("ended", exit_code=trainer.returncode, is_cancelled=(folder / "cancel").exists())
    return trainer.returncode


def ask_for_end(folder: Path) -> None:
    """Note that somebody wants the training to end; the first time counts."""
    mark = folder / "cancel"
    if not mark.exists():
        mark.touch()


def watch(
    folder: Path,
    journal: Journal,
    log: LogTail,
    files: TrainerFiles | None,
    sender: Sender | None,
    due: dict[str, float],
) -> None:
    """Do what is due: tell that it lives, what it writes, send, press for the end."""
    now = time.time()
    cancel = folder / "cancel"
    if cancel.exists():
        press(folder, now - cancel.stat().st_mtime)
    if now >= due["heartbeat"]:
        journal.tell("heartbeat")
        due["heartbeat"] = now + HEARTBEAT_S
    if now >= due["log"]:
        if (text := log.new_text()) is not None:
            journal.tell("log", tail=text)
        for found in files.new_figures() if files else ():
            journal.tell("metrics", **found)
        due["log"] = now + LOG_S
    if sender is not None and now >= due["send"]:
        if sender.send_some():
            ask_for_end(folder)
        due["send"] = now + sender.pause_s


def machine_of(folder: Path) -> str:
    """By what the service knows this folder on this machine: one attempt is trained in one alone."""
    place = folder / "machine.txt"
    if not place.exists():
        aside = folder / f"machine.txt.{os.getpid()}"
        aside.write_text(f"machine-{uuid.uuid4().hex}", "utf-8")
        try:
            os.link(aside, place)
        except FileExistsError:  # whoever came first gave it its name
            pass
        except OSError:  # a disk without hard links
            aside.replace(place)
        aside.unlink(missing_ok=True)
    return place.read_text("utf-8")


class Sender:
    """Sends a journal to the service, from where the service has it; a network that is away only delays it."""

    def __init__(self, service: str, job: str, attempt: str, token: str, journal: Path) -> None:
        self.base = f"{service.rstrip('/')}/api/jobs/{urllib.parse.quote(job)}"
        self.attempt = attempt
        self.token = token
        self.journal = journal
        self.machine = machine_of(journal.parent)
        self.offset = 0
        self.pause_s = SEND_S
        self.is_refused = False

    def open(self, method: str, address: str, body: Any = None, size: int | None = None) -> Any:
        """Ask the service; body: bytes, or a file of `size` bytes."""
        headers = {"Authorization": f"Bearer {self.token}", MACHINE_HEADER: self.machine}
        if size is not None:
            headers |= {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        elif body is not None:
            headers["Content-Type"] = "application/json"
        asked = urllib.request.Request(address, data=body, headers=headers, method=method)
        return urllib.request.urlopen(asked, timeout=600 if size is not None else 60)

    def data(self, method: str, address: str, body: Any = None) -> Any:
        """What the service answers."""
        with self.open(method, address, body) as answer:
            return json.loads(answer.read())["data"]

    def send_some(self) -> bool:
        """Send what comes next; return whether somebody asked for the end."""
        with open(self.journal, "rb") as file:
            file.seek(self.offset)
            block = file.read(SEND_BYTES)
        whole = block[: block.rfind(b"\n") + 1]
        body = {"attempt": self.attempt, "offset": self.offset, "journal": whole.decode("latin-1")}  # bytes, one by one
        try:
            answer = self.data("POST", f"{self.base}/reports", json.dumps(body).encode())
        except urllib.error.HTTPError as error:
            self.is_refused = error.code in (401, 403, 404, 409)
            print(f"the service refuses a report ({error.code}); it is tried again", file=sys.stderr)
            self.pause_s = min(self.pause_s * 2, 60.0)
            return error.code == 409
        except (OSError, ValueError, KeyError, http.client.HTTPException):
            self.pause_s = min(self.pause_s * 2, 60.0)
            return False
        self.pause_s, self.is_refused = SEND_S, False
        self.offset = int(answer["offset"])
        return bool(answer["is_cancelled"])

    def known_bytes(self) -> int:
        """How much of the attempt's journal the service has."""
        body = {"attempt": self.attempt, "offset": 0, "journal": ""}
        return int(self.data("POST", f"{self.base}/reports", json.dumps(body).encode())["offset"])

    def send_all(self) -> bool:
        """Send all that there is; return whether it arrived."""
        deadline = time.time() + GIVE_UP_SENDING_S
        while self.offset < self.journal.stat().st_size:
            before = self.offset
            self.send_some()
            if self.is_refused or time.time() > deadline:
                return False
            if self.offset == before:
                time.sleep(self.pause_s)
        return True

    def send_files(self, files: Mapping[str, Path]) -> None:
        """Send files by name, those that the service has not."""
        place = f"{self.base}/attempts/{urllib.parse.quote(self.attempt)}"
        there = patiently(lambda: self.data("GET", f"{place}/files"))["items"]
        known = {each["name"]: each["sha256"] for each in there}
        for name, path in files.items():
            digest = sha256_of(path)
            if known.get(name) == digest:
                continue
            print(f"sends {name} ({path.stat().st_size:,} bytes)")
            patiently(partial(self.send_file, f"{place}/files/{urllib.parse.quote(name)}?sha256={digest}", path))

    def send_file(self, address: str, path: Path) -> None:
        """Send a file, whole."""
        with open(path, "rb") as file, self.open("PUT", address, file, path.stat().st_size) as answer:
            answer.read()

    def fetch_file(self, address: str, path: Path) -> None:
        """Get a file, whole."""
        with self.open("GET", address) as answer, open(path, "wb") as file:
            shutil.copyfileobj(answer, file, 1 << 20)


def patiently(work: Callable[[], Any]) -> Any:
    """What it returns; done again while network or service are away, for as long as that is worth it."""
    deadline, pause_s = time.time() + GIVE_UP_SENDING_S, SEND_S
    while True:
        try:
            return work()
        except (OSError, http.client.HTTPException) as error:
            is_refused = isinstance(error, urllib.error.HTTPError) and error.code < 500 and error.code != 429
            if is_refused or time.time() > deadline:
                raise
            print(f"the service is away ({error}); it is tried again", file=sys.stderr)
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, 60.0)


def sha256_of(path: Path) -> str:
    """The checksum of a file, in hex."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def model_files(output: Path) -> dict[str, Path]:
    """What a training left, by the name under which it is kept: the adapter or the model, and its figures."""
    folders = (output / "adapter", output / "model", output)
    made = next((folder for folder in folders if any(folder.glob("*.safetensors")) or any(folder.glob("*.npz"))), None)
    found = {}
    if made is not None:
        kept = sorted(path for path in made.iterdir() if path.is_file() and path.name not in KEPT_FILES)
        found = {f"model/{path.name}": path for path in kept if not path.name.endswith(_NOT_KEPT)}
    return {**found, **{name: output / name for name in KEPT_FILES if (output / name).is_file()}}


def run_synced(folder: Path, source: Path, synced: Path, keep: Path) -> int:
    """Train in a container that may be taken away; one that goes on finds what the one before it wrote."""
    shutil.copytree(source, folder, dirs_exist_ok=True)
    spec = json.loads((folder / "spec.json").read_text("utf-8"))
    output, written = folder / spec["folder"] / spec["output"], synced / "output"
    written.mkdir(parents=True, exist_ok=True)
    output.symlink_to(written)
    (folder / "journal.jsonl").symlink_to(synced / "journal.jsonl")
    if spec.get("command_again") and any(written.glob("checkpoint-*")):
        spec["command"] = spec["command_again"]
    code = run(folder, spec)
    for name, path in model_files(output).items():
        place = keep / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    return 0 if code is None else code


def fetch(arguments: argparse.Namespace, token: str) -> tuple[Path, dict[str, Any], Sender]:
    """Get an attempt's files from the service, once; return its folder and what it says."""
    folder = Path(arguments.folder or arguments.attempt).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    job = arguments.attempt.rpartition(".")[0]
    sender = Sender(arguments.service, job, arguments.attempt, token, folder / "journal.jsonl")
    spec = folder / "spec.json"
    if not spec.exists():
        base = f"{sender.base}/attempts/{urllib.parse.quote(arguments.attempt)}"
        if patiently(sender.known_bytes):  # of an earlier runner, which told no machine
            sys.exit(_ELSEWHERE.format(arguments.attempt))
        patiently(lambda: sender.fetch_file(f"{base}/job.zip", folder / "job.zip"))
        with zipfile.ZipFile(folder / "job.zip") as archive:
            archive.extractall(folder / "job")
        (folder / "job.zip").unlink()
        aside = folder / "spec.json.new"
        aside.write_text(json.dumps(patiently(lambda: sender.data("GET", f"{base}/spec"))), "utf-8")
        aside.rename(spec)  # last: with it all is there
    return folder, json.loads(spec.read_text("utf-8")), sender


def run_elsewhere(arguments: argparse.Namespace) -> None:
    """Train here, report there."""
    token = os.environ.get("LORA_ATTEMPT_TOKEN", "")
    if arguments.token_file:
        token = Path(arguments.token_file).read_text("utf-8").strip()
    if not token:
        sys.exit("expected the attempt's token in LORA_ATTEMPT_TOKEN, found none: copy the line from the job's page")
    try:
        folder, spec, sender = fetch(arguments, token)
    except urllib.error.HTTPError as error:
        if error.code == 409:
            sys.exit(_ELSEWHERE.format(arguments.attempt))
        sys.exit(f"the attempt's files cannot be fetched ({error}): copy the line from the job's page again")
    except (OSError, ValueError, KeyError, http.client.HTTPException, zipfile.BadZipFile) as error:
        sys.exit(f"the attempt's files cannot be fetched ({error}): copy the line from the job's page again")
    code = run(folder, spec, sender)
    if code is None:
        if living(folder / "lease.json") is not None:
            sys.exit("this attempt is being trained here already")
        if not conclude(folder):
            sys.exit("its trainer still runs here; run the same line again when it has ended")
        print("this attempt was trained here before: what the service does not know is sent now")
    output = folder / spec["folder"] / spec["output"]
    is_whole = (folder / "cancel").exists() or (code or 0) == 0
    try:
        if is_whole:
            sender.send_files(model_files(output))
        arrived = sender.send_all()
    except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
        print(f"not all arrived: {error}", file=sys.stderr)
        arrived = False
    if not arrived:
        sys.exit(f"not all arrived; everything is in {folder}: run the same line again to send the rest")
    sys.exit(code or 0)


def main() -> None:
    """Read the command line."""
    if len(sys.argv) > 3 and sys.argv[1] == "--become":
        become(sys.argv[2], sys.argv[3:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("local_folder", nargs="?", metavar="FOLDER", help="an attempt's folder on this machine")
    parser.add_argument("--detach", action="store_true", help="go on by itself, whoever started it")
    parser.add_argument("--source", metavar="FOLDER", help="where the files of the attempt are")
    parser.add_argument("--synced", metavar="FOLDER", help="what is written there outlives this machine")
    parser.add_argument("--keep", metavar="FOLDER", help="where the model goes")
    parser.add_argument("--service", metavar="URL", help="where the service is")
    parser.add_argument("--attempt", metavar="ID", help="the attempt")
    parser.add_argument("--token-file", metavar="FILE", help="a file with the attempt's token")
    parser.add_argument("--folder", metavar="FOLDER", help="where to train; else a folder of the attempt's name")
    arguments = parser.parse_args()
    if arguments.service and arguments.attempt:
        run_elsewhere(arguments)
    if not arguments.local_folder:
        parser.error("expected a folder, or --service and --attempt")
    folder = Path(arguments.local_folder).resolve()
    if arguments.synced:
        sys.exit(run_synced(folder, *map(Path, (arguments.source, arguments.synced, arguments.keep))))
    if arguments.detach and os.fork():
        os._exit(0)  # whoever waits for this process need not wait for the training
    code = run(folder, json.loads((folder / "spec.json").read_text("utf-8")))
    sys.exit(0 if code is None else code)


if __name__ == "__main__":
    main()
