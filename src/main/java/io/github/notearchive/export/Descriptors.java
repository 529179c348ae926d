package io.github.notearchive.export;

import io.github.notearchive.archive.query.NoteSnapshots.FileEntry;
import io.github.notearchive.export.ExportOptions.Compression;
import io.github.notearchive.export.ExportOptions.ExportFormat;
import io.github.notearchive.export.ExportOptions.MediaMode;
import io.github.notearchive.export.ExportOptions.TableFormat;
import io.github.notearchive.export.Exporter.Export;
import io.github.notearchive.export.Exporter.ExportException;
import io.github.notearchive.export.Table.Column;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.springframework.core.io.ClassPathResource;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Describes the tables for other programs: {@code datapackage.json} (Frictionless Data Package 1) and
 * {@code croissant.json} (Croissant 1.0), in a bag also {@code ro-crate-metadata.json} (RO-Crate 1.1). They have no
 * time of writing, and what the archive does not know, such as a license, only if the user gives it.
 *
 * @param tables files of each table
 * @param files size and digest of each of these files, by its path
 */
public record Descriptors(
        Export export, TableFormat format, Map<Table, List<String>> tables, Map<String, FileEntry> files) {

    private static final String TITLE = "Notes of Xiaohongshu";
    private static final String DESCRIPTION =
            "Notes of Xiaohongshu with their history, archived by note-archive; manifest.json has the selection.";

    /** Properties that identify a license. */
    private static final String[] LICENSE = {"url", "@id", "name"};

    /** Properties that the export writes itself. */
    private static final List<String> RESERVED = List.of(
            "@context", "@graph", "@id", "@type", "conformsTo", "distribution", "hasPart", "recordSet", "resources");

    /**
     * Reads properties of schema.org about the data set, such as {@code name}, {@code license} and {@code creator}.
     *
     * @throws ExportException if the file is not a JSON object, or has a property that the export writes itself
     */
    public static ObjectNode read(Path file) throws IOException {
        try {
            JsonNode json = JsonMapper.shared().readTree(Files.readAllBytes(file));
            if (json instanceof ObjectNode properties) {
                for (String name : RESERVED) {
                    if (properties.has(name)) {
                        throw new ExportException(
                                ("Descriptor %s has \"%s\", which the export writes itself; nothing was exported. "
                                                + "Remove it")
                                        .formatted(file, name));
                    }
                }
                for (String license : texts(properties.path("license"), LICENSE)) {
                    if (!license.contains("://") && !license.matches("[-a-zA-Z0-9._]+")) {
                        throw new ExportException(
                                ("Descriptor %s has license \"%s\"; nothing was exported. Write its URL, or its id at "
                                                + "SPDX such as CC-BY-4.0")
                                        .formatted(file, license));
                    }
                }
                return properties;
            }
        } catch (JacksonException e) {
            // reported below
        }
        throw new ExportException(
                "Descriptor %s is not a JSON object; nothing was exported. Write it like {\"license\": \"https://...\"}"
                        .formatted(file));
    }

    /** @param below directory of the tables, with a trailing slash; empty for the top level */
    static void write(Export export, TableFormat format, String below, Map<Table, List<String>> tables)
            throws IOException {
        Map<String, FileEntry> files = new HashMap<>();
        tables.values().forEach(paths -> paths.forEach(path -> files.put(path, new FileEntry(path, 0, ""))));
        export.directory().inventory.forEach(file -> files.replace(file.path().substring(below.length()), file));
        Descriptors descriptors = new Descriptors(export, format, tables, files);
        StagingDirectory directory = export.directory();
        directory.write(below + "datapackage.json", descriptors.dataPackage().toPrettyString());
        directory.write(below + "croissant.json", descriptors.croissant().toPrettyString());
        if (export.options().format() == ExportFormat.BAGIT) {
            directory.write(
                    below + "ro-crate-metadata.json", descriptors.crate().toPrettyString());
        }
    }

    private static ObjectNode object() {
        return JsonMapper.shared().createObjectNode();
    }

    private ObjectNode given() {
        ObjectNode given = export.options().packaging().descriptor();
        return given == null ? object() : given;
    }

    private ObjectNode dataPackage() {
        ObjectNode json = object().put("profile", "data-package")
                .put("name", "note-archive")
                .put("title", TITLE)
                .put("description", DESCRIPTION);
        given().forEachEntry((property, value) -> {
            switch (property) {
                case "name" -> json.set("title", value);
                case "url" -> json.set("homepage", value);
                case "license" ->
                    texts(value, LICENSE)
                            .forEach(text -> json.withArray("licenses")
                                    .addObject()
                                    .put(text.contains("://") ? "path" : "name", text));
                case "keywords" ->
                    json.putPOJO(
                            property, value.isString() ? value.stringValue().split("\\s*,\\s*") : value);
                case "creator" ->
                    texts(value, "name", "@id")
                            .forEach(text ->
                                    json.withArray("contributors").addObject().put("title", text));
                default -> json.set(property, value);
            }
        });
        ArrayNode resources = json.putArray("resources");
        tables.forEach((table, paths) -> paths.forEach(path -> resources.add(resource(table, path))));
        return json;
    }

    /** Returns each value of a list, or the only one: a text, the first of some properties of an object, or JSON. */
    private static List<String> texts(JsonNode value, String... properties) {
        Stream<JsonNode> values = value.isArray() ? value.valueStream() : Stream.of(value);
        return values.filter(each -> !each.isNull() && !each.isMissingNode())
                .map(each -> Stream.of(properties)
                        .flatMap(property -> each.path(property).stringValueOpt().stream())
                        .findFirst()
                        .orElseGet(() -> each.asString(each.toString())))
                .toList();
    }

    private ObjectNode resource(Table table, String path) {
        FileEntry file = Objects.requireNonNull(files.get(path));
        // a file of a month is a resource, since files with headings cannot be concatenated
        String month = path.contains("/") ? path.replaceFirst(".*/month=(.*)/.*", ".$1") : "";
        ObjectNode json = object().put("name", table.name() + month)
                .put("path", path)
                .put("description", export.description(table))
                .put("format", format.toString())
                .put("mediatype", format.mediaType)
                .put("bytes", file.size())
                .put("hash", "sha256:" + file.sha256());
        ObjectNode schema = json.putObject("schema");
        ArrayNode fields = schema.putArray("fields");
        table.columns().forEach(column -> fields.add(field(column)));
        schema.putPOJO("primaryKey", table.keys());
        // a table without rows has a file of a month that the notes may not have
        boolean hasNotes = files.containsKey(
                path.replaceFirst("^" + table.name(), export.notes().name()));
        if (hasNotes && table.relation().equals("selected") && !table.equals(export.notes())) {
            schema.putArray("foreignKeys")
                    .addObject()
                    .put("fields", Table.KEY)
                    .putObject("reference")
                    .put("resource", export.notes().name() + month)
                    .put("fields", Table.KEY);
        }
        Compression compression = export.options().packaging().compression();
        if (compression != null && format != TableFormat.PARQUET) {
            json.put("compression", compression.extension);
        }
        if (format == TableFormat.CSV) {
            json.put("encoding", "utf-8").putObject("dialect").put("lineTerminator", "\r\n");
            schema.putArray("missingValues").add("");
        }
        return json;
    }

    private ObjectNode field(Column column) {
        ObjectNode field = object().put("name", column.name());
        switch (column.type()) {
            case TEXT -> field.put("type", "string");
            case INTEGER, BIGINT -> field.put("type", "integer");
            case BOOLEAN -> field.put("type", "boolean");
            case TIMESTAMP -> field.put("type", "datetime").put("format", "any");
            case TEXT_LIST, RECORD_LIST -> field.put("type", "array");
        }
        return field.put("description", export.description(column));
    }

    /** Lists of records are omitted, since they repeat other tables. */
    private ObjectNode croissant() throws IOException {
        ObjectNode json = (ObjectNode) JsonMapper.shared()
                .readTree(new ClassPathResource("croissant.json", Descriptors.class).getContentAsByteArray());
        json.put("name", TITLE).put("description", DESCRIPTION);
        json.setAll(given());
        ArrayNode distribution = json.putArray("distribution");
        if (export.options().media() == MediaMode.COPY) {
            addFileSet(distribution, "media-files", "media/*/*", "application/octet-stream");
        }
        ArrayNode recordSets = json.putArray("recordSet");
        tables.forEach((table, paths) -> {
            for (String path : paths) {
                FileEntry file = Objects.requireNonNull(files.get(path));
                distribution
                        .addObject()
                        .put("@type", "cr:FileObject")
                        .put("@id", path)
                        .put("name", path)
                        .put("contentUrl", path)
                        .put("contentSize", file.size() + " B")
                        .put("encodingFormat", format.mediaType)
                        .put("sha256", file.sha256());
            }
            boolean isPartitioned = paths.getFirst().contains("/");
            String source = isPartitioned ? table.name() + "-files" : paths.getFirst();
            if (isPartitioned) {
                String includes = paths.getFirst().replaceFirst("month=[^/]*", "*");
                addFileSet(distribution, source, includes, format.mediaType);
            }
            ObjectNode recordSet = recordSets
                    .addObject()
                    .put("@type", "cr:RecordSet")
                    .put("@id", table.name())
                    .put("name", table.name())
                    .put("description", export.description(table));
            table.keys().forEach(key -> recordSet.withArray("key").addObject().put("@id", table.name() + "/" + key));
            ArrayNode fields = recordSet.putArray("field");
            table.columns().stream()
                    .filter(column -> column.type() != Column.Type.RECORD_LIST)
                    .forEach(column -> addField(fields, table, column)
                            .putObject("source")
                            .set(isPartitioned ? "fileSet" : "fileObject", object().put("@id", source))
                            .putObject("extract")
                            .put("column", column.name()));
        });
        return json;
    }

    private static void addFileSet(ArrayNode distribution, String id, String includes, String mediaType) {
        distribution
                .addObject()
                .put("@type", "cr:FileSet")
                .put("@id", id)
                .put("name", id)
                .put("includes", includes)
                .put("encodingFormat", mediaType);
    }

    private ObjectNode addField(ArrayNode fields, Table table, Column column) {
        ObjectNode field = fields.addObject()
                .put("@type", "cr:Field")
                .put("@id", table.name() + "/" + column.name())
                .put("name", column.name())
                .put("description", export.description(column));
        if (column.type() == Column.Type.TEXT_LIST && format != TableFormat.CSV) {
            field.put("repeated", true);
        }
        return field.put(
                "dataType",
                switch (column.type()) {
                    case TEXT, TEXT_LIST, RECORD_LIST -> "sc:Text";
                    case INTEGER, BIGINT -> "sc:Integer";
                    case BOOLEAN -> "sc:Boolean";
                    case TIMESTAMP -> "sc:DateTime";
                });
    }

    /** A crate needs a date of publication; unless it is given, it is that of the newest change in the archive. */
    private ObjectNode crate() {
        ObjectNode json = object();
        json.putArray("@context")
                .add("https://w3id.org/ro/crate/1.1/context")
                .addObject()
                .put("sha256", "https://schema.org/sha256");
        ArrayNode graph = json.putArray("@graph");
        ObjectNode self = entity(graph, "ro-crate-metadata.json", "CreativeWork");
        self.putObject("conformsTo").put("@id", "https://w3id.org/ro/crate/1.1");
        self.putObject("about").put("@id", "./");
        ObjectNode root = entity(graph, "./", "Dataset")
                .put("name", TITLE)
                .put("description", DESCRIPTION)
                .put("datePublished", export.snapshot().mark().toString());
        tables.forEach((table, paths) -> paths.forEach(path -> {
            FileEntry file = Objects.requireNonNull(files.get(path));
            entity(graph, path, "File")
                    .put("name", path)
                    .put("description", export.description(table))
                    .put("encodingFormat", format.mediaType)
                    .put("contentSize", Long.toString(file.size()))
                    .put("sha256", file.sha256());
            root.withArray("hasPart").addObject().put("@id", path);
        }));
        Map<String, String> directories = new TreeMap<>();
        directories.put("media/", "Files of the notes, by SHA-256");
        if (export.options().packaging().answers()) {
            directories.put("notes/", "Exact responses of the provider, by note and time");
        }
        directories.forEach((path, name) -> {
            if (export.directory().has("data/" + path)) {
                entity(graph, path, "Dataset").put("name", name);
                root.withArray("hasPart").addObject().put("@id", path);
            }
        });
        given().forEachEntry((property, value) -> root.set(property, flattened(property, value, graph)));
        return json;
    }

    private static ObjectNode entity(ArrayNode graph, String id, String type) {
        return graph.addObject().put("@id", id).put("@type", type);
    }

    /** Adds new objects within a value to the graph, since a crate has no nested ones; returns references to them. */
    private static JsonNode flattened(String property, JsonNode value, ArrayNode graph) {
        if (value.isArray()) {
            ArrayNode all = JsonMapper.shared().createArrayNode();
            value.forEach(each -> all.add(flattened(property, each, graph)));
            return all;
        }
        if (property.equals("license") && value.asString("").contains("://")) {
            ObjectNode license = object().put("@type", "CreativeWork");
            return flattened(property, license.set("@id", value).set("name", value), graph);
        }
        if (!value.isObject() || (value.has("@id") && value.size() == 1)) {
            return value;
        }
        String id = value.path("@id").asString("#" + property + "-" + graph.size());
        if (!texts(graph, "@id").contains(id)) {
            ObjectNode entity = entity(graph, id, "Thing");
            value.forEachEntry((name, each) -> {
                if (!name.equals("@id")) {
                    entity.set(name, flattened(name, each, graph));
                }
            });
        }
        return object().put("@id", id);
    }
}
