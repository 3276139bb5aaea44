from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors import registry
from connectors.contract import Grade
from connectors.manifest import Capability, Direction, Manifest, ManifestInvalid

LEAST: dict[str, Any] = {
    "slug": "example",
    "label": "Example",
    "role": "erp",
    "direction": "out",
    "capabilities": ["commands"],
    "accepts": ["journal.post"],
    "hosts": ["{account}.example.com"],
    "docs": "https://example.com/docs",
    "parameters": [{"name": "account", "label": "Account", "required": True}],
}


class TestManifest:
    def test_reads_the_least_that_a_connector_says(self) -> None:
        manifest = Manifest.parse(LEAST)
        assert manifest.direction is Direction.OUT
        assert manifest.can(Capability.COMMANDS)
        assert not manifest.can("events")
        assert manifest.grade is Grade.READ_ONLY_CHECK
        assert manifest.parameters[0].required

    def test_a_switch_is_turned_off_by_what_turned_it_on(self) -> None:
        switch = {"slug": "slow", "label": "Is slow", "hint": "Calls wait.", "on": {"slow": 3}}
        (found,) = Manifest.parse({**LEAST, "switches": [switch]}).switches
        assert found.undone == {"slow": False}
        with pytest.raises(ManifestInvalid, match="what turns it on"):
            Manifest.parse({**LEAST, "switches": [{**switch, "on": {}}]})

    def test_only_what_it_accepts_can_make_customers(self) -> None:
        assert Manifest.parse(LEAST).makes_customers == ()
        made = Manifest.parse({**LEAST, "makes_customers": ["journal.post"]})
        assert made.makes_customers == ("journal.post",)
        with pytest.raises(ManifestInvalid, match="“invoice.post”, which is not among “accepts”"):
            Manifest.parse({**LEAST, "makes_customers": ["invoice.post"]})

    def test_sections_are_read_as_limits_and_polling(self) -> None:
        manifest = Manifest.parse(
            {
                **LEAST,
                "limits": {"max_in_flight": 2, "server_max_s": 900.0, "timeout_s": 60.0},
                "polling": {"interval_s": 60, "overlap_s": 30, "first_lookback_s": 5},
            }
        )
        assert manifest.max_in_flight == 2
        assert (manifest.poll_interval_s, manifest.poll_overlap_s) == (60, 30)
        assert manifest.first_lookback_s == 5

    def test_the_settle_window_adds_up_all_that_can_delay_a_commit(self) -> None:
        manifest = Manifest.parse(
            {
                **LEAST,
                "limits": {
                    "send_budget_s": 15.0,
                    "timeout_s": 60.0,
                    "server_max_s": 900.0,
                    "search_lag_s": 30.0,
                    "skew_s": 5.0,
                },
            }
        )
        assert manifest.settle_window_s == 1010

    def test_an_unknown_target_settles_after_twenty_minutes(self) -> None:
        assert Manifest.parse(LEAST).settle_window_s == 1200

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            ({"slug": "Not A Slug"}, "slug"),
            ({"direction": "sideways"}, "must be one of in, out, both"),
            ({"capabilities": ["telepathy"]}, "must be one of events"),
            ({"grade": "best"}, "must be one of unique_key"),
            ({"colour": "red"}, "“colour” is not known"),
            ({"label": None}, "“label” must be text"),
            ({"limits": {"max_in_flight": "many"}}, "“max_in_flight” must be int"),
            ({"limits": {"max_in_flight": 0}}, "at least 1"),
            ({"limits": {"server_max_s": -1}}, "“server_max_s”"),
            ({"hosts": []}, "at least one host"),
            ({"hosts": ["https://x.example"]}, "no host template"),
            ({"hosts": ["{tenant}.example.com"]}, "{tenant}, which is no parameter"),
            ({"emits": ["invoice.issued/1"]}, "belong together"),
            ({"accepts": []}, "belong together"),
            ({"direction": "in"}, "yet it accepts commands"),
            ({"grade": "idempotent_window"}, "dedupe_window_s"),
            ({"parameters": [{"name": "x"}]}, "parameters[0]: “label” is missing"),
            ({"parameters": ["x"]}, "parameters[0]: must be a table"),
            ({"secrets": [{"name": "x", "label": "X", "value": "y"}]}, "“value” is not known"),
            (
                {"signature": {"scheme": "timestamped", "header": "x", "secret": "missing"}},
                "“missing” is not among",
            ),
        ],
    )
    def test_says_what_is_wrong(self, change: dict[str, Any], problem: str) -> None:
        with pytest.raises(ManifestInvalid, match="example/manifest.toml: ") as caught:
            Manifest.parse({**LEAST, **change}, where="example/manifest.toml")
        assert problem in str(caught.value)

    def test_names_everything_that_is_missing_at_once(self) -> None:
        with pytest.raises(ManifestInvalid) as caught:
            Manifest.parse({})
        for name in ("slug", "label", "role", "direction", "docs"):
            assert f"“{name}” is missing" in str(caught.value)

    def test_a_file_that_is_no_toml_is_told_with_its_place(self, tmp_path: Path) -> None:
        path = tmp_path / "manifest.toml"
        path.write_text("slug = ")
        with pytest.raises(ManifestInvalid, match=r"manifest\.toml: is not TOML"):
            Manifest.read(path)
        with pytest.raises(ManifestInvalid, match="cannot be read"):
            Manifest.read(tmp_path / "absent.toml")


