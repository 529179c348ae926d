package io.github.notearchive.archive.catalog;

import io.github.notearchive.io.jdbc.Columns;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.NoteId;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.lang3.ArrayUtils;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Reads and writes entries and checkpoints of the transparency log, whose objects the package {@code prove} writes.
 * Each method commits on its own unless it says otherwise.
 */
@Repository
public final class LogRepository {

    private final JdbcClient jdbc;
    private final JdbcClient autoCommit;
    private final ProofProperties settings;
    private final Clock clock;

    public LogRepository(
            JdbcClient jdbc, PlatformTransactionManager transactions, ProofProperties settings, Clock clock) {
        this.jdbc = jdbc;
        this.autoCommit = Statements.autoCommit(transactions);
        this.settings = settings;
        this.clock = clock;
    }

    /**
     * Content of an entry, which only who knows the salt can connect with the entry.
     *
     * @param salt 32 random bytes in lower-case hexadecimal
     * @param record canonical record of a capture
     */
    public record LogEntry(NoteId noteId, Instant capturedAt, String salt, String record) {

        private static final SecureRandom RANDOM = new SecureRandom();

        /** Creates an entry with a new salt. */
        public static LogEntry of(NoteId noteId, Instant capturedAt, String record) {
            byte[] salt = new byte[32];
            RANDOM.nextBytes(salt);
            return new LogEntry(noteId, capturedAt, HexFormat.of().formatHex(salt), record);
        }

        /** Returns the bytes whose SHA-256 is the entry: the salt, then the record in UTF-8. */
        public byte[] content() {
            return ArrayUtils.addAll(HexFormat.of().parseHex(salt), record.getBytes(StandardCharsets.UTF_8));
        }
    }

    /**
     * A state of the log.
     *
     * @param size number of entries
     * @param rootSha256 root of its tree in lower-case hexadecimal
     * @param signedText the signed checkpoint as stored; null until its objects are stored
     */
    public record LogCheckpoint(
            long size, String rootSha256, @Nullable String signedText) {

        public static final LogCheckpoint EMPTY = new LogCheckpoint(0, DigestUtils.sha256Hex(""), null);
    }

    /**
     * Records entries of captures, which the next append adds to the log. A capture that has an entry with the same
     * record keeps it; an entry that the log has gets its content. Part of the caller's transaction if there is one.
     *
     * @return the salt of each entry, in the order of the captures
     */
    public List<String> record(List<LogEntry> captures) {
        return Statements.texts(jdbc, Map.of("rows", Columns.json(captures), "now", clock.instant()), """
                        WITH captures AS MATERIALIZED (
                            SELECT c.*, k.salt AS known,
                                   sha256(decode(c.salt, 'hex') || convert_to(c.record, 'UTF8')) AS entry
                            FROM ROWS FROM (json_to_recordset(:rows::json)
                                            AS (note_id text, captured_at timestamptz, salt text, record text))
                                 WITH ORDINALITY AS c (note_id, captured_at, salt, record, n)
                            LEFT JOIN LATERAL (SELECT encode(e.salt, 'hex') AS salt FROM log_entry e
                                               WHERE e.note_id = c.note_id AND e.captured_at = c.captured_at
                                                 AND e.entry = sha256(e.salt || convert_to(c.record, 'UTF8'))
                                               LIMIT 1) AS k ON true
                        ), added AS (
                            INSERT INTO log_entry (entry, note_id, captured_at, salt, recorded_at)
                            SELECT entry, note_id, captured_at, decode(salt, 'hex'), :now::timestamptz
                            FROM captures WHERE known IS NULL
                            ON CONFLICT (entry) DO UPDATE
                            SET note_id = EXCLUDED.note_id, captured_at = EXCLUDED.captured_at, salt = EXCLUDED.salt)
                        SELECT coalesce(known, salt) FROM captures ORDER BY n
                        """);
    }

    /** An appended entry of a note; {@code entry} in lower-case hexadecimal. */
    public record AppendedEntry(long position, String entry, Instant capturedAt) {}

    /** Returns the appended entries of a note, oldest first. */
    public List<AppendedEntry> of(NoteId note) {
        return Statements.list(autoCommit, AppendedEntry.class, Map.of("note", note), """
                        SELECT position, encode(entry, 'hex') AS entry, captured_at FROM log_entry
                        WHERE note_id = :note AND position IS NOT NULL ORDER BY position
                        """);
    }

    /** Returns the next entries to append, oldest first. */
    public List<byte[]> pending(int limit) {
        return Statements.list(autoCommit, byte[].class, Map.of("limit", limit), """
                        SELECT entry FROM log_entry WHERE position IS NULL ORDER BY recorded_at, entry LIMIT :limit
                        """);
    }

    public List<byte[]> entries(long from, long to) {
        return Statements.list(autoCommit, byte[].class, Map.of("from", from, "to", to), """
                        SELECT entry FROM log_entry WHERE position >= :from AND position < :to ORDER BY position
                        """);
    }

    /** Returns whether an entry or a checkpoint has been waiting for longer than this, while the log is enabled. */
    public boolean isBehind(Instant now, Duration longest) {
        return settings.enabled()
                && Statements.one(autoCommit, Boolean.class, Map.of("latest", now.minus(longest)), """
                        SELECT coalesce(least(
                            (SELECT min(recorded_at) FROM log_entry WHERE position IS NULL),
                            (SELECT min(created_at) FROM log_checkpoint
                             WHERE size > (SELECT coalesce(max(size), 0) FROM log_checkpoint
                                           WHERE signed_text IS NOT NULL))) < :latest, false)
                        """);
    }

