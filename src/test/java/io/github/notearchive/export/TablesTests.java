package io.github.notearchive.export;

import static io.github.notearchive.export.ExportScenario.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import gov.loc.repository.bagit.domain.Bag;
import gov.loc.repository.bagit.exceptions.CorruptChecksumException;
import gov.loc.repository.bagit.reader.BagReader;
import gov.loc.repository.bagit.verify.BagVerifier;
import io.github.notearchive.archive.query.NoteSnapshots.Selection;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.Compression;
import io.github.notearchive.export.ExportOptions.ExportFormat;
import io.github.notearchive.export.ExportOptions.MediaMode;
import io.github.notearchive.export.ExportOptions.Packaging;
import io.github.notearchive.export.Exporter.ExportException;
import io.github.notearchive.export.Exporter.ExportReport;
import io.github.notearchive.export.Exporter.ExportReport.MissingObject;
import io.github.notearchive.store.ObjectKey;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Tables are read by another program and equal the archive. */
class TablesTests extends ExportScenario {

    private static final Map<String, Long> ROWS = Map.of(
            "notes",
            4L,
            "captures",
            6L,
            "topics",
            3L,
            "mentions",
            2L,
            "comments",
            1L,
            "media",
            7L,
            "worklist",
            4L,
            "removed",
            1L);

    /** Keys of ours, what the program keeps for its own work, and the complete response. */
    private static final Set<String> LEFT_OUT = Set.of(
            "author.changed_at",
            "author.updated_at",
            "note.changed_at",
            "note.author_id", // as author.author_id
            "note.mapper_version",
            "note.search",
            "note_capture.changed_at",
            "note_capture.response",
            "note_capture.call_id",
            "note_capture.mapper_version",
            "note_capture.sidecar_verified_at",
            "note_media.captured_at",
            "note_media.changed_at",
            "note_media.checks",
            "note_media.dead_night",
            "note_media.error",
            "note_media.sha256", // as media_object.sha256
            "note_media.updated_at",
            "note_media.words",
            "media_object.stored_at",
            "media_object.verified_at",
            "worklist.attempts_tonight",
            "worklist.changed_at",
            "worklist.claim_id",
            "worklist.claimed_by",
            "worklist.claimed_until",
            "worklist.counted_night",
            "worklist.detail",
            "worklist.due_at",
            "worklist.gone_since",
            "worklist.lane",
            "worklist.media_attempts_tonight",
            "worklist.missing_night",
            "worklist.priority",
            "worklist.refresh_attempts",
            "worklist.refresh_days",
            "worklist.refresh_night",
            "worklist.refresh_on",
            "worklist.refresh_value",
            "worklist.requeued_at",
            "worklist.response_held",
            "worklist.settled_at",
            "worklist.sidecar_due",
            "worklist.settled_by");

    @ParameterizedTest
    @EnumSource(names = {"JSONL", "CSV", "PARQUET"})
    void everyTableHasTheRowsOfTheArchiveAndTheColumnsOfTheManifest(ExportFormat format) throws Exception {
        database.update("INSERT INTO forgotten_note (note_id, forgotten_at) VALUES ('" + "f".repeat(24) + "', now())");

        ExportReport report = export(options(format, target));

        assertThat(report.rows()).containsExactlyInAnyOrderEntriesOf(ROWS);
        assertThat(report.isComplete()).isTrue();
        JsonNode manifest = json(target.resolve("manifest.json"));
        try (Duck duck = new Duck()) {
            for (JsonNode table : manifest.path("tables")) {
                String name = table.path("name").stringValue();
                String source = Duck.read(format, target, name);
                assertThat(duck.one("SELECT count(*) FROM " + source))
                        .as(name)
                        .isEqualTo(String.valueOf(ROWS.get(name)))
                        .isEqualTo(table.path("rows").asString());
                assertThat(duck.columns(source).keySet())
                        .as(name)
                        .containsExactlyElementsOf(texts(table.path("columns"), "name"));
            }
            // an absent value differs from an empty one, and every character is kept
            assertThat(duck.query("""
                            SELECT note_id, title, note_text, liked_count::VARCHAR, epoch_us(published_at::TIMESTAMPTZ)::VARCHAR
                            FROM %s ORDER BY 1
                            """.formatted(Duck.read(format, target, "notes"))))
                    .containsExactly(
                            List.of(HOSTILE, HOSTILE_TITLE, HOSTILE_TEXT, "9007199254740993", "1770696804123456"),
                            List.of(FORMULA, FORMULA_TITLE, "", "5", "1771545600000000"),
                            Arrays.asList(VIDEO, null, null, null, null),
                            Arrays.asList(BARE, null, null, null, null));
        }
    }

