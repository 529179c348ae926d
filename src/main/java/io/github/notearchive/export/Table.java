package io.github.notearchive.export;

import java.util.List;

/**
 * A table of the data set: where its rows come from, and in which columns. The first column is the note's id, and rows
 * come in its order.
 *
 * @param source the database's table whose {@code COMMENT ON} describes it
 * @param from what stands behind {@code FROM}; the note's id in it is {@code key}
 * @param order what stands behind {@code ORDER BY note_id}; empty when a note has one row
 * @param capturedAt the expression that the time of capture is compared by; empty when rows have none
 */
record Table(
        String name, String source, String from, String key, String order, String capturedAt, List<Column> columns) {

    /** The name of the first column of every table. */
    static final String KEY = "note_id";

    Table {
        columns = List.copyOf(columns);
        if (columns.isEmpty() || !columns.getFirst().name().equals(KEY)) {
            throw new IllegalArgumentException(name + " must begin with " + KEY);
        }
    }

    Table withColumns(List<Column> others) {
        return new Table(name, source, from, key, order, capturedAt, others);
    }

    /** The same without the columns that an export of this kind leaves out. */
    Table of(AuthorMode authors, MediaMode media) {
        return withColumns(columns.stream()
                .filter(column -> column.content().isPartOf(authors, media))
                .map(column -> column.elements() == null
                        ? column
                        : new Column(
                                column.name(),
                                column.type(),
                                column.content(),
                                column.sql(),
                                column.source(),
                                column.description(),
                                column.elements().of(authors, media)))
                .toList());
    }

    int indexOf(String column) {
        for (int i = 0; i < columns.size(); i++) {
            if (columns.get(i).name().equals(column)) {
                return i;
            }
        }
        return -1;
    }
}
