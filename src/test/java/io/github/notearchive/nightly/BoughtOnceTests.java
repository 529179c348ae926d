package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.PENDING;
import static io.github.notearchive.archive.worklist.NoteState.POSTPONED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.notearchive.archive.query.CallTotals;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifySummary;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Paid responses are used by later runs; a run that the quota ended is resumed. */
@NightlyJobTest
class BoughtOnceTests extends NightFixture {

    @Test
    void responseInTheLedgerAfterACrashIsUsed() {
        String note = night.pending(1).getFirst();
        night.holdsResponseOf(note, Duration.ofMinutes(1));
        night.claimedBy("main", List.of(note));

        RunSummary run = night.run(ExitCode.COMPLETED);

        night.assertArchived(List.of(note), 0);
        assertThat(run.bill().calls()).isZero();
    }

    @Test
    void ledgerThatCannotBeCleanedKeepsNoRunFromStarting() {
        night.pending(1);
        night.run(ExitCode.COMPLETED);
        night.update("UPDATE note_capture SET sidecar_verified_at = now()"); // what has not been audited is not cleared
        night.isDaysLater(8);
        String held = "SELECT count(*) FROM api_call WHERE response IS NOT NULL";

        night.update("ALTER TABLE api_call ADD CONSTRAINT kept CHECK (response IS NOT NULL) NOT VALID");
        try {
            night.run(ExitCode.COMPLETED);
            assertThat(night.count(held)).isOne();
        } finally {
            night.update("ALTER TABLE api_call DROP CONSTRAINT kept");
        }

        night.run(ExitCode.COMPLETED);
        assertThat(night.count(held)).isZero();
    }

    /** As when the machine was frozen for longer than a lease lasts. */
    @Test
    void noteClaimedByAnotherNodeDuringAPauseIsNotFetched() throws Exception {
        String note = night.pending(1).getFirst();
        night.script().answers(note, Reply.code(302).header("Retry-After", "5"), Reply.normal());
        CompletableFuture<RunSummary> run = night.runUntilHeld(1);
        long first = night.count("SELECT claim_id FROM worklist");
        night.provider().releaseResponses();
        await(
                "it is claimed again and waits",
                () -> night.count("SELECT count(*) FROM worklist WHERE claim_id > " + first) == 1);

        night.claimedBy("east", List.of(note));

        RunSummary ended = NightlyScenario.ended(run);
        assertThat(night.calls(note)).isEqualTo(1);
        assertThat(ended.notes().released()).as("for the 302 only").isEqualTo(1);
        assertThat(night.rows("worklist WHERE claimed_by = 'east'")).isOne();
        assertThat(night.bills(note)).containsExactly("NO");
    }

    @Test
    void requeuedNoteReusesItsResponseForSevenDaysAndIsThenFetchedAgain() {
        String note = night.pending(1).getFirst();
        night.run(ExitCode.COMPLETED);

        night.isDaysLater(6);
        night.requeue(note);
        night.run(ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.calls()).isEqualTo(1);

        night.isDaysLater(2);
        night.requeue(note);
        night.run(ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.calls()).isEqualTo(2);
        assertThat(night.count("SELECT count(*) FROM note_capture")).isEqualTo(2);
        assertThat(night.objects("notes/" + note)).hasSize(2);
    }

    @Test
    void noCallForAVideoIsMade() {
        List<String> notes = new ArrayList<>();
        for (SandboxNoteKind kind : SandboxNoteKind.values()) {
            notes.addAll(night.pending(kind, 2));
        }

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        assertThat(night.provider().videoCalls()).isZero();
        assertThat(run.videos()).isEqualTo(new RunSummary.VideoSummary(false, new CallTotals.Bill(0, 0, 0), 0, 0));
    }

    @Test
    void paidVideoIsStoredAndKept() {
        String note = noteWithAResponseForItsVideo();

        night.run(ExitCode.COMPLETED);
        assertThat(night.files(note)).contains("VIDEO STORED");

        night.isDaysLater(8);
        night.requeue(note);
        night.run(ExitCode.COMPLETED);

        assertThat(night.files(note)).as("with that answer too old").contains("VIDEO STORED");
        assertThat(night.provider().videoCalls()).isZero();
    }

