"""The seeded simulator: full designs do no harm, controls do, and the tools of it work."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from revops.delivery.simulation import run
from revops.delivery.simulation.engine import Die, Engine, Join, Nap, Process, Step, Task
from revops.delivery.simulation.run import CONTROL_SEEDS, Summary, simulate, simulate_all
from revops.delivery.simulation.variants import VARIANTS, Variant

FULL = [variant.letter for variant in VARIANTS if not variant.control]
CONTROLS = [variant for variant in VARIANTS if variant.control]


class TestFullDesigns:
    @pytest.mark.parametrize("letter", FULL)
    def test_lose_nothing_double_nothing_and_come_to_an_end(self, letter: str) -> None:
        for seed in range(5):
            done = simulate(letter, seed)
            assert not done.verdict.bad, (letter, seed, done.verdict)

    def test_were_under_every_fault_meanwhile(self) -> None:
        faults = simulate("B", 0).faults
        for seed in range(1, 8):
            faults.update(simulate("B", seed).faults)
        for name in (
            "kill: claimed", "kill: intent stored", "kill: sending", "kill: target has it",
            "kill: answered", "kill: recorded", "pause: intent stored", "commit unknown",
            "broker flushed", "database restart", "late commit", "answer lost", "request lost",
            "throttled", "webhook lost", "hint lost", "poison", "target outage", "result dropped",
            "send deadline passed", "check now", "retry", "cancelled",
        ):  # fmt: skip
            assert faults[name], name


class TestControls:
    def test_are_at_least_the_twelve_that_the_design_asks_for(self) -> None:
        assert len(CONTROLS) >= 12

    @pytest.mark.parametrize("variant", CONTROLS, ids=lambda variant: variant.letter)
    def test_do_the_harm_that_they_are_there_to_show(self, variant: Variant) -> None:
        """Seed after seed until it is seen, within the runs that the command allows for it."""
        summary = Summary(variant)
        for seed in range(CONTROL_SEEDS):
            summary.add(simulate(variant.letter, seed), run.EVENTS)
            if summary.passed:
                break
        assert summary.passed, (summary.harms, summary.breaches)


class TestARun:
    def test_is_the_same_whenever_its_seed_is(self) -> None:
        once, again = simulate("C", 4), simulate("C", 4)
        assert once.verdict == again.verdict
        assert once.faults == again.faults
        assert simulate("C", 5).faults != once.faults

    def test_has_as_many_facts_as_asked_for(self) -> None:
        few = simulate("A", 1, events=3)
        assert not few.verdict.bad


class TestTheCommand:
    def call(self, *arguments: str) -> str:
        out = StringIO()
        call_command("simulate", *arguments, stdout=out)
        return out.getvalue()

    def test_prints_json_that_says_what_was_seen(self) -> None:
        result = json.loads(self.call("--seeds", "3", "--only", "A", "--processes", "1", "--json"))
        (variant,) = result["variants"]
        assert result["passed"] is True
        assert (variant["name"], variant["control"], variant["seeds"]) == ("A", False, 3)
        assert variant["events"] == 3 * 120
        assert [variant[harm] for harm in run.HARMS] == [0] * 5
        assert (variant["bad_runs"], variant["first_bad_seed"]) == (0, None)
        assert variant["faults"]["commit unknown"] > 0

    def test_runs_controls_over_twenty_seeds_and_names_the_first_bad_one(self) -> None:
        result = json.loads(
            self.call("--seeds", "1", "--only", "D", "--events", "40", "--processes", "2", "--json")
        )
        (variant,) = result["variants"]
        assert (variant["control"], variant["seeds"]) == (True, CONTROL_SEEDS)
        assert variant["duplicated"] > 0
        assert variant["first_bad_seed"] is not None
        assert variant["passed"] is True

    def test_prints_a_line_for_each_variant(self) -> None:
        text = self.call("--seeds", "1", "--only", "a,b", "--events", "5", "--processes", "1")
        assert text.count("Full design") == 2
        assert "2 runs" in text

    def test_fails_when_a_control_shows_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        harmless = simulate("A", 0)
        monkeypatch.setattr(run, "_one", lambda order: replace(harmless, letter="C"))
        with pytest.raises(CommandError, match="Control C did not show duplicated") as refusal:
            self.call("--seeds", "1", "--only", "C", "--processes", "1")
        assert refusal.value.returncode == 1

    def test_fails_when_a_full_design_does_harm(self, monkeypatch: pytest.MonkeyPatch) -> None:
        harmful = simulate("D", 0)
        monkeypatch.setattr(run, "_one", lambda order: replace(harmful, letter="A", seed=7))
        with pytest.raises(CommandError, match="Variant A did harm, first with seed 7") as refusal:
            self.call("--seeds", "1", "--only", "A", "--processes", "1")
        assert refusal.value.returncode == 1

    @pytest.mark.parametrize(
        "arguments", [("--seeds", "0"), ("--seeds", "many"), ("--only", "AZ")], ids=str
    )
    def test_refuses_what_it_does_not_understand(self, arguments: tuple[str, str]) -> None:
        with pytest.raises(CommandError):
            self.call(*arguments)


class TestTheEngine:
    def begin(self, task: Task[None]) -> tuple[Engine, Process]:
        engine, process = Engine(), Process("p")
        engine.start(process, task)
        return engine, process

    def test_runs_tasks_at_the_same_time_but_few_at_once(self) -> None:
        seen: list[tuple[str, float]] = []

        def child(name: str) -> Task[str]:
            seen.append((name, engine.now))
            yield Step(10, "working")
            return name

        def parent() -> Task[None]:
            results = yield Join([child(name) for name in "abc"], 2)
            seen.append(("".join(results), engine.now))

        engine, _ = self.begin(parent())
        engine.run(100)
        assert seen == [("a", 0.0), ("b", 0.0), ("c", 10.0), ("abc", 20.0)]

    def test_ends_a_killed_process_where_it_stands(self) -> None:
        reached: list[str] = []

        def task() -> Task[None]:
            yield Step(10, "one")
            reached.append("two")

        engine, process = self.begin(task())
        engine.at(5, engine.kill, process)
        engine.run(100)
        assert reached == []
        assert (process.life, process.running) == (1, {})

    def test_lets_a_frozen_process_go_on_later_as_if_nothing_had_been(self) -> None:
        reached: list[float] = []

        def task() -> Task[None]:
            yield Step(10, "one")
            reached.append(engine.now)

        engine, process = self.begin(task())
        engine.at(5, engine.freeze, process, 60)
        engine.run(100)
        assert reached == [65.0]

    def test_wakes_a_napping_process_once(self) -> None:
        reached: list[float] = []

        def task() -> Task[None]:
            yield Nap(50)
            reached.append(engine.now)
            yield Nap(50)
            reached.append(engine.now)

        engine, process = self.begin(task())
        engine.at(5, engine.wake, process)
        engine.run(200)
        assert reached == [5.0, 55.0]

    def test_tells_of_a_death(self) -> None:
        died: list[str] = []

        def task() -> Task[None]:
            yield Die()

        engine, _ = self.begin(task())
        engine.died = lambda process: died.append(process.name)
        engine.run(1)
        assert died == ["p"]


def test_all_variants_are_summed_up_apart() -> None:
    heard: list[str] = []
    summaries = simulate_all(
        seeds=1, only="AB", events=4, processes=1, told=lambda s: heard.append(s.variant.letter)
    )
    assert [summary.variant.letter for summary in summaries] == heard == ["A", "B"]
    assert [summary.events for summary in summaries] == [4, 4]
