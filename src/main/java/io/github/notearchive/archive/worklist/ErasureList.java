package io.github.notearchive.archive.worklist;

import io.github.notearchive.io.jdbc.GroupCommit;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;

/** Reads the tombstones: notes and authors that are not to be archived again. */
@Repository
public class ErasureList implements AutoCloseable {

    private final JdbcClient jdbc;
    private final JdbcClient autoCommit;
    private final GroupCommit<NoteAndAuthor, Boolean> responses = GroupCommit.ofStatements("erasures", this::covers);

    ErasureList(JdbcClient jdbc, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.autoCommit = Statements.autoCommit(transactions);
    }

    /** Tombstone of an erased note; without end if the erasure was interrupted. */
    public record Tombstone(
            Instant at, @Nullable String reason, @Nullable Instant finishedAt) {}

    private record NoteAndAuthor(NoteId id, @Nullable String author) {}

    public Optional<Tombstone> find(NoteId id) {
        return Statements.optional(jdbc, Tombstone.class, Map.of("noteId", id), """
                        SELECT forgotten_at AS at, reason, finished_at FROM forgotten_note WHERE note_id = :noteId
                        """);
    }

    /**
     * Returns whether a response must not be kept: its note or its author was erased. Runs in its own transaction,
     * since the caller downloads next and must not hold a connection meanwhile.
     */
    public boolean covers(NoteId id, @Nullable String author) {
        return responses.execute(new NoteAndAuthor(id, author));
    }

    private List<Boolean> covers(List<NoteAndAuthor> group) {
        Set<Integer> covered = autoCommit
                .sql("""
                        SELECT position
                        FROM unnest(:notes::text[], :authors::text[]) WITH ORDINALITY
                             AS response (note_id, author, position)
                        WHERE EXISTS (SELECT 1 FROM forgotten_note f WHERE f.note_id = response.note_id)
                           OR EXISTS (SELECT 1 FROM forgotten_author
                                      WHERE author_sha256 = person_sha256(response.author))
                        """)
                .param("notes", group.stream().map(each -> each.id().value()).toArray(String[]::new))
                .param("authors", group.stream().map(NoteAndAuthor::author).toArray(String[]::new))
                .query((row, _) -> row.getInt("position"))
                .set();
        return IntStream.rangeClosed(1, group.size())
                .mapToObj(covered::contains)
                .toList();
    }

    @Override
    public void close() {
        responses.close();
    }

    public record ErasureCount(long notes, long authors, long unfinished) {}

    public ErasureCount count() {
        return Statements.one(jdbc, ErasureCount.class, Map.of(), """
                        SELECT (SELECT count(*) FROM forgotten_note) AS notes,
                               (SELECT count(*) FROM forgotten_author) AS authors,
                               (SELECT count(*) FROM forgotten_note WHERE finished_at IS NULL)
                               + (SELECT count(*) FROM forgotten_author WHERE finished_at IS NULL) AS unfinished
                        """);
    }
}
