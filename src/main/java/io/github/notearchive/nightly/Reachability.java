package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.provider.JustOneApiClient;
import io.github.notearchive.provider.ProviderPing;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Checks that provider and store are reachable, and that the bucket belongs to the database. */
@Component
class Reachability {

    // all lines of a run use this logger
    private static final Logger log = LoggerFactory.getLogger(NightlyJobRunner.class);

    /** Tolerated clock difference; the provider's time has whole seconds. */
    private static final Duration TOLERANCE = Duration.ofSeconds(2);

    private final ObjectStore store;
    private final ArchiveRevision revision;
    private final ProviderPing provider;
    private final JustOneApiClient calls;
    private final Clock clock;

    Reachability(
            ObjectStore store, ArchiveRevision revision, ProviderPing provider, JustOneApiClient calls, Clock clock) {
        this.store = store;
        this.revision = revision;
        this.provider = provider;
        this.calls = calls;
        this.clock = clock;
    }

    /**
     * Returns why no run can start; empty if both are reachable and the bucket exists. Writes the revision of the run
     * to the bucket.
     */
    Optional<StartRefusal> refusal() {
        return refusalOfStore().or(this::refusalOfProvider);
    }

    /** Returns why database and bucket do not match, or cannot be compared; otherwise empty. */
    Optional<StartRefusal> refusalOfBucket() {
        try {
            return revision.difference().map(why -> StartRefusal.of(ExitCode.USAGE, why));
        } catch (StoreException e) {
            return Optional.of(StartRefusal.ofStore(e));
        }
    }

    /** Returns the refusal of {@link #refusal} for the store only. Call after {@link #refusalOfBucket}. */
    Optional<StartRefusal> refusalOfStore() {
        try {
            store.ensureBucket();
            store.requireWritable();
            revision.advance();
            return Optional.empty();
        } catch (StoreException e) {
            return Optional.of(StartRefusal.ofStore(e));
        }
    }

    private Optional<StartRefusal> refusalOfProvider() {
        try {
            Instant asked = clock.instant();
            provider.send().ahead(asked, clock.instant()).ifPresent(this::compareClocks);
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(StartRefusal.of(ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(e.getMessage())));
        }
    }

    private void compareClocks(Duration ahead) {
        if (ahead.abs().compareTo(TOLERANCE) > 0) {
            log.warn(
                    "The clock of this machine is {} s {} the provider's; synchronize it (NTP), nights and quotas depend on it",
                    ahead.abs().toSeconds(),
                    ahead.isNegative() ? "ahead of" : "behind");
        }
        calls.providersClockIsAhead(ahead);
    }
}
