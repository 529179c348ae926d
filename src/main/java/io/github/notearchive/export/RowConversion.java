package io.github.notearchive.export;

import io.github.notearchive.export.Table.Column;
import io.github.notearchive.store.ObjectKey;
import java.net.URI;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.function.Function;
import org.apache.commons.codec.digest.HmacUtils;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Converts rows of the database to those of an export.
 *
 * @param pseudonyms hashes the ids of people; null: they are kept
 * @param presign returns the URL of an object
 */
record RowConversion(@Nullable HmacUtils pseudonyms, Function<ObjectKey, URI> presign) {

    private static final int PSEUDONYM_DIGITS = 32;

    /**
     * Returns the pseudonym of a person's id, or the id if the export does not hash ids. A pseudonym is the first half
     * of the HMAC-SHA-256 under the key, equal for the same id.
     *
     * <p>The holder of the key can find an id by trying all ids, of which there are few; without the key this is not
     * possible. Nothing else is hidden: a note id leads to its author on the platform, and text and images may name
     * people.
     */
    String pseudonym(String id) {
        return pseudonyms == null ? id : pseudonyms.hmacHex(id).substring(0, PSEUDONYM_DIGITS);
    }

    /** @param path returns the path of an object's copy by its key; null if the export has no copy */
    void convert(ObjectNode row, List<Column> columns, Function<String, @Nullable String> path) {
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
            case OBJECT_URL -> presign.apply(new ObjectKey(value)).toString();
            case OBJECT_PATH -> path.apply(value);
            case PLAIN, PERSON, AUTHOR_TRAIT, OBJECT_KEY ->
                column.type() == Column.Type.TIMESTAMP
                        ? OffsetDateTime.parse(value).toInstant().toString()
                        : value;
        };
    }
}
