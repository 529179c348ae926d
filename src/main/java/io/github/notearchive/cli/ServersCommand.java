package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.embedded.EmbeddedDatabase;
import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.store.StoreProperties;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code servers}: keeps the embedded servers up so that people can look into them. */
@Command(
        name = "servers",
        mixinStandardHelpOptions = true,
        description = "Keeps the embedded database and store up until Ctrl-C, and says how to look into them.")
final class ServersCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws InterruptedException {
        CountDownLatch stopped = new CountDownLatch(1);
        SignalHandlers.handle(_ -> stopped.countDown());
        PrintWriter out = spec.commandLine().getOut();
        try (CommandContext context = CommandContext.open()) {
            JdbcConnectionDetails database = context.get(JdbcConnectionDetails.class);
            context.migrate();
            if (database.getJdbcUrl().startsWith("jdbc:postgresql://127.0.0.1")
                    && context.has(EmbeddedDatabase.class)) {
                String url = database.getJdbcUrl().substring("jdbc:".length());
                out.println("database  PGPASSWORD='"
                        + database.getPassword()
                        + "' psql -U "
                        + database.getUsername()
                        + " '"
                        + url
                        + "'");
            } else {
                out.println("database  not embedded; it is the one of ARCHIVE_DATABASE_URL");
            }
            if (context.get(StoreProperties.class).hasEndpoint()) {
                out.println("store     not embedded; it is the one of ARCHIVE_S3_ENDPOINT");
            } else {
                EmbeddedStore store = context.get(EmbeddedStore.class);
                out.println("store     "
                        + store.endpoint()
                        + "  access key "
                        + store.accessKey()
                        + "  secret key "
                        + store.secretKey());
            }
            out.println("Ctrl-C ends.");
            out.flush();
            stopped.await();
            return ExitCode.COMPLETED.number();
        }
    }
}
