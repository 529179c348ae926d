package io.github.notearchive.embedded;

import io.github.notearchive.embedded.DirectoryUsers.DirectoryUser;
import io.github.notearchive.io.process.Signals;
import io.github.notearchive.io.time.Deadline;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Process of a data directory. It starts each server when the first user requests it, and ends when no user lives: no
 * end of a user takes a server from another one. Reads no settings.
 */
public final class ServersProcess {

    /** Argument of the program that is followed by the data directory; internal. */
    public static final String COMMAND = "embedded-servers";

    static final String MAIN = "io.github.notearchive.NoteArchive";

    /** Warnings of the process and of its servers. */
    static final String LOG = "servers.log";

    static final List<String> OPTIONS = List.of(
            "-XX:+UseSerialGC",
            "-XX:CompileThresholdScaling=2",
            "-Xlog:aot*=off",
            "-Xlog:cds*=off",
            "--enable-native-access=ALL-UNNAMED",
            "-Dlogback.configurationFile=logback/servers.xml");

    private static final Logger log = LoggerFactory.getLogger(ServersProcess.class);

    private static final Duration PAUSE = Duration.ofMillis(50);
    private static final Duration LOCK_PATIENCE = Duration.ofSeconds(2);

    private final OwnDirectory directory;

    /** Starts that were begun, by the name of the server. */
    private final Map<String, CompletableFuture<Void>> starts = new HashMap<>();

    private ServersProcess(OwnDirectory directory) {
        this.directory = directory;
    }

    /** Serves the users of a directory. Returns soon if another process does. A signal does not end it before them. */
    public static void run(Path path) {
        Signals.handle(_ -> {});
        Deadline deadline = Deadline.in(LOCK_PATIENCE);
        OwnDirectory own = OwnDirectory.tryOpen(path);
        while (own == null && !deadline.isOver()) {
            DataDirectory.pause("interrupted"); // another one starts, or a user looks whether one does
            own = OwnDirectory.tryOpen(path);
        }
        try (OwnDirectory directory = own) {
            if (directory != null) {
                new ServersProcess(directory).serve();
            }
        }
    }

    private void serve() {
        do {
            DataDirectory.pause(PAUSE, "interrupted");
        } while (!ends());
    }

    /** Serves what is requested, and returns whether nothing is used any more. */
    private boolean ends() {
        try {
            List<DirectoryUser> users = directory.users.alive();
            users.stream()
                    .flatMap(user -> user.requests().stream())
                    .map(ServersProcess::server)
                    .distinct()
                    .forEach(server -> serve(server, users));
            return directory.retire(this::isUsed);
        } catch (DataDirectoryException e) {
            log.warn("Trying again", e); // the servers that run do not depend on it
            return false;
        }
    }

    private static String server(String request) {
        return request.substring(0, request.indexOf(' '));
    }

    /** Returns whether a user lives, or a server is being started, which cannot be stopped yet. */
    private boolean isUsed() {
        return starts.values().stream().anyMatch(start -> !start.isDone())
                || !directory.users.alive().isEmpty();
    }

    /** Starts a server unless it runs, and answers those who have requested it if it does not start. */
    private void serve(String server, List<DirectoryUser> users) {
        if (directory.running(server) != null) {
            return;
        }
        List<String> open = users.stream()
                .flatMap(user -> user.requests().stream()
                        .filter(request -> server(request).equals(server))
                        .map(request -> user.name() + " " + request))
                .filter(request -> !directory.isAnswered(request))
                .toList();
        if (open.isEmpty()) {
            return;
        }
        CompletableFuture<Void> start = starts.computeIfAbsent(
                server, _ -> CompletableFuture.runAsync(() -> start(server), Thread::startVirtualThread));
        if (start.isCompletedExceptionally()) {
            Throwable failure = start.handle((_, e) -> cause(e)).join();
            log.warn("The {} server does not start", server, failure);
            open.forEach(request -> directory.answer(request, String.valueOf(failure.getMessage())));
            starts.remove(server);
        }
    }

    private static Throwable cause(Throwable e) {
        return e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
    }

    private void start(String server) {
        switch (server) {
            case EmbeddedDatabase.NAME -> new EmbeddedDatabase(directory);
            case EmbeddedStore.NAME -> new EmbeddedStore(directory, false);
            case EmbeddedStore.SYNCED -> new EmbeddedStore(directory, true);
            default -> throw new IllegalArgumentException("There is no server " + server);
        }
    }
}
