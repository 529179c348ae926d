package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.catalog.NoteDetail.Author;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ResponseJson;
import io.github.notearchive.provider.ResponseReader;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.namedparam.NamedParameterJdbcOperations;
import org.springframework.jdbc.core.namedparam.SqlParameterSource;
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
public record StoredResponses(JdbcClient jdbc, NamedParameterJdbcOperations batches, SchemaDrift drift) {

    /** Maximum number of responses in a page, which is written in one transaction. */
    private static final int MAX_PAGE = 200;

    /** Total text length after which a page ends early; bounds the heap. */
    private static final long MAX_PAGE_CHARACTERS = 4L << 20;

    /** Number of responses that the driver fetches at once; a response may have several MiB. */
    private static final int FETCH = 10;

    /** Columns of a response, and as JSON the rows of its note if it is the newest, and its parts. */
    private static final String COLUMNS = """
            c.note_id, c.captured_at, c.call_id, c.response::text AS response, c.mapper_version, %s,
            to_json(n) AS note, n.mapper_version AS note_mapper_version, %s
            """.formatted(
                    NoteCatalog.CAPTURE.each("c.?"),
                    Arrays.stream(NoteParts.values()).map(NoteParts::asJson).collect(Collectors.joining(", ")));

    public record Position(String note, Instant capturedAt) {

        public static final Position FIRST = new Position("", Instant.EPOCH);
    }

    /** Responses that were read, mapped and compared with their rows. */
    public static final class Page {

        private final List<Mapped> mapped = new ArrayList<>();
        private final List<SchemaDrift.NewFields> newFields = new ArrayList<>();
        private final List<NoteId> unreadable = new ArrayList<>();

        /** Differences by column, of all tables but {@code author}. */
        private final SortedMap<String, RemapChange> changes = new TreeMap<>();

        private Position last = Position.FIRST;
        private long characters;

        private Page() {}

        public Position last() {
            return last;
        }

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

    /**
     * A response as mapped now.
     *
     * @param captureDiffers whether its row in {@code note_capture} or a row that depends on it is to be written
     * @param noteDiffers whether it is the newest response of its note, whose rows are to be written
     * @param parts dependent rows that differ
     */
    private record Mapped(
            NoteId note,
            Instant capturedAt,
            NoteDetail detail,
            boolean captureDiffers,
            boolean noteDiffers,
            Set<NoteParts> parts) {

        SqlParameterSource row(@Nullable Record columns) {
            return new MapSqlParameterSource("noteId", note.value())
                    .addValue("capturedAt", Timestamp.from(capturedAt))
                    .addValue("version", NoteMapper.VERSION)
                    .addValue("row", Columns.json(Objects.requireNonNull(columns)));
        }
    }

    public long count(Position after, boolean all) {
        return select("count(*)", "", after, all).query(Long.class).single();
    }

    private JdbcClient.StatementSpec select(String columns, String order, Position after, boolean all) {
        return jdbc.sql("""
                        SELECT %s
                        FROM note_capture c JOIN api_call k ON k.id = c.call_id
                        LEFT JOIN note n ON n.note_id = c.note_id AND n.last_captured_at = c.captured_at
                        WHERE k.endpoint = 'note-detail/v1' AND (c.note_id, c.captured_at) > (:note, :capturedAt)
                          AND (:all OR c.mapper_version < :version)
                        %s
                        """.formatted(columns, order))
                .param("note", after.note())
                .param("capturedAt", Timestamp.from(after.capturedAt()))
                .param("all", all)
                .param("version", NoteMapper.VERSION);
    }

    /**
     * Reads and maps the next responses, ordered by note and time; empty at the end. Part of the caller's transaction,
     * without which the driver would read all of them at once.
     *
     * @param all whether to include responses mapped by the current version
     */
    public Page next(Position after, boolean all) {
        return select(COLUMNS, "ORDER BY c.note_id, c.captured_at LIMIT " + MAX_PAGE, after, all)
                .withFetchSize(FETCH)
                .query(rows -> {
                    Page page = new Page();
                    while (!page.isFull() && rows.next()) {
                        add(page, rows);
                    }
                    return page;
                });
    }

    private void add(Page page, ResultSet row) throws SQLException {
        NoteId note = new NoteId(row.getString("note_id"));
        Instant capturedAt = row.getTimestamp("captured_at").toInstant();
        byte[] body = row.getString("response").getBytes(StandardCharsets.UTF_8);
        page.last = new Position(note.value(), capturedAt);
        page.characters += body.length;
        JsonNode response = ResponseJson.read(body).orElseThrow();
        long call = row.getLong("call_id");
        Optional<NoteCapture> capture =
                ResponseReader.noteIn(response, note).map(found -> found.capture(note, call, capturedAt, body));
        if (capture.isEmpty()) {
            page.unreadable.add(note);
            return;
        }
        NoteDetail detail = NoteMapper.map(capture.get(), response);
        String newest = row.getString("note");
        boolean captureDiffers = row.getInt("mapper_version") != NoteMapper.VERSION;
        captureDiffers |= differ(
                page.changes,
                "note_capture",
                note,
                NoteCatalog.CAPTURE.differing(NoteCatalog.CAPTURE.mapRow(row, 0), detail.capture()));
        boolean noteDiffers = newest != null && row.getInt("note_mapper_version") != NoteMapper.VERSION;
        if (newest != null) {
            List<String> columns = NoteCatalog.NOTE.differing(NoteCatalog.NOTE.parse(newest), detail.note());
            noteDiffers |= differ(page.changes, "note", note, columns);
        }
        Set<NoteParts> parts = EnumSet.noneOf(NoteParts.class);
        for (NoteParts part : NoteParts.values()) {
            if ((part.ofCapture || newest != null) && !part.read(row).equals(part.of(detail))) {
                parts.add(part);
                add(page.changes, part.table, note);
                captureDiffers |= part.ofCapture;
                noteDiffers |= !part.ofCapture;
            }
        }
        page.mapped.add(new Mapped(note, capturedAt, detail, captureDiffers, noteDiffers, parts));
        page.newFields.add(drift.newFieldsIn(note, capturedAt, response));
    }

