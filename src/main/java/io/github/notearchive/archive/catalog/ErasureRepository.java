package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.io.jdbc.PostgresText;
import io.github.notearchive.io.jdbc.Savepoint;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.io.time.Deadline;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoredObject;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Removes erased notes and authors. A method is part of the caller's transaction unless it says otherwise; idempotent.
 */
@Repository
public final class ErasureRepository {

    /** Number of objects between two checks of the lock. */
    private static final int PAGE = 500;

    private static final String AUTHOR_FORGOTTEN = "its author is forgotten";

    private final JdbcClient jdbc;
    private final WorklistRepository worklist;
    private final ClaimRepository claims;
    private final PaidResponses calls;
    private final LogRepository log;
    private final ObjectStore store;
    private final Clock clock;
    private final PlatformTransactionManager transactions;

    ErasureRepository(
            JdbcClient jdbc,
            WorklistRepository worklist,
            ClaimRepository claims,
            PaidResponses calls,
            LogRepository log,
            ObjectStore store,
            Clock clock,
            PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.worklist = worklist;
        this.claims = claims;
        this.calls = calls;
        this.log = log;
        this.store = store;
        this.clock = clock;
        this.transactions = transactions;
    }

    /**
     * Erases a claimed note whose author was erased during the run, from bucket and tables. Writes the tombstone before
     * it locks a worklist row, as {@code forget} does, which removes files and published rows.
     *
     * @return false if the claim was lost; the tables are unchanged then, as after an error of the store
     */
    public boolean erase(WorklistItem claimed, Instant now) {
        List<NoteId> note = List.of(claimed.id());
        new TombstoneObject(claimed.id().value(), now, AUTHOR_FORGOTTEN).putInto(store);
        try (Stream<StoredObject> sidecars = store.list(Sidecar.PREFIX + claimed.id() + "/")) {
            sidecars.toList().forEach(sidecar -> store.remove(sidecar.key().value()));
        }
        return new Savepoint(transactions).executeRepeated(status -> {
            markErased(note, AUTHOR_FORGOTTEN, now);
            if (!claims.release(claimed)) {
                status.setRollbackOnly();
                return false;
            }
            Map<String, Long> removed = remove(note, List.of());
            if (removed.getOrDefault("media_object", 0L) + removed.getOrDefault("note_capture", 0L) == 0) {
                finish(note, List.of(), now);
            }
            return true;
        });
    }

    /** Returns whether any object in the bucket is known, tombstones included. */
    public boolean isAnythingStored() {
        return Statements.one(jdbc, Boolean.class, Map.of(), """
                        SELECT EXISTS (SELECT 1 FROM note_capture) OR EXISTS (SELECT 1 FROM media_object)
                            OR EXISTS (SELECT 1 FROM forgotten_object)
                            OR EXISTS (SELECT 1 FROM forgotten_note WHERE finished_at IS NOT NULL)
                            OR EXISTS (SELECT 1 FROM forgotten_author WHERE finished_at IS NOT NULL)
                        """);
    }

    /** Returns the notes of authors whose erasure is unfinished, by any response. A tombstone may have only a hash. */
    public List<NoteId> notesOfUnfinishedAuthors() {
        return Statements.list(jdbc, NoteId.class, Map.of(), """
                        WITH erased AS (SELECT author_id FROM author
                                        WHERE person_sha256(author_id) IN (SELECT author_sha256 FROM forgotten_author
                                                                           WHERE finished_at IS NULL))
                        SELECT note_id AS value FROM note WHERE author_id = ANY (ARRAY(SELECT author_id FROM erased))
                        UNION SELECT note_id FROM note_capture
                        WHERE author_id = ANY (ARRAY(SELECT author_id FROM erased))
                        ORDER BY value
                        """);
    }

    /** Returns the id of the only author with this public number; empty if there is none. */
    public Optional<String> authorByRedId(String redId) {
        return Statements.optional(jdbc, String.class, Map.of("redId", redId), """
                        SELECT author_id FROM author WHERE red_id = :redId AND author_id <> :redId LIMIT 1
                        """);
    }

    /** As {@link WorklistRepository#remove}. */
    public long removeFromWorklist(Collection<NoteId> notes, Instant now) {
        return worklist.remove(notes, now);
    }

    /** Writes the tombstones of notes. Locks no worklist row. */
    public void markErased(Collection<NoteId> notes, @Nullable String reason, Instant now) {
        markErased("forgotten_note", "note_id", "id", notes, reason, now);
    }

    public void markAuthorErased(String author, @Nullable String reason, Instant now) {
        markErased("forgotten_author", "author_sha256", "person_sha256(id)", List.of(author), reason, now);
    }