    @Test
    void damagedVideoMakesItsNoteDueOnlyWhileItsResponseCanBeReused() throws Exception {
        String note = noteWithAResponseForItsVideo();
        night.run(ExitCode.COMPLETED);
        Path object = night.bucket().resolve(night.video(note).media().key().value());
        Files.delete(object);
        night.isDaysLater(1);

        repair(1);
        night.run(ExitCode.COMPLETED);

        assertThat(object).exists();

        Files.delete(object);
        night.isDaysLater(9);
        VerifySummary later = repair(0);

        assertThat(later.repairs().notPossible()).isOne();
        assertThat(night.texts("SELECT repair FROM fixity_finding WHERE resolved_at IS NULL"))
                .singleElement()
                .asString()
                .contains("of note " + note, "archive.video.enabled is false");
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).isOne();
    }

    private String noteWithAResponseForItsVideo() {
        String note = night.pending(SandboxNoteKind.VIDEO_COVER, 1).getFirst();
        night.holdsVideoOf(note);
        return note;
    }

    // a night that the quota ends

    @Test
    void usedUpQuotaClosesTheGateUntilTheNextDayWhichContinuesTheSameInstance() {
        List<String> notes = night.pending(60);
        night.script().grants(20);

        RunSummary ended = night.run(ExitCode.QUOTA_EXHAUSTED);

        assertThat(ended.exitCode().number()).isEqualTo(3);
        night.assertExecution("STOPPED", "QUOTA_EXHAUSTED");
        assertThat(night.archived())
                .hasSize(20)
                .containsExactlyInAnyOrderElementsOf(night.provider().bought());
        night.assertUntouched(
                notes.stream().filter(note -> night.state(note) != ARCHIVED).toList());
        int refused = night.provider().answered(303);
        assertThat(refused).isBetween(1, WORKERS);
        assertThat(night.calls()).isEqualTo(20 + refused);
        assertThat(night.count("""
                                SELECT count(*) FROM source_gate
                                WHERE code = 303 AND closed_until = timestamptz '2026-03-11 00:00+08'
                                """)).isEqualTo(1);

        night.script().grants(10);
        RunSummary sameNight = night.run(ExitCode.QUOTA_EXHAUSTED);

        assertThat(sameNight.execution()).isNull();
        assertThat(night.calls()).isEqualTo(20 + refused);
        assertThat(night.executions()).hasSize(1);

        RunSummary forced = night.force();

        assertEnded(forced, ExitCode.QUOTA_EXHAUSTED);
        assertThat(forced.restart()).isTrue();
        assertThat(night.archived()).hasSize(30);
        int refusedAgain = night.provider().answered(303);
        assertThat(refusedAgain - refused).isBetween(1, WORKERS);
        assertThat(night.rows("source_gate")).isEqualTo(2);

        night.isNextDay();
        night.script().unlimited();
        RunSummary nextDay = night.run(ExitCode.COMPLETED);

        assertThat(nextDay.restart()).isTrue();
        assertThat(night.instances()).hasSize(1);
        assertThat(night.exitCodes()).containsExactly("QUOTA_EXHAUSTED", "QUOTA_EXHAUSTED", "COMPLETED");
        night.assertBoughtOnce(notes);
        assertThat(night.calls()).isEqualTo(60 + refusedAgain);
    }

    @Test
    void twoHundredNotesWithFiveThatFailTakeThreeRunsOfEightyResponses() {
        List<String> notes = night.pending(200);
        List<String> never = notes.subList(0, 5);
        never.forEach(note -> night.script().always(note, Reply.code(301)));

        night.script().grants(80);
        RunSummary first = night.run(ExitCode.QUOTA_EXHAUSTED);
        int refusedByFirst = night.provider().answered(303);
        night.script().grants(80);
        RunSummary second = night.force();
        int refusedBySecond = night.provider().answered(303) - refusedByFirst;
        night.script().grants(80);
        RunSummary third = night.force();

        assertThat(List.of(first, second, third))
                .extracting(run -> run.exitCode().number())
                .containsExactly(3, 3, 6);
        assertThat(night.instances()).hasSize(1);
        assertThat(night.executions())
                .extracting(NightlyScenario.Execution::status, NightlyScenario.Execution::exitCode)
                .containsExactly(
                        tuple("STOPPED", "QUOTA_EXHAUSTED"),
                        tuple("STOPPED", "QUOTA_EXHAUSTED"),
                        tuple("COMPLETED", "INCOMPLETE"));
        night.assertBoughtOnce(notes.subList(5, 200));
        assertThat(night.archived()).hasSize(195);
        assertThat(never).allSatisfy(note -> {
            assertThat(night.state(note)).isEqualTo(POSTPONED);
            assertThat(night.calls(note)).isEqualTo(5);
            assertThat(night.note(note).dueAt()).isEqualTo(night.midnight());
        });
        assertThat(refusedByFirst).isBetween(1, WORKERS);
        assertThat(refusedBySecond).isBetween(1, WORKERS);
        int refused = refusedByFirst + refusedBySecond;
        assertThat(night.provider().answered(303)).isEqualTo(refused);
        assertThat(night.calls()).isEqualTo(195 + 5 * 5 + refused);
        assertThat(night.rows("api_call")).isEqualTo(night.calls());
        assertThat(night.rows("api_call WHERE billed = 'YES'")).isEqualTo(195);
    }

    @Test
    void newInstanceInTheSameNightHasTheNextSequence() {
        night.pending(2);
        night.run(ExitCode.COMPLETED);
        night.pending(night.provider().noteIds(5));

        RunSummary second = night.run(ExitCode.COMPLETED);

        assertThat(second.restart()).isFalse();
        assertThat(night.instances()).hasSize(2);
        assertThat(night.texts("""
                        SELECT parameter_name || '=' || parameter_value FROM batch_job_execution_params
                        WHERE job_execution_id = %d
                        """.formatted(second.execution())))
                .containsExactlyInAnyOrder("night=2026-03-10", "node=main", "sequence=2", "force=false");
    }

    @Test
    void closedGateLeavesWorkThatNeedsNoCall() {
        String paid = notesBehindAClosedGate(3).getFirst();
        int calls = night.calls();
        night.holdsResponseOf(paid, Duration.ofMinutes(5));

        RunSummary run = night.run(ExitCode.QUOTA_EXHAUSTED);

        assertThat(run.notes().archived()).isOne();
        assertThat(night.archived()).containsExactly(paid);
        assertThat(night.calls()).isEqualTo(calls);

        RunSummary next = night.run(ExitCode.QUOTA_EXHAUSTED);

        assertThat(next.execution()).as("nothing is left that needs no call").isNull();
        assertThat(night.calls()).isEqualTo(calls);
    }

    @Test
    void closedGateOverWorkThatNeedsNoCallOnlyIsNoReasonToStop() {
        String paid = notesBehindAClosedGate(1).getFirst();
        night.holdsResponseOf(paid, Duration.ofMinutes(5));

        night.run(ExitCode.COMPLETED);

        assertThat(night.archived()).containsExactly(paid);
    }

    private List<String> notesBehindAClosedGate(int count) {
        List<String> notes = night.pending(SandboxNoteKind.IMAGES, count);
        night.script().grants(0);
        night.run(ExitCode.QUOTA_EXHAUSTED);
        return notes;
    }

    @Test
    void noteThatNeedsACallAfterAllWaitsForTheNextNight() {
        String note = notesBehindAClosedGate(1).getFirst();
        night.update("UPDATE worklist SET response_held = true");
        int calls = night.calls();

        night.run(ExitCode.QUOTA_EXHAUSTED);

        assertThat(night.calls()).isEqualTo(calls);
        assertThat(night.note(note).dueAt()).isEqualTo(night.midnight());
        assertThat(night.note(note).attempts()).isZero();
        night.isNextDay();
        night.script().unlimited();
        night.run(ExitCode.COMPLETED);
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
    }

    /** The answer is written down when midnight has passed, as by a database that is slow. */
    @Test
    void quotaUsedUpJustBeforeMidnightEndsTheRunAndDoesNotBlockTheNextNight() throws Exception {
        List<String> notes = night.pending(1);
        night.script().grants(0);
        CompletableFuture<RunSummary> run = night.runUntilHeld(1);

        night.midnightPassesBeforeTheResponseIsWritten();
        ended(run, ExitCode.QUOTA_EXHAUSTED);

        assertThat(night.states(notes)).containsOnly(PENDING);
        night.script().unlimited();
        night.run(ExitCode.COMPLETED);
        assertThat(night.states(notes)).containsOnly(ARCHIVED);
    }
}