    @Test
    void parquetHasTheTypesOfTheManifestAndAbsentIsNull() throws Exception {
        export(options(ExportFormat.PARQUET, target));

        try (Duck duck = new Duck()) {
            for (JsonNode table : json(target.resolve("manifest.json")).path("tables")) {
                Map<String, String> types = duck.columns(Duck.read(
                        ExportFormat.PARQUET, target, table.path("name").stringValue()));
                for (JsonNode column : table.path("columns")) {
                    assertThat(types.get(column.path("name").stringValue()))
                            .as("%s", column)
                            .startsWith(duckType(column.path("type").stringValue()));
                }
            }
            String picture = sha256(bytes("baseline.jpg"));
            assertThat(duck.query("""
                            SELECT published_at::VARCHAR, view_count, shared_count, author_verified, topics::VARCHAR, len(media),
                                   media[1].sha256, media[1].height, mentions[1].nickname, author_id, state
                            FROM %s WHERE note_id IN ('%s', '%s') ORDER BY note_id
                            """.formatted(Duck.read(ExportFormat.PARQUET, target, "notes"), HOSTILE, BARE)))
                    .containsExactly(
                            Arrays.asList(
                                    "2026-02-10 04:13:24.123456+00",
                                    "0",
                                    null,
                                    "true",
                                    "[国风, '拍照,\"姿势\"']",
                                    "4",
                                    picture,
                                    null,
                                    "=朋友",
                                    AUTHOR,
                                    "ARCHIVED"),
                            Arrays.asList(null, null, null, null, "[]", "0", null, null, null, null, null));
        }
    }

    @Test
    void csvHasListsAsJsonAndNoByteOrderMark() throws Exception {
        export(options(ExportFormat.CSV, target));

        try (Duck duck = new Duck()) {
            JsonNode media = JsonMapper.shared()
                    .readTree(duck.one("SELECT media FROM %s WHERE note_id = '%s'"
                            .formatted(Duck.read(ExportFormat.CSV, target, "notes"), HOSTILE)));
            assertThat(media).hasSize(4);
            assertThat(media.at("/0/object_key").stringValue()).isEqualTo(key("baseline.jpg", "jpg"));
        }
        String text = Files.readString(target.resolve("notes.csv"));
        assertThat(text)
                .startsWith("note_id,url,")
                .contains("\r\n", "2026-02-10T04:13:24.123456Z", "2026-02-20T00:00:00Z")
                .doesNotContain("\ufeff");
    }

