package io.github.notearchive.publish;

import io.github.notearchive.archive.query.NoteSnapshots.NoteSnapshot;
import io.github.notearchive.archive.query.NoteSnapshots.SnapshotPart;
import io.github.notearchive.export.ExportOptions.Compression;
import io.github.notearchive.export.ParquetTableWriter;
import io.github.notearchive.publish.PublishReport.PublishedTable;
import io.github.notearchive.store.ObjectBytes;
import io.github.notearchive.store.StoredObject;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.codec.digest.MessageDigestAlgorithms;
import org.apache.commons.io.FilenameUtils;
import org.apache.commons.io.output.CloseShieldOutputStream;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.ExpireSnapshots;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.ManifestFile;
import org.apache.iceberg.ManifestFiles;
import org.apache.iceberg.OverwriteFiles;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SnapshotSummary;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.UpdateProperties;
import org.apache.iceberg.UpdateSchema;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.io.CloseableIterable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** One table during a publish: its live data files, and those that are added and removed by one commit. */
final class LakeTable {

    private static final Logger log = LoggerFactory.getLogger(LakeTable.class);

    static final Namespace NAMESPACE = Namespace.of("archive");

    /** Table property: time of the newest change that is published. */
    private static final String MARK = "note-archive.mark";

    /** Table property: when rows were last erased. Each erasure changes it, so that no older publish can commit. */
    private static final String ERASED = "note-archive.erased";

    /** Table property: digest of the columns of all data files. */
    private static final String COLUMNS = "note-archive.columns";

    /** Number of retained snapshots; the older ones are for queries that still read them. */
    private static final int SNAPSHOTS = 3;

    /** A transaction that was open during a publish has the time of its begin, as for {@code export --since}. */
    private static final Duration OVERLAP = Duration.ofHours(1);

    private final Layout layout;
    private final ObjectFiles files;
    private final Table table;
    private final Transaction transaction;
    private final Schema schema;
    private final Set<String> stored;
    private final Map<SnapshotPart, List<DataFile>> live = new HashMap<>();
    private final Set<SnapshotPart> candidates = new LinkedHashSet<>();
    private final List<DataFile> added = new ArrayList<>();
    private final List<DataFile> removed = new ArrayList<>();
    private String mark;

    private LakeTable(Layout layout, ObjectFiles files, Table table) throws IOException {
        this.layout = layout;
        this.files = files;
        this.table = table;
        this.stored = Set.copyOf(locations(layout, files));
        this.transaction = table.newTransaction();
        try (CloseableIterable<FileScanTask> tasks = table.newScan().planFiles()) {
            for (FileScanTask task : tasks) {
                live.computeIfAbsent(layout.part(task.file().partition()), _ -> new ArrayList<>())
                        .add(task.file());
            }
        }
        this.mark = table.properties().getOrDefault(MARK, Instant.EPOCH.toString());
        UpdateSchema columns = transaction.updateSchema().unionByNameWith(layout.schema());
        layout.removedColumns(table.schema()).forEach(columns::deleteColumn);
        columns.commit();
        this.schema = transaction.table().schema();
    }

    /**
     * Loads a table, or creates it. One whose catalog row names objects that do not exist, as after the restore of an
     * older dump, or in another bucket, counts as missing.
     *
     * @param creates false to remove the objects of a missing table instead; the result is empty then
     */
    static Optional<LakeTable> open(Catalog catalog, ObjectFiles files, Layout layout, boolean creates)
            throws IOException {
        TableIdentifier id = layout.id();
        try {
            return Optional.of(new LakeTable(layout, files, catalog.loadTable(id)));
        } catch (NoSuchTableException _) {
            // missing
        } catch (NotFoundException e) {
            log.warn("The published table {} is dropped, since its objects are missing: {}", id, e.getMessage());
            catalog.dropTable(id, false);
        }
        if (!creates) {
            remove(layout, files, Set.of());
            return Optional.empty();
        }
        Schema schema = layout.schema();
        Table table = catalog.buildTable(id, schema)
                .withPartitionSpec(layout.spec(schema))
                .withLocation(files.location(prefix(layout)))
                .withProperty(TableProperties.FORMAT_VERSION, "2")
                .withProperty(TableProperties.METADATA_PREVIOUS_VERSIONS_MAX, Integer.toString(SNAPSHOTS))
                // a commit of another process means that this one has lost its lock
                .withProperty(TableProperties.COMMIT_NUM_RETRIES, "0")
                .create();
        return Optional.of(new LakeTable(layout, files, table));
    }

