package io.github.notearchive.cli.config;

import io.github.notearchive.archive.catalog.ProofProperties;
import io.github.notearchive.archive.worklist.LedgerProperties;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.browse.BrowseProperties;
import io.github.notearchive.maintenance.verify.FixityProperties;
import io.github.notearchive.media.MediaProperties;
import io.github.notearchive.media.PreviewProperties;
import io.github.notearchive.nightly.NightlyLimitProperties;
import io.github.notearchive.nightly.RetentionProperties;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.RefreshProperties;
import io.github.notearchive.provider.VideoProperties;
import io.github.notearchive.publish.PublishProperties;
import io.github.notearchive.report.HealthCheck.HealthProperties;
import io.github.notearchive.report.NightReports.ReportProperties;
import io.github.notearchive.store.StoreProperties;
import io.github.notearchive.telemetry.MetricsProperties;
import io.github.notearchive.telemetry.NotifyProperties;
import io.github.notearchive.telemetry.logging.LogProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;

/** All records of settings. They are listed, since a search of the class path delays the start of each command. */
@EnableConfigurationProperties({
    ArchiveProperties.class,
    BrowseProperties.class,
    FixityProperties.class,
    HealthProperties.class,
    LedgerProperties.class,
    LogProperties.class,
    MediaProperties.class,
    MetricsProperties.class,
    NightlyLimitProperties.class,
    NoteSourceProperties.class,
    NotifyProperties.class,
    PreviewProperties.class,
    ProofProperties.class,
    PublishProperties.class,
    RefreshProperties.class,
    ReportProperties.class,
    RetentionProperties.class,
    StoreProperties.class,
    VideoProperties.class
})
public final class SettingsRecords {

    private SettingsRecords() {}
}
