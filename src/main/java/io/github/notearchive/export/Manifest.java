package io.github.notearchive.export;

import io.github.notearchive.archive.query.NoteFilter;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.Exporter.Export;
import io.github.notearchive.export.Table.Column;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes {@code manifest.json}: the options of the export, its tables and columns with descriptions, row counts, every
 * file with its SHA-256, and missing media. It contains no time of writing, so that the same archive results in the
 * same bytes, and names no author that the rows do not name.
 */
record Manifest(Export export) {

    private static final String NAME = "manifest.json";

    /** Incremented when a field changes its meaning. */
    static final int VERSION = 2;

    /** Replaces a filter that names authors if the rows do not name them. */
    static final String HIDDEN = "with names of authors, which are not exported";

    /** Id of an author, as opposed to the number that the platform displays. */
    private static final Pattern AUTHOR_ID = Pattern.compile("[0-9a-f]{24}");

    /** Keeps the order of fields, and passes exceptions of the file unchanged. */
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .disable(SerializationFeature.WRAP_EXCEPTIONS)
            .build();

    /**
     * Writes the manifest, which must be the last file that it describes.
     *
     * @param below directory that it describes, with a trailing slash; empty for the top level
     * @param files files of each table; none if the format distributes the table over many files
     */
    void write(String below, Map<Table, List<String>> files) throws IOException {
        ObjectNode head = head();
        head.set("tables", tables(files));
        try (OutputStream out = export.directory().create(below + NAME);
                JsonGenerator json = MAPPER.writer().createGenerator(out)) {
            json.writeStartObject();
            head.forEachEntry(json::writePOJOProperty);
            json.writeArrayPropertyStart("files");
            export.directory()
                    .inventory
                    .forEach(file -> json.writePOJO(
                            new ManifestFile(file.path().substring(below.length()), file.size(), file.sha256())));
            json.writeEndArray();
            json.writeEndObject();
        }
    }

    /** Returns the manifest without tables and files. */
    ObjectNode head() {
        Since since = export.since();
        ObjectNode head = MAPPER.createObjectNode()
                .put("manifestVersion", VERSION)
                .put("tool", export.options().tool())
                .put("format", export.options().format().toString());
        head.put("mark", export.snapshot().mark().toString());
        if (since != null) {
            head.set("since", since.toJson());
        }
        head.set("packaging", MAPPER.valueToTree(export.options().packaging()));
        head.set("selection", selection());
        head.set("authors", authors());
        head.set("media", media());
        return head;
    }

    private record ManifestFile(String path, long bytes, String sha256) {}

    private ObjectNode selection() {
        List<String> requested = export.options().selection().authors();
        List<String> authors = visible(requested);
        NoteFilter filter = export.options().selection().filter();
        boolean isNamed = filter == null || export.options().authors() == AuthorMode.KEEP || !filter.namesAuthor();
        return MAPPER.<ObjectNode>valueToTree(export.options().selection())
                .putPOJO("filter", isNamed ? filter : HIDDEN)
                .putPOJO("authors", authors)
                .put("authorsNotNamed", requested.size() - authors.size())
                .putPOJO("ids", export.ids());
    }

    /**
     * Returns the selected authors as the rows name them. Displayed numbers have no pseudonym, because hashed rows do
     * not contain them.
     */
    private List<String> visible(List<String> authors) {
        return switch (export.options().authors()) {
            case KEEP -> authors;
            case HASH ->
                authors.stream()
                        .filter(author -> AUTHOR_ID.matcher(author).matches())
                        .map(export.conversion()::pseudonym)
                        .toList();
            case OMIT -> List.of();
        };
    }

    private ObjectNode authors() {
        ObjectNode json = mode(export.options().authors());
        return export.options().authors() == AuthorMode.HASH
                ? json.put("pseudonyms", "first 16 bytes of HMAC-SHA-256 of the id, hexadecimal")
                        .put(
                                "key",
                                export.options().authorKey() == null ? "drawn for this export and forgotten" : "given")
                        .put("keyCheck", export.conversion().pseudonym("key check"))
                : json;
    }

    private ObjectNode media() {
        ObjectNode json = mode(export.options().media());
        return switch (export.options().media()) {
            case NONE, LINK -> json;
            case PRESIGNED -> json.put("goodFor", export.options().presignFor().toString());
            case COPY ->
                json.put("copied", export.directory().copied)
                        .put("missing", export.directory().missing)
                        .putPOJO("missingObjects", export.directory().examples);
        };
    }

    private static ObjectNode mode(Enum<?> mode) {
        return MAPPER.createObjectNode().put("mode", lowerCase(mode));
    }

    private ArrayNode tables(Map<Table, List<String>> files) {
        ArrayNode tables = MAPPER.createArrayNode();
        files.forEach((table, paths) -> tables.addObject()
                .put("name", table.name())
                .put("description", export.description(table))
                .putPOJO("files", paths)
                .put("rows", export.rows().getOrDefault(table.name(), 0L))
                .set("columns", columns(table.columns())));
        return tables;
    }

    private ArrayNode columns(List<Column> columns) {
        ArrayNode all = MAPPER.createArrayNode();
        for (Column column : columns) {
            ObjectNode json = all.addObject()
                    .put("name", column.name())
                    .put("type", lowerCase(column.type()))
                    .put("nullable", !column.isKey() && column.elements() == null)
                    .put("description", export.description(column));
            if (column.type() == Column.Type.RECORD_LIST) {
                json.set("columns", columns(column.fields()));
            }
        }
        return all;
    }

    private static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
