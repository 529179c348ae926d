package io.github.notearchive.export;

import io.github.notearchive.archive.stats.NoteSnapshots.Snapshot;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import java.io.IOException;
import java.time.OffsetDateTime;
import java.util.Iterator;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.commons.io.function.IOConsumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * State of one running export, shared by the writers of its format.
 *
 * @param ids result for the id file; null if there is none
 * @param rows number of written rows by table, in the order of writing
 * @param stopped queried before each row; true stops the export
 */
record Export(
        ExportOptions options,
        DataSet data,
        Snapshot snapshot,
        ExportReport.@Nullable NamedIds ids,
        StagingDirectory directory,
        MediaCopies media,
        Pseudonyms pseudonyms,
        SequencedMap<String, Long> rows,
        BooleanSupplier stopped) {

    /** Returns the pseudonym of a person's id, or the id if the export does not hash ids. */
    String pseudonym(String id) {
        return options.authors() == AuthorMode.HASH ? pseudonyms.of(id) : id;
    }

    /**
     * Passes the converted rows of a table, objects with its columns in order, by note id, and counts them.
     *
     * @param path returns the path of an object's copy by its key; null if the export has no copy
     * @throws ExportException if the export is stopped
     */
    void forEachRow(Table table, Function<String, @Nullable String> path, IOConsumer<ObjectNode> consumer)
            throws IOException {
        rows.put(table.name(), 0L);
        try (Stream<String> texts = snapshot.rows(table.query())) {
            for (Iterator<String> each = texts.iterator(); each.hasNext(); ) {
                ObjectNode row = (ObjectNode) JsonMapper.shared().readTree(each.next());
                convert(row, table.columns(), path);
                consumer.accept(row);
                rows.merge(table.name(), 1L, Long::sum);
                requireNotStopped();
            }
        }
    }

    void requireNotStopped() {
        if (stopped.getAsBoolean()) {
            throw ExportException.stopped();
        }
    }

    private void convert(ObjectNode row, List<Column> columns, Function<String, @Nullable String> path) {
        for (Column column : columns) {
            JsonNode value = row.path(column.name());
            if (column.type() == Column.Type.RECORD_LIST) {
                value.forEach(element -> convert((ObjectNode) element, column.fields(), path));
            } else if (value.isString()) {
                row.put(column.name(), convert(value.stringValue(), column, path));
            }
        }
    }

    private @Nullable String convert(String value, Column column, Function<String, @Nullable String> path) {
        return switch (column.content()) {
            case PERSON_ID -> pseudonym(value);
            case OBJECT_URL -> media.presign(value, options.presignFor());
            case OBJECT_PATH -> path.apply(value);
            case PLAIN, PERSON, AUTHOR_TRAIT, OBJECT_KEY ->
                column.type() == Column.Type.TIMESTAMP
                        ? OffsetDateTime.parse(value).toInstant().toString()
                        : value;
        };
    }
}
