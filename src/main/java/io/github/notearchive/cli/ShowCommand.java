package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRepository.WorklistEntry;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.note.NoteId;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.commons.lang3.SystemUtils;
import org.jspecify.annotations.Nullable;
import org.springframework.util.StringUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code show}: shows a note, and opens its page if {@code browse} runs. */
@Command(name = "show")
final class ShowCommand extends JsonCommand {

    private static final int CONNECT_MILLIS = 2000;

    @Parameters(paramLabel = "NOTE_ID")
    private String note = "";

    /**
     * Result.
     *
     * @param link page of the note; null if no {@code browse} runs
     */
    record Shown(
            NoteId note,
            WorklistEntry worklist,
            NoteCatalog.@Nullable NoteLine captured,
            @Nullable String link) {}

    @Override
    public Integer call() throws Exception {
        NoteId id = noteId(note);
        return read(context -> {
            requireNotErased(context.get(ErasureList.class), id);
            WorklistEntry entry = context.get(WorklistRepository.class)
                    .find(id)
                    .orElseThrow(() -> CommandFailure.usage(
                            "note " + id + " is not on the worklist; enqueue it with: note-archive enqueue " + id));
            String link = link(context.get(ArchiveLocation.class), id).orElse(null);
            NoteCatalog notes = context.get(NoteCatalog.class);
            print(new Shown(id, entry, notes.find(id).orElse(null), link), "show");
            out().flush();
            if (link != null && hasDesktop()) {
                open(link);
            }
            return ExitCode.COMPLETED;
        });
    }

    /** Returns the link of the {@code browse} that serves this archive; empty if none accepts connections. */
    private static Optional<String> link(ArchiveLocation location, NoteId id) throws IOException {
        try {
            String link = Files.readString(BrowseCommand.linkFile(location));
            URI server = URI.create(link);
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(server.getHost(), server.getPort()), CONNECT_MILLIS);
            }
            return Optional.of(link + "&next=/notes/" + id);
        } catch (NoSuchFileException | SocketException | SocketTimeoutException _) {
            return Optional.empty();
        }
    }

    private static boolean hasDesktop() {
        return SystemUtils.IS_OS_MAC
                || Stream.of("DISPLAY", "WAYLAND_DISPLAY").anyMatch(name -> StringUtils.hasText(System.getenv(name)));
    }

    private void open(String link) {
        try {
            new ProcessBuilder(SystemUtils.IS_OS_MAC ? "open" : "xdg-open", link)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException _) {
            warn("no browser was opened; open the link yourself");
        }
    }
}
