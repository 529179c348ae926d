package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.catalog.NoteDetail.Author;
import io.github.notearchive.archive.catalog.NoteDetail.Capture;
import io.github.notearchive.archive.catalog.NoteDetail.Comment;
import io.github.notearchive.archive.catalog.NoteDetail.Mention;
import io.github.notearchive.archive.catalog.NoteDetail.Note;
import io.github.notearchive.archive.catalog.NoteDetail.Topic;
import io.github.notearchive.note.AnswerJson;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.namedparam.NamedParameterJdbcOperations;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import tools.jackson.databind.JsonNode;

/**
 * Maps stored responses again, so that rows of an older mapper version match the current one. Responses of
 * note-detail/v6 are skipped, since only their counts are kept.
 *
 * <p>Safe beside a run: a row is changed only while it still belongs to the response that was read, so newer data
 * stays. Rows are locked in the order of a run, authors before notes before captures, so that neither deadlocks.
 */
@Repository
public class StoredResponses {

    /** Maximum number of responses in a page, which is written in one transaction. */
    private static final int MAX_PAGE = 200;

    /** Total text length after which a page ends early; bounds the heap. */
    private static final long MAX_PAGE_CHARACTERS = 4L << 20;

    /** Number of responses that the driver fetches at once; a response may have several MiB. */
    private static final int FETCH = 10;

    private final JdbcClient jdbc;
    private final NamedParameterJdbcOperations batches;
    private final NoteCatalog notes;
    private final SchemaDrift drift;

    StoredResponses(JdbcClient jdbc, NamedParameterJdbcOperations batches, NoteCatalog notes, SchemaDrift drift) {
        this.jdbc = jdbc;
        this.batches = batches;
        this.notes = notes;
        this.drift = drift;
    }

    /** Position of a response in the reading order. */
    public record Position(String note, Instant capturedAt) {

        /** Before all responses. */
        public static final Position FIRST = new Position("", Instant.EPOCH);
    }

    /** Finds the note and its author in a response; empty if it lacks that note. */
    @FunctionalInterface
    public interface NoteFinder {
        Optional<NoteCapture> find(NoteId id, long callId, Instant capturedAt, byte[] body, JsonNode answer);
    }

    /** Responses that were read and mapped, to be compared or written. */
    public static final class Page {

        private final List<Mapped> mapped = new ArrayList<>();
        private final List<SchemaDrift.NewFields> newFields = new ArrayList<>();
        private final List<NoteId> unreadable = new ArrayList<>();
        private Position last = Position.FIRST;
        private long characters;

        private Page() {}

        /** Returns the position after which the next page starts. */
        public Position last() {
            return last;
        }

        /** Returns the number of responses read. */
        public int answers() {
            return mapped.size() + unreadable.size();
        }

        /** Returns notes whose stored response lacks them, once per response. */
        public List<NoteId> unreadable() {
            return List.copyOf(unreadable);
        }

        private boolean isFull() {
            return answers() >= MAX_PAGE || characters >= MAX_PAGE_CHARACTERS;
        }
    }

    private record Key(NoteId note, Instant capturedAt) {}

    private record Mapped(Key key, NoteDetail detail, Capture before, boolean isOlder) {}

    private record NoteBefore(Instant lastCapturedAt, boolean isOlder, Note columns) {}

    private record AuthorBefore(Instant updatedAt, Author columns) {}

    /** Rows to write; {@code changes} describes the differences. */
    private record Plan(
            RemapChanges changes,
            Map<String, AuthorToWrite> authors,
            List<Mapped> notes,
            List<Mapped> captures,
            Map<Key, Rewrite> rewrites) {}

    private record AuthorToWrite(Key of, Author author) {}

    /** Dependent rows of a capture or note that differ. */
    private record Rewrite(boolean topics, boolean mentions, boolean comments) {}

    /** Counts the responses to read. */
    public long count(Position after, boolean all) {
        return jdbc.sql("""
                        SELECT count(*)
                        FROM note_capture c JOIN api_call k ON k.id = c.call_id
                        WHERE k.endpoint = 'note-detail/v1' AND (c.note_id, c.captured_at) > (:note, :capturedAt)
                          AND (:all OR c.mapper_version < :version)
                        """)
                .param("note", after.note())
                .param("capturedAt", Timestamp.from(after.capturedAt()))
                .param("all", all)
                .param("version", NoteMapper.VERSION)
                .query(Long.class)
                .single();
    }

