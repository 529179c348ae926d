package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.io.process.Signals;
import io.github.notearchive.store.StoreProperties;
import java.util.concurrent.CountDownLatch;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationInitializer;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.stereotype.Component;
import picocli.CommandLine.Command;

/** {@code servers}: runs the embedded servers until a signal. */
@Command(name = "servers")
final class ServersCommand extends ArchiveCommand {

    @Component
    record Action(
            JdbcConnectionDetails database,
            FlywayMigrationInitializer schema,
            ArchiveLocation location,
            StoreProperties store,
            ObjectProvider<EmbeddedStore> embeddedStore) {}

    @Override
    public Integer call() throws Exception {
        CountDownLatch stopped = new CountDownLatch(1);
        Signals.handle(_ -> stopped.countDown());
        return executeOrCreate(Action.class, action -> {
            out().print(text("servers", action));
            out().flush();
            stopped.await();
            return ExitCode.COMPLETED;
        });
    }
}
