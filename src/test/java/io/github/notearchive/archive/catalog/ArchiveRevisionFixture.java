package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.catalog.ArchiveRevision.ArchiveObject;
import io.github.notearchive.store.ObjectStore;
import java.time.Clock;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.transaction.PlatformTransactionManager;

/** Revisions of an archive without an application context. */
public final class ArchiveRevisionFixture {

    private ArchiveRevisionFixture() {}

    public static ArchiveRevision of(ObjectStore store, Clock clock, PlatformTransactionManager transactions) {
        ObjectProvider<ObjectStore> provider = new ObjectProvider<>() {

            @Override
            public ObjectStore getObject() {
                return store;
            }
        };
        return new ArchiveRevision(isPrompt -> ArchiveObject.read(store, isPrompt), provider, clock, transactions);
    }
}
