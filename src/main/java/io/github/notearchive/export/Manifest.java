package io.github.notearchive.export;

import io.github.notearchive.archive.stats.Selection;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.MediaMode;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes {@code manifest.json}: the options of the export, its tables and columns with descriptions, row counts, every
 * file with its SHA-256, and missing media. It contains no time of writing, so that the same archive results in the
 * same bytes, and names no author that the rows do not name.
 */
final class Manifest {

    private static final String NAME = "manifest.json";

    /** Incremented when a field changes its meaning. */
    private static final int VERSION = 1;

    /** Id of an author, as opposed to the number that the platform displays. */
    private static final Pattern AUTHOR_ID = Pattern.compile("[0-9a-f]{24}");

    /** Passes exceptions of the file unchanged. */
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .disable(SerializationFeature.WRAP_EXCEPTIONS)
            .build();

    private final Export export;
    private final ExportOptions options;

    Manifest(Export export) {
        this.export = export;
        this.options = export.options();
    }

    /**
     * Writes the manifest, which must be the last file that it describes.
     *
     * @param below directory that it describes, with a trailing slash; empty for the top level
     * @param files file of each table; empty if the format distributes the table over many files
     */
    void write(String below, Map<Table, String> files) throws IOException {
        Map<String, @Nullable Object> head = new LinkedHashMap<>();
        head.put("manifestVersion", VERSION);
        head.put("tool", options.tool());
        head.put("format", options.format().toString());
        if (options.format() == ExportFormat.CSV) {
            head.put("excel", options.excel());
        }
        head.put("selection", selection());
        head.put("authors", authors());
        head.put("media", media());
        head.put("tables", tables(files));
        try (OutputStream out = export.directory().create(below + NAME);
                JsonGenerator json = MAPPER.writer().createGenerator(out)) {
            json.writeStartObject();
            head.forEach(json::writePOJOProperty);
            json.writeArrayPropertyStart("files");
            export.directory()
                    .inventory()
                    .forEach(file -> json.writePOJO(
                            new File(file.path().substring(below.length()), file.size(), file.sha256())));
            json.writeEndArray();
            json.writeEndObject();
        }
    }

    private record File(String path, long bytes, String sha256) {}

    private Map<String, @Nullable Object> selection() {
        Selection selection = options.selection();
        List<String> authors = visibleAuthors(selection.authors());
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("publishedFrom", selection.publishedFrom());
        json.put("publishedTo", selection.publishedTo());
        json.put("capturedFrom", selection.capturedFrom());
        json.put("capturedTo", selection.capturedTo());
        json.put("topics", selection.topics());
        json.put("authors", authors);
        json.put("authorsNotNamed", selection.authors().size() - authors.size());
        json.put("states", selection.states());
        json.put("text", selection.text());
        json.put("ids", export.ids());
        return json;
    }

    /**
     * Returns the selected authors as the rows name them. Displayed numbers have no pseudonym, because hashed rows do
     * not contain them.
     */
    private List<String> visibleAuthors(List<String> authors) {
        return switch (options.authors()) {
            case KEEP -> authors;
            case HASH ->
                authors.stream()
                        .filter(author -> AUTHOR_ID.matcher(author).matches())
                        .map(export::pseudonym)
                        .toList();
            case OMIT -> List.of();
        };
    }

    private Map<String, Object> authors() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("mode", lowerCase(options.authors()));
        if (options.authors() == AuthorMode.HASH) {
            json.put("pseudonyms", "first 16 bytes of HMAC-SHA-256 of the id, hexadecimal");
            json.put("key", options.authorKey() == null ? "drawn for this export and forgotten" : "given");
        }
        return json;
    }

    private Map<String, Object> media() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("mode", lowerCase(options.media()));
        if (options.media() == MediaMode.PRESIGNED) {
            json.put("goodFor", options.presignFor().toString());
        }
        if (options.media() == MediaMode.COPY) {
            json.put("copied", export.media().copied());
            json.put("missing", export.media().missing());
            json.put("missingObjects", export.media().examples());
        }
        return json;
    }

    private List<Map<String, @Nullable Object>> tables(Map<Table, String> files) {
        Map<String, String> comments = export.snapshot().comments();
        List<Map<String, @Nullable Object>> tables = new ArrayList<>();
        files.forEach((table, file) -> {
            Map<String, @Nullable Object> json = new LinkedHashMap<>();
            json.put("name", table.name());
            json.put("description", comments.get(table.source()));
            json.put("file", file.isEmpty() ? null : file);
            json.put("rows", export.rows().getOrDefault(table.name(), 0L));
            json.put("columns", columns(table.columns(), comments));
            tables.add(json);
        });
        return tables;
    }

    private List<Map<String, @Nullable Object>> columns(List<Column> columns, Map<String, String> comments) {
        List<Map<String, @Nullable Object>> all = new ArrayList<>();
        for (Column column : columns) {
            Map<String, @Nullable Object> json = new LinkedHashMap<>();
            json.put("name", column.name());
            json.put("type", lowerCase(column.type()));
            json.put("nullable", !column.isKey() && !column.isList());
            json.put("description", description(column, comments));
            if (column.type() == Column.Type.RECORD_LIST) {
                json.put("columns", columns(column.fields(), comments));
            }
            all.add(json);
        }
        return all;
    }

    private @Nullable String description(Column column, Map<String, String> comments) {
        String source = column.source();
        String description = source == null ? column.description() : comments.get(source);
        return options.authors() == AuthorMode.HASH && column.content() == Column.Content.PERSON_ID
                ? "A pseudonym in place of the id. " + (description == null ? "" : description)
                : description;
    }

    private static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
