package io.github.notearchive.archive.worklist;

import io.github.notearchive.io.Transactions;
import io.github.notearchive.note.NoteId;
import java.sql.Types;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Which notes and people are not to be archived any more. */
@Repository
public class ErasureList {

    private final JdbcClient jdbc;
    private final TransactionTemplate ownTransaction;

    ErasureList(JdbcClient jdbc, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.ownTransaction = Transactions.perStatement(transactions);
    }

    /**
     * That a note was forgotten.
     *
     * @param at when that was decided
     * @param reason why; null when nobody said
     * @param finishedAt when nothing was left of it; null when that was interrupted
     */
    public record Tombstone(
            Instant at, @Nullable String reason, @Nullable Instant finishedAt) {}

    /** That of a note; empty when it was not forgotten. */
    public Optional<Tombstone> find(NoteId id) {
        return jdbc.sql("""
                        SELECT forgotten_at, reason, finished_at FROM forgotten_note WHERE note_id = :noteId
                        """)
                .param("noteId", id.value())
                .query((row, _) -> new Tombstone(
                        row.getTimestamp("forgotten_at").toInstant(),
                        row.getString("reason"),
                        row.getTimestamp("finished_at") == null
                                ? null
                                : row.getTimestamp("finished_at").toInstant()))
                .optional();
    }

    /**
     * Whether nothing of an answer is to be kept: its note was forgotten, or whoever wrote it. In a transaction of its
     * own, since whoever asks is about to download, and holds no connection meanwhile.
     *
     * @param author the platform's id of the author; null when the answer does not say
     */
    public boolean covers(NoteId id, @Nullable String author) {
        return Boolean.TRUE.equals(ownTransaction.execute(_ -> jdbc.sql("""
                                                SELECT EXISTS (SELECT 1 FROM forgotten_note WHERE note_id = :noteId)
                                                    OR EXISTS (SELECT 1 FROM forgotten_author WHERE author_sha256 = person_sha256(:author))
                                                """)
                .param("noteId", id.value())
                .param("author", author, Types.VARCHAR)
                .query(Boolean.class)
                .single()));
    }

    /** How many notes and people were forgotten, and of how many something is left. */
    public Count count() {
        return jdbc.sql("""
                        SELECT (SELECT count(*) FROM forgotten_note) AS notes,
                               (SELECT count(*) FROM forgotten_author) AS authors,
                               (SELECT count(*) FROM forgotten_note WHERE finished_at IS NULL)
                               + (SELECT count(*) FROM forgotten_author WHERE finished_at IS NULL) AS unfinished
                        """)
                .query((row, _) -> new Count(row.getLong("notes"), row.getLong("authors"), row.getLong("unfinished")))
                .single();
    }

    /** How many were forgotten, and of how many something is left. */
    public record Count(long notes, long authors, long unfinished) {}
}