    @Test
    void forASpreadsheetCsvHasAByteOrderMarkAndAnApostropheBeforeEverySignThatBeginsAFormula() throws Exception {
        List<String> signs = List.of("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20");
        database.update("""
                        INSERT INTO note (note_id, title, note_text, first_captured_at, last_captured_at)
                        SELECT '66' || lpad(ordinality::text, 22, '0'), sign || '1+1', '1+1' || sign, now(), now()
                        FROM unnest(?) WITH ORDINALITY AS signs (sign)
                        """, (Object) signs.toArray(String[]::new));

        export(options(ExportFormat.CSV, target, Selection.all(), MediaMode.LINK, AuthorMode.KEEP, null, true));

        assertThat(Files.readString(target.resolve("notes.csv")))
                .startsWith("\ufeffnote_id,")
                .doesNotContain("'1+1")
                .contains(signs.stream().map(sign -> "'" + sign + "1+1").toList())
                .contains(signs.stream().map(sign -> "1+1" + sign).toList());
        try (Duck duck = new Duck()) {
            assertThat(duck.one("SELECT title FROM %s WHERE note_id = '%s'"
                            .formatted(Duck.read(ExportFormat.CSV, target, "notes"), FORMULA)))
                    .isEqualTo("'" + FORMULA_TITLE);
            assertThat(duck.query("SELECT nickname FROM %s ORDER BY note_id"
                            .formatted(Duck.read(ExportFormat.CSV, target, "mentions"))))
                    .containsExactly(List.of("'=朋友"), List.of("松间"));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CSV", "PARQUET"})
    void aPartitionedTableHasAFileForEachMonthOfPublication(ExportFormat format) throws Exception {
        database.update("UPDATE note SET published_at = '2026-02-28T16:00Z' WHERE note_id = ?", FORMULA);
        ExportOptions plain = options(format, directory.resolve("plain"));
        export(plain);

        export(with(options(format, target), "packaging", new Packaging(true, false, null, null, null, false)));

        assertThat(files(target))
                .contains(
                        "notes/month=2026-02/data." + format,
                        "notes/month=2026-03/data." + format,
                        "notes/month=unknown/data." + format,
                        "worklist/month=unknown/data." + format,
                        "removed." + format);
        JsonNode media = json(target.resolve("manifest.json")).at("/tables/5");
        assertThat(media.path("files"))
                .extracting(JsonNode::stringValue)
                .first()
                .isEqualTo("media/month=2026-02/data." + format);
        try (Duck duck = new Duck()) {
            for (String table : List.of("notes", "captures", "media")) {
                assertThat(duck.query("SELECT * EXCLUDE (month) FROM %s ORDER BY ALL"
                                .formatted(Duck.read(format, target, table + "/*/data"))))
                        .isEqualTo(duck.query(
                                "SELECT * FROM %s ORDER BY ALL".formatted(Duck.read(format, plain.target(), table))));
            }
            assertThat(duck.query("SELECT note_id, month FROM %s ORDER BY 1"
                            .formatted(Duck.read(format, target, "notes/*/data"))))
                    .containsExactly(
                            List.of(HOSTILE, "2026-02"),
                            List.of(FORMULA, "2026-03"),
                            List.of(VIDEO, "unknown"),
                            List.of(BARE, "unknown"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "JSONL, GZIP, jsonl.gz",
        "CSV, GZIP, csv.gz",
        "CSV, ZSTD, csv.zst",
        "JSONL, ZSTD, jsonl.zst",
        "PARQUET, GZIP, parquet"
    })
    void compressedTablesHaveTheSameRows(ExportFormat format, Compression compression, String extension)
            throws Exception {
        // more than the window of a compressor
        database.update("""
                        INSERT INTO note (note_id, note_text, first_captured_at, last_captured_at)
                        SELECT '66' || lpad(n::text, 22, '0'), (SELECT string_agg(md5((n * i)::text), ' ') FROM generate_series(1, 3000) i),
                               '2026-03-10T04:00Z', '2026-03-10T04:00Z'
                        FROM generate_series(1, 120) n
                        """);
        Path plain = directory.resolve("plain");
        export(options(format, plain));
        Path again = directory.resolve("again");

        for (Path out : List.of(target, again)) {
            export(with(
                    options(format, out), "packaging", new Packaging(false, false, compression, null, null, false)));
        }

        try (Duck duck = new Duck()) {
            String sql = "SELECT * FROM %s ORDER BY ALL";
            for (String table : List.of("notes", "captures", "comments")) {
                assertThat(target.resolve(table + "." + extension))
                        .hasSameBinaryContentAs(again.resolve(table + "." + extension));
                assertThat(duck.query(sql.formatted(
                                Duck.read(format, target, table).replace("." + format + "'", "." + extension + "'"))))
                        .isEqualTo(duck.query(sql.formatted(Duck.read(format, plain, table))));
            }
        }
        assertThat(json(target.resolve("manifest.json"))
                        .at("/packaging/compression")
                        .stringValue())
                .isEqualTo(compression.name());
    }

    @Test
    void parquetHasPagesOfZstdAndTheDescriptionsOfTableAndColumns() throws Exception {
        export(options(ExportFormat.PARQUET, target));

        String file = "'" + target.resolve("notes.parquet") + "'";
        try (Duck duck = new Duck()) {
            assertThat(duck.one("SELECT DISTINCT compression FROM parquet_metadata(" + file + ")"))
                    .isEqualTo("ZSTD");
            String value =
                    "SELECT decode(value) FROM parquet_kv_metadata(" + file + ") WHERE decode(key) = 'note-archive.%s'";
            assertThat(duck.one(value.formatted("description"))).startsWith("Each note as last captured.");
            JsonNode columns = JsonMapper.shared().readTree(duck.one(value.formatted("columns")));
            assertThat(columns.propertyNames())
                    .containsAll(duck.columns("read_parquet(" + file + ")").keySet());
            assertThat(columns.path("topics").stringValue()).isEqualTo("Names of the topics, in order.");
        }
    }

    @Test
    void jsonHasNullWhereThereIsNothingAndAnEmptyTextWhereThereIsOne() throws Exception {
        export(options(ExportFormat.JSONL, target));

        List<JsonNode> notes = lines(target.resolve("notes.jsonl"));
        JsonNode hostile = notes.get(0);
        assertThat(hostile.path("liked_count").longValue()).isEqualTo(9007199254740993L);
        assertThat(hostile.path("view_count").longValue()).isZero();
        assertThat(hostile.path("shared_count").isNull()).isTrue();
        assertThat(hostile.path("topics")).extracting(JsonNode::stringValue).containsExactly("国风", "拍照,\"姿势\"");
        assertThat(hostile.at("/media"))
                .extracting(file ->
                        file.path("kind").stringValue() + file.path("ordinal").intValue())
                .containsExactly("IMAGE0", "IMAGE1", "MOTION0", "AUDIO0");
        assertThat(hostile.at("/media/0/note_id").isMissingNode()).isTrue();
        assertThat(notes.get(1).path("note_text").stringValue()).isEmpty();
        assertThat(notes.get(3).path("note_text").isNull()).isTrue();
        assertThat(lines(target.resolve("captures.jsonl")))
                .filteredOn(capture -> capture.path("note_id").stringValue().equals(HOSTILE))
                .extracting(
                        capture -> capture.path("captured_at").stringValue(),
                        capture -> capture.path("liked_count").asString())
                .containsExactly(
                        tuple("2026-03-10T04:00:00Z", "10"),
                        tuple("2026-03-11T04:00:00Z", "20"),
                        tuple("2026-03-12T04:00:00Z", ""));
    }

    @ParameterizedTest
    @EnumSource
    void theSameArchiveGivesTheSameBytesAndTheManifestNamesEachFile(ExportFormat format) throws Exception {
        Path again = directory.resolve("again");
        export(options(format, target));

        export(options(format, again));

        List<String> files = files(target);
        assertThat(files(again)).isEqualTo(files);
        for (String file : files) {
            assertThat(again.resolve(file)).hasSameBinaryContentAs(target.resolve(file));
        }
        String manifest = format == ExportFormat.BAGIT ? "data/manifest.json" : "manifest.json";
        Path below = target.resolve(manifest).getParent();
        List<String> named = new ArrayList<>();
        for (JsonNode file : json(target.resolve(manifest)).path("files")) {
            byte[] bytes = Files.readAllBytes(below.resolve(file.path("path").stringValue()));
            assertThat(file.path("sha256").stringValue()).isEqualTo(sha256(bytes));
            assertThat(file.path("bytes").longValue()).isEqualTo(bytes.length);
            named.add(file.path("path").stringValue());
        }
        List<String> there = files(below);
        there.remove("manifest.json");
        assertThat(named).containsExactlyInAnyOrderElementsOf(there);
    }

    @Test
    void theManifestDescribesTablesAndColumnsInTheWordsOfTheDatabase() throws Exception {
        export(options(ExportFormat.JSONL, target));

        JsonNode manifest = json(target.resolve("manifest.json"));
        assertThat(manifest.path("tool").stringValue()).isEqualTo("note-archive test");
        JsonNode notes = manifest.at("/tables/0");
        assertThat(notes.path("description").stringValue())
                .isEqualTo("Each note as last captured. Absent is NULL, never zero or empty.");
        for (JsonNode table : manifest.path("tables")) {
            for (JsonNode column : table.path("columns")) {
                assertThat(column.path("description").asString())
                        .as("%s.%s", table.path("name"), column)
                        .isNotBlank();
            }
        }
    }

    /** A bag is one to the Library of Congress' own program. */
    @Test
    void aBagIsValidWithAllItsFilesAndOneThatIsChangedIsNot() throws Exception {
        ExportReport report = export(options(ExportFormat.BAGIT, target));
        assertThat(report.copied()).isEqualTo(4);
        assertThat(report.isComplete()).isTrue();

        Bag bag = new BagReader().read(target);
        try (BagVerifier verifier = new BagVerifier();
                Duck duck = new Duck()) {
            verifier.isValid(bag, false);
            BagVerifier.quicklyVerify(bag);
            assertThat(bag.getVersion().toString()).isEqualTo("1.0");
            assertThat(bag.getPayLoadManifests())
                    .singleElement()
                    .satisfies(manifest ->
                            assertThat(manifest.getFileToChecksumMap()).hasSize(16));
            assertThat(bag.getMetadata().get("Payload-Oxum")).hasSize(1);
            assertThat(duck.one(
                            "SELECT count(*) FROM " + Duck.read(ExportFormat.JSONL, target.resolve("data"), "notes")))
                    .isEqualTo("4");

            Files.writeString(target.resolve("data/notes.jsonl"), "{}\n");
            assertThatExceptionOfType(CorruptChecksumException.class)
                    .isThrownBy(() -> verifier.isValid(new BagReader().read(target), false));
        }
    }

    @Test
    void aBagHasTheGivenLinesAndTheExactResponsesOfTheSelectedCaptures() throws Exception {
        byte[] sidecar = "{\"answer\": \"{}\"}".getBytes(StandardCharsets.UTF_8);
        String key = "notes/" + HOSTILE + "/20260310T040000.000Z.json";
        store.putBytes(new ObjectKey(key), sidecar, "application/json");
        String lost = "notes/" + FORMULA + "/20260310T040000.000Z.json";
        String erased = "notes/" + BARE + "/20260311T040000.000Z.json";
        store.putBytes(new ObjectKey(erased), sidecar, "application/json");
        String update =
                "UPDATE note_capture SET sidecar_key = ? WHERE note_id = ? AND captured_at < '2026-03-11T05:00Z'";
        database.update(
                "UPDATE note_capture SET sidecar_key = ? WHERE note_id = ? AND captured_at < '2026-03-11T00:00Z'",
                key,
                HOSTILE);
        database.update(update, lost, FORMULA);
        database.update(update, erased, BARE);
        database.update("INSERT INTO forgotten_note (note_id, forgotten_at) VALUES (?, now())", BARE);
        Path info = Files.writeString(
                directory.resolve("info.txt"), "Source-Organization: 图书馆\n  of a city\nContact-Name: Li\n");

        ExportReport report = export(with(
                options(ExportFormat.BAGIT, target),
                "packaging",
                new Packaging(false, false, null, null, TableFiles.readBagInfo(info), true)));

        assertThat(target.resolve("data").resolve(key)).hasBinaryContent(sidecar);
        assertThat(target.resolve("data").resolve(erased)).doesNotExist();
        assertThat(report.copied()).isEqualTo(4);
        assertThat(report.missingExamples())
                .singleElement()
                .extracting(MissingObject::key)
                .isEqualTo(lost);
        Bag bag = new BagReader().read(target);
        try (BagVerifier verifier = new BagVerifier()) {
            verifier.isValid(bag, false);
            BagVerifier.quicklyVerify(bag);
        }
        assertThat(Files.readString(target.resolve("bag-info.txt")))
                .endsWith("Source-Organization: 图书馆\n  of a city\nContact-Name: Li\n");
        JsonNode crate = json(target.resolve("data/ro-crate-metadata.json")).path("@graph");
        assertThat(texts(crate, "@id")).contains("./", "notes.jsonl", "media/", "notes/");
    }

    @ParameterizedTest
    @ValueSource(strings = {"payload-oxum: 1.1", "Bagging-Date: 2026-01-01", "no label", " continues nothing", "A : b"})
    void bagInfoWithAnotherLineIsRefused(String line) throws Exception {
        Path info = Files.writeString(directory.resolve("info.txt"), line);

        assertThatExceptionOfType(ExportException.class)
                .isThrownBy(() -> TableFiles.readBagInfo(info))
                .withMessageContaining("info.txt, line 1");
    }

    @Test
    void everyColumnOfANoteIsExportedOrLeftOutByName() {
        Set<String> exported = new TreeSet<>();
        Set<String> tables = new TreeSet<>(Set.of("author", "media_object"));
        for (Table table : Table.all(AuthorMode.KEEP, MediaMode.COPY)) {
            tables.add(table.source());
            table.columns().stream()
                    .filter(column -> column.source() != null)
                    .forEach(column -> exported.add(column.source()));
        }

        List<String> columns = database.texts("""
                SELECT table_name || '.' || column_name FROM information_schema.columns
                WHERE table_schema = current_schema() AND table_name = ANY (?) AND column_name <> 'note_id'
                """, (Object) tables.toArray(String[]::new));

        Set<String> left = new TreeSet<>(columns);
        left.removeAll(exported);
        assertThat(left).containsExactlyInAnyOrderElementsOf(LEFT_OUT);
    }

    private static List<String> files(Path root) {
        return FileUtils.listFiles(root.toFile(), null, true).stream()
                .map(file -> root.relativize(file.toPath()).toString())
                .sorted()
                .collect(Collectors.toCollection(ArrayList::new));
    }

    private static String duckType(String type) {
        return switch (type) {
            case "text" -> "VARCHAR";
            case "integer" -> "INTEGER";
            case "bigint" -> "BIGINT";
            case "boolean" -> "BOOLEAN";
            case "timestamp" -> "TIMESTAMP WITH TIME ZONE";
            case "text_list" -> "VARCHAR[]";
            case "record_list" -> "STRUCT(";
            default -> throw new IllegalArgumentException(type);
        };
    }
}