    /**
     * Reads and maps the next responses, ordered by note and time; empty at the end. Part of the caller's transaction,
     * without which the driver would read all of them at once.
     *
     * @param all whether to include responses mapped by the current version
     */
    public Page next(Position after, boolean all, NoteFinder finder) {
        return jdbc.sql("""
                        SELECT c.note_id, c.captured_at, c.call_id, c.mapper_version, c.response::text AS response, %s
                        FROM note_capture c JOIN api_call k ON k.id = c.call_id
                        WHERE k.endpoint = 'note-detail/v1' AND (c.note_id, c.captured_at) > (:note, :capturedAt)
                          AND (:all OR c.mapper_version < :version)
                        ORDER BY c.note_id, c.captured_at
                        LIMIT :limit
                        """.formatted(NoteCatalog.CAPTURE.each("c.?")))
                .param("note", after.note())
                .param("capturedAt", Timestamp.from(after.capturedAt()))
                .param("all", all)
                .param("version", NoteMapper.VERSION)
                .param("limit", MAX_PAGE)
                .withFetchSize(FETCH)
                .query(rows -> {
                    Page page = new Page();
                    while (!page.isFull() && rows.next()) {
                        add(page, rows, finder);
                    }
                    return page;
                });
    }

    private void add(Page page, ResultSet row, NoteFinder finder) throws SQLException {
        Key key = new Key(
                new NoteId(row.getString("note_id")),
                row.getTimestamp("captured_at").toInstant());
        byte[] body = row.getString("response").getBytes(StandardCharsets.UTF_8);
        page.last = new Position(key.note().value(), key.capturedAt());
        page.characters += body.length;
        JsonNode answer = AnswerJson.read(body).orElseThrow();
        Optional<NoteCapture> capture = finder.find(key.note(), row.getLong("call_id"), key.capturedAt(), body, answer);
        if (capture.isEmpty()) {
            page.unreadable.add(key.note());
            return;
        }
        page.mapped.add(
                new Mapped(key, NoteMapper.map(capture.get(), answer), NoteCatalog.CAPTURE.read(row), isOlder(row)));
        page.newFields.add(drift.newFieldsIn(key.note(), key.capturedAt(), answer));
    }

    private static boolean isOlder(ResultSet row) throws SQLException {
        return row.getInt("mapper_version") != NoteMapper.VERSION;
    }

    /** Returns what the mapper would change. Read-only. */
    public RemapChanges compare(Page page) {
        return plan(page).changes();
    }

    /**
     * Writes differences and new fields of the responses. Part of the caller's transaction, in which statements now
     * wait at most half a second for a lock, less than the database waits before it looks for deadlocks. Idempotent.
     *
     * @return the differences
     */
    public RemapChanges write(Page page) {
        jdbc.sql("SET LOCAL lock_timeout = '500ms'").update();
        Plan plan = plan(page);
        saveAuthors(plan.authors().values());
        List<Mapped> changed = saveNotes(plan.notes());
        List<Mapped> captures = saveCaptures(plan.captures());
        for (Mapped note : changed) {
            Rewrite rewrite = Objects.requireNonNull(plan.rewrites().get(note.key()));
            if (rewrite.topics()) {
                notes.saveTopics(note.key().note(), note.detail().topics());
            }
            if (rewrite.mentions()) {
                notes.saveMentions(note.key().note(), note.detail().mentions());
            }
        }
        for (Mapped capture : captures) {
            if (Objects.requireNonNull(plan.rewrites().get(capture.key())).comments()) {
                notes.saveComments(
                        capture.key().note(),
                        capture.key().capturedAt(),
                        capture.detail().comments());
            }
        }
        drift.record(page.newFields);
        return plan.changes();
    }

