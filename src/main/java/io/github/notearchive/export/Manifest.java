package io.github.notearchive.export;

import io.github.notearchive.export.ExportReport.MissingObject;
import io.github.notearchive.export.ExportReport.NamedIds;
import java.io.IOException;
import java.io.OutputStream;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code manifest.json}: what was asked for, which tables and columns there are and what they mean, how many rows,
 * every file with its SHA-256, and what is missing. No time of writing stands in it, so the same archive gives the same
 * bytes, and it names no author that the rows do not name.
 */
final class Manifest {

    static final String NAME = "manifest.json";

    /** Counts up when a field changes its meaning. */
    private static final int VERSION = 1;

    /** An author's id, as opposed to the number that people know an author by. */
    private static final Pattern AUTHOR_ID = Pattern.compile("[0-9a-f]{24}");

    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final Export export;

    Manifest(Export export) {
        this.export = export;
    }

    /**
     * A table and the file that it lies in.
     *
     * @param file null when the format spreads it over many
     */
    record TableFile(Table table, @Nullable String file) {}

    /**
     * Writes it as the last of the files.
     *
     * @param below the directory that it describes, with a slash behind; empty for the export's top
     */
    void write(String below, List<TableFile> tables) throws IOException, SQLException {
        Map<String, String> comments = export.snapshot().comments();
        NamedIds ids = export.snapshot().namedIds();
        try (OutputStream out = export.draft().create(below + NAME);
                JsonGenerator json = MAPPER.writer().createGenerator(out)) {
            json.writeStartObject();
            json.writeNumberProperty("manifestVersion", VERSION);
            json.writeStringProperty("tool", export.options().tool());
            json.writeStringProperty("format", export.options().format().toString());
            if (export.options().format() == ExportFormat.CSV) {
                json.writeBooleanProperty("excel", export.options().excel());
            }
            selection(json, ids);
            authors(json);
            media(json);
            tables(json, tables, comments);
            files(json, below);
            json.writeEndObject();
        }
    }

    private void selection(JsonGenerator json, @Nullable NamedIds ids) {
        Selection selection = export.options().selection();
        json.writeObjectPropertyStart("selection");
        time(json, "publishedFrom", selection.publishedFrom());
        time(json, "publishedTo", selection.publishedTo());
        time(json, "capturedFrom", selection.capturedFrom());
        time(json, "capturedTo", selection.capturedTo());
        texts(json, "topics", selection.topics());
        List<String> authors = authorsToName(selection.authors());
        texts(json, "authors", authors);
        json.writeNumberProperty("authorsNotNamed", selection.authors().size() - authors.size());
        texts(json, "states", selection.states().stream().map(Enum::name).toList());
        json.writeStringProperty("text", selection.text());
        if (ids == null) {
            json.writeNullProperty("ids");
        } else {
            json.writeObjectPropertyStart("ids");
            json.writeNumberProperty("named", ids.named());
            json.writeNumberProperty("notArchived", ids.notArchived());
            texts(json, "notArchivedExamples", ids.examples());
            json.writeEndObject();
        }
        json.writeEndObject();
    }

    /**
     * The authors that were asked for, as the rows name them. The numbers that people know each other by stand in no
     * row where people are hashed, so they have no pseudonym either.
     */
    private List<String> authorsToName(List<String> authors) {
        return switch (export.options().authors()) {
            case KEEP -> authors;
            case HASH ->
                authors.stream()
                        .filter(author -> AUTHOR_ID.matcher(author).matches())
                        .map(export::pseudonym)
                        .toList();
            case OMIT -> List.of();
        };
    }

    private void authors(JsonGenerator json) {
        AuthorMode authors = export.options().authors();
        json.writeObjectPropertyStart("authors");
        json.writeStringProperty("mode", spelled(authors));
        if (authors == AuthorMode.HASH) {
            json.writeStringProperty("pseudonyms", "first 16 bytes of HMAC-SHA-256 of the id, hexadecimal");
            json.writeStringProperty(
                    "key", export.options().authorKey() == null ? "drawn for this export and forgotten" : "given");
        }
        json.writeEndObject();
    }

    private void media(JsonGenerator json) {
        json.writeObjectPropertyStart("media");
        json.writeStringProperty("mode", spelled(export.options().media()));
        if (export.options().media() == MediaMode.PRESIGNED) {
            json.writeStringProperty("goodFor", export.options().presignFor().toString());
        }
        MediaCopies copies = export.mediaSoFar();
        if (copies != null) {
            json.writeNumberProperty("copied", copies.copied());
            json.writeNumberProperty("missing", copies.missing());
            json.writeArrayPropertyStart("missingObjects");
            for (MissingObject missing : copies.examples()) {
                json.writeStartObject();
                json.writeStringProperty("objectKey", missing.key());
                json.writeStringProperty("reason", missing.reason());
                json.writeEndObject();
            }
            json.writeEndArray();
        }
        json.writeEndObject();
    }

    private void tables(JsonGenerator json, List<TableFile> tables, Map<String, String> comments) {
        json.writeArrayPropertyStart("tables");
        for (TableFile entry : tables) {
            json.writeStartObject();
            json.writeStringProperty("name", entry.table().name());
            json.writeStringProperty("description", comments.get(entry.table().source()));
            json.writeStringProperty("file", entry.file());
            json.writeNumberProperty(
                    "rows", export.rows().getOrDefault(entry.table().name(), 0L));
            columns(json, entry.table().columns(), comments);
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private void columns(JsonGenerator json, List<Column> columns, Map<String, String> comments) {
        json.writeArrayPropertyStart("columns");
        for (Column column : columns) {
            json.writeStartObject();
            json.writeStringProperty("name", column.name());
            json.writeStringProperty("type", spelled(column.type()));
            json.writeBooleanProperty(
                    "nullable",
                    !column.name().equals(Table.KEY) && !column.type().isList());
            json.writeStringProperty("description", description(column, comments));
            if (column.type() == ColumnType.RECORD_LIST) {
                columns(json, column.fields(), comments);
            }
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private @Nullable String description(Column column, Map<String, String> comments) {
        String comment = column.source() == null ? null : comments.get(column.source());
        String description = comment == null ? column.description() : comment;
        return export.options().authors() == AuthorMode.HASH && column.content() == Content.PERSON_ID
                ? "A pseudonym in place of the id. " + (description == null ? "" : description)
                : description;
    }

    private void files(JsonGenerator json, String below) throws IOException {
        json.writeArrayPropertyStart("files");
        export.draft().forEachFile(file -> {
            json.writeStartObject();
            json.writeStringProperty("path", file.path().substring(below.length()));
            json.writeNumberProperty("bytes", file.size());
            json.writeStringProperty("sha256", file.sha256());
            json.writeEndObject();
        });
        json.writeEndArray();
    }

    private static void time(JsonGenerator json, String name, @Nullable Instant time) {
        json.writeStringProperty(name, time == null ? null : time.toString());
    }

    private static void texts(JsonGenerator json, String name, List<String> texts) {
        json.writeArrayPropertyStart(name);
        texts.forEach(json::writeString);
        json.writeEndArray();
    }

    private static String spelled(Enum<?> constant) {
        return constant.name().toLowerCase(java.util.Locale.ROOT);
    }
}
