package io.github.notearchive.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.query.RunHistory;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.nightly.BesideNightlyJobTest;
import io.github.notearchive.nightly.FinishedRun;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.report.Health.Level;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/** Health of the archive as one level, with reasons and the command that resolves each. */
@BesideNightlyJobTest
class HealthTests extends ReportScenario {

    @Autowired
    HealthCheck check;

    @Autowired
    AuditRepository fixity;

    @Autowired
    RunHistory runHistory;

    @Test
    void spooledResponsesOfARenamedNodeAreAWarning() throws Exception {
        night.pending(1);
        run();
        Path renamed = Files.createDirectories(night.answerFiles().resolve("renamed"));
        Files.createFile(renamed.resolve("1.answer"));

        assertOnly(Level.ATTENTION, "1 paid responses of node renamed in " + renamed);
    }

    @Test
    void emptyArchiveAndOneWithoutARunNameTheFirstCommand() {
        assertThat(commands()).containsExactly("note-archive enqueue FILE");

        night.pending(1);

        assertThat(commands()).containsExactly("note-archive run");
    }

    @Test
    void blockedTokenIsBrokenUntilARunEndsInOrder() {
        night.pending(2);
        night.script().answersAll(Reply.code(100));
        run();

        Health blocked = check.check(Optional.empty());

        assertThat(blocked.level()).isEqualTo(Level.BROKEN);
        assertThat(blocked.reasons().getFirst().what()).contains("BLOCKED_TOKEN (exit 4)", "code 100");
        assertThat(blocked.reasons().getFirst().command()).contains("renew or activate the token");

        night.script().clear();
        run();

        assertHealthy();
    }

    @Test
    void rejectedRunHasNothingToResume() {
        Instant now = night.clock().instant();
        RunSummary refused =
                RunSummary.notStarted(ExitCode.UPSTREAM_UNAVAILABLE, "the store is unavailable", Duration.ZERO);
        record(new FinishedRun(now, now, refused));

        Health.Reason reason = check.check(Optional.empty()).reasons().getFirst();

        assertThat(reason.what()).endsWith("UPSTREAM_UNAVAILABLE (exit 8): the store is unavailable");
        assertThat(reason.command()).isEqualTo("run again when the server is available");
    }

    @Test
    void runOfAClockAheadIsTheLastOne() {
        night.pending(1);
        night.script().answersAll(Reply.code(100));
        run();
        night.script().clear();
        passes(Duration.ofDays(1));
        run();

        passes(Duration.ofDays(-1));

        assertHealthy();
        assertThat(check.check(Optional.empty()).summary())
                .contains("by a clock ahead of this one, with COMPLETED (exit 0)")
                .doesNotContain("just now");
    }

    @Test
    void archiveWhoseLastNightWasGoodIsHealthyForTwentySixHours() {
        night.pending(1);
        run();

        passes(Duration.ofMinutes(26 * 60 - 2));
        Health health = check.check(Optional.empty());
        assertThat(health.level()).isEqualTo(Level.HEALTHY);
        assertThat(health.reasons()).isEmpty();
        assertThat(health.summary()).contains("no action required", "with COMPLETED (exit 0)");

        passes(Duration.ofMinutes(4));
        assertOnly(Level.BROKEN, "26 h 2 min ago", "the limit is 26 h");
    }

    @Test
    void runWithoutWrittenEndIsAWarningAndBrokenIfNoneFollows() {
        beganWithoutAnEnd();
        passes(Duration.ofMinutes(5));

        assertOnly(
                Level.ATTENTION,
                "the last run of node main did not record its end: it was killed, or the database was unavailable");

        passes(Duration.ofHours(27));
        assertThat(reasons())
                .anyMatch(what -> what.startsWith("no run has succeeded since the first one started 27 h 5 min ago"));
    }

    @Test
    void twoWeeksWithoutASuccessfulRunAreReportedForAnArchiveOfThatAge() {
        night.pending(1);
        night.script().answersAll(Reply.code(100));
        run();
        night.isDaysLater(16);
        beganWithoutAnEnd();

        assertThat(reasons()).anyMatch(what -> what.startsWith("no run has succeeded in the last 14 nights"));
    }

    /** Inserts what Spring Batch's tables hold of a run once a later start has found it. */
    private void beganWithoutAnEnd() {
        night.update("""
                        INSERT INTO batch_job_execution_params (job_execution_id, parameter_name, parameter_type, parameter_value, identifying)
                        VALUES (?, 'node', 'java.lang.String', 'main', 'Y')
                        """, execution("archiveNotes", "FAILED", "CRASHED", true));
    }

    private long execution(String job, String status, String exitCode, boolean isEnded) {
        LocalDateTime now = LocalDateTime.ofInstant(night.clock().instant(), ZoneId.systemDefault());
        return night.count("""
                WITH i AS (INSERT INTO batch_job_instance (job_instance_id, version, job_name, job_key)
                           SELECT id, 0, '%1$s', 'x' || id FROM (SELECT 2000 + count(*) AS id FROM batch_job_instance) AS next
                           RETURNING job_instance_id)
                INSERT INTO batch_job_execution (job_execution_id, version, job_instance_id, create_time, start_time, end_time, status, exit_code)
                SELECT job_instance_id, 0, job_instance_id, '%2$s', '%2$s', nullif(%3$s, '')::timestamp, '%4$s', '%5$s' FROM i
                RETURNING job_execution_id
                """.formatted(job, now, isEnded ? "'" + now + "'" : "''", status, exitCode));
    }