    private static String prefix(Layout layout) {
        return Publisher.PREFIX + layout.name();
    }

    /**
     * Determines the partitions to be published.
     *
     * @param all whether partitions without changes are compared as well
     */
    void findUnpublished(NoteSnapshot archive, boolean all) {
        Instant published = Instant.parse(mark);
        Instant newest = archive.mark();
        // another history, as after the restore of an older dump; other columns
        boolean isEach = all
                || published.isAfter(newest)
                || !layout.digest().equals(table.properties().get(COLUMNS));
        Instant since = isEach ? null : published.minus(OVERLAP);
        mark = newest.toString();
        candidates.addAll(archive.changedParts(layout.digits(), layout.byMonth(), since));
        Set<String> erased = archive.erasedPrefixes(layout.digits(), since);
        addLive(part -> isEach || erased.contains(part.prefix()) || !isStored(part));
    }

    /**
     * Determines the partitions that may have rows of unfinished erasures. An erased person was removed from notes of
     * others, which have changed since.
     */
    void findErased(NoteSnapshot archive) {
        Set<String> erased = archive.erasedPrefixes(layout.digits(), null);
        Set<SnapshotPart> changed = archive.personErasedSince()
                .map(since -> archive.changedParts(layout.digits(), layout.byMonth(), since.minus(OVERLAP)))
                .map(Set::copyOf)
                .orElse(Set.of());
        addLive(part -> erased.contains(part.prefix()) || changed.contains(part));
    }

    private void addLive(Predicate<SnapshotPart> condition) {
        live.keySet().stream().filter(condition).forEach(candidates::add);
    }

    private boolean isStored(SnapshotPart part) {
        return live.getOrDefault(part, List.of()).stream().allMatch(file -> stored.contains(file.location()));
    }

    /**
     * Uploads the data files of those partitions that differ from the live ones.
     *
     * @param local file that is overwritten for each partition
     * @param requireHeld fails if the lock is lost
     */
    void write(NoteSnapshot archive, FileChannel local, Runnable requireHeld) throws IOException {
        for (SnapshotPart part : candidates) {
            long rows = write(archive, part, local);
            List<DataFile> before = live.getOrDefault(part, List.of());
            List<DataFile> after = rows == 0 ? List.of() : List.of(upload(part, local, rows, requireHeld));
            if (!locations(before).equals(locations(after))) {
                removed.addAll(before);
                added.addAll(after);
            }
        }
    }

    /** Uploads a data file unless it is stored. */
    private DataFile upload(SnapshotPart part, FileChannel local, long rows, Runnable requireHeld) throws IOException {
        String sha256 = new DigestUtils(MessageDigestAlgorithms.SHA_256)
                .digestAsHex(new BufferedInputStream(Channels.newInputStream(local.position(0))));
        String location = files.location(prefix(layout) + "/" + layout.path(part, sha256));
        long size = local.size();
        if (!stored.contains(location)) {
            requireCurrent(requireHeld);
            ObjectBytes bytes = new ObjectBytes(
                    size, out -> Channels.newInputStream(local.position(0)).transferTo(out));
            files.store.put(files.key(location), bytes, "application/vnd.apache.parquet", sha256);
        }
        // without minimum and maximum of columns, so that no manifest has values of rows
        return DataFiles.builder(table.spec())
                .withPath(location)
                .withFormat(FileFormat.PARQUET)
                .withFileSizeInBytes(size)
                .withRecordCount(rows)
                .withPartition(layout.partition(part, table.spec()))
                .build();
    }

    private static List<String> locations(List<DataFile> files) {
        return files.stream().map(DataFile::location).toList();
    }

    private long write(NoteSnapshot archive, SnapshotPart part, FileChannel local) throws IOException {
        long rows = 0;
        var source = layout.table();
        OutputStream file = Channels.newOutputStream(local.truncate(0));
        try (OutputStream out = new BufferedOutputStream(CloseShieldOutputStream.wrap(file));
                ParquetTableWriter writer = new ParquetTableWriter(
                        out,
                        source,
                        Compression.ZSTD,
                        Map.of(),
                        path -> schema.findField(path).fieldId());
                Stream<String> texts = archive.rows(source.query(part.condition(source.source(), source.relation())))) {
            for (String text : (Iterable<String>) texts::iterator) {
                writer.write((ObjectNode) JsonMapper.shared().readTree(text));
                rows++;
            }
        }
        return rows;
    }

