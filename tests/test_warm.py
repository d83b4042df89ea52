"""Programs that the tests fork are processes as any other: beside each stands what Python itself does."""

import signal
import subprocess
import sys

import pytest
import warm

PROGRAMS = {
    "arguments": "import sys; print(sys.argv, sys.path[0], __name__, vars(sys.modules['__main__']).get('__file__'))",
    "a directory": "import os; print(os.getcwd())",
    "an environment": "import os; print(sorted(os.environ.items()))",
    "input": "import sys; print(sys.stdin.read()[::-1])",
    "descriptors": "import os; print(sorted(map(int, os.listdir('/proc/self/fd'))))",
    "a status": "import sys; sys.exit(3)",
    "a reason": "import sys; sys.exit('a reason')",
    "an error": "def fail():\n    1 / 0\nfail()",
    "an error in the syntax": "def fail(:",
    "a signal": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "an interruption": "import os, signal; os.kill(os.getpid(), signal.SIGINT)",
    "handlers of signals": "import signal; print([signal.getsignal(s) for s in (2, 13, 15, 17)])",
    "an end": "import atexit, threading\natexit.register(print, 'last')\nthreading.Thread(target=print).start()",
    "no loop, and no log": "import asyncio, logging, threading\n"
    "print(logging.root.handlers, threading.active_count())\nasyncio.run(asyncio.sleep(0))",
}


def outcome(run, command, **options):
    done = run(command, capture_output=True, text=True, check=False, timeout=300, **options)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("what", PROGRAMS)
@pytest.mark.parametrize("how", ["as code", "as a file", "as a module"])
def test_a_program_does_what_it_does_in_an_interpreter_of_its_own(tmp_path, what, how):
    (tmp_path / "program.py").write_text(PROGRAMS[what])
    arguments = {
        "as code": ["-c", PROGRAMS[what]],
        "as a file": ["program.py"],
        "as a module": ["-m", "program"],
    }
    command = [sys.executable, *arguments[how], "one", "two"]
    options = {"cwd": tmp_path, "input": "abc", "env": {"PATH": "/usr/bin", "PYTHONPATH": "here", "GREETING": "ä"}}
    expected = outcome(subprocess.run, command, **options)
    assert outcome(warm.run, command, **options) == expected


def test_it_is_forked_where_it_can_be():
    """It has the framework, though it has imported none of it; with options of Python's it is started as ever."""
    code = "import sys; print('aiohttp.web' in sys.modules)"
    assert outcome(warm.run, [sys.executable, "-c", code]) == (0, "True\n", "")
    assert outcome(warm.run, [sys.executable, "-I", "-c", code]) == (0, "False\n", "")


def test_it_can_be_asked_waited_for_and_ended():
    command = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(1000)"]
    with warm.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            said, asked = process.stdout.readline(), process.poll()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.01)
        finally:
            process.terminate()
    assert (said, asked) == ("up\n", None)
    assert process.wait() == process.poll() == -signal.SIGTERM


def test_descriptors_are_passed_and_a_session_begins(tmp_path):
    with (tmp_path / "file").open("w") as file:
        code = f"import os; os.write({file.fileno()}, b'written'); print(os.getsid(0) == os.getpid())"
        options = {"pass_fds": [file.fileno()], "start_new_session": True}
        assert outcome(warm.run, [sys.executable, "-c", code], **options) == (0, "True\n", "")
    assert (tmp_path / "file").read_text() == "written"


def test_a_status_that_is_no_success_is_an_error_where_it_is_checked():
    with pytest.raises(subprocess.CalledProcessError, match="exit status 2"):
        warm.run([sys.executable, "-c", "raise SystemExit(2)"], check=True)
