package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.catalog.NoteCatalog.CapturedNote;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.ResponseReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.springframework.beans.BeanUtils;
import tools.jackson.databind.json.JsonMapper;

/**
 * Bytes of notes that are refreshed monthly for a year: {@code ./mvnw verify -Pbench -Dit.test=HistoryBench}.
 * {@code -Dbench.notes=2000} makes a smaller archive.
 */
class HistoryBench {

    private static final int NOTES = Integer.getInteger("bench.notes", 20_000);
    private static final int CAPTURES = 12;
    private static final int RESPONSES = 500;
    private static final int BATCH = 50;
    private static final Instant FIRST = Instant.parse("2026-01-01T00:00:00Z");

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final NoteCatalog notes = new NoteCatalog(
            database.jdbc(),
            BeanUtils.instantiateClass(
                    BeanUtils.getResolvableConstructor(MediaCatalog.class), database.jdbc(), database.transactions()));
    private final List<String> ids = Work.ids(NOTES);
    private final List<String> originals = List.copyOf(
            Work.of(Work.Kind.W1, Math.min(NOTES, RESPONSES), "http://127.0.0.1:8080").responses().entrySet().stream()
                    .map(entry -> new String(entry.getValue(), StandardCharsets.UTF_8)
                            .replace(entry.getKey(), "NOTE-ID")
                            .replaceFirst("\"liked_count\":\\d+", "\"liked_count\":LIKES"))
                    .toList());

    /** Bytes a note. */
    private record Sizes(
            double table,
            double indexes,
            double asWritten,
            double ledger,
            double others,
            double sidecars,
            double furtherYear) {}

    @Test
    void olderCapturesKeepOnlyTheirCounts() {
        Sizes kept = measure(false);
        Sizes emptied = measure(true);

        Page page = new Page(
                HistoryBench.class, "history", "A year of monthly refreshes", database.text("SHOW server_version"));
        page.paragraph("""
                %,d notes, %d captures each, written by the class that runs use; %,d different responses of %.1f kB on average, in which the counts differ each time.
                "Before" is the same with a trigger that keeps every response in `note_capture`. An audit reads all sidecars between two captures; without it nothing is emptied. Bytes a note; the last column is that of a million notes in GB.
                """.formatted(
                        NOTES,
                        CAPTURES,
                        originals.size(),
                        originals.stream().mapToInt(String::length).average().orElseThrow() / 1000));
        page.table("after a year", "before", "now", "a million notes: before", "now");
        row(page, "`note_capture` after `VACUUM FULL`", kept.table, emptied.table);
        row(page, "of it indexes", kept.indexes, emptied.indexes);
        row(
                page,
                "`note_capture` as written, with a plain `VACUUM` a month, as autovacuum does",
                kept.asWritten,
                emptied.asWritten);
        row(page, "`api_call`, responses emptied after `archive.ledger.reuse-for`", kept.ledger, emptied.ledger);
        row(page, "`note`, `author` and its other tables", kept.others, emptied.others);
        row(page, "sidecars in the bucket, without the 0.4 kB a file in them", kept.sidecars, emptied.sidecars);
        row(page, "**each further year**: `note_capture`", kept.table, emptied.furtherYear);
        row(page, "**each further year**: `api_call`", kept.ledger, emptied.ledger);
        row(page, "**each further year**: sidecars", kept.sidecars, emptied.sidecars);
        page.write();
        assertThat(emptied.table).isLessThan(kept.table / 2);
    }

    private static void row(Page page, String what, double before, double now) {
        page.row(what, bytes(before), bytes(now), gigabytes(before), gigabytes(now));
    }

    private static String bytes(double bytes) {
        return String.format(Locale.ROOT, "%,.0f", bytes);
    }

    private static String gigabytes(double bytes) {
        return String.format(Locale.ROOT, "%.1f", bytes / 1000);
    }

