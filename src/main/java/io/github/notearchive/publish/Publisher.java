package io.github.notearchive.publish;

import io.github.notearchive.archive.catalog.ErasureRepository.Copies;
import io.github.notearchive.archive.query.NoteSnapshots;
import io.github.notearchive.archive.query.NoteSnapshots.NoteSnapshot;
import io.github.notearchive.archive.query.NoteSnapshots.Selection;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.io.time.Deadline;
import io.github.notearchive.publish.PublishReport.PublishedTable;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoredObject;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.apache.iceberg.CatalogProperties;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.exceptions.ValidationException;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.apache.iceberg.jdbc.JdbcClientPool;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.stereotype.Component;

/**
 * Publishes tables of the archive in its bucket. One process publishes at a time; runs and audits may be active
 * meanwhile. An erasure, which has the lock of the whole archive, publishes the tables without the erased rows.
 */
@Component
public class Publisher implements Copies {

    private static final Logger log = LoggerFactory.getLogger(Publisher.class);

    /** Prefix of all objects of published tables. */
    public static final String PREFIX = "lake/";

    /** Longer than a publish of the changes of a night takes. */
    private static final Duration MAX_WAIT = Duration.ofMinutes(10);

    private static final Duration PAUSE = Duration.ofMillis(500);

    private final NoteSnapshots notes;
    private final ObjectStore store;
    private final DataSource dataSource;
    private final JdbcConnectionDetails database;
    private final ArchiveProperties settings;
    private final Clock clock;

    Publisher(
            NoteSnapshots notes,
            ObjectStore store,
            DataSource dataSource,
            JdbcConnectionDetails database,
            ArchiveProperties settings,
            Clock clock) {
        this.notes = notes;
        this.store = store;
        this.dataSource = dataSource;
        this.database = database;
        this.settings = settings;
        this.clock = clock;
    }

    /**
     * Publishes what changed since the last publish, and creates missing tables; empty if another process publishes, or
     * erases notes.
     *
     * @param all whether all partitions are compared with the archive, not only those with changes
     */
    public Optional<PublishReport> publish(boolean all) throws IOException {
        try (RunnerLock lock = lock("")) {
            return lock == null ? Optional.empty() : Optional.of(publish(all, null, lock::requireHeld));
        }
    }

    /**
     * Publishes what changed since the last publish, after it has waited for the end of an active one, which does not
     * see all changes of this run. Of several processes only one waits: its publish sees the changes of the others.
     *
     * @return empty if another process waits, if the active one takes too long, or if notes are being erased
     */
    public Optional<PublishReport> publishAfterRun() throws IOException, InterruptedException {
        Deadline end = Deadline.in(MAX_WAIT);
        RunnerLock lock = null;
        try (RunnerLock next = lock("next")) {
            while (next != null && (lock = lock("")) == null && !end.isOver()) {
                Thread.sleep(PAUSE);
            }
        }
        try (RunnerLock held = lock) {
            return held == null ? Optional.empty() : Optional.of(publish(false, null, held::requireHeld));
        }
    }

    private @Nullable RunnerLock lock(String member) {
        return RunnerLock.acquire(database, Scope.PUBLISH, member).orElse(null);
    }

    /** Tables that the catalog does not know are removed, since they may have erased rows. */
    @Override
    public void removeErased(Runnable requireHeld) throws IOException {
        try (Stream<StoredObject> objects = store.listAll(PREFIX, null)) {
            if (objects.findFirst().isEmpty()) {
                return;
            }
        }
        log.info(
                "Published without the erased rows: {}",
                publish(false, clock.instant(), requireHeld).line());
    }

    /** Opens a file for one partition at a time. It has no name, so that a killed publish leaves nothing. */
    private FileChannel open() throws IOException {
        Path directory = Files.createDirectories(settings.dataDirectory());
        return FileChannel.open(
                directory.resolve("publish.parquet"),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                StandardOpenOption.DELETE_ON_CLOSE);
    }

    /** @param erased now, if rows are erased; null to publish, and to create missing tables */
    PublishReport publish(boolean all, @Nullable Instant erased, Runnable requireHeld) throws IOException {
        store.requireBucket();
        ObjectFiles files = new ObjectFiles(store);
        try (FileChannel local = open();
                JdbcCatalog catalog = catalog(files)) {
            if (!catalog.namespaceExists(LakeTable.NAMESPACE)) {
                catalog.createNamespace(LakeTable.NAMESPACE);
            }
            List<LakeTable> tables = new ArrayList<>();
            for (Layout layout : Layout.all()) {
                LakeTable.open(catalog, files, layout, erased == null).ifPresent(tables::add);
            }
            try (NoteSnapshot archive = notes.open(Selection.all(), null, null)) {
                for (LakeTable table : tables) {
                    if (erased == null) {
                        table.findUnpublished(archive, all);
                    } else {
                        table.findErased(archive);
                    }
                    table.write(archive, local, requireHeld);
                }
            }
            List<PublishedTable> published = new ArrayList<>();
            for (LakeTable table : tables) {
                published.add(table.commit(erased, requireHeld));
            }
            return new PublishReport(published);
        } catch (CommitFailedException | ValidationException e) {
            throw new ConcurrencyFailureException(
                    "another process changed a published table meanwhile; repeat: note-archive publish", e);
        } catch (NotFoundException e) {
            throw new IOException("an object of a published table is lost; repeat: note-archive publish", e);
        }
    }

    /** Returns the catalog, which uses connections of the pool and whose tables are made by a migration. */
    JdbcCatalog catalog(ObjectFiles files) {
        JdbcClientPool connections = new JdbcClientPool(1, "", Map.of()) {
            // not repeated: the first attempt of an update may have been committed without a response
            @Override
            public <R> R run(Action<R, Connection, SQLException> action, boolean retry) throws SQLException {
                try (Connection connection = dataSource.getConnection()) {
                    return action.run(connection);
                }
            }
        };
        JdbcCatalog catalog = new JdbcCatalog(_ -> files, _ -> connections, false);
        catalog.initialize(
                "lake",
                Map.of(
                        CatalogProperties.URI,
                        "",
                        CatalogProperties.WAREHOUSE_LOCATION,
                        files.location(PREFIX),
                        "jdbc.schema-version",
                        "V1"));
        return catalog;
    }
}
