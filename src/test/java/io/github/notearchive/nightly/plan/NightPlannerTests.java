package io.github.notearchive.nightly.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.nightly.BesideNightlyJobTest;
import io.github.notearchive.nightly.NightlyScenario;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.nightly.plan.NightPlan.DueClass;
import io.github.notearchive.nightly.plan.NightPlan.DueKind;
import io.github.notearchive.nightly.plan.NightPlan.LeftOut;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** What a plan reads from the tables. */
@BesideNightlyJobTest
@TestPropertySource(
        properties = {
            "archive.source.calls-per-night=10",
            "archive.refresh.share=0.2",
            "archive.video.enabled=true",
            "archive.video.calls-per-night=3"
        })
class NightPlannerTests {

    @Autowired
    NightlyScenario night;

    @Autowired
    NightPlanner planner;

    @Test
    void emptyWorklistNeedsNothingAndItsPlanNamesUnknownValues() {
        NightPlan plan = planner.plan();

        assertThat(plan.night()).isEqualTo(LocalDate.of(2026, 3, 10));
        assertThat(plan.obstacles()).isEmpty();
        assertThat(plan.due()).isEmpty();
        assertThat(plan.calls().needed()).isZero();
        assertThat(plan.calls().tonight()).isZero();
        assertThat(plan.duration().expected()).isZero();
        assertThat(plan.backlog().calls()).isZero();
        assertThat(plan.backlog().lastNight()).isEqualTo(plan.night());
        assertThat(plan.leftOut()).isEmpty();
        assertThat(plan.notKnown())
                .anySatisfy(unknown ->
                        assertThat(unknown).contains("none was measured", "1 s and a response to each are assumed"));
    }

    @Test
    void notesAreCountedByWhatIsDoneWithThem() {
        List<String> ids = night.provider().noteIds(SandboxNoteKind.TEXT, 30);
        night.pending(ids);
        night.holdsResponseOf(ids.get(0), Duration.ofHours(5)); // paid for
        night.holdsResponseOf(ids.get(1), Duration.ofDays(8)); // and too old
        is(ids.subList(2, 4), "state = 'POSTPONED', reason = 'PROVIDER_ERROR', attempts = 1");
        is(ids.subList(4, 5), "state = 'POSTPONED', reason = 'PROVIDER_ERROR', due_at = due_at + interval '1 hour'");
        is(ids.subList(5, 7), "state = 'POSTPONED', reason = 'PROVIDER_ERROR', due_at = due_at + interval '1 day'");
        is(ids.subList(7, 8), "state = 'POSTPONED', reason = 'PROVIDER_ERROR', response_held = true");
        is(ids.subList(8, 10), "state = 'UNAVAILABLE', reason = 'NOT_FOUND'");
        is(ids.subList(10, 11), "state = 'UNAVAILABLE', reason = 'NOT_FOUND', due_at = due_at + interval '9 days'");
        is(ids.subList(11, 14), "state = 'FAILED', reason = 'REJECTED', due_at = NULL");
        is(ids.subList(14, 15), "state = 'ARCHIVED'");
        is(ids.subList(15, 18), "state = 'ARCHIVED', due_at = NULL, refresh_night = '2026-03-10'");
        is(ids.subList(18, 19), "state = 'ARCHIVED', due_at = NULL, refresh_night = '2026-03-12'");
        is(ids.subList(19, 20), "due_at = due_at + interval '2 hours'");
        is(ids.subList(20, 22), claimed("other", "1 minute"));
        is(ids.subList(22, 23), claimed("other", "-1 minute"));
        is(ids.subList(23, 24), claimed("main", "1 minute"));

        NightPlan plan = planner.plan();

        assertThat(due(plan))
                .isEqualTo(Map.of(
                        DueKind.FILES_ONLY, List.of(1L, 0L),
                        DueKind.BETTER_FILES, List.of(1L, 0L),
                        DueKind.ANSWER_TOO_OLD, List.of(1L, 1L),
                        DueKind.NEW, List.of(9L, 9L),
                        DueKind.POSTPONED, List.of(2L, 2L),
                        DueKind.RECHECK, List.of(2L, 2L),
                        DueKind.REFRESH, List.of(3L, 3L)));
        assertThat(plan.leftOut())
                .extracting(LeftOut::notes, LeftOut::why)
                .containsExactly(
                        tuple(7L, "calls beyond the limit of tonight"),
                        tuple(1L, "refreshes beyond archive.refresh.share or its calls-per-night"),
                        tuple(1L, "postponed notes, due again later tonight"),
                        tuple(2L, "notes postponed to a later night"),
                        tuple(1L, "new notes, due in the future: a clock was ahead when they were enqueued"),
                        tuple(1L, "UNAVAILABLE notes, checked again later"),
                        tuple(1L, "archived notes, refreshed in a later night"),
                        tuple(3L, "FAILED notes"),
                        tuple(2L, "notes in progress on node other"));
        assertThat(plan.calls().needed()).isEqualTo(9 + 2 + 2 + 1 + 3);
        assertThat(plan.calls().tonight()).as("one was made").isEqualTo(9);
        assertThat(plan.backlog().calls()).as("without refreshes").isEqualTo(14 + 1 + 1 + 2 - 9);
        assertThat(plan.backlog().lastNight()).isEqualTo(LocalDate.of(2026, 3, 11));
    }

