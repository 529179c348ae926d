package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.PENDING;
import static io.github.notearchive.archive.worklist.NoteState.POSTPONED;
import static io.github.notearchive.io.ScriptedServer.reply;
import static io.github.notearchive.io.ScriptedServer.status;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.io.TcpProxy;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifyOptions;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifySummary;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.test.context.TestPropertySource;

/** An outage of a server ends the run before it charges many notes, and the next run continues. */
@NightlyJobTest
@TestPropertySource(properties = NightSettings.MANY_WORKERS)
class OutageTests extends NightFixture {

    private static final int FAULTS = 20;

    @ParameterizedTest
    @ValueSource(strings = {"provider", "store"})
    void serverUnavailableAtTheStartLeavesNoExecution(String server) {
        List<String> notes = night.pending(3);
        (server.equals("store") ? night.wayToStore() : night.wayToProvider()).down();

        RunSummary run = night.run(ExitCode.UPSTREAM_UNAVAILABLE);

        assertThat(run.exitCode().number()).isEqualTo(8);
        assertThat(run.execution()).isNull();
        assertThat(night.executions()).isEmpty();
        assertThat(night.states(notes)).containsOnly(PENDING);
        assertThat(night.count("SELECT count(*) FROM api_call")).isZero();
    }

    @Test
    void storeThatRejectsUploadsAtTheStartCostsNoCall() throws Exception {
        List<String> notes = night.pending(3);
        Path inTheWay = night.bucket().resolve("probe").resolve("something");
        Files.createDirectories(inTheWay);

        RunSummary run = night.run(ExitCode.UPSTREAM_UNAVAILABLE);

        assertThat(run.reason()).contains("key probe, PUT");
        assertThat(night.executions()).isEmpty();
        assertThat(night.calls()).isZero();

        Files.delete(inTheWay);
        Files.delete(inTheWay.getParent());
        night.run(ExitCode.COMPLETED);
        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        assertThat(night.objects("probe")).isEmpty();
    }

    @Test
    void nothingButFaultsEndsTheRunWithFewAttemptsAndTheNextOneContinues() {
        List<String> notes = night.pending(100);
        night.script().answersAll(Reply.reset());

        night.run(ExitCode.UPSTREAM_UNAVAILABLE);

        night.assertExecution("STOPPED", "UPSTREAM_UNAVAILABLE");
        int burnt = night.calls();
        assertThat(burnt).isBetween(FAULTS, FAULTS + WORKERS);
        assertThat(night.claims()).isZero();
        assertThat(night.rows("api_call WHERE billed = 'UNKNOWN' AND received_at IS NOT NULL"))
                .isEqualTo(burnt);
        assertThat(night.count("SELECT sum(attempts) FROM worklist")).isLessThanOrEqualTo(burnt);

        night.script().clear();
        RunSummary next = night.run(ExitCode.COMPLETED);

        assertThat(next.restart()).isTrue();
        assertThat(night.instances()).hasSize(1);
        night.assertArchived(notes, burnt + 100);
    }

    @Test
    void providerOutageDuringARunCostsNothing() throws Exception {
        night.pending(100);
        CompletableFuture<RunSummary> run = night.runUntilHeld(WORKERS);
        night.wayToProvider().down();

        ended(run, ExitCode.UPSTREAM_UNAVAILABLE);

        assertThat(night.calls()).isEqualTo(WORKERS);
        assertThat(night.claims()).isZero();
        assertThat(night.rows("api_call WHERE billed = 'UNKNOWN'")).isEqualTo(WORKERS);
        assertThat(night.rows("api_call WHERE billed = 'YES'")).isZero();
    }