    /** Returns the newest checkpoint whose objects are all stored. */
    public LogCheckpoint published() {
        return first("signed_text IS NOT NULL ORDER BY size DESC", Map.of()).orElse(LogCheckpoint.EMPTY);
    }

    /** Returns the newest audited checkpoint; all before it are audited as well. */
    public LogCheckpoint audited() {
        return first("audited_at IS NOT NULL ORDER BY size DESC", Map.of()).orElse(LogCheckpoint.EMPTY);
    }

    /** Returns the newest signed checkpoint that existed at a time; empty if there was none. */
    public Optional<LogCheckpoint> at(Instant time) {
        return first("created_at <= :time AND signed_text IS NOT NULL ORDER BY size DESC", Map.of("time", time));
    }

    /** Returns the row of a checkpoint with this size and root; empty if there is none. */
    public Optional<LogCheckpoint> find(LogCheckpoint checkpoint) {
        return checkpoint.equals(LogCheckpoint.EMPTY)
                ? Optional.of(checkpoint)
                : first(
                        "size = :size AND root_sha256 = :root",
                        Map.of("size", checkpoint.size(), "root", checkpoint.rootSha256()));
    }

    public Optional<LogCheckpoint> after(LogCheckpoint previous) {
        return first("previous = :size", Map.of("size", previous.size()));
    }

    /** Returns the first signed checkpoint with an entry, which must have one. */
    public LogCheckpoint containing(long position) {
        return first("size > :position AND signed_text IS NOT NULL ORDER BY size", Map.of("position", position))
                .orElseThrow();
    }

    private Optional<LogCheckpoint> first(String which, Map<String, ?> parameters) {
        return Statements.optional(autoCommit, LogCheckpoint.class, parameters, """
                        SELECT size, root_sha256, signed_text FROM log_checkpoint WHERE %s LIMIT 1
                        """.formatted(which));
    }

    /**
     * Inserts a checkpoint, and gives entries their positions, if the log still ends with the checkpoint before and no
     * entry has another position; in one statement. Inserts entries that the tables do not have, without their content.
     *
     * @param first position of the first entry; entries before the end of the log keep theirs
     * @throws OptimisticLockingFailureException if the log has changed; nothing is changed then
     */
    public void append(LogCheckpoint before, long first, List<byte[]> entries, LogCheckpoint after) {
        Map<String, Object> parameters = Map.of(
                "size", after.size(),
                "previous", before.size(),
                "previousRoot", before.rootSha256(),
                "root", after.rootSha256(),
                "now", clock.instant(),
                "first", first,
                "entries", entries.stream().map(HexFormat.of()::formatHex).toList());
        int changed = Statements.update(autoCommit, parameters, """
                        WITH entries AS MATERIALIZED (
                            SELECT decode(entry, 'hex') AS entry, :first + n - 1 AS position
                            FROM unnest(:entries::text[]) WITH ORDINALITY AS entries (entry, n)
                        ), next AS (
                            INSERT INTO log_checkpoint (size, previous, root_sha256, created_at)
                            SELECT :size, :previous, :root, :now::timestamptz
                            WHERE coalesce((SELECT (size, root_sha256) = (:previous, :previousRoot)
                                            FROM log_checkpoint ORDER BY size DESC LIMIT 1), :previous = 0)
                              AND NOT EXISTS (SELECT 1 FROM entries JOIN log_entry AS known USING (entry)
                                              WHERE known.position <> entries.position)
                            ON CONFLICT DO NOTHING RETURNING created_at)
                        INSERT INTO log_entry (entry, position, recorded_at)
                        SELECT entry, position, created_at FROM next, entries
                        ON CONFLICT (entry) DO UPDATE SET position = EXCLUDED.position
                        """);
        if (changed == 0) {
            throw new OptimisticLockingFailureException(
                    "the log in the tables does not end with %d entries, or has some at other positions"
                            .formatted(before.size()));
        }
    }

    /** Records that all objects of a checkpoint are stored. */
    public void markPublished(long size, String signedText) {
        Statements.update(
                autoCommit,
                Map.of("size", size, "signedText", signedText),
                "UPDATE log_checkpoint SET signed_text = :signedText WHERE size = :size");
    }

    /** Records that an audit recomputed the log up to a checkpoint. */
    public void markAudited(LogCheckpoint checkpoint) {
        Statements.update(
                autoCommit,
                Map.of("size", checkpoint.size(), "now", clock.instant()),
                "UPDATE log_checkpoint SET audited_at = :now WHERE size = :size");
    }

    /** Takes everything behind a checkpoint out of the log, before the log in the bucket is adopted. */
    public void withdraw(LogCheckpoint last) {
        Statements.update(autoCommit, Map.of("size", last.size()), """
                        WITH checkpoints AS (DELETE FROM log_checkpoint WHERE size > :size),
                             forgotten AS (DELETE FROM log_entry WHERE position >= :size AND note_id IS NULL)
                        UPDATE log_entry SET position = NULL WHERE position >= :size AND note_id IS NOT NULL
                        """);
    }

    /** Removes what names these notes from their entries, which stay. Part of the caller's transaction. */
    public long erase(Collection<NoteId> notes) {
        return Statements.update(jdbc, Map.of("notes", notes), """
                        UPDATE log_entry SET note_id = NULL, captured_at = NULL, salt = NULL
                        WHERE note_id = ANY (:notes)
                        """);
    }
}
