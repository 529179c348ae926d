package io.github.notearchive.job;

import io.github.notearchive.objectstore.ObjectStore;
import io.github.notearchive.objectstore.StoreException;
import io.github.notearchive.source.ProviderPing;
import java.io.IOException;
import java.util.Optional;
import org.springframework.stereotype.Component;

/**
 * Whether the servers that a run needs beside its database are there: the store, and the provider.
 * The bucket has to be that of the database.
 */
@Component
class Reachability {

    private final ObjectStore store;
    private final ArchiveRevision revision;
    private final ProviderPing provider;

    Reachability(ObjectStore store, ArchiveRevision revision, ProviderPing provider) {
        this.store = store;
        this.revision = revision;
        this.provider = provider;
    }

    /**
     * Why no run begins; empty when both are there, the store has its bucket, and the revision that
     * the run starts with is written there.
     */
    Optional<Refusal> refusal() {
        try {
            store.ensureBucket();
            store.requireTaking();
            Optional<Refusal> otherBucket = revision.refusal();
            if (otherBucket.isPresent()) {
                return otherBucket;
            }
            provider.send();
            revision.advance();
            return Optional.empty();
        } catch (StoreException e) {
            return Optional.of(Refusal.ofStore(e));
        } catch (IOException e) {
            return Optional.of(
                    Refusal.of(ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(e.getMessage())));
        }
    }
}
