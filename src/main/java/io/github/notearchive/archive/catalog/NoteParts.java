package io.github.notearchive.archive.catalog;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.archive.catalog.NoteDetail.Comment;
import io.github.notearchive.archive.catalog.NoteDetail.Mention;
import io.github.notearchive.archive.catalog.NoteDetail.Topic;
import io.github.notearchive.io.jdbc.Columns;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.NoteId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Lists of a response that are rows of their own, in the order of the response. */
@SuppressWarnings("ImmutableEnumChecker") // statements and functions are constant
enum NoteParts {
    COMMENTS("note_comment", "note_id, captured_at", Columns.of(Comment.class), NoteDetail::comments),
    TOPICS("note_topic", "note_id", Columns.of(Topic.class), NoteDetail::topics),
    MENTIONS("note_mention", "note_id", Columns.of(Mention.class), NoteDetail::mentions);

    final String table;

    /** Whether each capture keeps its own rows; otherwise the rows are those of the newest capture. */
    final boolean ofCapture;

    private final Columns<?> columns;
    private final Function<NoteDetail, List<? extends Record>> rows;
    private final String delete;
    private final String insert;

    NoteParts(String table, String key, Columns<?> columns, Function<NoteDetail, List<? extends Record>> rows) {
        this.table = table;
        this.columns = columns;
        this.ofCapture = key.contains("captured_at");
        this.rows = rows;
        this.delete = "DELETE FROM %s WHERE (%s) = (%s)"
                .formatted(table, key, ofCapture ? ":noteId, :capturedAt" : ":noteId");
        this.insert = """
                INSERT INTO %1$s (%2$s, ordinal, %3$s)
                SELECT %2$s, ordinal, %3$s FROM json_populate_recordset(NULL::%1$s, :rows::json)
                """.formatted(table, key, columns.each("?"));
    }

    record NotePart(
            NoteId noteId,
            Instant capturedAt,
            int ordinal,
            @JsonUnwrapped Record part) {}

    List<? extends Record> of(NoteDetail detail) {
        return rows.apply(detail);
    }

    /** Returns a column of the rows of capture {@code c}, to be read by {@link #read}. */
    String asJson() {
        String capturedAt = ofCapture ? " AND captured_at = c.captured_at" : "";
        return "(SELECT json_agg(part ORDER BY ordinal) FROM %1$s part WHERE note_id = c.note_id%2$s) AS %1$s"
                .formatted(table, capturedAt);
    }

    List<? extends Record> read(ResultSet row) throws SQLException {
        String json = row.getString(table);
        return json == null ? List.of() : columns.parseList(json);
    }

    Stream<NotePart> rows(NoteId id, Instant capturedAt, NoteDetail detail) {
        List<? extends Record> list = of(detail);
        return IntStream.range(0, list.size()).mapToObj(i -> new NotePart(id, capturedAt, i, list.get(i)));
    }

    /** Inserts rows of captures without any. Part of the caller's transaction. */
    void insert(JdbcClient jdbc, Stream<NotePart> rows) {
        Statements.write(jdbc, insert, rows.toList());
    }

    void delete(JdbcClient jdbc, NoteId id, Instant capturedAt) {
        Statements.update(jdbc, Map.of("noteId", id, "capturedAt", capturedAt), delete);
    }

    /** Replaces the rows of a capture. Part of the caller's transaction. */
    void replace(JdbcClient jdbc, NoteId id, Instant capturedAt, NoteDetail detail) {
        delete(jdbc, id, capturedAt);
        insert(jdbc, rows(id, capturedAt, detail));
    }
}