    private Sizes measure(boolean empties) {
        ArchiveDatabase.emptied();
        database.update("""
                CREATE OR REPLACE FUNCTION bench_keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
                CREATE TRIGGER bench_keep BEFORE UPDATE ON note_capture FOR EACH ROW
                WHEN (OLD.response IS NOT NULL AND NEW.response IS NULL) EXECUTE FUNCTION bench_keep()
                """);
        if (empties) {
            database.update("DROP FUNCTION bench_keep CASCADE");
        }
        try {
            LongAdder sidecars = new LongAdder();
            for (int month = 0; month < CAPTURES; month++) {
                capture(FIRST.plus(Duration.ofDays(30L * month)), month, sidecars);
                database.update(
                        "UPDATE note_capture SET sidecar_verified_at = now() WHERE sidecar_verified_at IS NULL");
                database.update("VACUUM note_capture");
            }
            assertThat(database.count("SELECT count(*) FROM note_capture WHERE response IS NOT NULL"))
                    .isEqualTo((long) NOTES * (empties ? 2 : CAPTURES));
            double asWritten = size("pg_total_relation_size", "note_capture");
            database.update("VACUUM FULL");
            double table = size("pg_total_relation_size", "note_capture");
            double indexes = size("pg_indexes_size", "note_capture");
            double ledger = size("pg_total_relation_size", "api_call");
            double others =
                    List.of("note", "author", "note_topic", "note_mention", "note_comment", "note_media").stream()
                            .mapToDouble(name -> size("pg_total_relation_size", name))
                            .sum();
            double furtherYear = 0;
            if (empties) {
                database.update("UPDATE note_capture SET response = NULL");
                database.update("VACUUM FULL note_capture");
                furtherYear = size("pg_total_relation_size", "note_capture");
            }
            return new Sizes(table, indexes, asWritten, ledger, others, sidecars.doubleValue() / NOTES, furtherYear);
        } finally {
            database.update("DROP FUNCTION IF EXISTS bench_keep CASCADE");
        }
    }

    private double size(String function, String table) {
        return (double) database.count("SELECT %s('%s')".formatted(function, table)) / NOTES;
    }

    /** Captures each note once. */
    private void capture(Instant at, int month, LongAdder sidecars) {
        database.update("""
                INSERT INTO api_call (note_id, endpoint, sent_at, received_at, duration_ms, http_status, code, billed, request_id,
                                      message, refresh)
                SELECT id, 'note-detail/v1', ?::timestamptz, ?::timestamptz, 800, 200, 0, 'YES', md5(id), 'success', ?
                FROM unnest(?) AS id
                """, at.toString(), at.toString(), month > 0, ids.toArray(String[]::new));
        long first = database.count("SELECT max(id) FROM api_call") - NOTES + 1;
        IntStream.range(0, (NOTES + BATCH - 1) / BATCH)
                .parallel()
                .forEach(batch -> database.inTransaction(() -> {
                    database.jdbc().sql("SET LOCAL synchronous_commit = off").update();
                    for (int i = batch * BATCH; i < Math.min(NOTES, (batch + 1) * BATCH); i++) {
                        NoteCapture capture = capture(i, month, first + i, at);
                        notes.save(new CapturedNote(capture, null, List.of(), at));
                        sidecars.add(bytesOfSidecar(capture));
                    }
                }));
    }

    private NoteCapture capture(int note, int month, long call, Instant at) {
        NoteId id = new NoteId(ids.get(note));
        byte[] response = originals
                .get(note % originals.size())
                .replace("NOTE-ID", id.value())
                .replace("LIKES", String.valueOf(1000 + 37L * month + note))
                .getBytes(StandardCharsets.UTF_8);
        return ResponseReader.read(response, id)
                .flatMap(ResponseReader.Envelope::note)
                .orElseThrow()
                .capture(id, call, at, response);
    }

    private static int bytesOfSidecar(NoteCapture capture) {
        JsonMapper json = JsonMapper.shared();
        return new Sidecar(
                        capture.id(),
                        capture.capturedAt(),
                        capture.callId(),
                        json.readTree("""
                                {"endpoint":"note-detail/v1","sentAt":"2026-01-01T00:00:00Z","durationMs":800,"httpStatus":200,"code":0,
                                 "requestId":"0123456789abcdef","message":"success","refresh":true}
                                """),
                        json.readTree("""
                                {"state":"ARCHIVED","dueAt":"2026-02-01T00:00:00Z","attempts":{"total":12},"refresh":{"days":30},
                                 "origin":{"enqueuedAt":"2026-01-01T00:00:00Z","source":"list","priority":0}}
                                """),
                        capture.capturedAt(),
                        List.of(),
                        null,
                        capture.response())
                .bytes()
                .length;
    }
}
