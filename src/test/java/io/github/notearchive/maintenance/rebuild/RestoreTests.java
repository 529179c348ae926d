package io.github.notearchive.maintenance.rebuild;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.FAILED;
import static io.github.notearchive.archive.worklist.NoteState.PENDING;
import static io.github.notearchive.archive.worklist.NoteState.POSTPONED;
import static io.github.notearchive.archive.worklist.NoteState.UNAVAILABLE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.maintenance.MaintenanceScenario;
import io.github.notearchive.maintenance.rebuild.RebuildRunner.RebuildSummary;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifyOptions;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifySummary;
import io.github.notearchive.nightly.BesideNightlyJobTest;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.nightly.TableDump;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import io.github.notearchive.store.ObjectKey;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/** An older dump of the database is restored beside the bucket as it is now. */
@BesideNightlyJobTest
class RestoreTests extends MaintenanceScenario {

    private static final String OBJECT = "archive.json";

    @Autowired
    ArchiveRevision revision;

    /** The drill of {@code src/docs/backup.md}. */
    @Test
    void mergeRestoresEverythingArchivedAfterTheDump() throws Exception {
        List<String> texts = night.provider().noteIds(SandboxNoteKind.TEXT, 6);
        List<String> images = picturedNotes();
        String kept = texts.get(0);
        String changed = texts.get(1);
        String goneLater = texts.get(2);
        String forgotten = images.get(0);
        String completed = images.get(1);
        String waived = images.get(2);
        String accepted = images.get(3);
        night.pending(List.of(kept, changed, goneLater));
        night.pending(List.of(forgotten, completed, waived, accepted));
        picture(completed, 0, Reply.status(503));
        picture(waived, 0, Reply.status(404));
        picture(accepted, 0, Reply.status(404));
        picture(accepted, 1, Reply.status(404));
        night.run(ExitCode.INCOMPLETE);
        night.isNextDay();
        night.run(ExitCode.INCOMPLETE);
        assertThat(night.state(completed)).isEqualTo(POSTPONED);
        assertThat(night.states(List.of(waived, accepted))).containsOnly(FAILED);
        TableDump dump = TableDump.of(night.sql());

        night.script().clear();
        waive(waived, 0);
        waive(accepted, 1);
        List<String> added = night.pending(images.subList(4, 8));
        List<String> live = night.pending(SandboxNoteKind.LIVE_PHOTOS, 2);
        List<String> sold = night.pending(texts.subList(3, 4));
        night.script().answers(sold.getFirst(), Reply.code(201));
        night.run(ExitCode.COMPLETED);
        night.isDaysLater(8);
        night.script().answers(goneLater, Reply.code(404));
        night.script().answers(changed, Reply.note(note -> note.put("seen", "again")));
        night.requeue(changed);
        night.requeue(goneLater);
        night.run(ExitCode.COMPLETED);
        forget(forgotten);
        night.script().clear();
        update("UPDATE note_capture SET sidecar_verified_at = now()");
        night.run(ExitCode.COMPLETED); // clears responses that are too old for reuse
        assertThat(night.states(added)).containsOnly(ARCHIVED);
        assertThat(night.states(live)).containsOnly(ARCHIVED);
        assertThat(night.states(List.of(kept, changed, completed, waived))).containsOnly(ARCHIVED);
        assertThat(night.states(List.of(sold.getFirst(), goneLater))).containsOnly(UNAVAILABLE);
        Map<String, List<String>> before = rows();
        Set<String> objects = objects();
        int calls = night.calls();

        dump.restore();
        assertThat(rows()).isNotEqualTo(before);
        assertRefused();
        RebuildSummary merged = merge(ExitCode.COMPLETED);

        update("UPDATE note_capture SET sidecar_verified_at = now()");
        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).as("calls in all").isEqualTo(calls);
        assertSame(rows(), before);
        assertThat(objects()).isEqualTo(objects);
        assertThat(count("note WHERE note_id = '" + forgotten + "'")).isZero();

        RebuildSummary repeated = merge(ExitCode.COMPLETED);

