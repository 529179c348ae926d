package io.github.notearchive.export;

import io.github.notearchive.archive.stats.NoteSnapshots.NamedIds;
import io.github.notearchive.archive.stats.NoteSnapshots.Snapshot;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.Table.Column;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.OffsetDateTime;
import java.util.Iterator;
import java.util.List;
import java.util.SequencedMap;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.HmacAlgorithms;
import org.apache.commons.codec.digest.HmacUtils;
import org.apache.commons.io.function.IOConsumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * State of one running export, shared by the writers of its format.
 *
 * @param tables tables in the order of writing: notes, captures, then others
 * @param ids result for the id file; null if there is none
 * @param rows number of written rows by table, in the order of writing
 * @param stopped queried before each row; true stops the export
 */
record Export(
        ExportOptions options,
        List<Table> tables,
        Snapshot snapshot,
        @Nullable NamedIds ids,
        StagingDirectory directory,
        MediaCopies media,
        HmacUtils pseudonyms,
        SequencedMap<String, Long> rows,
        BooleanSupplier stopped) {

    /** Minimum length of the key of pseudonyms in bytes; shorter keys can be guessed. */
    private static final int SHORTEST_KEY = 16;

    private static final int GENERATED_KEY = 32;
    private static final int PSEUDONYM_DIGITS = 32;

    /** Returns the table with one row per note, as last captured. */
    Table notes() {
        return tables.get(0);
    }

    /** Returns the table with one row per paid response, with the counts at that time. */
    Table captures() {
        return tables.get(1);
    }

    /** Reads the key of pseudonyms from a file, or generates one that is not stored if there is no file. */
    static HmacUtils pseudonyms(@Nullable Path file) throws IOException {
        byte[] key = file == null ? new byte[GENERATED_KEY] : Files.readAllBytes(file);
        if (file == null) {
            new SecureRandom().nextBytes(key);
        }
        if (key.length < SHORTEST_KEY) {
            throw new ExportException(
                    "Pseudonym key %s has %d bytes, but needs %d at least. Generate one with: head -c 32 /dev/urandom"
                            .formatted(file, key.length, SHORTEST_KEY));
        }
        return new HmacUtils(HmacAlgorithms.HMAC_SHA_256, key);
    }

    /**
     * Returns the pseudonym of a person's id, or the id if the export does not hash ids. A pseudonym is the first half
     * of the HMAC-SHA-256 under the key, equal for the same id.
     *
     * <p>The holder of the key can find an id by trying all ids, of which there are few; without the key this is not
     * possible. Nothing else is hidden: a note id leads to its author on the platform, and text and images may name
     * people.
     */
    String pseudonym(String id) {
        return options.authors() == AuthorMode.HASH ? pseudonyms.hmacHex(id).substring(0, PSEUDONYM_DIGITS) : id;
    }

    /**
     * Passes the converted rows of a table, objects with its columns in order, by note id, and counts them.
     *
     * @param path returns the path of an object's copy by its key; null if the export has no copy
     * @throws CancellationException if the export is stopped
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
        requireNotStopped(stopped);
    }

    /** Throws a {@link CancellationException} if the export is stopped. */
    static void requireNotStopped(BooleanSupplier stopped) {
        if (stopped.getAsBoolean()) {
            throw new CancellationException("The export was stopped; its files were deleted");
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
