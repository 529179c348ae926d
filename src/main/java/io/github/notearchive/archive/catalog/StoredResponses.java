package io.github.notearchive.archive.catalog;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.archive.catalog.NoteCatalog.AuthorRow;
import io.github.notearchive.archive.catalog.NoteDetail.Author;
import io.github.notearchive.archive.catalog.SchemaDrift.FieldPath;
import io.github.notearchive.archive.catalog.SchemaDrift.Sighting;
import io.github.notearchive.io.jdbc.Columns;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ResponseJson;
import io.github.notearchive.provider.ResponseReader;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Gatherers;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * Maps stored responses again, so that rows of an older mapper version match the current one. Older responses of a note
 * are read from their sidecars. Responses of note-detail/v6 are skipped, since only their counts are kept.
 *
 * <p>Safe beside a run: a row is changed only while it still belongs to the response that was read, so newer data
 * stays. Rows are locked in the order of a run, authors before notes before captures, so that neither deadlocks.
 */
@Repository
public final class StoredResponses {

    /** Maximum number of responses in a page, which is written in one transaction. */
    private static final int MAX_PAGE = 200;

    /** Total text length after which a page ends early; bounds the heap. */
    private static final long MAX_PAGE_CHARACTERS = 4L << 20;

    /** Number of rows that the driver fetches, and of ordinary sidecars that are read, at once. */
    private static final int FETCH = 10;

    /** Columns of a response, and as JSON the rows of its note if it is the newest, and its parts. */
    private static final String COLUMNS = """
            c.note_id, c.captured_at, c.call_id, c.response::text AS response, c.sidecar_key, c.mapper_version, %s,
            to_json(n) AS note, n.mapper_version AS note_mapper_version, %s
            """.formatted(
                    NoteCatalog.CAPTURE.each("c.?"),
                    Arrays.stream(NoteParts.values()).map(NoteParts::asJson).collect(Collectors.joining(", ")));

    private final JdbcClient jdbc;
    private final ObjectStore store;
    private final SchemaDrift drift;

    StoredResponses(JdbcClient jdbc, ObjectStore store, SchemaDrift drift) {
        this.jdbc = jdbc;
        this.store = store;
        this.drift = drift;
    }

    public record ResponsePosition(String note, Instant capturedAt) {

        public static final ResponsePosition FIRST = new ResponsePosition("", Instant.EPOCH);
    }

    /** Responses that were read, mapped and compared with their rows. */
    public static final class Page {

        private final List<MappedResponse> mapped = new ArrayList<>();

        /** The newest response of each author whose row differs from it, in the order of the authors. */
        private final List<MappedResponse> authors = new ArrayList<>();

        private final Map<FieldPath, Sighting> newFields = new LinkedHashMap<>();
        private final List<NoteId> unreadable = new ArrayList<>();

        private final SortedMap<String, RemapChange> changes = new TreeMap<>();

        private ResponsePosition last = ResponsePosition.FIRST;
        private long characters;

        private Page() {}

        public ResponsePosition last() {
            return last;
        }

        /** Returns what the mapper changes, by column. */
        public Map<String, RemapChange> changes() {
            return Collections.unmodifiableMap(changes);
        }

        public int responses() {
            return mapped.size() + unreadable.size();
        }

        /** Returns notes whose stored response lacks them, or is lost, once per response. */
        public List<NoteId> unreadable() {
            return List.copyOf(unreadable);
        }

        private boolean isFull() {
            return responses() >= MAX_PAGE || characters >= MAX_PAGE_CHARACTERS;
        }

        private void add(String column, NoteId note) {
            changes.merge(column, new RemapChange(1, List.of(note.value())), RemapChange::and);
        }

        private <R extends Record> boolean differs(
                String table, NoteId note, Columns<R> columns, @Nullable R before, R after) {
            List<String> differing = columns.differing(before, after);
            differing.forEach(column -> add(table + "." + column, note));
            return !differing.isEmpty();
        }
    }

    /**
     * A response as mapped now.
     *
     * @param captureDiffers whether its row in {@code note_capture} or a row that depends on it is to be written
     * @param noteDiffers whether it is the newest response of its note, whose rows are to be written
     * @param parts lists whose rows differ
     */
    private record MappedResponse(
            NoteId note,
            Instant capturedAt,
            NoteDetail detail,
            boolean captureDiffers,
            boolean noteDiffers,
            Set<NoteParts> parts) {

        ResponsePosition position() {
            return new ResponsePosition(note.value(), capturedAt);
        }

        Row row(@Nullable Record columns) {
            return new Row(note, capturedAt, capturedAt, capturedAt, Objects.requireNonNull(columns));
        }
    }