    @Test
    void storeThatDeniesAccessDuringARunEndsItAtOnce() throws Exception {
        List<String> notes = night.pending(40);
        String error = "<?xml version=\"1.0\"?><Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>";
        ScriptedServer.Reply refusal = reply(403, error.getBytes(UTF_8), "Content-Type: application/xml");
        try (ScriptedServer refusing =
                new ScriptedServer(request -> request.line().startsWith("HEAD") ? status(403) : refusal)) {
            CompletableFuture<RunSummary> run = night.runUntilHeld(WORKERS);
            night.wayToStore().leadTo(refusing.port());

            RunSummary stopped = night.release(run, ExitCode.UPSTREAM_UNAVAILABLE);

            assertThat(stopped.reason()).contains("SignatureDoesNotMatch");
            assertThat(night.states(notes)).containsOnly(PENDING);
            assertThat(night.claims()).isZero();
            assertThat(night.provider().granted()).isEqualTo(night.calls()).isLessThanOrEqualTo(40);

            night.run(ExitCode.USAGE);

            assertThat(night.executions()).hasSize(1);
        }
    }

    @Test
    void unavailableMediaHostsEndTheRunAndTheResponsesAreUsedLater() {
        List<String> notes = night.pending(SandboxNoteKind.SOUND, 40);
        night.script().media(_ -> true, Reply.reset());

        night.run(ExitCode.UPSTREAM_UNAVAILABLE);

        assertThat(night.claims()).isZero();
        assertThat(night.archived()).isEmpty();
        int bought = night.calls();
        assertThat(bought).isLessThanOrEqualTo(40);

        night.script().clear();
        night.run(ExitCode.COMPLETED);

        night.assertArchived(notes, 40);
        assertThat(night.instances()).hasSize(1);
    }

    @Test
    void mediaHostsThatRejectEveryFileOfNewResponsesEndTheRun() {
        List<String> notes = night.pending(SandboxNoteKind.SOUND, 60);
        night.script().media(_ -> true, Reply.status(403));

        night.run(ExitCode.UPSTREAM_UNAVAILABLE);

        assertThat(night.calls()).isBetween(FAULTS, FAULTS + WORKERS);
        assertThat(night.rows("worklist WHERE media_attempts > 0")).isLessThanOrEqualTo(FAULTS + WORKERS);

        night.script().clear();
        notes.stream().filter(note -> night.state(note) == POSTPONED).forEach(night::requeue);

        night.run(ExitCode.COMPLETED);
        night.assertArchived(notes, 60);
    }

    @Test
    void databaseWithoutTheRightToWriteIsConfigurationAndFailsNoNote() throws Exception {
        List<String> notes = night.pending(3);

        RunSummary run = night.refusing(
                "UPDATE ON worklist", "NEW.state = 'ARCHIVED'", "42501", "permission denied", 9, night::run);

        assertEnded(run, ExitCode.USAGE);
        assertThat(run.reason()).contains("the database denies access: ", "permission denied");
        assertThat(night.calls()).isEqualTo(3);
        assertThat(run.end().next())
                .isEqualTo("correct the configuration, then run again; the same command resumes this run");
        assertThat(night.exitCodes()).containsExactly("USAGE");
        assertThat(night.states(notes)).containsOnly(PENDING);
    }

    @Test
    void databaseOutageAfterAUsedUpQuotaIsTheReasonOfTheFailure() throws Exception {
        List<String> notes = night.pending(SandboxNoteKind.IMAGES, 3);
        night.script().grants(1);
        night.provider().holdMedia();
        CompletableFuture<RunSummary> run = night.runAside();
        night.provider().awaitHeldMedia(1, NightlyScenario.PATIENCE);
        await("the quota is used up", () -> night.rows("source_gate") == 1);

        RunSummary ended = night.withFullDisk("worklist", "NEW.state = 'ARCHIVED'", () -> {
            night.provider().releaseMedia();
            return ended(run, ExitCode.UPSTREAM_UNAVAILABLE);
        });

        assertThat(ended.reason()).contains("could not extend file");
        assertThat(night.executions().getLast().exitCode())
                .as("the exit code of the process")
                .isEqualTo("UPSTREAM_UNAVAILABLE");
        night.script().unlimited();
        assertEnded(night.force(), ExitCode.COMPLETED);
        night.assertBoughtOnce(notes);
    }

