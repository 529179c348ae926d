package io.github.notearchive.export;

import io.github.notearchive.store.ObjectStore;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
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
import org.springframework.jdbc.support.SQLExceptionTranslator;
import org.springframework.jdbc.support.SQLStateSQLExceptionTranslator;
import org.springframework.stereotype.Component;

/** Makes data sets of the archive. Reads only; works beside a run. */
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
     * Makes one. It is there as a whole or not at all: whatever goes wrong, the target is as it was before. Media that
     * the store does not give are left out and named; a store or database that is out of reach ends it with its own
     * exception.
     *
     * @param stopped asked again and again; when true, it ends with an {@link ExportStoppedException}
     * @throws ExportException when it cannot be made as it is asked for
     * @throws ExportWriteException when this machine's disk does not take a file of it
     */
    public ExportReport export(ExportOptions options, BooleanSupplier stopped) throws IOException {
        if (!options.format().takes(options.media())) {
            throw new ExportException("Format %s does not take media by %s; nothing was exported"
                    .formatted(options.format(), options.media()));
        }
        DataSet data = DataSet.of(options.authors(), options.media());
        try (Draft draft = Draft.begin(options.target())) {
            log.info(
                    "Exporting to {}: {}, media {}, people {}, {}",
                    options.target(),
                    options.format(),
                    options.media(),
                    options.authors(),
                    options.selection().inWords());
            ExportReport report = write(options, data, draft, stopped);
            draft.complete();
            return report;
        }
    }

    private ExportReport write(ExportOptions options, DataSet data, Draft draft, BooleanSupplier stopped)
            throws IOException {
        try (Snapshot snapshot = Snapshot.open(dataSource, options.selection(), stopped)) {
            Export export = new Export(options, data, snapshot, draft, store);
            if (options.media() == MediaMode.COPY) {
                copyAhead(export, stopped);
            }
            write(export);
            return report(export);
        } catch (SQLException e) {
            throw translated(e);
        }
    }

    /**
     * Copies the files of the selected notes outside of the snapshot that the rows are read in: it may take hours. What
     * was stored meanwhile is copied beside its rows.
     */
    private static void copyAhead(Export export, BooleanSupplier stopped) throws IOException, SQLException {
        MediaCopies media = export.media();
        export.snapshot().forEachObject((sha256, key, _) -> export.draft().plan(sha256, key));
        export.snapshot().outside(() -> media.copyAhead(stopped));
    }

    private static void write(Export export) throws IOException, SQLException {
        switch (export.options().format()) {
            case JSONL, CSV, PARQUET -> {
                TableFiles tables = new TableFiles(export, export.options().format(), "");
                tables.write();
                new Manifest(export).write("", tables.files());
            }
            case FOLDER -> {
                new Folder(export).write();
                new Manifest(export).write("", Folder.tables(export));
            }
            case BAGIT -> new Bag(export).write();
            case FOURCAT -> {
                new FourCat(export).write();
                new Manifest(export)
                        .write("", List.of(new Manifest.TableFile(export.data().notes(), FourCat.FILE)));
            }
        }
    }

    private static ExportReport report(Export export) throws SQLException {
        MediaCopies media = export.mediaSoFar();
        return new ExportReport(
                export.draft().target(),
                export.rows(),
                export.draft().files(),
                export.draft().bytes(),
                media == null ? 0 : media.copied(),
                media == null ? 0 : media.missing(),
                media == null ? List.of() : media.examples(),
                export.snapshot().namedIds());
    }

    /** As those of a repository, so that whoever calls tells a server that is away from a bug. */
    private static DataAccessException translated(SQLException failure) {
        SQLExceptionTranslator translator = new SQLStateSQLExceptionTranslator();
        DataAccessException known = translator.translate("export", null, failure);
        return known == null ? new DataAccessResourceFailureException("The archive cannot be read", failure) : known;
    }
}