    private Plan plan(Page page) {
        Plan plan =
                new Plan(new RemapChanges(), new TreeMap<>(), new ArrayList<>(), new ArrayList<>(), new HashMap<>());
        if (page.mapped.isEmpty()) {
            return plan;
        }
        String[] ids = page.mapped.stream()
                .map(mapped -> mapped.key().note().value())
                .distinct()
                .toArray(String[]::new);
        Map<String, NoteBefore> before = notesBefore(ids);
        Map<String, List<Topic>> topics = rows("note_topic", NoteCatalog.TOPIC, ids);
        Map<String, List<Mention>> mentions = rows("note_mention", NoteCatalog.MENTION, ids);
        Map<Key, List<Comment>> comments = commentsBefore(
                page.mapped.getFirst().key(), page.mapped.getLast().key());
        for (Mapped mapped : page.mapped) {
            String id = mapped.key().note().value();
            NoteBefore note = before.get(id);
            boolean isNewest =
                    note != null && note.lastCapturedAt().equals(mapped.key().capturedAt());
            Rewrite rewrite = new Rewrite(
                    isNewest
                            && differ(
                                    topics.getOrDefault(id, List.of()),
                                    mapped.detail().topics()),
                    isNewest
                            && differ(
                                    mentions.getOrDefault(id, List.of()),
                                    mapped.detail().mentions()),
                    differ(
                            comments.getOrDefault(mapped.key(), List.of()),
                            mapped.detail().comments()));
            plan.rewrites().put(mapped.key(), rewrite);
            planCapture(plan, mapped, rewrite);
            if (note != null && isNewest) {
                planNote(plan, mapped, note, rewrite);
            }
        }
        planAuthors(plan, page);
        return plan;
    }

    private static boolean differ(List<?> before, List<?> after) {
        return !before.equals(after);
    }

    private static void planCapture(Plan plan, Mapped mapped, Rewrite rewrite) {
        List<String> differing =
                NoteCatalog.CAPTURE.differing(mapped.before(), mapped.detail().capture());
        count(plan, "note_capture", differing, mapped.key());
        if (rewrite.comments()) {
            plan.changes().add("note_comment", mapped.key().note());
        }
        if (mapped.isOlder() || rewrite.comments() || !differing.isEmpty()) {
            plan.captures().add(mapped);
        }
    }

    private static void planNote(Plan plan, Mapped mapped, NoteBefore before, Rewrite rewrite) {
        List<String> differing =
                NoteCatalog.NOTE.differing(before.columns(), mapped.detail().note());
        count(plan, "note", differing, mapped.key());
        if (rewrite.topics()) {
            plan.changes().add("note_topic", mapped.key().note());
        }
        if (rewrite.mentions()) {
            plan.changes().add("note_mention", mapped.key().note());
        }
        if (before.isOlder() || rewrite.topics() || rewrite.mentions() || !differing.isEmpty()) {
            plan.notes().add(mapped);
        }
    }

    /** The newest response that names an author determines its row. */
    private void planAuthors(Plan plan, Page page) {
        Map<String, AuthorToWrite> newest = new TreeMap<>();
        for (Mapped mapped : page.mapped) {
            Author author = mapped.detail().author();
            if (author != null) {
                newest.merge(
                        author.authorId(),
                        new AuthorToWrite(mapped.key(), author),
                        (a, b) -> b.of().capturedAt().isBefore(a.of().capturedAt()) ? a : b);
            }
        }
        Map<String, AuthorBefore> before = authorsBefore(newest.keySet());
        newest.forEach((id, next) -> {
            AuthorBefore author = before.get(id);
            if (author != null && next.of().capturedAt().isBefore(author.updatedAt())) {
                return;
            }
            List<String> differing =
                    NoteCatalog.AUTHOR.differing(author == null ? null : author.columns(), next.author());
            count(plan, "author", differing, next.of());
            if (!differing.isEmpty()) {
                plan.authors().put(id, next);
            }
        });
    }

    private static void count(Plan plan, String table, List<String> columns, Key key) {
        columns.forEach(column -> plan.changes().add(table + "." + column, key.note()));
    }

    private Map<String, NoteBefore> notesBefore(String[] ids) {
        Map<String, NoteBefore> notes = new HashMap<>();
        jdbc.sql("""
                        SELECT note_id, last_captured_at, mapper_version, %s FROM note WHERE note_id = ANY (:ids)
                        """.formatted(NoteCatalog.NOTE.each("?"))).param("ids", ids).query(row -> {
            notes.put(
                    row.getString("note_id"),
                    new NoteBefore(
                            row.getTimestamp("last_captured_at").toInstant(),
                            isOlder(row),
                            NoteCatalog.NOTE.read(row)));
        });
        return notes;
    }

    private Map<String, AuthorBefore> authorsBefore(Collection<String> ids) {
        Map<String, AuthorBefore> authors = new HashMap<>();
        jdbc.sql("""
                        SELECT updated_at, %s FROM author WHERE author_id = ANY (:ids)
                        """.formatted(NoteCatalog.AUTHOR.each("?")))
                .param("ids", ids.toArray(String[]::new))
                .query(row -> {
                    authors.put(
                            row.getString("author_id"),
                            new AuthorBefore(row.getTimestamp("updated_at").toInstant(), NoteCatalog.AUTHOR.read(row)));
                });
        return authors;
    }

