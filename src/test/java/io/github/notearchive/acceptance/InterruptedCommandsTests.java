package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands that are killed or interrupted, and completed by the next one. */
@ExtendWith(OutsideServers.Running.class)
@Tag("long")
class InterruptedCommandsTests {

    private static final String UNUSED =
            "SELECT count(*) FROM media_object o WHERE NOT EXISTS (SELECT 1 FROM note_media m WHERE m.sha256 = o.sha256)";

    private static final String WAITING = " WHERE datname = current_database() AND wait_event_type = 'Lock'";
    private static final String MAPPED = "SELECT count(*) FROM note_capture WHERE mapper_version > 1";

    /** Files of an export by table. */
    private static final Map<String, String> FILES =
            Map.of("note", "notes", "note_capture", "captures", "note_topic", "topics", "note_media", "media");

    /** Far more than an audit reads ahead. */
    private static final int NOTES = 16;

    /** Three pages of a remap, of 200 captures each, and a part of another with the capture that exists. */
    private static final int OLDER = 650;

    /** As if the note had been captured so often before, once a minute, always the same. */
    static final String OLDER_CAPTURES = """
            WITH calls AS (
                INSERT INTO api_call (note_id, endpoint, sent_at, received_at, http_status, code, billed)
                SELECT c.note_id, 'note-detail/v1', c.captured_at - i * interval '1 min',
                       c.captured_at - i * interval '1 min', 200, 0, 'YES'
                FROM note_capture c, generate_series(1, %d) i WHERE c.note_id = '%s'
                RETURNING id, note_id, received_at)
            INSERT INTO note_capture
            SELECT r.*
            FROM calls k JOIN note_capture c USING (note_id), jsonb_populate_record(c, jsonb_build_object(
                'call_id', k.id, 'captured_at', k.received_at, 'sidecar_key', NULL)) r
            """;

    @Test
    void killedErasureIsCompletedByTheNext() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            practice.enqueue(12);
            practice.call("run").with(0);
            String note = archive.strings("""
                                    SELECT note_id FROM note_media WHERE state = 'STORED'
                                    GROUP BY note_id ORDER BY count(DISTINCT sha256) DESC LIMIT 1
                                    """).getFirst();
            String other = archive.strings("SELECT note_id FROM note WHERE note_id <> ? LIMIT 1", note)
                    .getFirst();
            int calls = practice.provider().calls();
            var before = archive.objects("");

            Ended shown = practice.call("forget", note).with(0);
            assertThat(shown.out()).contains("Would be forgotten: 1 note (nothing was changed; --yes does it)");
            assertThat(archive.objects("")).isEqualTo(before);
            archive.assertNumber("SELECT count(*) FROM forgotten_note", 0);

            practice.killTrapped(Trap.before("DELETE ON note_media", "true"), _ -> {}, "forget", note, "--yes");
            assertThat(archive.objects("forgotten/")).hasSize(1);
            assertThat(rows(archive, "note", note)).isOne();
            assertThat(rows(archive, "worklist", note)).as("no run takes it up").isZero();
            archive.assertNumber("SELECT count(*) FROM forgotten_note WHERE finished_at IS NULL", 1);
            assertThat(practice.call("enqueue", note).with(6).err()).contains("was forgotten on");
            assertThat(practice.call("explain", note).with(2).err())
                    .contains("but not completely: repeat the same forget --yes");

            practice.killTrapped(Trap.before("DELETE ON forgotten_object", "true"), _ -> {}, "forget", note, "--yes");
            assertThat(rows(archive, "note", note)).isZero();
            assertThat(archive.number("SELECT count(*) FROM forgotten_object")).isPositive();
            assertThat(archive.objects("notes/" + note)).hasSize(1);

            practice.call("run").with(0);
            Ended done = practice.call("forget", other, "--reason", "asked for", "--yes")
                    .with(0);