    @Test
    void plannedNightEqualsTheNextNight() {
        night.pending(SandboxNoteKind.VIDEO_COVER, 3);
        List<String> texts = night.pending(SandboxNoteKind.TEXT, 3);
        night.script().answers(texts.getFirst(), Reply.code(301), Reply.normal());
        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).isEqualTo(10 - night.provider().videoCalls());
        night.isNextDay();
        List<String> more = night.pending(
                night.provider().noteIds(SandboxNoteKind.VIDEO_COVER, 7).subList(3, 7));

        NightPlan plan = planner.plan();

        assertThat(plan.calls().perAnswer()).isEqualTo(10 / 9.0);
        assertThat(plan.duration().measuredCalls()).isEqualTo(10);
        assertThat(plan.duration().measuredNotes()).isEqualTo(6);
        assertThat(plan.duration().latency()).isPositive();
        assertThat(due(plan))
                .isEqualTo(Map.of(
                        DueKind.NEW, List.of(4L, 4L),
                        DueKind.VIDEO, List.of(0L, 2L)));
        assertThat(plan.notKnown()).anySatisfy(unknown -> assertThat(unknown).contains("50 % are assumed"));
        assertThat(plan.calls().tonight()).as("4 + 2, and each 9th repeated").isEqualTo(7);

        RunSummary run = night.run();

        assertThat(run.videos().bill().calls()).as("they were videos all").isEqualTo(3);
        assertThat(night.states(more).stream().filter(NoteState.ARCHIVED::equals))
                .hasSize(3);
        NightPlan rest = planner.plan();
        assertThat(due(rest)).isEmpty();
        assertThat(rest.limits())
                .extracting(NightPlan.Limit::name, NightPlan.Limit::used, NightPlan.Limit::left)
                .containsExactly(
                        tuple("archive.source.calls-per-night", 7L, 3L),
                        tuple("archive.video.calls-per-night", 3L, 0L),
                        tuple("archive.refresh.calls-per-night", 0L, 2L),
                        tuple("archive.limits.bytes-per-night", run.files().bytesStored(), null));
        night.isNextDay();
        assertThat(due(planner.plan()))
                .isEqualTo(Map.of(
                        DueKind.FILES_ONLY, List.of(1L, 0L),
                        DueKind.VIDEO, List.of(1L, 1L)));
    }

    @Test
    void runsThatAreActiveAndGatesThatAreClosedAreNamed() throws Exception {
        List<String> notes = night.pending(4);
        CompletableFuture<RunSummary> run = night.runUntilHeld(4);

        NightPlan beside = planner.plan();

        assertThat(beside.obstacles()).containsExactly("a run of node main is active and processes this");
        assertThat(beside.due()).isEmpty();
        assertThat(beside.leftOut())
                .extracting(LeftOut::notes, LeftOut::why)
                .containsExactly(tuple(4L, "notes in progress on node main"));
        night.release(run, ExitCode.COMPLETED);

        night.script().grants(0);
        night.requeue(notes.getFirst());
        night.update("UPDATE api_call SET response = NULL");
        night.run(ExitCode.QUOTA_EXHAUSTED);
        NightPlan closed = planner.plan();

        assertThat(closed.obstacles())
                .singleElement()
                .asString()
                .contains("303", "2026-03-11 00:00 Shanghai", "--force");
        assertThat(closed.calls().needed()).isEqualTo(1);
        assertThat(closed.calls().tonight()).isZero();
        assertThat(closed.backlog().perNight()).isEqualTo(4);
        assertThat(closed.backlog().because()).isEqualTo("the provider's quota, about 4 responses as met in 1 night");
        assertThat(closed.backlog().lastNight()).isEqualTo(LocalDate.of(2026, 3, 11));
    }

    private static Map<DueKind, List<Long>> due(NightPlan plan) {
        return plan.due().stream().collect(Collectors.toMap(DueClass::kind, of -> List.of(of.notes(), of.calls())));
    }

    private static String claimed(String node, String until) {
        return "claimed_by = '%s', claim_id = 1, claimed_until = now() + interval '%s'".formatted(node, until);
    }

    private void is(List<String> notes, String set) {
        night.sql()
                .sql("UPDATE worklist SET " + set + " WHERE note_id IN (:notes)")
                .param("notes", notes)
                .update();
    }
}
