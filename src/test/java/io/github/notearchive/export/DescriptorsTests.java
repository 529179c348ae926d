package io.github.notearchive.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.notearchive.archive.query.NoteSnapshots.Selection;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.ExportFormat;
import io.github.notearchive.export.ExportOptions.MediaMode;
import io.github.notearchive.export.ExportOptions.Packaging;
import io.github.notearchive.export.Exporter.ExportException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** Descriptors name the files, columns and digests of the manifest. */
class DescriptorsTests extends ExportScenario {

    private static final List<String> CROISSANT_OMITS = List.of("mentions", "media");

    @ParameterizedTest
    @EnumSource(names = {"JSONL", "CSV", "PARQUET", "BAGIT"})
    void descriptorsHaveTheFilesAndColumnsOfTheManifest(ExportFormat format) throws Exception {
        export(options(format, target));

        Path below = format == ExportFormat.BAGIT ? target.resolve("data") : target;
        JsonNode manifest = json(below.resolve("manifest.json"));
        Map<String, String> digests = new TreeMap<>();
        manifest.path("files")
                .forEach(file -> digests.put(
                        file.path("path").stringValue(), file.path("sha256").stringValue()));
        JsonNode resources = json(below.resolve("datapackage.json")).path("resources");
        JsonNode croissant = json(below.resolve("croissant.json"));
        for (int i = 0; i < manifest.path("tables").size(); i++) {
            JsonNode table = manifest.path("tables").get(i);
            String path = table.at("/files/0").stringValue();
            JsonNode resource = resources.get(i);
            assertThat(resource.path("path").stringValue()).isEqualTo(path);
            assertThat(resource.path("hash").stringValue()).isEqualTo("sha256:" + digests.get(path));
            assertThat(resource.path("bytes").longValue()).isEqualTo(Files.size(below.resolve(path)));
            List<String> columns = texts(table.path("columns"), "name");
            assertThat(texts(resource.at("/schema/fields"), "name")).isEqualTo(columns);
            JsonNode file = named(croissant.path("distribution"), path);
            assertThat(file.path("sha256").stringValue()).isEqualTo(digests.get(path));
            JsonNode recordSet = croissant.path("recordSet").get(i);
            columns.removeAll(recordSet.path("name").stringValue().equals("notes") ? CROISSANT_OMITS : List.of());
            assertThat(texts(recordSet.path("field"), "name")).isEqualTo(columns);
            assertThat(recordSet.at("/field/0/source/fileObject/@id").stringValue())
                    .isEqualTo(path);
        }
        assertThat(resources.at("/5/schema/primaryKey"))
                .extracting(JsonNode::stringValue)
                .containsExactly("note_id", "kind", "ordinal");
        assertThat(resources.at("/5/schema/foreignKeys/0/reference/resource").stringValue())
                .isEqualTo("notes");
        assertThat(digests).containsKeys("datapackage.json", "croissant.json");
    }

    @Test
    void eachFileOfAMonthIsAResourceAndAFileSetHasThemAll() throws Exception {
        database.update("DELETE FROM note_comment");
        database.update("UPDATE note SET published_at = '2026-02-10T00:00Z' WHERE published_at IS NULL");

        export(with(
                options(ExportFormat.CSV, target), "packaging", new Packaging(true, false, null, null, null, false)));

        JsonNode resources = json(target.resolve("datapackage.json")).path("resources");
        assertThat(texts(resources, "name")).contains("notes.2026-02", "media.2026-02", "comments.unknown", "removed");
        assertThat(named(resources, "media.2026-02")
                        .at("/schema/foreignKeys/0/reference/resource")
                        .stringValue())
                .isEqualTo("notes.2026-02");
        assertThat(named(resources, "comments.unknown")
                        .at("/schema/foreignKeys")
                        .isMissingNode())
                .isTrue();
        JsonNode croissant = json(target.resolve("croissant.json"));
        assertThat(named(croissant.path("distribution"), "notes-files")
                        .path("includes")
                        .stringValue())
                .isEqualTo("notes/*/data.csv");
        assertThat(croissant.at("/recordSet/0/field/0/source/fileSet/@id").stringValue())
                .isEqualTo("notes-files");
    }

