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

    @Override
    public Integer call() throws Exception {
        refuseIf(port != null && (port < 0 || port > 65_535), "--port must be between 0 and 65535, but is " + port);
        CountDownLatch stopped = new CountDownLatch(1);
        Signals.handle(_ -> stopped.countDown());
        try (CommandContext context = CommandContext.openToServe(settings())) {
            context.get(HeifCommand.class).refusal().ifPresent(refusal -> refuseIf(true, refusal));
            context.get(Thumbnails.class).sweep();
            serve(context, stopped);
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

    private void serve(CommandContext context, CountDownLatch stopped) throws IOException, InterruptedException {
        Sessions sessions = context.get(Sessions.class);
        ArchiveLocation location = context.get(ArchiveLocation.class);
        String server = "http://" + context.get(BrowseProperties.class).linkHost() + ":" + context.port();
        sessions.onEnter(() -> writeLink(location, server + sessions.link()));
        try {
            writeLink(location, server + sessions.link());
            out().println(server + sessions.link());
            out().println("The link is valid once and for ten minutes. Ctrl-C ends.");
            out().flush();
            while (!stopped.await(RENEWAL_MINUTES, TimeUnit.MINUTES)) {
                writeLink(location, server + sessions.link());
            }
        } finally {
            Files.deleteIfExists(linkFile(location));
        }
    }

    private synchronized void writeLink(ArchiveLocation location, String link) {
        try {
            Files.createDirectories(location.directory(), AtomicFile.PRIVATE_DIRECTORY);
            AtomicFile.write(
                    linkFile(location),
                    ".next",
                    out -> out.write(link.getBytes(StandardCharsets.UTF_8)),
                    AtomicFile.OWNER_ONLY);
        } catch (IOException e) {
            warn("the link for show cannot be written: " + e);
        }
    }
}