    private <R extends Record> Map<String, List<R>> rows(String table, Columns<R> columns, String[] ids) {
        Map<String, List<R>> rows = new HashMap<>();
        jdbc.sql("SELECT note_id, %s FROM %s WHERE note_id = ANY (:ids) ORDER BY note_id, ordinal"
                        .formatted(columns.each("?"), table))
                .param("ids", ids)
                .query(row -> {
                    rows.computeIfAbsent(row.getString("note_id"), _ -> new ArrayList<>())
                            .add(columns.read(row));
                });
        return rows;
    }

    private Map<Key, List<Comment>> commentsBefore(Key first, Key last) {
        Map<Key, List<Comment>> comments = new HashMap<>();
        jdbc.sql("""
                        SELECT note_id, captured_at, %s FROM note_comment
                        WHERE (note_id, captured_at) >= (:firstNote, :firstAt)
                          AND (note_id, captured_at) <= (:lastNote, :lastAt)
                        ORDER BY note_id, captured_at, ordinal
                        """.formatted(NoteCatalog.COMMENT.each("?")))
                .param("firstNote", first.note().value())
                .param("firstAt", Timestamp.from(first.capturedAt()))
                .param("lastNote", last.note().value())
                .param("lastAt", Timestamp.from(last.capturedAt()))
                .query(row -> {
                    Key key = new Key(
                            new NoteId(row.getString("note_id")),
                            row.getTimestamp("captured_at").toInstant());
                    comments.computeIfAbsent(key, _ -> new ArrayList<>()).add(NoteCatalog.COMMENT.read(row));
                });
        return comments;
    }

    /** Skips responses removed meanwhile; otherwise they would restore their author. */
    private void saveAuthors(Collection<AuthorToWrite> authors) {
        if (authors.isEmpty()) {
            return;
        }
        batches.batchUpdate(
                """
                INSERT INTO author (%s, updated_at)
                SELECT %s, :capturedAt
                WHERE EXISTS (SELECT 1 FROM note_capture WHERE note_id = :noteId AND captured_at = :capturedAt)
                ON CONFLICT (author_id) DO UPDATE
                SET %s, updated_at = EXCLUDED.updated_at
                WHERE author.updated_at <= EXCLUDED.updated_at
                """.formatted(
                                NoteCatalog.AUTHOR.each("?"),
                                NoteCatalog.AUTHOR.each(":?"),
                                NoteCatalog.AUTHOR.each("? = EXCLUDED.?")),
                authors.stream()
                        .map(author -> keyed(NoteCatalog.AUTHOR.parameters(author.author()), author.of()))
                        .toArray(MapSqlParameterSource[]::new));
    }

    /** Returns the changed notes; the others belong to a newer response by now. */
    private List<Mapped> saveNotes(List<Mapped> changed) {
        return update(
                """
                UPDATE note SET %s, mapper_version = :mapperVersion
                WHERE note_id = :noteId AND last_captured_at = :capturedAt
                """.formatted(NoteCatalog.NOTE.each("? = :?")),
                changed,
                mapped -> NoteCatalog.NOTE.parameters(mapped.detail().note()));
    }

    private List<Mapped> saveCaptures(List<Mapped> changed) {
        return update(
                """
                UPDATE note_capture SET %s, mapper_version = :mapperVersion
                WHERE note_id = :noteId AND captured_at = :capturedAt
                """.formatted(NoteCatalog.CAPTURE.each("? = :?")),
                changed,
                mapped -> NoteCatalog.CAPTURE.parameters(mapped.detail().capture()));
    }

    private interface Parameters {
        MapSqlParameterSource of(Mapped mapped);
    }

    private List<Mapped> update(String sql, List<Mapped> rows, Parameters parameters) {
        if (rows.isEmpty()) {
            return List.of();
        }
        int[] updated = batches.batchUpdate(
                sql,
                rows.stream()
                        .map(mapped -> keyed(parameters.of(mapped), mapped.key())
                                .addValue("mapperVersion", NoteMapper.VERSION))
                        .toArray(MapSqlParameterSource[]::new));
        List<Mapped> held = new ArrayList<>();
        for (int i = 0; i < updated.length; i++) {
            if (updated[i] == 1) {
                held.add(rows.get(i));
            }
        }
        return held;
    }

    private static MapSqlParameterSource keyed(MapSqlParameterSource row, Key key) {
        return row.addValue("noteId", key.note().value()).addValue("capturedAt", Timestamp.from(key.capturedAt()));
    }
}
