package io.github.notearchive.export;

import io.github.notearchive.store.ObjectStore;
import java.io.IOException;
import java.sql.SQLException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.jdbc.support.SQLStateSQLExceptionTranslator;
import org.springframework.stereotype.Component;

/** Exports notes of the archive to a directory. Only reads the archive; may run beside a nightly run. */
@Component
@DependsOnDatabaseInitialization
public class Exporter {

    private static final Logger log = LoggerFactory.getLogger(Exporter.class);

    private final DataSource dataSource;
    private final Supplier<ObjectStore> store;

    @Autowired
    Exporter(DataSource dataSource, ObjectProvider<ObjectStore> store) {
        this(dataSource, store::getObject);
    }

    Exporter(DataSource dataSource, Supplier<ObjectStore> store) {
        this.dataSource = dataSource;
        this.store = store;
    }

    /**
     * Writes an export. The target is created completely or, after any failure, left as it was. Media that the store
     * does not deliver are omitted and reported; an unavailable store or database fails the export with its own
     * exception.
     *
     * @param stopped queried repeatedly; true makes it throw an {@link ExportStoppedException}
     * @throws ExportException if the options or the target are invalid
     * @throws ExportWriteException if the local disk does not accept a file
     */
    public ExportReport export(ExportOptions options, BooleanSupplier stopped) throws IOException {
        if (!options.format().takes(options.media())) {
            throw new ExportException("Format %s does not support media mode %s; nothing was exported"
                    .formatted(options.format(), options.media()));
        }
        try (StagingDirectory directory = StagingDirectory.create(options.target())) {
            log.info(
                    "Exporting to {}: {}, media {}, people {}, {}",
                    options.target(),
                    options.format(),
                    options.media(),
                    options.authors(),
                    options.selection().inWords());
            ExportReport report = write(options, directory, stopped);
            directory.complete();
            return report;
        }
    }

    private ExportReport write(ExportOptions options, StagingDirectory directory, BooleanSupplier stopped)
            throws IOException {
        try (Snapshot snapshot = Snapshot.open(dataSource, options.selection(), stopped)) {
            Export export = new Export(
                    options,
                    snapshot,
                    directory,
                    new MediaCopies(store, directory),
                    Pseudonyms.withKey(options.authorKey()));
            if (options.media() == MediaMode.COPY) {
                copyAhead(export, stopped);
            }
            switch (options.format()) {
                case JSONL, CSV, PARQUET -> new TableFiles(export, options.format(), "").write();
                case FOLDER -> new Folder(export).write();
                case BAGIT -> new Bag(export).write();
                case FOURCAT -> new FourCat(export).write();
            }
            return report(export);
        } catch (SQLException e) {
            throw translate(e);
        }
    }

    /**
     * Copies the objects of the selected notes while no snapshot is open, because this may take hours. Objects that are
     * stored meanwhile are copied when their rows are written.
     */
    private static void copyAhead(Export export, BooleanSupplier stopped) throws IOException, SQLException {
        export.media().requireBucket();
        export.snapshot().forEachObject(export.directory().plan()::add);
        export.snapshot().release();
        export.media().copyAhead(stopped);
        export.snapshot().begin();
    }

    private static ExportReport report(Export export) {
        return new ExportReport(
                export.directory().target(),
                export.rows(),
                export.directory().files(),
                export.directory().bytes(),
                export.media().copied(),
                export.media().missing(),
                export.media().examples(),
                export.snapshot().namedIds());
    }

    /** Translates to the exceptions of repositories, by which the caller distinguishes outages from errors. */
    private static DataAccessException translate(SQLException failure) {
        DataAccessException known = new SQLStateSQLExceptionTranslator().translate("export", null, failure);
        return known == null ? new DataAccessResourceFailureException("Cannot read the archive", failure) : known;
    }
}
