package io.github.notearchive.nightly;

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

/**
 * Whether the servers that a run needs beside its database are there: the store, and the provider. The bucket has to be
 * that of the database.
 */
@Component
class Reachability {

    // the lines of a run all come under this name
    private static final Logger log = LoggerFactory.getLogger(NightlyJobRunner.class);

    /** The provider's time has whole seconds only. */
    private static final Duration TOLERATED = Duration.ofSeconds(2);

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
     * Why no run begins; empty when both are there, the store has its bucket, and the revision that the run starts with
     * is written there.
     */
    Optional<StartRefusal> refusal() {
        return refusalOfStore().or(this::refusalOfProvider);
    }

    /** Why database and bucket do not belong together, or cannot be compared; else empty. */
    Optional<StartRefusal> refusalOfBucket() {
        try {
            return revision.refusal();
        } catch (StoreException e) {
            return Optional.of(StartRefusal.ofStore(e));
        }
    }

    /** The same as {@link #refusal} of the store alone. Behind {@link #refusalOfBucket}. */
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
        if (ahead.abs().compareTo(TOLERATED) > 0) {
            log.warn(
                    "This machine's clock is {} s {} the provider's; set it (NTP), since nights and quotas go by it",
                    ahead.abs().toSeconds(),
                    ahead.isNegative() ? "ahead of" : "behind");
        }
        calls.providersClockIsAhead(ahead);
    }
}