            assertThat(done.out()).contains("Forgotten: 2 notes");
            assertThat(archive.objects("notes/" + note)).isEmpty();
            assertThat(archive.objects("notes/" + other)).isEmpty();
            assertThat(archive.objects("forgotten/")).hasSize(2);
            archive.assertNumber("SELECT count(*) FROM forgotten_object", 0);
            archive.assertNumber(UNUSED, 0);
            assertThat(archive.objects("media/")).hasSize((int) archive.number("SELECT count(*) FROM media_object"));
            assertThat(practice.provider().calls()).isEqualTo(calls);
            archive.assertNumber("SELECT count(*) FROM api_call", calls);
            assertThat(practice.call("verify").with(0).out()).doesNotContain("too young to be orphans");
        }
    }

    private static long rows(Archive archive, String table, String note) {
        return archive.number("SELECT count(*) FROM " + table + " WHERE note_id = ?", note);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void killedOrInterruptedAuditIsCompletedByTheNext(boolean isKilled) throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look();
                Archive holder = practice.look()) {
            practice.enqueue(NOTES);
            practice.call("run").with(0);
            long files = archive.number("SELECT count(*) FROM media_object");
            String before = archive.strings("SELECT max(verified_at)::text FROM media_object")
                    .getFirst();
            // its last file cannot be marked as verified
            hold(holder, "media_object ORDER BY sha256 DESC LIMIT 1");
            Program audit = practice.start("verify");
            archive.awaitNumber("SELECT least(count(*), 1) FROM pg_stat_activity" + WAITING, 1);

            if (isKilled) {
                audit.killRunning();
                holder.execute("ROLLBACK");
            } else {
                audit.terminate();
                audit.awaitLog("Stopping: INTERRUPTED (SIGTERM)");
                holder.execute("ROLLBACK");
                assertThat(practice.end(audit, Duration.ofSeconds(20)).with(7).out())
                        .contains("INTERRUPTED (exit 7): SIGTERM");
            }
            long verified =
                    archive.number("SELECT count(*) FROM media_object WHERE verified_at > ?::timestamptz", before);
            Ended rest = practice.call("verify").with(0);

            assertThat(rest.out()).contains("COMPLETED (exit 0)", ", resumed", "left      nothing to audit");
            assertThat(executionsOfAudits(archive))
                    .containsExactly(isKilled ? "2 FAILED CRASHED" : "2 STOPPED INTERRUPTED", "2 COMPLETED COMPLETED");
            if (isKilled) {
                assertThat(verified).as("verified when it was killed").isBetween(1L, files - 1);
                assertThat(rest.out()).contains("audited   %d files and %d sidecars".formatted(files, NOTES));
                assertThat(practice.call("verify", "--self-test").with(0).out()).contains("Self-test passed (exit 0)");
                assertThat(archive.objects("fixity-probe/")).isEmpty();
            }
        }
    }

    /** Locks rows until the transaction ends. */
    private static void hold(Archive holder, String rows) {
        holder.execute("BEGIN");
        holder.execute("SELECT 1 FROM " + rows + " FOR UPDATE");
    }

    private static List<String> executionsOfAudits(Archive archive) {
        return archive.strings("""
                SELECT e.job_instance_id || ' ' || e.status || ' ' || e.exit_code
                FROM batch_job_execution e JOIN batch_job_instance i USING (job_instance_id)
                WHERE i.job_name = 'verifyArchive' ORDER BY e.job_execution_id
                """);
    }

    @Test
    void killedRemapIsCompletedByTheNext() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look();
                Archive holder = practice.look()) {
            String note = practice.enqueue(1).getFirst();
            practice.call("run").with(0);
            archive.execute(OLDER_CAPTURES.formatted(OLDER, note));
            int calls = practice.provider().calls();
            String before = notes(archive) + archive.dump("note_topic");
            String captures = captures(archive);
            archive.execute("UPDATE note SET title = 'spoilt', mapper_version = 1");
            archive.execute("UPDATE note_capture SET author_nickname = 'spoilt', mapper_version = 1");
            archive.execute("DELETE FROM note_topic");

            assertThat(practice.call("remap", "--dry-run").with(0).out())
                    .containsPattern("responses +%d read".formatted(OLDER + 1))
                    .containsPattern("note_capture\\.author_nickname +%d ".formatted(OLDER + 1));
            assertThat(captures(archive)).isNotEqualTo(captures);
            hold(
                    holder,
                    "note_capture WHERE call_id = (SELECT call_id FROM note_capture ORDER BY captured_at OFFSET 400 LIMIT 1)");
            Program remap = practice.start("remap");
            archive.awaitNumber(MAPPED, 400);
            remap.killRunning();
            holder.execute("ROLLBACK");
            archive.assertNumber(MAPPED, 400);
            Ended rest = practice.call("remap").with(0);

            assertThat(rest.out())
                    .contains("COMPLETED (exit 0)")
                    .contains(", resumed")
                    .containsPattern("responses +%d read".formatted(OLDER + 1))
                    .containsPattern("note_capture\\.author_nickname +%d ".formatted(OLDER + 1));
            assertThat(captures(archive)).isEqualTo(captures);
            assertThat(notes(archive) + archive.dump("note_topic")).isEqualTo(before);
            assertThat(practice.provider().calls()).isEqualTo(calls);
            assertThat(archive.executions())
                    .containsExactly("1 COMPLETED COMPLETED", "2 FAILED CRASHED", "2 COMPLETED COMPLETED");
        }
    }

    private static String notes(Archive archive) {
        return archive.strings(
                        "SELECT string_agg((to_jsonb(n) - 'changed_at')::text, ' ' ORDER BY note_id) FROM note n")
                .getFirst();
    }

    private static String captures(Archive archive) {
        return archive.strings(
                        "SELECT md5(string_agg((to_jsonb(c) - '{response,changed_at}'::text[])::text, ' ' ORDER BY captured_at)) FROM note_capture c")
                .getFirst();
    }

    @Test
    void killedOrStoppedExportLeavesNoneAndTheNextOneIsComplete() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE)) {
            String known = practice.enqueue(practice.provider().noteIds(SandboxNoteKind.LIVE_PHOTOS, 5))
                    .getFirst();
            String unknown = "f".repeat(24);
            String ids = practice.file("ids.txt", known + "\n" + unknown).toString();
            practice.call("run").with(0);
            Path some = practice.directory().resolve("some");
            Path folder = practice.directory().resolve("folder");
            Path parquet = practice.directory().resolve("parquet");

            killAndStop(practice, folder);
            Ended whole = practice.call("export", "--format", "folder", folder.toString())
                    .with(0);
            // no class of Hadoop is in the jar, so this shows that none is needed
            Ended tables = practice.call("export", "--format", "parquet", parquet.toString())
                    .with(0);
            Ended omitted = practice.call(
                            "export", "--format", "jsonl", "--authors", "omit", "--ids", ids, some.toString())
                    .with(6);

            assertThat(omitted.out()).contains("ids: 2 named, 1 of them never captured: " + unknown);
            assertThat(some.resolve("notes.jsonl")).content().contains(known).doesNotContain("author_id");
            assertThat(whole.out()).contains(" copied and compared, 0 missing");
            assertThat(whole.err()).contains("Exporting to " + folder);
            assertThat(folder.resolve("index.html")).isRegularFile();
            assertThat(folder.resolve("notes").toFile().list()).hasSize(5);
            assertThat(tables.out()).containsPattern("notes +5").containsPattern("captures +5");
            try (Archive archive = practice.look()) {
                FILES.forEach(
                        (table, file) -> assertThat(Archive.countInFile("'%s/%s.parquet'".formatted(parquet, file)))
                                .as(table)
                                .isEqualTo(archive.number("SELECT count(*) FROM " + table)));
            }
        }
    }

    /** Both in the middle of the first file, which a proxy holds. */
    private static void killAndStop(Practice practice, Path target) throws Exception {
        practice.ways().store().holdResponses(line -> line.contains("/media/"));
        Program killed = practice.start("export", "--format", "folder", target.toString());
        practice.ways().store().awaitHeld(1, Practice.PATIENCE);
        killed.killRunning();
        practice.settle();
        assertThat(target).doesNotExist();
        assertThat(partial(target)).hasSize(1);

        practice.ways().store().holdResponses(line -> line.contains("/media/"));
        Program stopped = practice.start("export", "--format", "folder", target.toString());
        practice.ways().store().awaitHeld(1, Practice.PATIENCE);
        stopped.terminate();
        stopped.awaitLog("SIGTERM: the export stops");
        practice.ways().store().release();
        assertThat(practice.end(stopped).with(7).message()).contains("its files were deleted");
        assertThat(target).doesNotExist();
        assertThat(partial(target)).hasSize(1);
    }

    private static List<Path> partial(Path target) throws IOException {
        try (Stream<Path> siblings = Files.list(target.getParent())) {
            return siblings.filter(path -> path.getFileName().toString().contains(".partial-"))
                    .toList();
        }
    }
}