    /**
     * A capture and the rows that depend on it.
     *
     * @param response body; null if it is in the sidecar only
     * @param note row of the note if the capture is its newest
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Stored(
            NoteId id,
            Instant capturedAt,
            long call,
            byte @Nullable [] response,
            @Nullable String sidecarKey,
            int version,
            NoteDetail.Capture capture,
            @Nullable String note,
            int noteVersion,
            Map<NoteParts, List<? extends Record>> parts) {

        static Stored of(ResultSet row, int number) throws SQLException {
            Map<NoteParts, List<? extends Record>> parts = new EnumMap<>(NoteParts.class);
            for (NoteParts part : NoteParts.values()) {
                parts.put(part, part.read(row));
            }
            String response = row.getString("response");
            return new Stored(
                    new NoteId(row.getString("note_id")),
                    row.getTimestamp("captured_at").toInstant(),
                    row.getLong("call_id"),
                    response == null ? null : response.getBytes(StandardCharsets.UTF_8),
                    row.getString("sidecar_key"),
                    row.getInt("mapper_version"),
                    NoteCatalog.CAPTURE.mapRow(row, number),
                    row.getString("note"),
                    row.getInt("note_mapper_version"),
                    parts);
        }
    }

    /** Columns of a response, with its time as each of the tables names it. */
    private record Row(
            NoteId noteId,
            Instant capturedAt,
            Instant lastCapturedAt,
            Instant updatedAt,
            @JsonUnwrapped Record columns) {}

    public long count(ResponsePosition after, boolean all) {
        return select("count(*)", "", after, all).query(Long.class).single();
    }

