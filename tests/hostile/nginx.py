"""nginx before a program, set up as `examples/deploy/nginx.conf` says."""

import contextlib
import pathlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

NGINX = shutil.which("nginx")
GIVEN = pathlib.Path(__file__).parent.parent.parent / "examples/deploy/nginx.conf"
SETTINGS = """
daemon off; master_process off; error_log stderr crit; pid nginx.pid;
events {{}}
http {{
    log_format passed "$upstream_status $request_method $uri";
    access_log requests passed;
    client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c; uwsgi_temp_path d; scgi_temp_path e;
    lingering_close off;
    {more}
    {given}
}}
"""


@contextlib.contextmanager
def before(address: str, folder: pathlib.Path, more: str = "") -> Iterator[int]:
    """Run nginx before what is served at `address`, a host and a port; yield its own port.

    Args:
        address: Where the program is.
        folder: For its files; `requests` is a log of what it has passed on.
        more: Further settings.
    """
    assert NGINX is not None, "nginx is not on the path"
    with contextlib.ExitStack() as stack:
        # Bound here too, and not listening: the port is nobody else's until nginx has it.
        with socket.socket() as kept:
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            kept.bind(("127.0.0.1", 0))
            port = kept.getsockname()[1]
            given = GIVEN.read_text().replace("127.0.0.1:8080", address)
            given = given.replace("listen 80;", f"listen 127.0.0.1:{port} reuseport;")
            (folder / "nginx.conf").write_text(SETTINGS.format(given=given, more=more))
            command = [NGINX, "-p", folder, "-c", "nginx.conf", "-e", "stderr"]
            process = subprocess.Popen(command, stderr=subprocess.PIPE)
            stack.callback(process.communicate)
            stack.callback(process.kill)
            while process.poll() is None and not _listens(port):
                time.sleep(0.005)
        assert process.poll() is None, "nginx has ended"
        yield port


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True
