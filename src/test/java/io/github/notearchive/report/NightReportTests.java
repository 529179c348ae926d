package io.github.notearchive.report;

import static io.github.notearchive.nightly.NightlyScenario.assertEnded;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.notearchive.archive.query.RunHistory;
import io.github.notearchive.archive.query.RunHistory.RunWork;
import io.github.notearchive.archive.query.Survival.SurvivalEstimate;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.WorklistStats;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.maintenance.erase.Eraser;
import io.github.notearchive.maintenance.verify.VerifyRunner;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifyOptions;
import io.github.notearchive.nightly.BesideNightlyJobTest;
import io.github.notearchive.nightly.FinishedRun;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/** Content of the report of a night, which equals the tables and runs no script. */
@BesideNightlyJobTest
class NightReportTests extends ReportScenario {

    private static final String HOSTILE =
            "\"><script>alert(1)</script><img src=x onerror=alert(1)>&amp;\u202e</style>'";

    @Autowired
    WorklistStats openNotes;

    @Autowired
    ArchiveProperties settings;

    @Autowired
    VerifyRunner audits;

    @Autowired
    Eraser forgetter;

    @Test
    void reportOfANightEndedByTheQuotaBeginsWithThatAndDoesNotChangeLater() throws Exception {
        List<String> notes = night.pending(SandboxNoteKind.IMAGES, 5);
        night.script().grants(3);
        RunSummary stopped = run();
        assertEnded(stopped, ExitCode.QUOTA_EXHAUSTED);
        Night first = night.today();

        NightReport report = find(first);
        String page = reports.page(report);

        PageChecks.assertValid(page);
        assertThat(page)
                .contains("QUOTA_EXHAUSTED (exit 3)", "3 notes archived", "Run again after 00:00 Shanghai")
                .doesNotContain(settings.node() + "\"");
        assertThat(report.facts().calls())
                .extracting(RunHistory.CallClass::code, RunHistory.CallClass::calls)
                .contains(tuple(0, 3L));
        assertThat(report.facts().calls()).allMatch(call -> call.p50() != null && call.p50() <= call.p99());
        assertThat(sum(report, RunHistory.AmountKind.CODE)).isEqualTo(night.calls());
        assertThat(sum(report, RunHistory.AmountKind.BYTES))
                .isEqualTo(stopped.files().bytesStored());
        assertThat(report.tonight().left().backlog()).isEqualTo(2);
        assertThat(report.tonight().left().store().objects()).isPositive();
        assertThat(report.tonight().left().store().oldestVerifiedAt()).isNotNull();
        assertThat(report.tonight().left().settingsByName()).isNotEmpty();
        assertThat(reports.page(find(first))).isEqualTo(page);

        night.isNextDay();
        night.script().clear().unlimited().answersAll(Reply.code(301), Reply.normal());
        RunSummary resumed = run();
        assertEnded(resumed, ExitCode.COMPLETED);

        assertThat(reports.page(find(first))).as("made again a night later").isEqualTo(page);
        NightReport next = find(night.today());
        assertThat(next.tonight().sum(RunWork::postponed)).isZero();
        assertThat(next.tonight().sum(RunWork::retried)).isOne();
        assertThat(reports.page(next)).contains("1 earlier result was followed by a retry");
        assertThat(next.nights()).hasSize(2);
        assertThat(next.tonight().left().backlog()).isZero();
        assertThat(reports.page(next)).contains("COMPLETED (exit 0)", "Nights");
        PageChecks.assertValid(reports.page(next));
    }

