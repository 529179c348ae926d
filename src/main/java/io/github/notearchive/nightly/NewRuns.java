package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.media.MediaDownloader;
import org.springframework.stereotype.Component;

/** Creates the state of a run, with the counters of the process at its start. */
@Component
class NewRuns {

    private final RunStopper gate;
    private final ArchiveProperties settings;
    private final MediaDownloader downloads;
    private final SchemaDrift drift;

    NewRuns(RunStopper gate, ArchiveProperties settings, MediaDownloader downloads, SchemaDrift drift) {
        this.gate = gate;
        this.settings = settings;
        this.downloads = downloads;
        this.drift = drift;
    }

    RunState of(RunOptions options) {
        return new RunState(
                gate, options, settings, downloads::traffic, drift.found().size());
    }
}
