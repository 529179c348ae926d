package io.github.notearchive.export;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Column of an exported table, the same in every format.
 *
 * @param expression SQL expression of the value; empty for a list
 * @param source database column, as {@code table.column}, whose {@code COMMENT ON} is the description; null if derived
 * @param description description of a column without source; null otherwise
 * @param elements table of the elements of a list; null otherwise
 */
record Column(
        String name,
        Type type,
        Content content,
        String expression,
        @Nullable String source,
        @Nullable String description,
        @Nullable Table elements) {

    /** Data type of a column. An absent value is null; a list is empty rather than null. */
    enum Type {
        /** Unicode text. */
        TEXT,
        /** 32-bit integer. */
        INTEGER,
        /** 64-bit integer. */
        BIGINT,
        BOOLEAN,
        /** Point in time in microseconds. */
        TIMESTAMP,
        /** Ordered texts. */
        TEXT_LIST,
        /** Ordered rows of another table. */
        RECORD_LIST;

        boolean isList() {
            return this == TEXT_LIST || this == RECORD_LIST;
        }

        /** Reads a value that is not a list from a result column. */
        @Nullable
        Object read(ResultSet result, int column) throws SQLException {
            return switch (this) {
                case TEXT -> result.getString(column);
                case INTEGER -> nullable(result, result.getInt(column));
                case BIGINT -> nullable(result, result.getLong(column));
                case BOOLEAN -> nullable(result, result.getBoolean(column));
                case TIMESTAMP -> {
                    OffsetDateTime time = result.getObject(column, OffsetDateTime.class);
                    yield time == null ? null : time.toInstant();
                }
                case TEXT_LIST, RECORD_LIST -> throw new IllegalStateException("A list is not a result column");
            };
        }

        private static @Nullable Object nullable(ResultSet result, Object value) throws SQLException {
            return result.wasNull() ? null : value;
        }
    }

    /** Kind of a column's values, by which an export includes, converts or omits the column. */
    enum Content {
        /** Data without special treatment. */
        PLAIN,
        /** Id of a person: replaced by a pseudonym, or omitted. */
        PERSON_ID,
        /** Identifying data of a person: omitted unless authors are kept. */
        PERSON,
        /** Non-identifying data about an author: omitted only together with all author data. */
        AUTHOR_TRAIT,
        /** Key of an object in the store. */
        OBJECT_KEY,
        /** Presigned URL of an object, derived from its key. */
        OBJECT_URL,
        /** Path of an object's copy in the export, derived from its key. */
        OBJECT_PATH;

        boolean isPartOf(AuthorMode authors, MediaMode media) {
            return switch (this) {
                case PLAIN -> true;
                case PERSON_ID, AUTHOR_TRAIT -> authors != AuthorMode.OMIT;
                case PERSON -> authors == AuthorMode.KEEP;
                case OBJECT_KEY -> media != MediaMode.NONE;
                case OBJECT_URL -> media == MediaMode.PRESIGNED;
                case OBJECT_PATH -> media == MediaMode.COPY;
            };
        }
    }

    /** Returns this column with the elements that an export with these modes includes. */
    Column of(AuthorMode authors, MediaMode media) {
        return elements == null
                ? this
                : new Column(name, type, content, expression, source, description, elements.of(authors, media));
    }

    boolean isKey() {
        return name.equals(Table.KEY);
    }

    /** Returns the columns of a list element, without the note id. */
    List<Column> fields() {
        return elements == null
                ? List.of()
                : elements.columns().stream().filter(column -> !column.isKey()).toList();
    }
}
