package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.embedded.EmbeddedStore;
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
            ObjectProvider<EmbeddedStore> embeddedStore) {

        String databaseLine() {
            return location.isEmbedded()
                    ? "PGPASSWORD='%s' psql -U %s '%s'"
                            .formatted(
                                    database.getPassword(),
                                    database.getUsername(),
                                    database.getJdbcUrl().substring("jdbc:".length()))
                    : "not embedded; see ARCHIVE_DATABASE_URL";
        }

        String storeLine() {
            if (store.hasEndpoint()) {
                return "not embedded; see ARCHIVE_S3_ENDPOINT";
            }
            EmbeddedStore embedded = embeddedStore.getObject();
            return "%s  access key %s  secret key %s"
                    .formatted(embedded.endpoint(), embedded.accessKey(), embedded.secretKey());
        }
    }

    @Override
    public Integer call() throws Exception {
        CountDownLatch stopped = new CountDownLatch(1);
        SignalHandlers.handle(_ -> stopped.countDown());
        return executeOrCreate(Action.class, action -> {
            out().println("  database  " + action.databaseLine());
            out().println("  store     " + action.storeLine());
            out().println("Ctrl-C ends.");
            out().flush();
            stopped.await();
            return ExitCode.COMPLETED;
        });
    }
}
