package io.github.notearchive.export;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** SQL condition of a selection with its parameters in order. */
final class Condition {

    /** Temporary table of the requested note ids. */
    static final String IDS = "export_ids";

    /** Rows of a note that is being erased may still exist, for long if the erasure was interrupted. */
    static final String NOT_FORGOTTEN = "NOT EXISTS (SELECT FROM forgotten_note f WHERE f.note_id = n.note_id)";

    private final StringBuilder where = new StringBuilder("TRUE");
    private final List<Object> parameters = new ArrayList<>();

    /** Returns the condition for the notes of a selection. */
    static Condition ofNotes(Selection selection) {
        Condition notes = new Condition();
        notes.and(NOT_FORGOTTEN);
        notes.between("n.published_at", selection.publishedFrom(), selection.publishedTo());
        if (selection.capturedFrom() != null || selection.capturedTo() != null) {
            notes.where.append(" AND EXISTS (SELECT FROM note_capture c WHERE c.note_id = n.note_id");
            notes.between("c.captured_at", selection.capturedFrom(), selection.capturedTo());
            notes.where.append(")");
        }
        if (!selection.topics().isEmpty()) {
            notes.and(
                    "EXISTS (SELECT FROM note_topic t WHERE t.note_id = n.note_id AND (t.name = ANY (?) OR t.topic_id = ANY (?)))",
                    selection.topics(),
                    selection.topics());
        }
        if (!selection.authors().isEmpty()) {
            notes.and(
                    "(n.author_id = ANY (?) OR EXISTS (SELECT FROM author a WHERE a.author_id = n.author_id AND a.red_id = ANY (?)))",
                    selection.authors(),
                    selection.authors());
        }
        if (!selection.states().isEmpty()) {
            notes.and(
                    "EXISTS (SELECT FROM worklist w WHERE w.note_id = n.note_id AND w.state = ANY (?))",
                    selection.states().stream().map(Enum::name).toList());
        }
        if (selection.text() != null) {
            notes.and(
                    "(strpos(lower(n.title), lower(?)) > 0 OR strpos(lower(n.note_text), lower(?)) > 0)",
                    selection.text(),
                    selection.text());
        }
        if (selection.ids() != null) {
            notes.and("EXISTS (SELECT FROM " + IDS + " i WHERE i.note_id = n.note_id)");
        }
        return notes;
    }

    /** Returns the condition for the rows of a table that are within the capture times of a selection. */
    static Condition ofRows(Table table, Selection selection) {
        Condition rows = new Condition();
        if (!table.capturedAt().isEmpty()) {
            rows.between(table.capturedAt(), selection.capturedFrom(), selection.capturedTo());
        }
        return rows;
    }

    private void between(String expression, @Nullable Instant from, @Nullable Instant to) {
        if (from != null) {
            and(expression + " >= ?", from);
        }
        if (to != null) {
            and(expression + " < ?", to);
        }
    }

    private void and(String condition, Object... values) {
        where.append(" AND ").append(condition);
        parameters.addAll(List.of(values));
    }

    String where() {
        return where.toString();
    }

    /** Sets the parameters from the given number on and returns the number after the last one. */
    int bind(Connection connection, PreparedStatement statement, int first) throws SQLException {
        int number = first;
        for (Object parameter : parameters) {
            switch (parameter) {
                case Instant time -> statement.setObject(number, time.atOffset(ZoneOffset.UTC));
                case List<?> texts -> statement.setArray(number, connection.createArrayOf("text", texts.toArray()));
                default -> statement.setString(number, parameter.toString());
            }
            number++;
        }
        return number;
    }
}
