package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.catalog.NamedStatement.BoundStatement;
import io.github.notearchive.archive.catalog.NoteDetail.Comment;
import io.github.notearchive.archive.catalog.NoteDetail.Mention;
import io.github.notearchive.archive.catalog.NoteDetail.Topic;
import io.github.notearchive.note.NoteId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
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
    private final NamedStatement delete;
    private final NamedStatement insert;

    NoteParts(String table, String key, Columns<?> columns, Function<NoteDetail, List<? extends Record>> rows) {
        this.table = table;
        this.columns = columns;
        this.ofCapture = key.contains("captured_at");
        this.rows = rows;
        String values = ofCapture ? ":noteId, :capturedAt::timestamptz" : ":noteId";
        this.delete = NamedStatement.of("DELETE FROM %s WHERE (%s) = (%s)".formatted(table, key, values));
        this.insert = NamedStatement.of("""
                INSERT INTO %1$s (%2$s, ordinal, %3$s)
                SELECT %4$s, ordinality - 1, %3$s
                FROM json_populate_recordset(NULL::%1$s, :rows::json) WITH ORDINALITY
                """.formatted(table, key, columns.each("?"), values));
    }

    List<? extends Record> of(NoteDetail detail) {
        return rows.apply(detail);
    }

    /** Returns the statement that inserts rows of a capture without any; empty if the response lists none. */
    Optional<BoundStatement> insert(NoteId id, Instant capturedAt, NoteDetail detail) {
        return of(detail).isEmpty()
                ? Optional.empty()
                : Optional.of(insert.with(key(id, capturedAt).addValue("rows", Columns.json(of(detail)))));
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

    /** Replaces the rows. Part of the caller's transaction. */
    void replace(JdbcClient jdbc, NoteId id, Instant capturedAt, NoteDetail detail) {
        delete.with(key(id, capturedAt)).update(jdbc);
        insert(id, capturedAt, detail).ifPresent(statement -> statement.update(jdbc));
    }

    private static MapSqlParameterSource key(NoteId id, Instant capturedAt) {
        return new MapSqlParameterSource("noteId", id.value()).addValue("capturedAt", Timestamp.from(capturedAt));
    }
}