    private JdbcClient.StatementSpec select(String columns, String order, ResponsePosition after, boolean all) {
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
    public Page next(ResponsePosition after, boolean all) {
        Page page = new Page();
        try (Stream<Stored> rows = select(COLUMNS, "ORDER BY c.note_id, c.captured_at LIMIT " + MAX_PAGE, after, all)
                .withFetchSize(FETCH)
                .query(Stored::of)
                .stream()) {
            rows.gather(Gatherers.mapConcurrent(FETCH, row -> Map.entry(row, body(row))))
                    .takeWhile(_ -> !page.isFull())
                    .forEach(row -> add(page, row.getKey(), row.getValue().get()));
        }
        compareAuthors(page);
        return page;
    }

    private Supplier<Optional<byte[]>> body(Stored row) {
        byte[] response = row.response();
        if (response != null) {
            return () -> Optional.of(response);
        }
        return Sidecar.openResponse(store, new ObjectKey(Objects.requireNonNull(row.sidecarKey())));
    }

    private void add(Page page, Stored row, Optional<byte[]> body) {
        NoteId note = row.id();
        page.last = new ResponsePosition(note.value(), row.capturedAt());
        page.characters += body.map(bytes -> bytes.length).orElse(0);
        JsonNode response = body.flatMap(ResponseJson::read).orElse(MissingNode.getInstance());
        Optional<NoteCapture> capture = ResponseReader.noteIn(response, note)
                .map(found -> found.capture(note, row.call(), row.capturedAt(), body.orElseThrow()));
        if (capture.isEmpty()) {
            page.unreadable.add(note);
            return;
        }
        NoteDetail detail = NoteMapper.map(capture.get(), response);
        String newest = row.note();
        boolean captureDiffers =
                page.differs("note_capture", note, NoteCatalog.CAPTURE, row.capture(), detail.capture())
                        || row.version() != NoteMapper.VERSION;
        boolean noteDiffers = newest != null
                && (page.differs("note", note, NoteCatalog.NOTE, NoteCatalog.NOTE.parse(newest), detail.note())
                        || row.noteVersion() != NoteMapper.VERSION);
        Set<NoteParts> parts = EnumSet.noneOf(NoteParts.class);
        for (NoteParts part : NoteParts.values()) {
            if ((part.ofCapture || newest != null)
                    && !Objects.equals(row.parts().get(part), part.of(detail))) {
                parts.add(part);
                page.add(part.table, note);
                captureDiffers |= part.ofCapture;
                noteDiffers |= !part.ofCapture;
            }
        }
        page.mapped.add(new MappedResponse(note, row.capturedAt(), detail, captureDiffers, noteDiffers, parts));
        drift.newFieldsIn(note, row.capturedAt(), response)
                .forEach(field -> page.newFields.putIfAbsent(field.field(), field));
    }

    /** Compares the authors with their rows. The newest response that names an author determines the row. */
    private void compareAuthors(Page page) {
        Map<String, MappedResponse> newest = new TreeMap<>();
        for (MappedResponse mapped : page.mapped) {
            if (mapped.detail().author() != null) {
                newest.merge(
                        mapped.detail().author().authorId(),
                        mapped,
                        (a, b) -> b.capturedAt().isBefore(a.capturedAt()) ? a : b);
            }
        }
        Map<String, AuthorRow> before = Statements.list(
                        jdbc, AuthorRow.class, Map.of("ids", newest.keySet()), """
                        SELECT updated_at, %s FROM author WHERE author_id = ANY (:ids)
                        """.formatted(
                                        NoteCatalog.AUTHOR.each("?")))
                .stream()
                .collect(Collectors.toMap(row -> row.author().authorId(), Function.identity()));
        newest.forEach((id, next) -> {
            AuthorRow row = before.get(id);
            Author after = Objects.requireNonNull(next.detail().author());
            if ((row == null || !next.capturedAt().isBefore(row.updatedAt()))
                    && page.differs(
                            "author", next.note(), NoteCatalog.AUTHOR, row == null ? null : row.author(), after)) {
                page.authors.add(next);
            }
        });
    }

    /**
     * Writes differences and new fields of the responses. Part of the caller's transaction, in which statements now
     * wait at most half a second for a lock, less than the database waits before it looks for deadlocks. Idempotent.
     */
    public void write(Page page) {
        jdbc.sql("SET LOCAL lock_timeout = '500ms'").update();
        // responses removed meanwhile are skipped; otherwise they would restore their author
        Statements.update(jdbc, Map.of("rows", json(page.authors.stream(), NoteDetail::author)), """
                        INSERT INTO author (%1$s, updated_at)
                        SELECT %1$s, updated_at
                        FROM json_array_elements(:rows::json) AS e (response),
                             json_populate_record(NULL::author, e.response) AS a
                        WHERE EXISTS (SELECT 1 FROM note_capture c
                                      WHERE c.note_id = e.response ->> 'note_id' AND c.captured_at = a.updated_at)
                        ORDER BY author_id
                        ON CONFLICT (author_id) DO UPDATE SET %2$s, updated_at = EXCLUDED.updated_at
                        WHERE author.updated_at <= EXCLUDED.updated_at
                        """.formatted(
                        NoteCatalog.AUTHOR.each("?"), NoteCatalog.AUTHOR.each("? = EXCLUDED.?")));
        update("note", "last_captured_at", false, NoteCatalog.NOTE, page, NoteDetail::note);
        update("note_capture", "captured_at", true, NoteCatalog.CAPTURE, page, NoteDetail::capture);
        drift.record(page.newFields.values());
    }

    private static String json(Stream<MappedResponse> responses, Function<NoteDetail, @Nullable Record> columns) {
        return Columns.json(responses
                .map(mapped -> mapped.row(columns.apply(mapped.detail())))
                .toList());
    }

    /** Writes the rows that differ, and their parts. Rows that belong to a newer response by now are kept. */
    private void update(
            String table,
            String capturedAt,
            boolean ofCapture,
            Columns<?> columns,
            Page page,
            Function<NoteDetail, @Nullable Record> row) {
        Map<ResponsePosition, MappedResponse> differing = page.mapped.stream()
                .filter(mapped -> ofCapture ? mapped.captureDiffers() : mapped.noteDiffers())
                .collect(Collectors.toMap(MappedResponse::position, Function.identity()));
        Map<String, Object> parameters =
                Map.of("version", NoteMapper.VERSION, "rows", json(differing.values().stream(), row));
        List<ResponsePosition> written = Statements.list(
                jdbc, ResponsePosition.class, parameters, """
                        UPDATE %1$s t SET %2$s, mapper_version = :version
                        FROM json_populate_recordset(NULL::%1$s, :rows::json) AS d
                        WHERE t.note_id = d.note_id AND t.%3$s = d.%3$s
                        RETURNING t.note_id AS note, t.%3$s AS captured_at
                        """.formatted(table, columns.each("? = d.?"), capturedAt));
        for (ResponsePosition position : written) {
            MappedResponse mapped = Objects.requireNonNull(differing.get(position));
            mapped.parts().stream()
                    .filter(part -> part.ofCapture == ofCapture)
                    .forEach(part -> part.replace(jdbc, mapped.note(), mapped.capturedAt(), mapped.detail()));
        }
    }

    /**
     * Number of rows whose column a mapper changed, or would change, and the first notes.
     *
     * <p>A column is {@code table.column}. A table with several rows per note ({@code note_topic},
     * {@code note_mention}, {@code note_comment}) counts once per note or capture with different rows.
     */
    public record RemapChange(long rows, List<String> examples) {

        static final int EXAMPLES = 3;

        public RemapChange and(RemapChange later) {
            return new RemapChange(
                    rows + later.rows,
                    Stream.concat(examples.stream(), later.examples.stream())
                            .distinct()
                            .limit(EXAMPLES)
                            .toList());
        }
    }
}