    private void markErased(
            String table, String key, String value, Collection<?> ids, @Nullable String reason, Instant now) {
        change(
                """
                INSERT INTO %1$s (%2$s, forgotten_at, reason)
                SELECT %3$s, :now, nullif(:reason, '') FROM unnest(:ids) AS id
                ON CONFLICT (%2$s) DO UPDATE
                SET reason = coalesce(EXCLUDED.reason, %1$s.reason), finished_at = NULL
                """.formatted(table, key, value),
                Map.of("now", now, "reason", Objects.requireNonNullElse(reason, ""), "ids", ids));
    }

    /** Returns the tombstones of the bucket that the tables do not have. */
    List<StoredObject> unknownTombstones() {
        Set<String> known = Set.copyOf(Statements.texts(jdbc, Map.of(), """
                SELECT 'forgotten/' || note_id || '.json' FROM forgotten_note
                UNION ALL SELECT 'forgotten/author-' || author_sha256 || '.json' FROM forgotten_author
                """));
        try (Stream<StoredObject> listed = store.list(TombstoneObject.PREFIX)) {
            return listed.filter(
                            object -> TombstoneObject.KEY.matcher(object.name()).matches())
                    .filter(object -> !known.contains(object.name()))
                    .toList();
        }
    }

    /**
     * Restores the tombstones of the bucket that the tables do not have. Idempotent.
     *
     * @param finished when these erasures count as completed; null if the tables may hold rows of them
     */
    public void restoreTombstones(@Nullable Instant finished) {
        unknownTombstones()
                .forEach(object -> TombstoneObject.read(object.name(), store.read(object.key()), object.modified())
                        .ifPresent(tombstone -> restore(tombstone, finished)));
    }

    private void restore(TombstoneObject tombstone, @Nullable Instant finished) {
        boolean isNote = tombstone.note().isPresent();
        change(
                """
                INSERT INTO %1$s (%2$s, forgotten_at, reason, finished_at)
                VALUES (:id, :at, nullif(:reason, ''), nullif(:finished::timestamptz, 'epoch'))
                ON CONFLICT (%2$s) DO NOTHING
                """.formatted(isNote ? "forgotten_note" : "forgotten_author", isNote ? "note_id" : "author_sha256"),
                Map.of(
                        "id", tombstone.id(),
                        "at", tombstone.at(),
                        "reason", Objects.requireNonNullElse(tombstone.reason(), ""),
                        "finished", Objects.requireNonNullElse(finished, Instant.EPOCH)));
    }

    /** Marks an erasure as unfinished: remains of the note were found. The next erasure removes them. */
    public void reopen(NoteId note) {
        change(
                "UPDATE forgotten_note SET finished_at = NULL WHERE note_id = ANY (:notes)",
                Map.of("notes", List.of(note)));
    }

    /** Returns the tombstones of unfinished erasures, those of notes first. */
    public List<TombstoneObject> unfinished() {
        return Statements.list(jdbc, TombstoneObject.class, Map.of(), """
                        SELECT id, at, reason
                        FROM (SELECT 1 AS kind, note_id AS id, forgotten_at AS at, reason, finished_at
                              FROM forgotten_note
                              UNION ALL
                              SELECT 2, author_sha256, forgotten_at, reason, finished_at
                              FROM forgotten_author) AS erased
                        WHERE finished_at IS NULL ORDER BY kind, id
                        """);
    }

