"""A real PostgreSQL for tests: a cluster of their own in a folder of their own, on a free port of this machine.

PostgreSQL does not run as root. Where the tests do, the server is started as the user `postgres`, which Debian's
package brings along.
"""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",  # nothing here need outlive a crash of the machine
    "max_connections": "50",
    "shared_buffers": "16MB",
}


def find(program):
    """Return the path of a program of PostgreSQL, which Debian keeps away from the path, or None."""
    installed = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    return shutil.which(program) or (str(installed[-1]) if installed else None)


class Server:
    """One cluster without a password."""

    def __init__(self):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="ponty-postgres-"))
        self._log = self._folder / "log"
        self._process = None
        self.port = None

    @property
    def url(self):
        return f"postgresql://postgres@127.0.0.1:{self.port}"

    def start(self):
        """Make the cluster, start it, and wait until it takes connections."""
        initdb = find("initdb")
        assert initdb is not None, "PostgreSQL is not installed: `apt-get install postgresql` brings it"
        as_user = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self._folder, user.pw_uid, user.pw_gid)
            as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        data = str(self._folder / "data")
        make = ["-D", data, "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run([*as_user, initdb, *make], check=True, capture_output=True, cwd=self._folder)
        options = [word for name, value in OPTIONS.items() for word in ("-c", f"{name}={value}")]
        for _ in range(20):
            self.port = _free_port()
            command = [*as_user, find("postgres"), "-D", data, "-p", str(self.port), *options]
            with self._log.open("w") as log:
                self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder)
            while self._process.poll() is None:
                if "ready to accept connections" in self._log.read_text():
                    return self
                time.sleep(0.01)
        raise RuntimeError(f"no server: {self._log.read_text()}")

    def close(self):
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)  # at once, with all that it has started
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
