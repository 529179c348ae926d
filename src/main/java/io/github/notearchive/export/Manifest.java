package io.github.notearchive.export;

import io.github.notearchive.export.ExportReport.NamedIds;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

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

    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final Export export;
    private final ExportOptions options;

    Manifest(Export export) {
        this.export = export;
        this.options = export.options();
    }

    /**
     * Table and the file that contains it.
     *
     * @param file null if the format distributes the table over many files
     */
    record TableFile(Table table, @Nullable String file) {}

    /**
     * Writes the manifest, which must be the last file that it describes.
     *
     * @param below directory that it describes, with a trailing slash; empty for the top level
     */
    void write(String below, List<TableFile> tables) throws IOException {
        ObjectNode head = MAPPER.createObjectNode();
        head.put("manifestVersion", VERSION);
        head.put("tool", options.tool());
        head.put("format", options.format().toString());
        if (options.format() == ExportFormat.CSV) {
            head.put("excel", options.excel());
        }
        selection(head.putObject("selection"));
        authors(head.putObject("authors"));
        media(head.putObject("media"));
        tables(head.putArray("tables"), tables);
        try (OutputStream out = export.directory().create(below + NAME);
                JsonGenerator json = MAPPER.writer().createGenerator(out)) {
            json.writeStartObject();
            head.properties().forEach(property -> json.writePOJOProperty(property.getKey(), property.getValue()));
            json.writeArrayPropertyStart("files");
            export.directory().inventory().forEach(file -> {
                json.writeStartObject();
                json.writeStringProperty("path", file.path().substring(below.length()));
                json.writeNumberProperty("bytes", file.size());
                json.writeStringProperty("sha256", file.sha256());
                json.writeEndObject();
            });
            json.writeEndArray();
            json.writeEndObject();
        } catch (JacksonException e) {
            if (e.getCause() instanceof ExportWriteException failure) {
                throw failure;
            }
            throw e;
        }
    }

    private void selection(ObjectNode json) {
        Selection selection = options.selection();
        json.put("publishedFrom", text(selection.publishedFrom()));
        json.put("publishedTo", text(selection.publishedTo()));
        json.put("capturedFrom", text(selection.capturedFrom()));
        json.put("capturedTo", text(selection.capturedTo()));
        addAll(json.putArray("topics"), selection.topics());
        List<String> authors = visibleAuthors(selection.authors());
        addAll(json.putArray("authors"), authors);
        json.put("authorsNotNamed", selection.authors().size() - authors.size());
        addAll(
                json.putArray("states"),
                selection.states().stream().map(Enum::name).toList());
        json.put("text", selection.text());
        NamedIds ids = export.snapshot().namedIds();
        if (ids == null) {
            json.putNull("ids");
        } else {
            ObjectNode named = json.putObject("ids");
            named.put("named", ids.named());
            named.put("notArchived", ids.notArchived());
            addAll(named.putArray("notArchivedExamples"), ids.examples());
        }
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

    private void authors(ObjectNode json) {
        json.put("mode", lowerCase(options.authors()));
        if (options.authors() == AuthorMode.HASH) {
            json.put("pseudonyms", "first 16 bytes of HMAC-SHA-256 of the id, hexadecimal");
            json.put("key", options.authorKey() == null ? "drawn for this export and forgotten" : "given");
        }
    }

    private void media(ObjectNode json) {
        json.put("mode", lowerCase(options.media()));
        if (options.media() == MediaMode.PRESIGNED) {
            json.put("goodFor", options.presignFor().toString());
        }
        if (options.media() == MediaMode.COPY) {
            MediaCopies copies = export.media();
            json.put("copied", copies.copied());
            json.put("missing", copies.missing());
            ArrayNode missing = json.putArray("missingObjects");
            copies.examples()
                    .forEach(object ->
                            missing.addObject().put("objectKey", object.key()).put("reason", object.reason()));
        }
    }

    private void tables(ArrayNode json, List<TableFile> tables) {
        Map<String, String> comments = export.snapshot().comments();
        for (TableFile entry : tables) {
            Table table = entry.table();
            ObjectNode node = json.addObject();
            node.put("name", table.name());
            node.put("description", comments.get(table.source()));
            node.put("file", entry.file());
            node.put("rows", export.rows().getOrDefault(table.name(), 0L));
            columns(node.putArray("columns"), table.columns(), comments);
        }
    }

    private void columns(ArrayNode json, List<Column> columns, Map<String, String> comments) {
        for (Column column : columns) {
            ObjectNode node = json.addObject();
            node.put("name", column.name());
            node.put("type", lowerCase(column.type()));
            node.put("nullable", !column.isKey() && !column.type().isList());
            node.put("description", description(column, comments));
            if (column.type() == Column.Type.RECORD_LIST) {
                columns(node.putArray("columns"), column.fields(), comments);
            }
        }
    }

    private @Nullable String description(Column column, Map<String, String> comments) {
        String description = column.source() == null ? column.description() : comments.get(column.source());
        return options.authors() == AuthorMode.HASH && column.content() == Column.Content.PERSON_ID
                ? "A pseudonym in place of the id. " + (description == null ? "" : description)
                : description;
    }

    private static @Nullable String text(@Nullable Instant time) {
        return time == null ? null : time.toString();
    }

    private static void addAll(ArrayNode json, List<String> texts) {
        texts.forEach(json::add);
    }

    private static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
