"""The files of `examples/deploy` are what systemd and Kubernetes take, and name what the application has."""

import inspect
import os
import pathlib
import re
import runpy
import shutil
import subprocess
import sys

import pytest
import yaml

from ponty import background_tasks, startmeup

DEPLOY = pathlib.Path(__file__).parent.parent / "examples/deploy"
PROGRAM = (DEPLOY / "app.py").read_text()
SHUTDOWN = inspect.signature(startmeup).parameters["shutdown_timeout"].default
TASKS = inspect.signature(background_tasks).parameters["stop_timeout"].default


@pytest.fixture
def units(tmp_path):
    """Copy the units, with a program and a directory that there are here."""
    for path in DEPLOY.glob("app*.s*"):
        text = path.read_text().replace("/srv/app/.venv/bin/python", sys.executable).replace("/srv/app", str(DEPLOY))
        (tmp_path / path.name).write_text(text)
    return tmp_path


def test_systemd_takes_the_units(units):
    assert shutil.which("systemd-analyze"), "systemd-analyze is not on the path"
    shutil.copy(units / "app@.service", units / "app@1.service")
    command = ["systemd-analyze", "verify", "--man=no", units / "app.socket", units / "app@1.service"]
    environment = os.environ | {"SYSTEMD_UNIT_PATH": f"{units}:"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    complaints = [line for line in done.stderr.splitlines() if "app" in line]
    assert (done.returncode, complaints) == (0, [])


def test_systemd_leaves_the_time_that_a_stop_takes():
    [seconds] = re.findall(r"(?m)^TimeoutStopSec=(\d+)$", (DEPLOY / "app@.service").read_text())
    assert int(seconds) > SHUTDOWN + TASKS


@pytest.fixture
def manifests():
    documents = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())
    return {document["kind"]: document for document in documents}


def test_the_manifests_fit_together(manifests):
    assert {kind: document["apiVersion"] for kind, document in manifests.items()} == {
        "Deployment": "apps/v1",
        "Service": "v1",
        "PodDisruptionBudget": "policy/v1",
    }
    spec = manifests["Deployment"]["spec"]
    labels = spec["template"]["metadata"]["labels"]
    assert labels == spec["selector"]["matchLabels"] == manifests["Service"]["spec"]["selector"]
    assert labels == manifests["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]
    assert spec["replicas"] > manifests["PodDisruptionBudget"]["spec"]["minAvailable"]
    [container] = spec["template"]["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert [port["targetPort"] for port in manifests["Service"]["spec"]["ports"]] == ["http"]
    variables = {variable["name"]: variable["value"] for variable in container["env"]}
    assert int(variables["PORT"]) == ports["http"]
    assert all(f'"{name}"' in PROGRAM for name in variables)
    grace = spec["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace > SHUTDOWN + float(variables["READY_DELAY"])


async def test_the_probes_ask_for_what_there_is(manifests, routes, aiohttp_client):
    application = runpy.run_path(str(DEPLOY / "app.py"))
    client = await aiohttp_client(await application["app"]())
    [container] = manifests["Deployment"]["spec"]["template"]["spec"]["containers"]
    paths = {probe: container[probe]["httpGet"]["path"] for probe in container if probe.endswith("Probe")}
    assert paths == {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
    for path in paths.values():
        async with client.get(path) as answer:
            assert answer.status == 200
