package io.github.notearchive.archive.ledger;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.io.files.AtomicFile;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.CallKind;
import io.github.notearchive.provider.CallRecorder.CallRecord;
import io.github.notearchive.provider.ProviderReply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Directory of paid responses that could not be written to the database, one file each, durable when {@link #write}
 * returns. The next run that reaches the database persists them.
 *
 * <p>A file is a line of JSON that identifies the call, followed by the exact body. It is readable by its owner only
 * and appears completely or not at all, even after a power failure. A directory belongs to one process at a time.
 */
public final class ResponseSpool {

    /**
     * Response to a call, before it is in the ledger. As JSON, without the body, it is the first line of a spool file.
     *
     * @param body the exact body; null if it is not kept
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record ReceivedResponse(
            long call,
            NoteId noteId,
            String endpoint,
            boolean refresh,
            Instant sentAt,
            Instant receivedAt,
            int durationMs,
            @JsonUnwrapped ProviderReply reply,
            @JsonIgnore byte @Nullable [] body) {

        ReceivedResponse {
            Objects.requireNonNull(noteId, "noteId");
            Objects.requireNonNull(sentAt, "sentAt");
            Objects.requireNonNull(receivedAt, "receivedAt");
            Objects.requireNonNull(reply.billed(), "billed");
            Endpoint.ofLedgerName(endpoint);
        }

        /** @param took from sending to the complete response */
        static ReceivedResponse of(
                CallRecord call, ProviderReply reply, byte @Nullable [] body, Instant receivedAt, Duration took) {
            return new ReceivedResponse(
                    call.number(),
                    call.id(),
                    call.kind().endpoint().ledgerName(),
                    call.kind() == CallKind.REFRESH,
                    call.sentAt(),
                    receivedAt,
                    (int) Math.min(took.toMillis(), Integer.MAX_VALUE),
                    reply,
                    body);
        }

        ReceivedResponse with(ProviderReply other, byte @Nullable [] content) {
            return new ReceivedResponse(
                    call, noteId, endpoint, refresh, sentAt, receivedAt, durationMs, other, content);
        }
    }

    private static final String SUFFIX = ".answer";
    private static final String PARTIAL_SUFFIX = ".part";
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Path directory;

    /** The directory is created with the first file. */
    public ResponseSpool(Path directory) {
        this.directory = directory.toAbsolutePath().normalize();
    }

    /** Returns the node of these files, which is the name of the directory. */
    public String node() {
        return directory.getFileName().toString();
    }

    public int count() throws IOException {
        return spooledFiles().size();
    }

    /** Returns the spools of all nodes with files, or which this user may not read. */
    public List<ResponseSpool> nonEmpty() throws IOException {
        List<ResponseSpool> found = new ArrayList<>();
        for (ResponseSpool each : ofAllNodes()) {
            try {
                if (each.count() > 0) {
                    found.add(each);
                }
            } catch (AccessDeniedException e) {
                found.add(each);
            }
        }
        return found;
    }

    /**
     * Returns this spool, and those in sibling directories: of nodes that share the data directory, and of renamed or
     * removed nodes.
     */
    List<ResponseSpool> ofAllNodes() throws IOException {
        Path parent = Objects.requireNonNull(directory.getParent());
        List<Path> siblings = list(parent, path -> Files.isDirectory(path) && !path.equals(directory));
        return Stream.concat(Stream.of(this), siblings.stream().map(ResponseSpool::new))
                .toList();
    }

    /** Returns the wanted entries of a directory in the order of names; none if it does not exist. */
    private static List<Path> list(Path directory, Predicate<Path> wanted) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(wanted).sorted().toList();
        } catch (NoSuchFileException e) {
            return List.of(); // nothing was ever spooled
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Describes count, node and directory for operators. */
    public String summary() {
        String responses;
        try {
            responses = count() + " paid responses";
        } catch (IOException e) {
            responses = "paid responses that this user cannot count";
        }
        return responses + " of node " + node() + " in " + directory;
    }

    /** Writes a response with a body; an existing file of the call is replaced. */
    Path write(ReceivedResponse response) throws IOException {
        byte[] body = Objects.requireNonNull(response.body());
        Files.createDirectories(directory, AtomicFile.PRIVATE_DIRECTORY);
        Path file = fileOf(response);
        byte[] head = JSON.writeValueAsBytes(response);
        AtomicFile.write(
                file,
                PARTIAL_SUFFIX,
                out -> {
                    out.write(head);
                    out.write('\n');
                    out.write(body);
                },
                AtomicFile.OWNER_ONLY);
        try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
            entries.force(true);
        }
        return file;
    }

    void delete(ReceivedResponse response) throws IOException {
        Files.deleteIfExists(fileOf(response));
    }

    /** Deletes the responses of erased notes, including partial files of killed processes and files of other nodes. */
    public int remove(Collection<NoteId> notes) throws IOException {
        int removed = 0;
        for (ResponseSpool each : ofAllNodes()) {
            for (Path file : list(each.directory, ResponseSpool::isSpoolFile)) {
                if (notes.stream().anyMatch(note -> isAbout(file, note))) {
                    Files.delete(file);
                    removed++;
                }
            }
        }
        return removed;
    }

    private static boolean isSpoolFile(Path file) {
        String name = file.getFileName().toString();
        return name.endsWith(SUFFIX) || name.endsWith(SUFFIX + PARTIAL_SUFFIX);
    }

    /** Returns whether a file holds a response about a note, by its name. */
    static boolean isAbout(Path file, NoteId note) {
        return file.getFileName().toString().contains("-" + note + "-");
    }

    /**
     * Returns the spooled files, oldest call first.
     *
     * @throws IOException if the directory exists and cannot be listed
     */
    List<Path> spooledFiles() throws IOException {
        return list(directory, file -> file.getFileName().toString().endsWith(SUFFIX));
    }

    /**
     * Reads a file.
     *
     * @throws IOException also if the file is damaged or has another format
     */
    static ReceivedResponse read(Path file) throws IOException {
        byte[] all = Files.readAllBytes(file);
        int end = 0;
        while (end < all.length && all[end] != '\n') {
            end++;
        }
        if (end == all.length) {
            throw new IOException("it has no first line");
        }
        try {
            ReceivedResponse call = Optional.ofNullable(JSON.readValue(all, 0, end, ReceivedResponse.class))
                    .orElseThrow(() -> new IOException("its first line is null"));
            return call.with(call.reply(), Arrays.copyOfRange(all, end + 1, all.length));
        } catch (JacksonException e) {
            throw new IOException("its first line does not identify a call", e);
        }
    }

    private Path fileOf(ReceivedResponse response) {
        return directory.resolve("%013d-%s-%d%s"
                .formatted(response.sentAt().toEpochMilli(), response.noteId(), response.call(), SUFFIX));
    }
}