    /**
     * Removes all rows of these notes and of authors whose erasure is unfinished. Lists the files that no other note
     * uses for removal. Calls remain for billing, without responses.
     *
     * @param named keys of files named by the bucket objects of these notes
     * @return number of rows by table; rows of {@code api_call} and {@code log_entry} are cleared, not removed
     */
    public Map<String, Long> remove(Collection<NoteId> notes, Collection<String> named) {
        change("""
                INSERT INTO forgotten_object (object_key, size_bytes)
                SELECT o.object_key, o.size_bytes FROM media_object o
                WHERE o.sha256 IN (SELECT sha256 FROM note_media WHERE note_id = ANY (:notes)
                                   UNION SELECT sha256 FROM media_object WHERE object_key = ANY (:keys))
                  AND NOT EXISTS (SELECT 1 FROM note_media u WHERE u.sha256 = o.sha256 AND u.note_id <> ALL (:notes))
                ON CONFLICT (object_key) DO NOTHING
                """, Map.of("notes", notes, "keys", named));
        List<String> authors = Statements.texts(jdbc, Map.of("notes", notes), """
                SELECT author_id FROM note WHERE note_id = ANY (:notes) AND author_id IS NOT NULL
                """);
        Map<String, Long> rows = new LinkedHashMap<>();
        for (String table :
                List.of("note_media", "note_topic", "note_mention", "note_comment", "note_capture", "note")) {
            rows.put(table, change("DELETE FROM " + table + " WHERE note_id = ANY (:notes)", Map.of("notes", notes)));
        }
        rows.put("author", change("""
                DELETE FROM author a
                WHERE (a.author_id = ANY (:authors)
                       OR person_sha256(a.author_id) = ANY (ARRAY(
                           SELECT author_sha256 FROM forgotten_author WHERE finished_at IS NULL)))
                  AND NOT EXISTS (SELECT 1 FROM note n WHERE n.author_id = a.author_id)
                """, Map.of("authors", authors)));
        rows.put("media_object", removeListedRows());
        rows.put("fixity_finding", change("""
                DELETE FROM fixity_finding
                WHERE note_id = ANY (:notes) OR split_part(object_key, '/', 2) = ANY (:notes)
                   OR object_key IN (SELECT object_key FROM forgotten_object)
                """, Map.of("notes", notes)));
        rows.put("worklist", worklist.delete(notes));
        rows.put("log_entry", log.erase(notes));
        rows.put("api_call", calls.clearResponses(notes));
        return rows;
    }

    private long change(String sql, Map<String, ?> parameters) {
        return Statements.update(jdbc, parameters, sql);
    }

    /** Removes mentions and comments of erased authors in other notes; returns those whose texts still name one. */
    public List<NoteId> removeMentions(Collection<NoteId> own) {
        return Statements.list(jdbc, NoteId.class, Map.of("notes", own), """
                        WITH persons AS (
                            SELECT author_sha256 FROM forgotten_author WHERE finished_at IS NULL
                        ), mentions AS (
                            DELETE FROM note_mention
                            WHERE note_id <> ALL (:notes)
                              AND person_sha256(user_id) IN (SELECT author_sha256 FROM persons)
                            RETURNING note_id
                        ), comments AS (
                            DELETE FROM note_comment
                            WHERE note_id <> ALL (:notes)
                              AND person_sha256(author_id) IN (SELECT author_sha256 FROM persons)
                            RETURNING note_id
                        ), sounds AS (
                            UPDATE note SET sound_creator_id = NULL
                            WHERE note_id <> ALL (:notes)
                              AND person_sha256(sound_creator_id) IN (SELECT author_sha256 FROM persons)
                            RETURNING note_id)
                        SELECT note_id AS value FROM mentions
                        UNION SELECT note_id FROM comments UNION SELECT note_id FROM sounds
                        ORDER BY value
                        """);
    }

    /** Removes the rows of the listed objects. An object used by a slot keeps its row and leaves the list. */
    private long removeListedRows() {
        long removed = change("""
                DELETE FROM media_object o USING forgotten_object f
                WHERE f.object_key = o.object_key AND NOT EXISTS (SELECT 1 FROM note_media m WHERE m.sha256 = o.sha256)
                """, Map.of());
        change("DELETE FROM forgotten_object f USING media_object o WHERE o.object_key = f.object_key", Map.of());
        return removed;
    }

    /** Returns the files that these notes share with others; they remain. */
    public ErasedFiles shared(Collection<NoteId> notes) {
        return files("""
                media_object o
                WHERE EXISTS (SELECT 1 FROM note_media m WHERE m.sha256 = o.sha256 AND m.note_id = ANY (:notes))
                  AND EXISTS (SELECT 1 FROM note_media u WHERE u.sha256 = o.sha256 AND u.note_id <> ALL (:notes))
                """, Map.of("notes", notes));
    }

    public ErasedFiles toRemove() {
        return files("forgotten_object", Map.of());
    }

    private ErasedFiles files(String rows, Map<String, ?> parameters) {
        return Statements.one(
                jdbc,
                ErasedFiles.class,
                parameters,
                "SELECT count(*), coalesce(sum(size_bytes), 0)::bigint AS bytes FROM " + rows);
    }

    public record ErasedFiles(long count, long bytes) {}

    private record ErasedFile(String key, long bytes) {}

