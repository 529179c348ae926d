package io.github.notearchive.export;

import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.MediaMode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Column of an exported table, the same in every format.
 *
 * @param expression SQL expression of the value; empty for a list
 * @param description null if the expression is a database column, whose {@code COMMENT ON} is the description
 * @param elements table of the elements of a list; null otherwise
 */
record Column(
        String name,
        Type type,
        Content content,
        String expression,
        @Nullable String description,
        @Nullable Table elements) {

    /** Data type of a column. An absent value is null; a list is empty rather than null. */
    enum Type {
        TEXT,
        INTEGER,
        BIGINT,
        BOOLEAN,
        /** Point in time in microseconds; in JSON as in ISO 8601, in UTC. */
        TIMESTAMP,
        /** Ordered texts. */
        TEXT_LIST,
        /** Ordered rows of another table, without the note id. */
        RECORD_LIST
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

    /** Returns this column without the columns of list elements that an export with these modes omits. */
    Column of(AuthorMode authors, MediaMode media) {
        return elements == null
                ? this
                : new Column(name, type, content, expression, description, elements.of(authors, media));
    }

    /** Returns the SQL of the value; for a list a query of the elements that belong to the row's note. */
    String select() {
        return (elements == null ? expression : elements.listQuery(type == Type.TEXT_LIST)) + " AS " + name;
    }

    /** Returns the columns of a list element, without the note id. */
    List<Column> fields() {
        return elements == null
                ? List.of()
                : elements.columns().subList(1, elements.columns().size());
    }

    boolean isList() {
        return elements != null;
    }

    boolean isKey() {
        return name.equals(Table.KEY);
    }

    /** Returns the database column whose comment describes this one; null if it has its own description. */
    @Nullable
    String source() {
        return description != null ? null : isKey() ? "worklist." + Table.KEY : expression;
    }
}
