package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.ArchiveRevision.ArchiveObject;
import io.github.notearchive.archive.ledger.ResponseSpool;
import io.github.notearchive.archive.worklist.LedgerProperties;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.browse.BrowseProperties;
import io.github.notearchive.cli.config.SettingsRecords;
import io.github.notearchive.embedded.DataDirectory;
import io.github.notearchive.embedded.EmbeddedDatabase;
import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.io.image.HeifCommand;
import io.github.notearchive.io.text.Secret;
import io.github.notearchive.media.MediaDownloader;
import io.github.notearchive.media.MediaProperties;
import io.github.notearchive.media.PreviewProperties;
import io.github.notearchive.media.ShortLinks;
import io.github.notearchive.media.Spool;
import io.github.notearchive.nightly.NightlyLimitProperties;
import io.github.notearchive.nightly.NightlySettings;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.RefreshProperties;
import io.github.notearchive.provider.VideoProperties;
import io.github.notearchive.report.NightReports.ReportFolder;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreProperties;
import io.github.notearchive.telemetry.RunTelemetry.NodeGauges;
import java.nio.file.Path;
import java.time.Clock;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnExpression;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Settings, clock, and database and store: those of the settings, or embedded ones over the data directory. */
@Configuration(proxyBeanMethods = false)
@Import(SettingsRecords.class)
public class ProgramConfiguration {

    /** Clock of the program, for what happens before its bean exists. */
    static final Clock CLOCK = Clock.systemUTC();

    /** The sandbox registers its own. */
    @Bean
    @ConditionalOnMissingBean
    Clock clock() {
        return CLOCK;
    }

    @Bean
    NightlySettings nightlySettings(
            ArchiveProperties archive,
            NoteSourceProperties source,
            NightlyLimitProperties limits,
            VideoProperties videos,
            RefreshProperties refreshes,
            LedgerProperties ledger,
            PreviewProperties previews) {
        return new NightlySettings(archive, source, limits, videos, refreshes, ledger, previews);
    }

    @Bean
    Spool spool(ArchiveProperties settings, MediaProperties media) {
        return new Spool(settings.dataDirectory().resolve("spool").resolve(settings.node()), media);
    }

    @Bean
    NodeGauges nodeGauges(
            ArchiveProperties settings,
            ObjectProvider<NoteSourceProperties> provider,
            ObjectProvider<MediaProperties> media,
            ObjectProvider<Spool> spool) {
        return new NodeGauges(settings.node(), () -> provider.getObject().callsPerNight(), () -> {
            Spool.SpoolUsage held = spool.getObject().held();
            long limit = media.getObject().maxSpoolSize().toBytes();
            return new NodeGauges.SpoolUse(
                    held.files(), held.bytes(), limit, spool.getObject().diskFree());
        });
    }

    @Bean
    ResponseSpool responseSpool(ArchiveProperties settings) {
        return new ResponseSpool(settings.dataDirectory().resolve("answers").resolve(settings.node()));
    }

    @Bean
    ReportFolder reportFolder(ArchiveProperties settings) {
        return new ReportFolder(settings.dataDirectory().resolve("reports"));
    }

    @Bean
    ObjectStore objectStore(StoreProperties settings, ObjectProvider<EmbeddedStore> embedded) {
        if (settings.hasEndpoint()) {
            return new ObjectStore(settings);
        }
        return new ObjectStore(
                settings,
                () -> {
                    EmbeddedStore store = embedded.getObject();
                    return settings.at(store.endpoint(), store.accessKey(), new Secret(store.secretKey()));
                },
                bucket -> embedded.getObject().requireWritable(bucket));
    }

    /** Object that names the archive of the bucket; that of an embedded store is read without its server. */
    @Bean
    ArchiveObject.Source archiveObject(
            ArchiveProperties archive, StoreProperties settings, ObjectProvider<ObjectStore> store) {
        Path bucket = archive.dataDirectory().resolve("s3").resolve(settings.bucket());
        return isPrompt ->
                settings.hasEndpoint() ? ArchiveObject.read(store.getObject(), isPrompt) : ArchiveObject.read(bucket);
    }

    @Bean
    HeifCommand heifCommand(BrowseProperties settings) {
        return new HeifCommand(settings.heifCommand());
    }

    @Bean
    MediaDownloader mediaDownloader(MediaProperties settings, Spool spool) {
        return new MediaDownloader(settings, spool);
    }

    @Bean
    ShortLinks shortLinks() {
        return new ShortLinks();
    }

    /** Data directory, opened once for both servers. */
    @Bean
    DataDirectory dataDirectory(ArchiveProperties settings) {
        return DataDirectory.share(settings.dataDirectory());
    }

    @Bean
    EmbeddedStore embeddedStore(DataDirectory directory, StoreProperties settings) {
        return new EmbeddedStore(directory, settings.sync());
    }

    @Bean
    EmbeddedDatabase embeddedDatabase(DataDirectory directory) {
        return new EmbeddedDatabase(directory);
    }

    /** Connection to the embedded database, if no server is configured. */
    @Bean
    @ConditionalOnExpression("environment.getProperty('spring.datasource.url', '').isBlank()")
    JdbcConnectionDetails embeddedDatabaseConnection(EmbeddedDatabase database) {
        return new Connection(database.user(), database.password(), database.jdbcUrl());
    }

    /** Login of a database; the names are those of Spring Boot. */
    private record Connection(String getUsername, String getPassword, String getJdbcUrl)
            implements JdbcConnectionDetails {}
}