    @Test
    void descriptionsByTheUserAreInBothDescriptorsAndTheManifest() throws Exception {
        export(with(options(ExportFormat.CSV, target), "packaging", described("""
                {"name": "咖啡", "license": "https://creativecommons.org/licenses/by/4.0/", "version": "1",
                 "creator": [{"@type": "Person", "name": "Li"}, "Lab", {"@id": "https://orcid.org/0"}],
                 "datePublished": "2026-05-01", "keywords": "coffee, tea"}
                """)));

        JsonNode dataPackage = json(target.resolve("datapackage.json"));
        assertThat(dataPackage.path("title").stringValue()).isEqualTo("咖啡");
        assertThat(dataPackage.path("name").stringValue()).isEqualTo("note-archive");
        assertThat(dataPackage.at("/licenses/0/path").stringValue()).startsWith("https://creativecommons.org/");
        assertThat(texts(dataPackage.path("contributors"), "title"))
                .containsExactly("Li", "Lab", "https://orcid.org/0");
        assertThat(dataPackage.path("keywords"))
                .extracting(JsonNode::stringValue)
                .containsExactly("coffee", "tea");
        JsonNode croissant = json(target.resolve("croissant.json"));
        assertThat(croissant.path("name").stringValue()).isEqualTo("咖啡");
        assertThat(croissant.at("/creator/0/name").stringValue()).isEqualTo("Li");
        assertThat(croissant.path("datePublished").stringValue()).isEqualTo("2026-05-01");
        assertThat(json(target.resolve("manifest.json"))
                        .at("/packaging/descriptor/version")
                        .stringValue())
                .isEqualTo("1");
    }

    @Test
    void aCrateHasNoNestedObjectsAndTheGivenCreatorsAsEntities() throws Exception {
        export(with(options(ExportFormat.BAGIT, target), "packaging", described("""
                {"license": "https://creativecommons.org/licenses/by/4.0/", "creator": [{"@type": "Person", "name": "Li"}],
                 "author": {"@id": "#ro", "name": "Ro"}, "editor": {"@id": "#ro", "name": "Ro"}, "about": {"@id": "media/", "name": "x"}}
                """)));

        JsonNode graph = json(target.resolve("data/ro-crate-metadata.json")).path("@graph");
        JsonNode root = graph.get(1);
        assertThat(root.at("/license/@id").stringValue()).startsWith("https://creativecommons.org/");
        assertThat(named(graph, "Li").path("@id")).isEqualTo(root.at("/creator/0/@id"));
        assertThat(root.path("datePublished").stringValue())
                .isEqualTo(
                        json(target.resolve("data/manifest.json")).path("mark").stringValue());
        assertThat(texts(graph, "@id")).doesNotHaveDuplicates().contains("#ro", "media/");
        assertThat(named(graph, "Ro").path("@type").stringValue()).isEqualTo("Thing");
        for (JsonNode entity : graph) {
            assertThat(entity.path("@id").stringValue()).isNotEmpty();
            entity.forEach(
                    value -> assertThat(value.isObject() ? value.size() : 1).isEqualTo(1));
        }
        assertThat(texts(root.path("hasPart"), "@id"))
                .contains("notes.jsonl", "media/")
                .doesNotContain("notes/");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            "CC-BY-4.0"                                      | name | CC-BY-4.0
            {"name": "CC BY", "@id": "https://example.org/"} | path | https://example.org/
            [{"url": "https://example.org/l", "name": "x"}]  | path | https://example.org/l
            """)
    void aLicenseIsAUrlOrAnId(String license, String property, String text) throws Exception {
        export(with(options(ExportFormat.CSV, target), "packaging", described("{\"license\": %s}".formatted(license))));

        assertThat(json(target.resolve("datapackage.json"))
                        .at("/licenses/0/" + property)
                        .stringValue())
                .isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"license": "CC BY 4.0"} | license "CC BY 4.0"; nothing was exported. Write its URL
            {"license": {"x": "y"}}  | license "{"x":"y"}"
            ["a list"]             | is not a JSON object
            no JSON                | is not a JSON object
            {"distribution": []}   | has "distribution", which the export writes itself
            """)
    void anInvalidDescriptorIsRefused(String text, String message) {
        assertThatExceptionOfType(ExportException.class)
                .isThrownBy(() -> described(text))
                .withMessageContaining(message);
    }

    @Test
    void copiedMediaAreASetOfFilesInCroissant() throws Exception {
        export(options(ExportFormat.CSV, target, Selection.all(), MediaMode.COPY, AuthorMode.KEEP));

        assertThat(named(json(target.resolve("croissant.json")).path("distribution"), "media-files")
                        .path("includes")
                        .stringValue())
                .isEqualTo("media/*/*");
    }

    private Packaging described(String descriptor) throws Exception {
        Path file = Files.writeString(directory.resolve("descriptor.json"), descriptor);
        return new Packaging(false, false, null, Descriptors.read(file), null, false);
    }

    private static JsonNode named(JsonNode nodes, String name) {
        return nodes.valueStream()
                .filter(node -> node.path("name").asString("").equals(name))
                .findFirst()
                .orElseThrow();
    }
}
