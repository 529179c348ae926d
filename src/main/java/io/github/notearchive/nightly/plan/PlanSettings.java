package io.github.notearchive.nightly.plan;

import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.nightly.NightlyLimitProperties;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.RefreshProperties;
import io.github.notearchive.provider.VideoProperties;
import org.springframework.stereotype.Component;

/** Settings that determine a plan. */
@Component
record PlanSettings(
        ArchiveProperties archive,
        NoteSourceProperties source,
        VideoProperties videos,
        RefreshProperties refreshes,
        NightlyLimitProperties limits) {

    /** Returns the limit of bytes in a night; 0 for none. */
    long bytesPerNight() {
        return limits.bytesPerNight().toBytes();
    }

    /** Returns the limit of calls for refreshes in a night; 0 for none. */
    int refreshCallsPerNight() {
        return refreshes.callsAllowed(source.callsPerNight());
    }
}
