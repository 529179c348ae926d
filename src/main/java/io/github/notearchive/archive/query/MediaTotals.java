package io.github.notearchive.archive.query;

import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.io.jdbc.Transactions;
import io.github.notearchive.note.Night;
import java.util.Map;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Counts the stored files and their bytes, as recorded in the tables.
 *
 * <p>Exact, at a cost independent of the number of files: {@code media_object_count} holds the total of older files, an
 * index covers those of the last hours.
 */
@Repository
public final class MediaTotals {

    private final JdbcClient jdbc;
    private final PlatformTransactionManager transactions;

    MediaTotals(JdbcClient jdbc, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.transactions = transactions;
    }

    /** Returns the files stored in a night by all nodes, in its own transaction. */
    public Volume storedIn(Night night) {
        return Transactions.separate(transactions)
                .execute(_ -> Statements.one(jdbc, Volume.class, CallTotals.period(night), """
                                        SELECT count(*) AS files, coalesce(sum(size_bytes), 0) AS bytes
                                        FROM media_object
                                        WHERE stored_at >= :begins AND stored_at < :ends
                                        """));
    }

    public record Volume(long files, long bytes) {}

    /**
     * Returns the current total, in the caller's transaction if there is one. Adds older files to
     * {@code media_object_count}, unless another session does.
     */
    public Volume now() {
        new TransactionTemplate(transactions).executeWithoutResult(_ -> countOlderFiles());
        return Statements.one(jdbc, Volume.class, Map.of(), """
                        SELECT c.files + n.files AS files, c.bytes + n.bytes AS bytes
                        FROM (SELECT coalesce(sum(files), 0) AS files, coalesce(sum(bytes), 0) AS bytes
                              FROM media_object_count) AS c,
                             (SELECT count(*) AS files, coalesce(sum(size_bytes), 0) AS bytes FROM media_object
                              WHERE stored_at >= (SELECT coalesce(max(counted_until), '-infinity')
                                                  FROM media_object_count)) AS n
                        """);
    }

    /** Counts the archived notes with a lesser rendition than the best one offered. */
    public long degradedNotes() {
        return Statements.one(jdbc, Long.class, Map.of(), """
                        SELECT count(DISTINCT m.note_id) FROM note_media m JOIN worklist w USING (note_id)
                        WHERE m.reason = 'DEGRADED' AND m.state = 'STORED' AND w.state = 'ARCHIVED'
                        """);
    }

    /** Counts the notes with a HEIC image without preview. */
    public long notesWithoutPreview() {
        return Statements.one(jdbc, Long.class, Map.of(), """
                        SELECT count(DISTINCT m.note_id) FROM note_media m WHERE %s
                        """.formatted(FilterKey.NO_PREVIEW));
    }

    private void countOlderFiles() {
        boolean hasLock = Statements.one(jdbc, Boolean.class, Map.of(), """
                                SELECT pg_try_advisory_xact_lock(hashtext('note-archive, media_object_count'), 0)
                                """);
        if (hasLock) {
            jdbc.sql("""
                            WITH begun AS (
                                SELECT coalesce(max(counted_until), '-infinity') AS until FROM media_object_count),
                            removed AS (
                                DELETE FROM media_object_count
                                WHERE (SELECT until < now() - interval '7 hours' FROM begun)
                                RETURNING files, bytes),
                            old AS (
                                SELECT count(*) AS files, coalesce(sum(size_bytes), 0) AS bytes FROM media_object
                                WHERE stored_at >= (SELECT until FROM begun) AND stored_at < now() - interval '6 hours')
                            INSERT INTO media_object_count (counted_until, files, bytes)
                            SELECT now() - interval '6 hours',
                                   old.files + coalesce((SELECT sum(files) FROM removed), 0),
                                   old.bytes + coalesce((SELECT sum(bytes) FROM removed), 0)
                            FROM old
                            WHERE (SELECT until < now() - interval '7 hours' FROM begun)
                            """).update();
        }
    }
}
