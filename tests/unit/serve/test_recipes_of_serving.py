"""The deployment recipes in serve/: they parse, fit each other, hold no secret, and run nothing as root.

There is no Docker here; what can be known of the files without it is tested.
"""

from __future__ import annotations

import ipaddress
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import genrec
from genrec.errors import UserError
from genrec.serve import settings
from genrec.serve.metrics import Metrics
from genrec.serve.safety.authenticate import PRIVATE
from genrec.serve.safety.browsers import host_of
from genrec.serve.safety.keys import ENVIRONMENT, parse
from genrec.serve.settings import Secrets

SERVE = Path(__file__).parents[3] / "serve"
METRICS = {
    "genrec_requests_total": {"route", "method", "status"},
    "genrec_request_seconds": {"route"},
    "genrec_stage_seconds": {"stage"},
    "genrec_queue_depth": set(),
    "genrec_batch_size": set(),
    "genrec_beams": set(),
    "genrec_catalogue_version": set(),
    "genrec_catalogue_items": set(),
    "genrec_refused_total": {"reason"},
    "genrec_streams": set(),
    "genrec_store_up": set(),
    "genrec_events_total": {"result"},
    "genrec_audit_dropped_total": set(),
}
HISTOGRAMS = {"genrec_request_seconds", "genrec_stage_seconds", "genrec_batch_size"}


def read(name: str) -> Any:
    return yaml.safe_load((SERVE / name).read_text())


@pytest.fixture
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read("compose.yaml")["services"]
    return found


def queries() -> list[str]:
    dashboard = json.loads((SERVE / "grafana" / "dashboards" / "genrec.json").read_text())
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    alerts = [rule["expr"] for group in read("alerts.yml")["groups"] for rule in group["rules"]]
    return [*shown, *alerts]


@pytest.mark.parametrize("query", sorted(set(queries())))
def test_queries_ask_for_metrics_and_labels_that_exist(query: str) -> None:
    metrics = re.findall(r"\bgenrec_\w+", query.replace('job="genrec"', ""))
    assert metrics or query.startswith("up{")
    labels: set[str] = set()
    for metric in metrics:
        name = re.sub(r"_(bucket|sum|count)$", "", metric) if metric not in METRICS else metric
        assert name in METRICS, metric
        assert (metric == name) == (name not in HISTOGRAMS), (
            f"{metric}: of a histogram, ask for _bucket, _sum or _count"
        )
        labels |= METRICS[name]
        if name.endswith("_total"):
            assert re.search(rf"(rate|increase)\({metric}\b", query), f"{metric} only ever rises"
    asked = {name for names in re.findall(r"by \(([^)]*)\)", query) for name in re.findall(r"\w+", names)}
    asked |= set(re.findall(r"[{,]\s*(\w+)\s*(?:=~|!~|!=|=)", query))
    assert asked <= labels | {"le", "job"}
    assert query.count("(") == query.count(")") and query.count("{") == query.count("}")


def test_every_metric_is_shown() -> None:
    text = " ".join(queries())
    assert not [metric for metric in METRICS if metric not in text]


def test_the_operations_page_knows_the_metrics_and_variables() -> None:
    page = (SERVE.parent / "docs" / "operations.md").read_text()
    for name, labels in re.findall(r"`(genrec_\w+)(?:\{([^}]*)\})?`", page):
        assert set(filter(None, labels.split(","))) == METRICS[name]
    assert not [name for name in METRICS if f"`{name}" not in page]
    for variable in (ENVIRONMENT, settings.DATABASE, settings.LOG_SECRET, settings.CHAT_KEY):
        assert f"| `{variable}` |" in page
    for key in re.findall(r"`(\w+\.\w+)`", page):
        group, _, name = key.partition(".")
        field = settings.ServerSettings.model_fields.get(group)
        if field is not None and name not in ("yaml", "yml"):
            assert name in field.annotation.model_fields, key  # type: ignore[union-attr]