    @Test
    void noteThatALaterRunOfTheNightArchivesHasOneResult() {
        List<String> notes = night.pending(SandboxNoteKind.IMAGES, 3);
        night.script().always(notes.getFirst(), Reply.code(400));
        assertEnded(run(), ExitCode.INCOMPLETE);
        assertThat(find(night.today()).tonight().sum(RunWork::failed)).isOne();

        night.script().clear();
        night.update(
                "UPDATE worklist SET state = 'PENDING', reason = NULL, detail = NULL, due_at = ? WHERE state = 'FAILED'",
                Timestamp.from(night.clock().instant()));
        run();

        NightReport report = find(night.today());
        assertThat(report.tonight().sum(RunWork::failed)).isZero();
        assertThat(report.tonight().sum(RunWork::retried)).isOne();
        assertThat(report.tonight().sum(RunWork::archived)).isEqualTo(3);
        assertThat(reports.page(report))
                .contains("3 notes archived, 0 unavailable, 0 failed", "No note is postponed or failed");
    }

    @Test
    void reportIsStoredInDirectoryAndBucketAndIsNoOrphan() throws Exception {
        night.pending(1);
        RunSummary run = run();
        NightReport report = find(night.today());

        Path file = reports.write(report);
        String key = reports.put(report).value();

        assertThat(file.getFileName()).hasToString(night.today() + "-main-" + run.execution() + ".html");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())))
                .isEqualTo("rwx------");
        assertThat(key).isEqualTo("reports/" + file.getFileName());
        assertThat(night.objects("reports/").get(key)).isEqualTo(Files.readAllBytes(file));
        night.isDaysLater(3);
        assertThat(audits.verify(new VerifyOptions(null, false, false, "main")).exitCode())
                .isEqualTo(ExitCode.COMPLETED);
        assertThat(night.count("SELECT count(*) FROM fixity_finding")).isZero();
    }

    @Test
    void textsOfThirdPartiesAreEscaped() throws Exception {
        List<String> notes = night.pending(SandboxNoteKind.IMAGES, 2);
        RunSummary run = run();
        night.update(
                "UPDATE worklist SET state = 'FAILED', reason = 'REJECTED', detail = ?, last_code = 400, due_at = NULL WHERE note_id = ?",
                HOSTILE,
                notes.getFirst());
        for (String change : List.of(
                "UPDATE run_summary SET reason = :text, settings = jsonb_build_object(:text, :text)",
                "UPDATE note SET title = :text, note_text = 'secret text'")) {
            night.sql().sql(change).param("text", HOSTILE).update();
        }

        NightReport report = find(night.today());
        String page = reports.page(report);

        PageChecks.assertValid(page);
        assertThat(report.facts().openNotes()).singleElement().satisfies(failed -> {
            assertThat(failed.id()).isEqualTo(notes.getFirst());
            assertThat(failed.reason()).isEqualTo(StateReason.REJECTED);
        });
        assertThat(page)
                .contains("&lt;script&gt;alert(1)&lt;/script&gt;", notes.getFirst())
                .doesNotContain("\u202e", "secret", night.provider().token());
        assertThat(run.execution()).isNotNull();
    }

    @Test
    void nightOfTwentyThousandFailedNotesHasCountsExamplesAndTheCommandThatListsThem() {
        night.pending(1);
        RunSummary run = run();
        night.update("""
                        INSERT INTO worklist (note_id, state, reason, detail, last_code, source, enqueued_at, settled_by, settled_at)
                        SELECT '66f' || lpad(i::text, 21, '0'), 'FAILED', 'MEDIA_INCOMPLETE', ?, 0, 'test', now(), ?, now()
                        FROM generate_series(1, 20000) AS i
                        """, HOSTILE, run.execution());
        night.update(
                "INSERT INTO note (note_id, title, first_captured_at, last_captured_at)"
                        + " SELECT note_id, ?, now(), now() FROM worklist WHERE state = 'FAILED'",
                HOSTILE);
        night.update("INSERT INTO forgotten_note (note_id, forgotten_at) VALUES ('66f000000000000000000001', now())");

        NightReport report = find(night.today());

        PageChecks.assertValid(reports.page(report));
        assertThat(reports.page(report))
                .hasSizeLessThan(60_000)
                .contains("20,000 notes", "note-archive list 'state:failed reason:media_incomplete'", "explore/66f")
                .doesNotContain("66f000000000000000000001");
        assertThat(report.facts().openNotes()).hasSize(4);
    }

    @Test
    void shareOfNotesThatStayAvailableIsRecorded() {
        night.pending(12);
        run();
        assertThat(find(night.today()).tonight().left().shares()).isEmpty();
        night.update("UPDATE note SET last_captured_at = first_captured_at + interval '2 days'");
        night.update(
                "UPDATE note SET last_captured_at = first_captured_at + interval '8 days' WHERE note_id > (SELECT min(note_id) FROM note)");
        night.update("""
                        UPDATE note SET last_captured_at = first_captured_at + interval '40 days'
                        WHERE note_id IN (SELECT note_id FROM note ORDER BY note_id DESC LIMIT 9)
                        """);

        night.isNextDay();
        run();

        NightReport report = find(night.today());
        assertThat(report.tonight().left().shares())
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of(1, new SurvivalEstimate(1, 12), 7, new SurvivalEstimate(1, 11)));
        assertThat(reports.page(report))
                .contains("How long notes stay available", "7 d (11): 100 %", "class=\"band c0\"");
    }

    @Test
    void runThatEndedBeforeAnExecutionBeganIsInTheReportAndItsReasonFirst() {
        night.pending(2);
        night.script().grants(1);
        run();
        RunSummary closed = run();
        assertThat(closed.execution()).isNull();

        NightReport report = find(night.today());

        assertThat(report.tonight().runs()).hasSize(2);
        assertThat(report.tonight().runs().getLast().execution()).isNull();
        assertThat(reports.page(report)).contains("no call before");
    }

    @Test
    void killedRunIsNamedAsSuch() {
        night.pending(1);
        run();
        night.update("DELETE FROM run_summary");
        night.update("UPDATE batch_job_execution SET status = 'FAILED', exit_code = 'CRASHED', exit_message = ''");

        // Spring Batch goes by the machine's clock
        Night today = Night.of(Instant.now());
        String page = reports.page(find(today));

        PageChecks.assertValid(page);
        assertThat(page)
                .contains("Killed", "the next run resumes the killed one", "Unknown")
                .contains("The results of its notes are unknown; it made 1 call (")
                .doesNotContain("0 notes archived");
    }

    @Test
    void orphansAreNotReportedAsRepaired() {
        night.pending(1);
        run();
        finding("ORPHAN");
        assertThat(reports.page(find(night.today())))
                .contains("--delete-orphans")
                .doesNotContain("verify --repair");

        finding("CORRUPT");
        assertThat(reports.page(find(night.today()))).contains("--delete-orphans", "verify --repair");
    }

    @Test
    void unknownValuesOfAKilledNightAreNotZero() {
        night.pending(1);
        run();
        night.update("""
                        UPDATE run_summary SET job_execution_id = NULL, night = night - 2, worklist_pending = 7, object_bytes = 5000
                        """);
        LocalDate today = night.today().date();
        night.update("""
                        UPDATE batch_job_execution
                        SET exit_code = 'CRASHED', start_time = ?, end_time = ?
                        """, today.minusDays(1).atTime(12, 0), today.minusDays(1).atTime(12, 0));
        run();

        NightReport report = find(night.today());

        assertThat(report.nights()).hasSize(3);
        assertThat(report.nights().get(1).runs()).allMatch(run -> run.left() == null);
        assertThat(reports.page(report).replaceAll("(<[^>]*>|\\s)+", " "))
                .contains(today.minusDays(1) + " ✕ Killed – – 1 1 – ")
                .containsPattern(today.minusDays(2) + " ✓ COMPLETED \\(exit 0\\) 1 0 0 0 0 B \\S+ s 7 ");
    }

    @Test
    void nightWithoutARunHasNoReport() {
        night.pending(1);
        run();
        Night yesterday = new Night(night.today().date().minusDays(1));

        assertThat(reports.find(yesterday, "main")).isEmpty();
        assertThat(reports.find(night.today(), "another")).isEmpty();
    }

    @Test
    void everyOpenNoteIsInTheGroupOfItsReason() {
        List<String> notes = night.pending(30);
        String urls = "IMAGE 0 DEAD: HTTP 404 of try ";
        notes.subList(0, 28)
                .forEach(note -> settled(note, "POSTPONED", 0, StateReason.URLS_EXPIRED, urls + notes.indexOf(note)));
        settled(notes.get(28), "POSTPONED", 301, StateReason.PROVIDER_ERROR, "code 301");
        settled(notes.get(29), "FAILED", 0, StateReason.MEDIA_INCOMPLETE, "IMAGE 0 GONE: HTTP 404");

        List<WorklistStats.OpenNotes> groups = openNotes.openNotes(10);

        assertThat(groups)
                .extracting(WorklistStats.OpenNotes::reason, WorklistStats.OpenNotes::notes)
                .containsExactly(
                        tuple(StateReason.MEDIA_INCOMPLETE, 1L),
                        tuple(StateReason.URLS_EXPIRED, 28L),
                        tuple(StateReason.PROVIDER_ERROR, 1L));
        assertThat(groups.get(1).example()).isIn(notes.subList(0, 28));
        assertThat(groups.get(1).detail()).startsWith(urls);
    }

    private void settled(String note, String state, int code, StateReason reason, String detail) {
        night.update("""
                        UPDATE worklist
                        SET state = ?, last_code = ?, reason = ?, detail = ?, settled_by = 1, settled_at = now(),
                            due_at = CASE WHEN ? = 'FAILED' THEN NULL ELSE due_at END
                        WHERE note_id = ?
                        """, state, code, reason.name(), detail, state, note);
    }

    @Test
    void deletesReportsBeforeADate() throws Exception {
        // those of other tests
        reports.removeBefore(night.today().date().plusDays(1));
        run();
        NightReport report = find(night.today());
        Path file = reports.write(report);
        reports.put(report);
        Path other = Files.writeString(file.resolveSibling("2001-mine.html"), "x");

        assertThat(reports.removeBefore(night.today().date())).isZero();
        assertThat(reports.removeBefore(night.today().date().plusDays(1))).isEqualTo(2);

        assertThat(file).doesNotExist();
        assertThat(other).exists();
        assertThat(night.objects("reports/")).isEmpty();
        Files.delete(other);
    }

    @Test
    void forgottenNoteIsInNoReportAnyMore() throws Exception {
        List<String> notes = night.pending(2);
        night.script().always(notes.getFirst(), Reply.code(400));
        assertEnded(run(), ExitCode.INCOMPLETE);
        NightReport report = find(night.today());
        Path file = reports.write(report);
        reports.put(report);
        assertThat(file).content().contains(notes.getFirst());
        var request = new Eraser.ErasureRequest(List.of(new NoteId(notes.getFirst())), null, "asked for");

        assertThat(forgetter.preview(request).reports()).isEqualTo(2);
        assertThat(file).exists();
        assertThat(forgetter.erase(request).orElseThrow().reports()).isEqualTo(2);

        assertThat(file).doesNotExist();
        assertThat(night.objects("reports/")).isEmpty();
        assertThat(reports.page(find(night.today()))).doesNotContain(notes.getFirst());
    }

    @Test
    void twoRunsOfOneExecutionAreKeptOnce() {
        night.pending(1);
        Instant now = night.clock().instant();
        RunSummary run = night.run();

        record(new FinishedRun(now, now, run));
        record(new FinishedRun(now, now.plus(Duration.ofHours(1)), run));

        assertThat(night.count("SELECT count(*) FROM run_summary")).isOne();
    }

    private NightReport find(Night of) {
        return reports.find(of, "main").orElseThrow();
    }

    private static long sum(NightReport report, RunHistory.AmountKind kind) {
        return report.facts().amounts().stream()
                .filter(amount -> amount.kind() == kind)
                .mapToLong(RunHistory.Amount::amount)
                .sum();
    }
}