        assertThat(repeated.found().sidecars()).isEqualTo(merged.found().sidecars());
        assertThat(repeated.found().written()).isZero();
        assertSame(rows(), before);
        assertEnded(audits.verify(AUDIT), ExitCode.COMPLETED);
        night.isNextDay();
        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).as("calls in all").isEqualTo(calls);
    }

    @Test
    void staleDatabaseReadsNoSpooledResponse() throws Exception {
        String waiting = night.pending(SandboxNoteKind.TEXT, 1).getFirst();
        TableDump dump = TableDump.of(night.sql());
        List<String> archived = night.pending(SandboxNoteKind.IMAGES, 1);
        night.script().answers(waiting, Reply.code(301));
        RunSummary _ = night.run();
        assertThat(night.states(archived)).containsOnly(ARCHIVED);
        night.script().clear();
        spool(waiting, 99);
        int calls = night.calls();
        dump.restore();

        assertRefused();

        assertThat(night.hasSpooledResponse()).isTrue();
        assertThat(count("api_call")).isZero();
        merge(ExitCode.COMPLETED);
        night.run(ExitCode.COMPLETED);
        assertThat(night.state(waiting)).isEqualTo(ARCHIVED);
        assertThat(night.hasSpooledResponse()).isFalse();
        assertThat(night.calls()).isEqualTo(calls);
    }

    @Test
    void detectsADumpTakenDuringARun() throws Exception {
        String note = night.pending(1).getFirst();
        CompletableFuture<RunSummary> run = night.runUntilHeld(1);
        TableDump dump = TableDump.of(night.sql());
        night.release(run, ExitCode.COMPLETED);
        List<String> ledger = ledger();
        dump.restore();

        assertRefused();
        merge(ExitCode.COMPLETED);

        assertThat(ledger()).isEqualTo(ledger);
        night.run(ExitCode.COMPLETED);
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.calls()).isOne();
    }

    @Test
    void dumpRestoresNoForgottenNote() throws Exception {
        List<String> notes = archived(night.pending(SandboxNoteKind.IMAGES, 3));
        String author = text("SELECT author_id FROM note WHERE note_id = ?", notes.get(1));
        TableDump dump = TableDump.of(night.sql());
        forget(notes.get(0));
        forgetAuthor(author);
        Map<String, List<String>> before = rows();
        Set<String> objects = objects();
        int calls = night.calls();
        dump.restore();
        assertRefused();
        breakOff("DELETE ON note", notes.get(0));

        merge(ExitCode.UPSTREAM_UNAVAILABLE);

        assertRefused();
        repair("note");
        RebuildSummary merged = merge();
        assertEnded(merged, ExitCode.COMPLETED);
        assertSame(rows(), before);
        assertThat(objects()).isEqualTo(objects);
        assertThat(count("forgotten_note WHERE finished_at IS NULL")).isZero();
        assertEnded(audits.verify(AUDIT), ExitCode.COMPLETED);
        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).isEqualTo(calls);
        assertThat(objects()).isEqualTo(objects);
    }

    @Test
    void mergeKeepsFilesThatNotesArchivedAfterTheDumpUse() throws Exception {
        List<String> notes = night.provider().noteIds(SandboxNoteKind.IMAGES, 2);
        String forgotten = notes.getFirst();
        String later = notes.getLast();
        archived(night.pending(List.of(forgotten)));
        String shared = key(forgotten, 0);
        byte[] bytes = night.objects(shared).get(shared);
        TableDump dump = TableDump.of(night.sql());
        picture(later, 0, Reply.bytes("image/jpeg", bytes));
        archived(night.pending(List.of(later)));
        assertThat(key(later, 0)).isEqualTo(shared);
        String listed = key(later, 1);
        forget(forgotten);
        Map<String, List<String>> before = rows();
        Set<String> objects = objects();
        int calls = night.calls();
        dump.restore();
        // when the dump was taken, this replaced file waited for its removal
        update("INSERT INTO forgotten_object (object_key, size_bytes) VALUES (?, 1)", listed);

        merge(ExitCode.COMPLETED);

        assertThat(objects()).contains(shared, listed).isEqualTo(objects);
        assertSame(rows(), before);
        assertThat(night.state(later)).isEqualTo(ARCHIVED);
        assertThat(count("forgotten_object")).isZero();
        assertThat(count("forgotten_note WHERE finished_at IS NULL")).isZero();
        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).isEqualTo(calls);
    }

    @Tag("long")
    @Test
    void resumesAnInterruptedMerge() {
        archived(night.pending(SandboxNoteKind.IMAGES, 1));
        TableDump dump = TableDump.of(night.sql());
        List<String> later = night.pending(60).stream().sorted().toList();
        night.run(ExitCode.COMPLETED);
        Map<String, List<String>> before = rows();
        int calls = night.calls();
        dump.restore();
        breakOff("INSERT ON worklist", later.get(55));

        RebuildSummary broken = merge();

        assertThat(broken.exitCode()).as(broken.reason()).isIn(ExitCode.UPSTREAM_UNAVAILABLE, ExitCode.FAILED);
        assertThat(count("worklist"))
                .as("those of the chunks that were committed")
                .isEqualTo(50);
        RunSummary between = night.run();
        assertEnded(between, ExitCode.USAGE);
        assertThat(between.reason()).contains("note-archive rebuild");
        repair("worklist");

        RebuildSummary merged = rebuild(ExitCode.COMPLETED);

        assertThat(merged.restart()).isTrue();
        assertThat(merged.found().sidecars()).as("each read once").isEqualTo(61);
        assertSame(rows(), before);
        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).isEqualTo(calls);
    }

    @Test
    void keepsStatesThatAreLaterThanTheBucket() {
        List<String> notes = archived(night.pending(3));
        night.requeue(notes.getFirst());
        update("UPDATE worklist SET priority = 9, refresh_days = 30 WHERE note_id = ?", notes.get(1));
        night.pending(night.provider().noteIds(SandboxNoteKind.SOUND, 1));
        Map<String, List<String>> before = rows();

        RebuildSummary merged = merge(ExitCode.COMPLETED);

        assertThat(merged.found().written()).isZero();
        assertSame(rows(), before);
        assertThat(count("worklist")).isEqualTo(4);
    }

    @Test
    void bucketOfAnotherArchiveIsRefused() {
        archived(night.pending(2));
        int calls = night.calls();
        update("UPDATE archive SET archive_id = gen_random_uuid()");
        night.pending(SandboxNoteKind.IMAGES, 1);

        RunSummary run = night.run();
        RebuildSummary merge = merge();

        assertRefused();
        assertThat(run.reason()).contains("the bucket belongs to archive", "rebuild --missing");
        assertEnded(merge, ExitCode.USAGE);
        assertThat(merge.reason()).contains("cannot be merged");
        assertThat(night.calls()).isEqualTo(calls);
    }

    @Test
    void newDatabaseBesideAFilledBucketIsRefused() {
        List<String> notes = archived(night.pending(2));
        loseTheDatabase();
        night.pending(notes);

        assertRefused();

        assertThat(night.run().reason()).contains("does not contain");
        assertThat(night.calls()).isEqualTo(2);
        merge(ExitCode.COMPLETED);
        night.run(ExitCode.COMPLETED);
        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        assertThat(night.calls()).isEqualTo(2);
    }

    @Test
    void archiveWithoutTheObjectGetsOneWithItsNextRun() {
        archived(night.pending(1));
        store.remove(OBJECT);
        update("DELETE FROM archive");
        assertEnded(audits.verify(AUDIT), ExitCode.COMPLETED);

        night.run(ExitCode.COMPLETED);

        assertThat(object()).contains(identifier(), "\"revision\" : 2", "\"execution\" : ");
    }

    @Test
    void emptyBucketBesideAFilledDatabaseIsRefused() {
        archived(night.pending(1));
        night.objects("").keySet().forEach(store::remove);
        List<String> waiting = night.pending(SandboxNoteKind.IMAGES, 1);

        RunSummary run = night.run();
        VerifySummary audit = audits.verify(AUDIT);

        assertEnded(run, ExitCode.USAGE);
        assertThat(run.reason()).contains("ARCHIVE_S3_BUCKET", "lost");
        assertEnded(audit, ExitCode.USAGE);
        assertThat(night.states(waiting)).containsOnly(PENDING);
        assertThat(night.calls()).isOne();
        assertThat(objects()).isEmpty();
    }

    @Test
    void reportsAnUnreadableArchiveObject() {
        archived(night.pending(1));
        for (String content : List.of("", "[]", "{\"revision\": \"x\"", "\u202e\u0000", "{}")) {
            store.putBytes(new ObjectKey(OBJECT), content.getBytes(UTF_8), "text/plain");

            RunSummary run = night.run(ExitCode.USAGE);

            assertThat(run.reason()).contains("archive.json is not readable");
        }
        assertThat(night.calls()).isOne();
    }

    @Test
    void writesOfOtherNodesDoNotMakeTheDatabaseStale() {
        store.ensureBucket();
        CompletableFuture<?> all = CompletableFuture.allOf(
                Stream.generate(() -> aside(this::writeManyRevisions)).limit(3).toArray(CompletableFuture[]::new));
        while (!all.isDone()) {
            assertThat(revision.difference()).isEmpty();
        }
        assertThat(all).isCompleted();

        assertThat(night.count("SELECT revision FROM archive")).isEqualTo(30);
        assertThat(object()).contains("\"revision\" : 30,");
        assertThat(revision.difference()).isEmpty();
    }

    private boolean writeManyRevisions() {
        for (int i = 0; i < 10; i++) {
            revision.advance();
        }
        return true;
    }

    // what there is

    private void assertRefused() {
        int calls = night.calls();
        Set<String> objects = objects();
        RunSummary run = night.run();
        VerifySummary audit = audits.verify(new VerifyOptions(null, true, true, "main"));
        assertEnded(run, ExitCode.USAGE);
        assertThat(run.reason()).contains("rebuild --missing");
        assertEnded(audit, ExitCode.USAGE);
        assertThat(audit.reason()).contains("rebuild --missing");
        assertThat(night.calls()).isEqualTo(calls);
        assertThat(objects()).isEqualTo(objects);
    }

    /** Cuts the connection that does this with a row of a note. */
    private void breakOff(String event, String note) {
        update("""
                        CREATE OR REPLACE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS $$
                        BEGIN
                            IF coalesce(to_jsonb(NEW), to_jsonb(OLD)) ->> 'note_id' = TG_ARGV[0] THEN
                                PERFORM pg_terminate_backend(pg_backend_pid());
                            END IF;
                            RETURN coalesce(NEW, OLD);
                        END $$;
                        CREATE TRIGGER break_off BEFORE %s FOR EACH ROW EXECUTE FUNCTION break_off('%s')
                        """.formatted(event, note));
    }

    private void repair(String table) {
        update("DROP TRIGGER break_off ON " + table);
    }

    /** All but the object itself, and the reports of nights. */
    private Set<String> objects() {
        Set<String> keys = new TreeSet<>(night.objects("").keySet());
        keys.removeIf(key -> key.equals(OBJECT) || key.startsWith("reports/"));
        return keys;
    }

    private String object() {
        return new String(night.objects(OBJECT).get(OBJECT), UTF_8);
    }

    private String identifier() {
        return text("SELECT archive_id::text FROM archive");
    }

    private List<String> ledger() {
        return texts("SELECT (to_jsonb(c) - 'job_execution_id' - 'recovered_at')::text FROM api_call c ORDER BY id");
    }

    @Override
    protected Map<String, List<String>> rows() {
        Map<String, List<String>> rows = super.rows();
        for (String table : List.of("forgotten_note", "forgotten_author")) {
            // when an erasure was completed is when this database did it
            rows.computeIfPresent(
                    table,
                    (_, list) -> list.stream()
                            .map(row -> row.replaceAll("\"finished_at\": \"[^\"]*\"", "done"))
                            .toList());
        }
        return rows;
    }
}