    /**
     * Removes the listed objects: row, object and list entry, in this order, in its own transactions. An interrupted
     * removal is resumed by the next one.
     *
     * <p>Requires the locks of the whole archive and of audits: a run with the same bytes in progress may have read the
     * row and would not store them, and an audit would report the objects as missing.
     *
     * @param requireLock called before each page; throws if the lock was lost
     * @param deadline time after which no further object is removed; null for none
     */
    public ErasedFiles removeListed(Runnable requireLock, @Nullable Deadline deadline) {
        ErasedFiles removed = new ErasedFiles(0, 0);
        for (List<ErasedFile> files = nextToRemove(); !files.isEmpty(); files = nextToRemove()) {
            requireLock.run();
            for (ErasedFile file : files) {
                if (deadline == null) {
                    store.remove(file.key());
                } else if (deadline.isOver()) {
                    return removed;
                } else {
                    store.removePromptly(file.key());
                }
                change("""
                        WITH removed AS (DELETE FROM forgotten_object WHERE object_key = :key)
                        UPDATE fixity_finding SET resolved_at = :now WHERE object_key = :key AND resolved_at IS NULL
                        """, Map.of("now", clock.instant(), "key", file.key()));
                removed = new ErasedFiles(removed.count() + 1, removed.bytes() + file.bytes());
            }
        }
        return removed;
    }

    /** Returns the next files to remove, without their rows. A file in use again leaves the list. */
    private List<ErasedFile> nextToRemove() {
        return new TransactionTemplate(transactions).execute(_ -> {
            removeListedRows();
            return Statements.list(jdbc, ErasedFile.class, Map.of("limit", PAGE), """
                            SELECT object_key AS key, size_bytes AS bytes FROM forgotten_object
                            ORDER BY object_key LIMIT :limit
                            """);
        });
    }

    public void finish(Collection<NoteId> notes, Collection<String> authors, Instant now) {
        change("""
                WITH finished AS (UPDATE forgotten_note SET finished_at = :now WHERE note_id = ANY (:notes))
                UPDATE forgotten_author SET finished_at = :now WHERE author_sha256 = ANY (:authors)
                """, Map.of("now", now, "notes", notes, "authors", authors));
    }

    /** Documents outside of the tables that name notes and are removed with them. */
    public interface Mentions {

        /**
         * Removes the documents that name any of these notes, unless in a dry run, and returns their number. After a
         * failure, a repeat removes the rest.
         */
        long removeNaming(Collection<NoteId> notes, boolean dryRun) throws IOException;
    }

    /** Copies of rows outside of the tables, which are removed with them. */
    public interface Copies {

        /** Removes copies of all erased rows; may be repeated. Fails if {@code requireHeld} does. */
        void removeErased(Runnable requireHeld) throws IOException;
    }

    /**
     * Bucket object of an erased note or author, so that a rebuild from the bucket does not restore it. Mirrors
     * {@code forgotten_note} and {@code forgotten_author}; contains no archived data.
     *
     * @param id a note id, or the hexadecimal SHA-256 of an author id
     */
    public record TombstoneObject(
            String id, Instant at, @Nullable String reason) {

        public static final String PREFIX = "forgotten/";

        private static final String FORMAT = "note-archive/forgotten/1";
        private static final Pattern KEY = Pattern.compile("forgotten/(?:([0-9a-f]{24})|author-([0-9a-f]{64}))\\.json");

        public TombstoneObject {
            if (KEY.matcher(nameOf(id)).matches()) {
                reason = PostgresText.of(reason);
            } else {
                throw new IllegalArgumentException("\"" + id + "\" is neither a note id nor the hash of an author id");
            }
        }

        private static String nameOf(String id) {
            return PREFIX + (id.length() == 64 ? "author-" : "") + id + ".json";
        }

        public Optional<NoteId> note() {
            return id.length() == 64 ? Optional.empty() : Optional.of(new NoteId(id));
        }

        public void putInto(ObjectStore store) {
            ObjectNode root = Sidecar.JSON.createObjectNode();
            root.put("format", FORMAT);
            root.put(note().isPresent() ? "noteId" : "authorSha256", id);
            root.put("forgottenAt", at.toString());
            root.put("reason", reason);
            store.putBytes(new ObjectKey(nameOf(id)), Sidecar.JSON.writeValueAsBytes(root), "application/json");
        }

        /**
         * Reads an object stored at a time; empty if its key is not that of a tombstone. Unreadable content is
         * accepted.
         */
        public static Optional<TombstoneObject> read(String key, byte[] bytes, Instant at) {
            Matcher name = KEY.matcher(key);
            if (!name.matches()) {
                return Optional.empty();
            }
            String id = name.group(1) == null ? name.group(2) : name.group(1);
            try {
                JsonNode root = Sidecar.JSON.readTree(bytes);
                return Optional.of(new TombstoneObject(
                        id,
                        Instant.parse(root.path("forgottenAt").stringValue("")),
                        root.path("reason").stringValue(null)));
            } catch (JacksonException | DateTimeParseException e) {
                return Optional.of(new TombstoneObject(id, at, null));
            }
        }
    }
}