class TestRegistry:
    def test_finds_every_folder_with_a_manifest(self) -> None:
        folders = {path.parent.name for path in registry.SYSTEMS.glob("*/manifest.toml")}
        assert set(registry.all_manifests()) == folders
        assert "stripe" in folders

    def test_gives_the_connector_object_of_a_slug(self) -> None:
        connector = registry.get("stripe")
        assert connector.manifest is registry.manifest("stripe")
        assert registry.get("stripe") is connector

    def test_an_unknown_slug_is_told_with_those_that_exist(self) -> None:
        with pytest.raises(registry.ConnectorUnknown, match=r"“nope”.*stripe"):
            registry.get("nope")

    def test_a_slug_that_is_not_its_folders_name_stops_the_start(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "other").mkdir()
        text = (registry.SYSTEMS / "stripe" / "manifest.toml").read_text(encoding="utf-8")
        (tmp_path / "other" / "manifest.toml").write_text(text, encoding="utf-8")
        monkeypatch.setattr(registry, "SYSTEMS", tmp_path)
        registry.all_manifests.cache_clear()
        try:
            with pytest.raises(ManifestInvalid, match="must be the folder's name"):
                registry.all_manifests()
        finally:
            registry.all_manifests.cache_clear()


class TestWhatPeopleAreAskedFor:
    def test_ways_to_sign_in_name_what_is_there(self) -> None:
        way = {"slug": "key", "label": "An API key", "secrets": ["api_key"]}
        with pytest.raises(ManifestInvalid, match="“key” names “api_key”"):
            Manifest.parse({**LEAST, "auth": [way]})
        secrets = [{"name": "api_key", "label": "API key", "lasts_days": 180}]
        manifest = Manifest.parse({**LEAST, "auth": [way], "secrets": secrets})
        assert manifest.auth[0].secrets == ("api_key",)
        assert manifest.secrets[0].lasts_days == 180

    def test_several_ways_are_told_apart_by_a_parameter(self) -> None:
        ways = [{"slug": "a", "label": "A"}, {"slug": "b", "label": "B"}]
        with pytest.raises(ManifestInvalid, match="“a” must say what chooses it"):
            Manifest.parse({**LEAST, "auth": ways})
        chosen = [{**way, "chosen_by": {"account": way["slug"]}} for way in ways]
        assert len(Manifest.parse({**LEAST, "auth": chosen}).auth) == 2

    def test_evidence_is_of_a_kind_and_a_day(self) -> None:
        one = {"what": "Paging", "by": "documents", "against": "docs", "on": "2026-11-21"}
        assert Manifest.parse({**LEAST, "verified": [one]}).verified[0].against == "docs"
        for change in ({"by": "hearsay"}, {"on": "lately"}):
            with pytest.raises(ManifestInvalid):
                Manifest.parse({**LEAST, "verified": [{**one, **change}]})

    def test_addresses_are_of_a_sandbox_or_of_production(self) -> None:
        place = {"kind": "production", "label": "Live", "base_url": "https://api.example.com"}
        assert Manifest.parse({**LEAST, "places": [place]}).places[0].label == "Live"
        with pytest.raises(ManifestInvalid, match="sandbox or production"):
            Manifest.parse({**LEAST, "places": [{**place, "kind": "elsewhere"}]})

    def test_sandboxes_listen_at_a_port_of_their_own(self) -> None:
        ports = [one.sandbox_port for one in registry.all_manifests().values() if one.sandbox_port]
        assert len(set(ports)) == len(ports)