    @Test
    void auditAndRebuildWhoseEndCannotBeWrittenAreNotReportedAsNotStarted() throws Exception {
        night.run(ExitCode.COMPLETED);
        VerifySummary audit = night.withFullDisk(
                "batch_job_execution",
                "NEW.end_time IS NOT NULL",
                () -> verifier.verify(new VerifyOptions(null, false, false, "main")));

        assertThat(audit.exitCode()).isEqualTo(ExitCode.UPSTREAM_UNAVAILABLE);
        assertThat(audit.reason())
                .contains("could not extend file")
                .endsWith("; execution %d was started; the next one resumes it"
                        .formatted(night.executions().getLast().id()));
        assertThat(rebuild.rebuild(false, null).reason()).endsWith("; nothing was rebuilt");
    }

    /** A deadlock, a serialization failure, a cancelled statement; of the note that is archived. */
    @ParameterizedTest
    @CsvSource({
        "40P01, 1, NEW.state = 'ARCHIVED', 0",
        "40001, 2, NEW.state = 'ARCHIVED', 0",
        "57014, 2, NEW.state = 'ARCHIVED', 0",
        "57014, 2, NEW.claim_id IS NOT NULL AND OLD.claim_id IS NULL, 0",
        "40P01, 4, NEW.state = 'ARCHIVED' AND NEW.note_id = 'FIRST', 1",
        "57014, 4, NEW.state = 'ARCHIVED' AND NEW.note_id = 'FIRST', 1",
    })
    void writeThatTheDatabaseUndoesIsRepeatedAndItsNoteReleasedInTheEnd(
            String state, int times, String rows, int released) throws Exception {
        List<String> notes = night.pending(3);
        RunSummary run = runWhileTheDatabaseUndoes(rows.replace("FIRST", notes.getFirst()), state, times);

        assertEnded(run, ExitCode.COMPLETED);
        assertThat(run.notes().released()).isEqualTo(released);
        night.assertArchived(notes, 3);
    }

    @Test
    void fileThatTheStoreRejectsPostponesItsNoteAndCostsNoSecondCall() {
        String note = night.pending(SandboxNoteKind.IMAGES, 1).getFirst();
        night.wayToStore()
                .answer(
                        line -> line.startsWith("PUT ") && line.contains("/media/"),
                        TcpProxy.Response.of(
                                400,
                                "application/xml",
                                "<Error><Code>InvalidArgument</Code><Message>no</Message></Error>"));

        night.run(ExitCode.INCOMPLETE);

        night.assertNote(note, POSTPONED, StateReason.STORE_ERROR, "InvalidArgument");
        assertThat(night.rows("note_media")).isZero();

        night.wayToStore().release();
        night.isNextDay();
        night.run(ExitCode.COMPLETED);
        night.assertBoughtOnce(List.of(note));
    }

    @Test
    void databaseThatRollsBackManyNotesInSuccessionEndsTheRun() throws Exception {
        List<String> notes = night.pending(100);
        RunSummary run = runWhileTheDatabaseUndoes("NEW.state = 'ARCHIVED'", "40P01", 1_000_000);

        assertEnded(run, ExitCode.FAILED);
        assertThat(run.reason()).contains("undone for the test");
        assertThat(night.calls()).isBetween(1, FAULTS + WORKERS);

        night.run(ExitCode.COMPLETED);
        night.assertBoughtOnce(notes);
    }

    /** Runs the night while the database rejects changes of these rows of the worklist, so many times. */
    private RunSummary runWhileTheDatabaseUndoes(String rows, String state, int times) throws Exception {
        return night.refusing("UPDATE ON worklist", rows, state, "undone for the test", times, night::run);
    }
}