    private static void add(SortedMap<String, RemapChange> changes, String column, NoteId note) {
        changes.merge(column, new RemapChange(1, List.of(note.value())), RemapChange::and);
    }

    /** Adds columns of a row that differ, and returns whether any does. */
    private static boolean differ(
            SortedMap<String, RemapChange> changes, String table, NoteId note, List<String> columns) {
        columns.forEach(column -> add(changes, table + "." + column, note));
        return !columns.isEmpty();
    }

    /** Returns what the mapper would change, by column. Read-only. */
    public SortedMap<String, RemapChange> compare(Page page) {
        SortedMap<String, RemapChange> changes = new TreeMap<>(page.changes);
        authors(page, changes);
        return changes;
    }

    /**
     * Writes differences and new fields of the responses. Part of the caller's transaction, in which statements now
     * wait at most half a second for a lock, less than the database waits before it looks for deadlocks. Idempotent.
     *
     * @return the differences by column
     */
    public SortedMap<String, RemapChange> write(Page page) {
        jdbc.sql("SET LOCAL lock_timeout = '500ms'").update();
        SortedMap<String, RemapChange> changes = new TreeMap<>(page.changes);
        // responses removed meanwhile are skipped; otherwise they would restore their author
        update(
                """
                INSERT INTO author (%1$s, updated_at)
                SELECT %1$s, :capturedAt FROM json_populate_record(NULL::author, :row::json)
                WHERE EXISTS (SELECT 1 FROM note_capture WHERE note_id = :noteId AND captured_at = :capturedAt)
                ON CONFLICT (author_id) DO UPDATE SET %2$s, updated_at = EXCLUDED.updated_at
                WHERE author.updated_at <= EXCLUDED.updated_at
                """.formatted(NoteCatalog.AUTHOR.each("?"), NoteCatalog.AUTHOR.each("? = EXCLUDED.?")),
                authors(page, changes),
                NoteDetail::author);
        String update = """
                UPDATE %1$s SET (%2$s) = (SELECT %2$s FROM json_populate_record(NULL::%1$s, :row::json)),
                    mapper_version = :version
                WHERE note_id = :noteId AND %3$s = :capturedAt
                """;
        // rows that belong to a newer response by now are kept
        rewrite(
                false,
                update(
                        update.formatted("note", NoteCatalog.NOTE.each("?"), "last_captured_at"),
                        page.mapped.stream().filter(Mapped::noteDiffers).toList(),
                        NoteDetail::note));
        rewrite(
                true,
                update(
                        update.formatted("note_capture", NoteCatalog.CAPTURE.each("?"), "captured_at"),
                        page.mapped.stream().filter(Mapped::captureDiffers).toList(),
                        NoteDetail::capture));
        drift.record(page.newFields);
        return changes;
    }

    /** Writes rows, and returns the responses whose row was written. */
    private List<Mapped> update(String sql, List<Mapped> rows, Function<NoteDetail, @Nullable Record> columns) {
        if (rows.isEmpty()) {
            return List.of();
        }
        int[] updated = batches.batchUpdate(
                sql,
                rows.stream()
                        .map(mapped -> mapped.row(columns.apply(mapped.detail())))
                        .toArray(SqlParameterSource[]::new));
        return IntStream.range(0, updated.length)
                .filter(i -> updated[i] == 1)
                .mapToObj(rows::get)
                .toList();
    }

    private void rewrite(boolean ofCapture, List<Mapped> written) {
        for (Mapped mapped : written) {
            mapped.parts().stream()
                    .filter(part -> part.ofCapture == ofCapture)
                    .forEach(part -> part.replace(jdbc, mapped.note(), mapped.capturedAt(), mapped.detail()));
        }
    }

    /**
     * Returns the responses whose author differs from its row, in the order of the authors. The newest response that
     * names an author determines the row.
     *
     * @param changes receives the differences
     */
    private List<Mapped> authors(Page page, SortedMap<String, RemapChange> changes) {
        Map<String, Mapped> newest = new TreeMap<>();
        for (Mapped mapped : page.mapped) {
            if (mapped.detail().author() != null) {
                newest.merge(
                        mapped.detail().author().authorId(),
                        mapped,
                        (a, b) -> b.capturedAt().isBefore(a.capturedAt()) ? a : b);
            }
        }
        Map<String, AuthorBefore> before = jdbc
                .sql("SELECT updated_at, %s FROM author WHERE author_id = ANY (:ids)"
                        .formatted(NoteCatalog.AUTHOR.each("?")))
                .param("ids", newest.keySet().toArray(String[]::new))
                .query(Columns.of(AuthorBefore.class))
                .list()
                .stream()
                .collect(Collectors.toMap(author -> author.columns().authorId(), Function.identity()));
        newest.entrySet().removeIf(entry -> {
            AuthorBefore author = before.get(entry.getKey());
            Mapped next = entry.getValue();
            return (author != null && next.capturedAt().isBefore(author.updatedAt()))
                    || !differ(
                            changes,
                            "author",
                            next.note(),
                            NoteCatalog.AUTHOR.differing(
                                    author == null ? null : author.columns(),
                                    Objects.requireNonNull(next.detail().author())));
        });
        return List.copyOf(newest.values());
    }

    private record AuthorBefore(Instant updatedAt, Author columns) {}
}
