package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.io.process.Signals;
import io.github.notearchive.store.StoreProperties;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationInitializer;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.stereotype.Component;
import picocli.CommandLine.Command;

/** {@code servers}: runs the embedded servers until a signal. */
@Command(name = "servers")
final class ServersCommand extends ArchiveCommand {

    @Component
    static final class Action {

        private final JdbcConnectionDetails database;
        private final ArchiveLocation location;
        private final StoreProperties store;
        private final ObjectProvider<EmbeddedStore> embeddedStore;

        Action(
                JdbcConnectionDetails database,
                FlywayMigrationInitializer schema, // so that the tables exist
                ArchiveLocation location,
                StoreProperties store,
                ObjectProvider<EmbeddedStore> embeddedStore) {
            this.database = database;
            this.location = location;
            this.store = store;
            this.embeddedStore = embeddedStore;
        }

        private Running running() {
            return new Running(
                    location.isEmbedded() ? database : null, store.hasEndpoint() ? null : embeddedStore.getObject());
        }
    }

    /** The embedded servers; null for one that is not embedded. */
    record Running(
            @Nullable JdbcConnectionDetails database,
            @Nullable EmbeddedStore store) {}

    @Override
    public Integer call() throws Exception {
        CountDownLatch stopped = new CountDownLatch(1);
        Signals.handle(_ -> stopped.countDown());
        return executeOrCreate(Action.class, action -> {
            out().print(text("servers", action.running()));
            out().flush();
            stopped.await();
            return ExitCode.COMPLETED;
        });
    }
}
