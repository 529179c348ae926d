package io.github.notearchive.publish;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.SmallArchive;
import io.github.notearchive.archive.query.NoteSnapshots;
import io.github.notearchive.archive.query.NoteSnapshots.Selection;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.export.Duck;
import io.github.notearchive.export.ExportOptions;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.ExportFormat;
import io.github.notearchive.export.ExportOptions.MediaMode;
import io.github.notearchive.export.ExportOptions.Packaging;
import io.github.notearchive.export.Exporter;
import io.github.notearchive.io.image.HeifCommand;
import io.github.notearchive.provider.Settings;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoredObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.file.SeekableByteArrayInput;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;

/** Published tables of a small archive, read by Iceberg and by DuckDB, which is independent of the writer. */
abstract class PublishScenario {

    static final List<String> TABLES = List.of("notes", "captures", "media");

    @TempDir
    Path directory;

    final SmallArchive archive = SmallArchive.whole();
    final ArchiveDatabase database = archive.database();
    final ObjectStore store = archive.store();
    private int exports;

    @AfterEach
    void close() {
        archive.close();
    }

    Publisher publisher() {
        return publisher(store);
    }

    Publisher publisher(ObjectStore bucket) {
        return publisher(bucket, database.dataSource());
    }

    Publisher publisher(ObjectStore bucket, DataSource source) {
        return new Publisher(
                new NoteSnapshots(JdbcClient.create(source), new JdbcTransactionManager(source)),
                bucket,
                source,
                database.details(),
                Settings.bind("archive", ArchiveProperties.class, "data-dir", directory.resolve("data")),
                Clock.systemUTC());
    }

    private NoteSnapshots snapshots() {
        return new NoteSnapshots(database.jdbc(), new JdbcTransactionManager(database.dataSource()));
    }

    PublishReport publish() throws IOException {
        return publisher().publish(false).orElseThrow();
    }

    /** Asserts that each table has the rows of a full export, for Iceberg and in its data files for DuckDB. */
    void assertPublished() throws IOException {
        Path full = directory.resolve("export" + exports++);
        ExportOptions options = new ExportOptions(
                ExportFormat.PARQUET,
                full,
                Selection.all(),
                MediaMode.LINK,
                AuthorMode.KEEP,
                null,
                Duration.ofDays(1),
                null,
                new Packaging(false, false, null, null, null, false),
                "test");
        new Exporter(snapshots(), () -> store, new HeifCommand("")).export(options, () -> false);
        try (JdbcCatalog catalog = catalog();
                Duck duck = new Duck()) {
            for (String name : TABLES) {
                Table table = table(catalog, name);
                List<List<String>> expected =
                        duck.query("SELECT * FROM '%s' ORDER BY ALL".formatted(full.resolve(name + ".parquet")));

                assertThat(duck.query("SELECT * FROM read_parquet(%s) ORDER BY ALL".formatted(local(table))))
                        .as(name)
                        .isEqualTo(expected);
                assertThat(rows(table)).as(name).hasSize(expected.size());
                assertThat(rows(table).stream()
                                .map(row -> row.getField("note_id").toString())
                                .sorted())
                        .isEqualTo(
                                expected.stream().map(List::getFirst).sorted().toList());
            }
        }
    }

    JdbcCatalog catalog() {
        return publisher().catalog(new ObjectFiles(store));
    }

    static Table table(JdbcCatalog catalog, String name) {
        return catalog.loadTable(TableIdentifier.of(LakeTable.NAMESPACE, name));
    }

    static List<Record> rows(Table table) throws IOException {
        try (CloseableIterable<Record> rows = IcebergGenerics.read(table).build()) {
            List<Record> all = new ArrayList<>();
            rows.forEach(all::add);
            return all;
        }
    }

    /** Copies the live data files to the disk, and returns their list for DuckDB. */
    private String local(Table table) throws IOException {
        List<String> files = new ArrayList<>();
        try (CloseableIterable<FileScanTask> tasks = table.newScan().planFiles()) {
            for (FileScanTask task : tasks) {
                files.add("'" + copy(new ObjectFiles(store).key(task.file().location())) + "'");
            }
        }
        return files.toString();
    }

    private Path copy(ObjectKey key) throws IOException {
        Path file = directory.resolve(key.value());
        Files.createDirectories(file.getParent());
        return Files.write(file, store.read(key));
    }

    /** Returns all objects of published tables by key, as texts in which each value can be found. */
    Map<String, String> objects() throws IOException {
        Map<String, String> texts = new TreeMap<>();
        try (Duck duck = new Duck()) {
            for (String name : keys()) {
                texts.put(name, text(name, duck));
            }
        }
        return texts;
    }

    private String text(String name, Duck duck) throws IOException {
        byte[] bytes = store.read(new ObjectKey(name));
        String raw = new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
        if (name.endsWith(".parquet")) {
            String file = "('" + copy(new ObjectKey(name)) + "')";
            return raw
                    + duck.query("SELECT * FROM read_parquet" + file)
                    + duck.query("SELECT stats_min_value, stats_max_value FROM parquet_metadata" + file);
        }
        if (name.endsWith(".avro")) {
            try (var reader = new DataFileReader<>(new SeekableByteArrayInput(bytes), new GenericDatumReader<>())) {
                StringBuilder entries = new StringBuilder(raw);
                reader.forEach(entries::append);
                return entries.toString();
            }
        }
        return raw;
    }

    List<String> keys() {
        try (Stream<StoredObject> objects = store.listAll(Publisher.PREFIX, null)) {
            return objects.map(StoredObject::name).toList();
        }
    }

    /** Returns the locations of the current metadata by table. */
    Map<String, String> catalogRows() {
        return JdbcClient.create(database.dataSource())
                .sql("SELECT table_name, metadata_location FROM iceberg_tables")
                .query((row, _) -> Map.entry(row.getString(1), row.getString(2)))
                .stream()
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }
}