    @Test
    void permanentlyMissingFilesAreToBeWaivedAndNotBoughtAgain() {
        night.pending(SandboxNoteKind.IMAGES, 1);
        night.script().media(_ -> true, Reply.status(404));
        run();
        night.isNextDay();
        run();

        Health.Reason reason = assertOnly(Level.ATTENTION, "1 note failed", "A file is gone permanently");
        assertThat(reason.command()).startsWith("note-archive waive --filter 'state:failed media-reason:gone'");
    }

    @Test
    void failedNoteIsNamedInTheCommand() {
        String note = night.pending(1).getFirst();
        night.script().always(note, Reply.code(400));
        run();

        assertThat(assertOnly(Level.ATTENTION, "1 note failed").command()).isEqualTo("note-archive explain " + note);
    }

    @Test
    void closedGateIsReportedAndHealthy() {
        night.pending(20);
        night.script().grants(1);
        run();

        assertOnly(Level.HEALTHY, "the gate is closed until");
    }

    @Test
    void failedAuditIsAWarningAndATimeBoxedOneIsNot() {
        night.pending(1);
        run();
        execution("verifyArchive", "STOPPED", "UPSTREAM_UNAVAILABLE", true);

        assertThat(assertOnly(Level.ATTENTION, "UPSTREAM_UNAVAILABLE").cause())
                .isEqualTo(Health.HealthCause.AUDIT_FAILED);

        execution("verifyArchive", "STOPPED", "INTERRUPTED", true);

        assertHealthy();
    }

    @Test
    void nightOfARunIsTheSameInStatusAndReportAndNotThatOfItsInstance() {
        night.pending(20);
        night.script().grants(1);
        run();
        String before = night.today().toString();
        night.isNextDay();
        night.script().unlimited();
        run();

        String after = night.today().toString();
        assertThat(runHistory.latest(2))
                .extracting(RunHistory.RecordedExecution::night, RunHistory.RecordedExecution::instanceNight)
                .containsExactly(tuple(after, before), tuple(before, before));
        assertThat(night.count("SELECT count(*) FROM run_summary JOIN run_history USING (job_execution_id, night)"))
                .isEqualTo(2);
        assertThat(reports.find(night.today(), "main").orElseThrow().tonight().runs())
                .hasSize(1);
    }

    @Test
    void damageIsBrokenAndOrphansStaleFilesAndNewFieldsAreWarnings() {
        String note = night.pending(SandboxNoteKind.IMAGES, 1).getFirst();
        run();
        finding("CORRUPT");
        finding("ORPHAN");
        night.update("""
                INSERT INTO schema_drift (path, json_type, first_seen_at, example_note_id) VALUES ('note.x', 'string', now(), ?)
                """, note);
        night.update("UPDATE media_object SET verified_at = verified_at - interval '36 days'");

        Health health = check.check(Optional.empty());

        assertThat(health.level()).isEqualTo(Level.BROKEN);
        assertThat(health.reasons()).hasSize(4);
        assertThat(reasons().getFirst()).contains("CORRUPT 1").doesNotContain("ORPHAN");
        assertThat(reasons())
                .anyMatch(what -> what.contains("ORPHAN 1"))
                .anyMatch(what -> what.contains("last verified 36 days ago"))
                .anyMatch(what -> what.contains("1 new field in responses"));
        assertThat(health.summary()).startsWith("1 problem to fix now, 3 to review");
    }

    @Test
    void aVerificationThatIsDatedInTheFutureCountsAsNone() {
        night.pending(SandboxNoteKind.IMAGES, 1);
        run();
        night.update("UPDATE media_object SET verified_at = verified_at + interval '400 days'");

        assertThat(reasons()).anyMatch(what -> what.contains("without usable time of verification"));
        assertThat(check.check(Optional.empty()).level()).isEqualTo(Level.ATTENTION);
        assertThat(fixity.verified(night.clock().instant()).oldest()).isNull();
    }

    @Test
    void unfinishedWorkIsNamedWithTheCommandThatCompletesIt() {
        night.pending(1);
        run();
        night.update("INSERT INTO forgotten_note (note_id, forgotten_at) VALUES ('66aa0000000000000000ffff', now())");
        night.update("INSERT INTO scan_shard (scan, since, step, lower) VALUES ('rebuildArchive', now(), 'any', '')");
        execution("remapNotes", "STOPPED", "INTERRUPTED", false);

        assertThat(commands())
                .containsExactlyInAnyOrder(
                        "note-archive rebuild", "note-archive remap", "repeat the last note-archive forget --yes");
    }

    /** Fails unless the health has one reason, of this level and with these texts. */
    private Health.Reason assertOnly(Level level, String... texts) {
        Health health = check.check(Optional.empty());
        assertThat(health.level()).isEqualTo(level);
        assertThat(health.reasons()).singleElement().satisfies(reason -> {
            assertThat(reason.level()).isEqualTo(level);
            assertThat(texts).allSatisfy(text -> assertThat(reason.what()).contains(text));
        });
        return health.reasons().getFirst();
    }

    private void assertHealthy() {
        assertThat(check.check(Optional.empty()).level()).isEqualTo(Level.HEALTHY);
    }

    private List<String> reasons() {
        return check.check(Optional.empty()).reasons().stream()
                .map(Health.Reason::what)
                .toList();
    }

    private List<String> commands() {
        return check.check(Optional.empty()).reasons().stream()
                .map(Health.Reason::command)
                .toList();
    }

    private void passes(Duration time) {
        night.clock().set(night.clock().instant().plus(time));
    }
}
