package io.github.notearchive.maintenance.remap;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.StoredResponses.RemapChange;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.maintenance.MaintenanceScenario;
import io.github.notearchive.maintenance.remap.RemapRunner.RemapSummary;
import io.github.notearchive.nightly.BesideNightlyJobTest;
import io.github.notearchive.nightly.NightlyScenario;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/** Remaps of stored responses, which send no call and resume after an interruption. */
@BesideNightlyJobTest
class RemapTests extends MaintenanceScenario {

    /** More than two pages. */
    private static final int OLDER = 500;

    private static final int PAGE = 200;

    /** By itself, OFFSET would lock what it passes over. */
    private static final String FIRST_OF_THE_SECOND_PAGE = """
            SELECT 1 FROM note_capture
            WHERE call_id = (SELECT call_id FROM note_capture ORDER BY captured_at OFFSET %d LIMIT 1)
            FOR UPDATE
            """.formatted(PAGE);

    @Autowired
    RemapRunner runner;

    @Test
    void remapsRowsOfAnOlderMapperWithoutACall() {
        for (SandboxNoteKind kind : SandboxNoteKind.values()) {
            night.pending(kind, 1);
        }
        night.run(ExitCode.COMPLETED);
        int calls = night.calls();
        List<String> before = tables();
        spoil();

        RemapSummary dry = runner.remap(false, true, null);
        List<String> afterDryRun = tables();
        RemapSummary remap = remap();

        assertThat(dry.exitCode()).isEqualTo(ExitCode.COMPLETED);
        assertThat(dry.execution()).isNull();
        assertThat(afterDryRun).isNotEqualTo(before);
        assertThat(remap.exitCode()).as(remap.reason()).isEqualTo(ExitCode.COMPLETED);
        assertThat(remap.answers()).isEqualTo(SandboxNoteKind.values().length);
        assertThat(remap.left()).isZero();
        assertThat(remap.changes()).isEqualTo(dry.changes()).containsKeys("note.title", "note_capture.author_id");
        assertThat(tables()).isEqualTo(before);
        assertThat(night.calls()).isEqualTo(calls);
        assertThat(remap().answers()).isZero();
        assertThat(runner.remap(true, false, null).changes()).isEmpty();
        assertThat(night.executions())
                .extracting(NightlyScenario.Execution::status)
                .containsOnly("COMPLETED");
    }

    @Test
    void resumesAfterTheLastPage() throws Exception {
        String note = archived(night.pending(1)).getFirst();
        addOlderCaptures(note);
        List<String> before = tables();
        spoil();

        RemapSummary stopped = interruptedOnTheSecondPage();
        RemapSummary rest = remap();

        assertThat(stopped.exitCode()).as(stopped.reason()).isEqualTo(ExitCode.INTERRUPTED);
        assertThat(stopped.answers()).isEqualTo(PAGE);
        assertThat(stopped.left()).isEqualTo(OLDER + 1 - PAGE);
        assertThat(rest.exitCode()).as(rest.reason()).isEqualTo(ExitCode.COMPLETED);
        assertThat(rest.restart()).isTrue();
        assertThat(rest.instance()).isEqualTo(stopped.instance());
        assertThat(rest.answers()).isEqualTo(OLDER + 1);
        assertThat(rest.answersNow()).isEqualTo(OLDER + 1 - PAGE);
        assertThat(rest.changes().get("note_capture.title").rows()).isEqualTo(OLDER + 1);
        assertThat(rest.changes().get("note.title")).isEqualTo(new RemapChange(1, List.of(note)));
        assertThat(tables()).isEqualTo(before);
    }

    @Test
    void restartsForAnotherScope() throws Exception {
        String note = archived(night.pending(1)).getFirst();
        addOlderCaptures(note);
        spoil();
        assertThat(interruptedOnTheSecondPage().answers()).isEqualTo(PAGE);

        RemapSummary all = runner.remap(true, false, null);

        assertThat(all.restart()).isTrue();
        assertThat(all.answers()).isEqualTo(OLDER + 1);
        assertThat(all.answersNow()).isEqualTo(OLDER + 1);
        assertThat(all.changes().get("note_capture.title").rows()).isEqualTo(OLDER + 1 - PAGE);
    }

    @Test
    void yieldsToARunThatLocksARow() throws Exception {
        String note = archived(night.pending(1)).getFirst();
        List<String> before = tables();
        spoil();

        CompletableFuture<RemapSummary> remap;
        try (Connection other = night.connect();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("UPDATE note SET place = 'of the run' WHERE note_id = '" + note + "'");
            remap = aside(this::remap);
            awaitLock();
            // it holds the author while it waits for the note, and must not keep it
            statement.execute("UPDATE author SET nickname = 'of the run'");
            other.commit();
        }

        assertThat(ended(remap).exitCode()).isEqualTo(ExitCode.COMPLETED);
        assertThat(tables()).isEqualTo(before);
    }