    /**
     * Fails if another process has changed the table meanwhile, as one that erased rows while the lock was lost: an
     * object or a commit of this publish could have rows that are erased.
     */
    private void requireCurrent(Runnable requireHeld) {
        requireHeld.run();
        String loaded = metadata(table).metadataFileLocation();
        table.refresh(); // reads the row of the catalog, and objects only if it has changed
        if (!metadata(table).metadataFileLocation().equals(loaded)) {
            throw new CommitFailedException("table %s was changed", layout.id());
        }
    }

    private static TableMetadata metadata(Table table) {
        return ((HasTableOperations) table).operations().current();
    }

    /**
     * Commits the changed files, the mark and the expiry of older snapshots together; nothing if there are no changes.
     * Then removes all objects that the retained snapshots do not reference.
     *
     * @param erased now, if the caller erases rows: older snapshots expire, and other changes remain unpublished
     */
    PublishedTable commit(@Nullable Instant erased, Runnable requireHeld) throws IOException {
        requireCurrent(requireHeld);
        boolean isChanged = !added.isEmpty() || !removed.isEmpty();
        if (isChanged) {
            OverwriteFiles change = transaction.newOverwrite().validateNoConflictingData();
            if (table.currentSnapshot() != null) {
                change.validateFromSnapshot(table.currentSnapshot().snapshotId());
            }
            removed.forEach(change::deleteFile);
            added.forEach(change::addFile);
            change.commit();
        }
        Map<String, String> properties =
                erased == null ? Map.of(MARK, mark, COLUMNS, layout.digest()) : Map.of(ERASED, erased.toString());
        if (!table.properties().entrySet().containsAll(properties.entrySet())) {
            UpdateProperties update = transaction.updateProperties();
            properties.forEach(update::set);
            update.commit();
        }
        int retained = erased == null ? SNAPSHOTS : 1;
        if (snapshots(transaction.table()).size() > retained) {
            transaction
                    .expireSnapshots()
                    .expireOlderThan(Long.MAX_VALUE)
                    .retainLast(retained)
                    .cleanupLevel(ExpireSnapshots.CleanupLevel.NONE)
                    .commit();
        }
        transaction.commitTransaction();
        table.refresh();
        long unreferenced = removeUnreferenced();
        org.apache.iceberg.Snapshot current = table.currentSnapshot();
        String rows = current == null ? "0" : current.summary().getOrDefault(SnapshotSummary.TOTAL_RECORDS_PROP, "0");
        return new PublishedTable(layout.name(), Long.parseLong(rows), added.size(), removed.size(), unreferenced);
    }

    private static List<org.apache.iceberg.Snapshot> snapshots(Table table) {
        return StreamSupport.stream(table.snapshots().spliterator(), false).toList();
    }

    /**
     * Writes {@code version-hint.text}, by which readers without the catalog find the metadata, and removes the objects
     * of killed publishes and expired snapshots.
     */
    private long removeUnreferenced() throws IOException {
        String hint = table.location() + "/metadata/version-hint.text";
        TableMetadata metadata = metadata(table);
        String current = metadata.metadataFileLocation();
        String version = FilenameUtils.getName(current).replace(".metadata.json", "");
        files.store.putBytes(files.key(hint), version.getBytes(StandardCharsets.UTF_8), "text/plain");

        Set<String> referenced = new HashSet<>(Set.of(hint, current));
        // they have no values of rows, and the current one names them
        metadata.previousFiles().forEach(previous -> referenced.add(previous.file()));
        for (org.apache.iceberg.Snapshot snapshot : snapshots(table)) {
            referenced.add(snapshot.manifestListLocation());
            for (ManifestFile manifest : snapshot.allManifests(files)) {
                if (referenced.add(manifest.path())) {
                    try (CloseableIterable<String> paths = ManifestFiles.readPaths(manifest, files, table.specs())) {
                        paths.forEach(referenced::add);
                    }
                }
            }
        }
        return remove(layout, files, referenced);
    }

    private static List<String> locations(Layout layout, ObjectFiles files) {
        try (Stream<StoredObject> objects = files.store.listAll(prefix(layout) + "/", null)) {
            return objects.map(object -> files.location(object.name())).toList();
        }
    }

    /** Removes the objects of a table whose locations are not in a set, and returns their number. */
    private static long remove(Layout layout, ObjectFiles files, Set<String> except) {
        List<String> unused = locations(layout, files).stream()
                .filter(location -> !except.contains(location))
                .toList();
        unused.forEach(files::deleteFile);
        return unused.size();
    }
}
