package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.io.process.Signals;
import io.github.notearchive.store.StoreProperties;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationInitializer;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import picocli.CommandLine.Command;

/** {@code servers}: runs the embedded servers until a signal. */
@Command(name = "servers")
final class ServersCommand extends ArchiveCommand {

    /** The embedded servers; null for one that is not embedded. */
    record Running(
            @Nullable JdbcConnectionDetails database,
            @Nullable EmbeddedStore store) {}

    @Override
    public Integer call() throws Exception {
        CountDownLatch stopped = new CountDownLatch(1);
        Signals.handle(_ -> stopped.countDown());
        return executeOrCreate(context -> {
            context.get(FlywayMigrationInitializer.class); // so that the tables exist
            boolean isEmbedded = context.get(ArchiveLocation.class).isEmbedded();
            boolean hasStore = context.get(StoreProperties.class).hasEndpoint();
            Running running = new Running(
                    isEmbedded ? context.get(JdbcConnectionDetails.class) : null,
                    hasStore ? null : context.get(EmbeddedStore.class));
            out().print(text("servers", running));
            out().flush();
            stopped.await();
            return ExitCode.COMPLETED;
        });
    }
}
