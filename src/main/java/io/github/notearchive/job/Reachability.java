package io.github.notearchive.job;

import io.github.notearchive.objectstore.ObjectStore;
import io.github.notearchive.objectstore.StoreException;
import io.github.notearchive.source.JustOneApiClient;
import io.github.notearchive.source.ProviderPing;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Whether the servers that a run needs beside its database are there: the store, and the provider.
 */
@Component
class Reachability {

    private final ObjectStore store;
    private final ProviderPing provider;

    Reachability(ObjectStore store, ProviderPing provider) {
        this.store = store;
        this.provider = provider;
        this.calls = calls;
        this.clock = clock;
    }

    /** Why no run begins; empty when both are there, and the store has its bucket. */
    Optional<Refusal> refusal() {
        try {
            store.ensureBucket();
            store.requireTaking();
            return Optional.empty();
        } catch (StoreException e) {
            return Optional.of(Refusal.ofStore(e));
        } catch (IOException e) {
            return Optional.of(
                    Refusal.of(ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(e.getMessage())));
        }
    }
}