def test_panels_do_not_overlap_and_have_titles() -> None:
    dashboard = json.loads((SERVE / "grafana" / "dashboards" / "genrec.json").read_text())
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + dx, place["y"] + dy) for dx in range(place["w"]) for dy in range(place["h"])}
        assert panel["title"] and not cells & taken and place["x"] + place["w"] <= 24
        assert (
            panel["datasource"]["uid"]
            == read("grafana/provisioning/datasources/prometheus.yaml")["datasources"][0]["uid"]
        )
        taken |= cells
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_nothing_runs_as_root_or_writes_beside_its_volumes(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {"genrec", "database", "prometheus", "grafana"}
    for name, service in services.items():
        assert service["user"].partition(":")[0] not in ("0", "root", ""), name
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"] and "privileged" not in service, name
        assert not [volume for volume in service.get("volumes", ()) if "docker.sock" in volume], name


def test_only_what_people_need_is_published_and_only_on_this_machine(services: dict[str, dict[str, Any]]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(published) == {"genrec", "grafana"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert read("compose.yaml")["networks"]["back"]["internal"] is True
    assert services["database"]["networks"] == services["prometheus"]["networks"] == ["back"]


def test_images_are_pinned(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        name, _, tag = service["image"].rpartition(":")
        assert name and re.search(r"\d+\.\d+", tag) and "latest" not in tag
    assert services["genrec"]["image"] == f"genrec:{genrec.__version__}"
    dockerfile = (SERVE / "Dockerfile").read_text()
    assert re.search(r"^ARG PYTHON=\d+\.\d+\.\d+-", dockerfile, re.M) and "latest" not in dockerfile


def test_the_image_is_built_in_one_stage_and_run_in_another() -> None:
    lines = (SERVE / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    stages = [place for place, line in enumerate(lines) if line.startswith("FROM ")]
    assert len(stages) == 2
    final = lines[stages[1] :]
    user = next(line for line in final if line.startswith("USER "))
    assert user.split()[1].partition(":")[0] not in ("0", "root")
    after = final[final.index(user) :]
    assert not [line for line in after if line.startswith(("RUN ", "COPY ", "ADD "))]
    assert not re.search(r"pip[\w. /-]* install|apt|gcc|make|git", "\n".join(final))
    assert any(line.startswith("HEALTHCHECK ") for line in after) and any("/healthz" in line for line in after)
    assert not "/healthz".startswith(PRIVATE)  # a probe has no key
    assert re.search(r"^ARG TORCH_INDEX=$", "\n".join(lines), re.M)  # no registry's name is written down
    copied = {
        source for line in lines if line.startswith("COPY ") and "--from" not in line for source in line.split()[1:-1]
    }
    assert all((SERVE.parent / source).exists() for source in copied)
    ignored = (SERVE / "Dockerfile.dockerignore").read_text().splitlines()
    assert "*" in ignored and {line[1:] for line in ignored if line.startswith("!")} == copied
    for name in ("genrec", "serve", "tokenizers", "train"):  # what pyproject.toml packs
        assert name in copied


def test_parts_fit_each_other(services: dict[str, dict[str, Any]]) -> None:
    production, compose = settings.load("production"), read("compose.yaml")
    server, scrape = services["genrec"], read("prometheus.yml")["scrape_configs"][0]
    assert server["ports"] == [f"127.0.0.1:{production.port}:{production.port}"]
    assert scrape["static_configs"][0]["targets"] == [f"genrec:{production.port}"]
    assert host_of(scrape["static_configs"][0]["targets"][0]) in production.access.hosts
    assert float(server["stop_grace_period"].removesuffix("s")) > production.drain
    network = compose["networks"]["front"]["ipam"]["config"][0]
    assert production.access.trusted_proxies == [network["gateway"]]  # no other container is believed
    assert ipaddress.ip_address(network["gateway"]) in ipaddress.ip_network(network["subnet"])
    assert scrape["authorization"]["credentials_file"] == f"/run/secrets/{services['prometheus']['secrets'][0]}"
    targets = [
        re.sub(r"\$\{.*?\}", "$", volume).split(":") for service in services.values() for volume in service["volumes"]
    ]
    for source, *_ in targets:
        assert not source.startswith("./") or (SERVE / source).exists()
        assert source.startswith(("./", "$")) or source in compose["volumes"]
    inside = {target for _, target, *_ in targets}
    assert read("grafana/provisioning/dashboards/genrec.yaml")["providers"][0]["options"]["path"] in inside
    assert set(read("prometheus.yml")["rule_files"]) <= inside
    assert server["command"][-1] in inside and server["command"][1] in inside


def test_the_examples_hold_no_secret_and_are_not_taken_for_one() -> None:
    folder = SERVE / "secrets.example"
    values = {}
    for path in folder.glob("*.env"):
        for line in path.read_text().splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.partition("=")
                values[name] = value
                assert "CHANGE-ME" in value or value == "admin"
    assert (folder / "metrics.key").read_text() == "CHANGE-ME\n"
    with pytest.raises(UserError, match="entry 1: the last part is no key"):
        parse(values["GENREC_API_KEYS"])
    with pytest.raises(UserError, match="GENREC_LOG_SECRET is shorter"):
        Secrets.from_environment(values)
    text = (SERVE / "compose.yaml").read_text()
    assert {f"{path.name}" for path in folder.iterdir()} == set(re.findall(r"of secrets\}/([\w.]+)", text))
    for service in read("compose.yaml")["services"].values():
        assert not [key for key in service.get("environment", {}) if re.search("PASSWORD|SECRET|KEY", key)]


def test_the_server_exports_these_metrics_and_no_others() -> None:
    registry = Metrics().registry
    kinds = {"counter": "_total"}
    exported = {f"{metric.name}{kinds.get(metric.type, '')}": metric for metric in registry.collect()}
    own = {name for name in exported if not name.startswith("process_")}
    assert own == set(METRICS) and "process_resident_memory_bytes" in exported
    assert {name for name, metric in exported.items() if metric.type == "histogram"} == HISTOGRAMS