    @Test
    void allowsOneRemapOfADatabaseAtATime() throws Exception {
        RemapSummary second;
        try (RunnerLock _ = RunnerLock.acquire(database, Scope.REMAP, "").orElseThrow()) {
            second = remap();
        }

        assertThat(second.exitCode()).isEqualTo(ExitCode.ALREADY_RUNNING);
        assertThat(night.executions()).isEmpty();
    }

    @Test
    void reportsAStoredResponseWithoutItsNote() {
        String note = archived(night.pending(2)).getFirst();
        spoil();
        update("UPDATE note_capture SET response = '{}' WHERE note_id = ?", note);

        RemapSummary remap = remap();

        assertThat(remap.exitCode()).isEqualTo(ExitCode.INCOMPLETE);
        assertThat(remap.unreadableNotes()).containsExactly(note);
        assertThat(count("note WHERE mapper_version > 1")).isOne();
        assertThat(night.exitCodes()).containsExactly("COMPLETED", "INCOMPLETE");
    }

    @Test
    void reportsANewFieldOnce() {
        List<String> notes = night.pending(3);
        night.script()
                .answersAll(
                        Reply.noteWith(detail -> detail.putArray("brand_new").add("x")));

        RunSummary first = night.run();
        night.requeue(notes.getFirst());
        night.isDaysLater(8);
        RunSummary second = night.run();

        assertThat(first.newFields())
                .extracting(found -> found.field().toString())
                .containsExactlyInAnyOrder("note.brand_new: array", "note.brand_new[]: string");
        assertThat(second.bill().billed()).isOne();
        assertThat(second.newFields()).isEmpty();
        assertThat(count("schema_drift WHERE state = 'NEW'")).isEqualTo(2);
    }

    @Test
    void readsOlderResponsesFromTheirSidecars() throws Exception {
        String note = archived(night.pending(1)).getFirst();
        for (int i = 0; i < 2; i++) {
            update("UPDATE note_capture SET sidecar_verified_at = now()");
            night.isDaysLater(8);
            night.requeue(note);
            night.run(ExitCode.COMPLETED);
        }
        assertThat(count("note_capture WHERE response IS NULL")).isOne();
        List<String> before = tables();
        spoil();

        night.wayToStore().down();
        RemapSummary outage = remap();
        RemapSummary dry = runner.remap(false, true, null);
        night.wayToStore().mend();
        RemapSummary remap = remap();

        assertThat(List.of(outage.exitCode(), dry.exitCode())).containsOnly(ExitCode.UPSTREAM_UNAVAILABLE);
        assertThat(remap.exitCode()).as(remap.reason()).isEqualTo(ExitCode.COMPLETED);
        assertThat(remap.changes().get("note_capture.title").rows()).isEqualTo(3);
        assertThat(tables()).isEqualTo(before);

        Files.delete(path(text("SELECT sidecar_key FROM note_capture WHERE response IS NULL")));
        RemapSummary lost = runner.remap(true, false, null);

        assertThat(lost.exitCode()).isEqualTo(ExitCode.INCOMPLETE);
        assertThat(lost.unreadableNotes()).containsExactly(note);
        assertThat(tables()).isEqualTo(before);
    }

    private RemapSummary interruptedOnTheSecondPage() throws Exception {
        return whileLocked(FIRST_OF_THE_SECOND_PAGE, () -> {
            CompletableFuture<RemapSummary> remap = aside(this::remap);
            awaitLock();
            gate.close(ExitCode.INTERRUPTED, "enough");
            return ended(remap);
        });
    }

    private void awaitLock() throws InterruptedException {
        NightlyScenario.await("the remap waits", () -> count("pg_stat_activity WHERE wait_event_type = 'Lock'") > 0);
    }

    private RemapSummary remap() {
        return runner.remap(false, false, null);
    }

    /** As if the note had been captured often before. */
    private void addOlderCaptures(String note) {
        update("""
                        WITH calls AS (
                            INSERT INTO api_call (note_id, endpoint, sent_at, received_at, http_status, code, billed)
                            SELECT c.note_id, 'note-detail/v1', c.captured_at - i * interval '1 s', c.captured_at - i * interval '1 s', 200, 0, 'YES'
                            FROM note_capture c, generate_series(1, ?) i WHERE c.note_id = ?
                            RETURNING id, note_id, received_at)
                        INSERT INTO note_capture
                        SELECT r.*
                        FROM calls k JOIN note_capture c USING (note_id),
                             jsonb_populate_record(c, jsonb_build_object('call_id', k.id, 'captured_at', k.received_at)) r
                        """, OLDER, note);
    }

    private void spoil() {
        update("UPDATE note SET title = 'spoilt', mapper_version = 1");
        update("UPDATE note_capture SET title = 'spoilt', author_id = NULL, mapper_version = 1");
        update("UPDATE author SET nickname = 'spoilt'");
        update("DELETE FROM note_topic");
    }

    private List<String> tables() {
        return Stream.of("note", "note_capture", "author", "note_topic", "note_mention", "note_media")
                .flatMap(table ->
                        texts("SELECT (to_jsonb(t) - 'changed_at')::text FROM " + table + " t ORDER BY 1").stream())
                .toList();
    }
}
