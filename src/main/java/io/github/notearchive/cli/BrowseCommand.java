package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.browse.BrowseProperties;
import io.github.notearchive.browse.Sessions;
import io.github.notearchive.browse.Thumbnails;
import io.github.notearchive.io.files.AtomicFile;
import io.github.notearchive.io.image.HeifCommand;
import io.github.notearchive.io.process.Signals;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code browse}: serves the web pages until a signal. */
@Command(name = "browse")
final class BrowseCommand extends ArchiveCommand {

    /** Minutes after which the link of {@code show} is replaced; a link is valid for ten. */
    private static final int RENEWAL_MINUTES = 5;

    @Option(names = "--port", paramLabel = "N")
    private @Nullable Integer port;

    @Option(names = "--listen", paramLabel = "ADDR")
    private @Nullable String listen;

    @Component
    static final class Action {

        private final Sessions sessions;
        private final BrowseProperties pages;
        private final HeifCommand heif;
        private final Thumbnails thumbnails;
        private final ArchiveLocation location;

        Action(
                Sessions sessions,
                BrowseProperties pages,
                HeifCommand heif,
                Thumbnails thumbnails,
                ArchiveLocation location) {
            this.sessions = sessions;
            this.pages = pages;
            this.heif = heif;
            this.thumbnails = thumbnails;
            this.location = location;
        }
    }

    @Override
    public Integer call() throws Exception {
        refuseIf(port != null && (port < 0 || port > 65_535), "--port must be between 0 and 65535, but is " + port);
        CountDownLatch stopped = new CountDownLatch(1);
        Signals.handle(_ -> stopped.countDown());
        try (CommandContext context = CommandContext.openToServe(settings(), Action.class)) {
            Action action = context.get(Action.class);
            action.heif.refusal().ifPresent(refusal -> refuseIf(true, refusal));
            action.thumbnails.sweep();
            serve(action, context.port(), stopped);
            return ExitCode.COMPLETED.number();
        }
    }

    private Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>();
        if (port != null) {
            settings.put("archive.browse.port", port.toString());
        }
        if (listen != null) {
            settings.put("archive.browse.listen", listen);
        }
        return withDirectory(settings);
    }

    /** Returns the file with a link that was not used yet, readable by its owner only, while the pages are served. */
    static Path linkFile(ArchiveLocation location) {
        return location.directory().resolve("browse.link").toAbsolutePath();
    }

    private void serve(Action action, int bound, CountDownLatch stopped) throws IOException, InterruptedException {
        String server = "http://" + action.pages.linkHost() + ":" + bound;
        action.sessions.onEnter(() -> writeLink(action, server));
        try {
            writeLink(action, server);
            out().println(server + action.sessions.link());
            out().println("The link is valid once and for ten minutes. Ctrl-C ends.");
            out().flush();
            while (!stopped.await(RENEWAL_MINUTES, TimeUnit.MINUTES)) {
                writeLink(action, server);
            }
        } finally {
            Files.deleteIfExists(linkFile(action.location));
        }
    }

    private synchronized void writeLink(Action action, String server) {
        byte[] link = (server + action.sessions.link()).getBytes(StandardCharsets.UTF_8);
        try {
            Files.createDirectories(action.location.directory(), AtomicFile.PRIVATE_DIRECTORY);
            AtomicFile.write(linkFile(action.location), ".next", out -> out.write(link), AtomicFile.OWNER_ONLY);
        } catch (IOException e) {
            warn("the link for show cannot be written: " + e);
        }
    }
}
